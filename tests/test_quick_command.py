"""Commands that do not need TensorFlow do not load it, and TensorFlow's log messages are not printed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]
ENTRY = "text_cnn_movie_reviews_en"
WITHOUT_TENSORFLOW = [
    [],
    ["--help"],
    ["--version"],
    ["list"],
    ["list", "--markdown"],
    ["show", ENTRY],
    ["recipe", "text_cnn"],
    ["train", "--help"],
    ["plot", "--help"],
    ["predict", "--help"],
    ["evaluate", "--help"],
    ["nonsense"],
    ["predict"],
    ["list", "--nonsense"],
    ["train", "text_cmm"],
    ["launch", "--help"],
    ["launch", "--workers", "2"],
    ["launch", "--hosts", "first:5000,second:5000", "--", "train", "text_cnn"],
    ["plot", "nowhere"],
    ["plot", "positions", "-o", "picture.jpg"],
    ["corpus", "--help"],
    ["corpus", "ids", "--help"],
    ["corpus", "nonsense"],
    ["serve", "--help"],
    ["serve"],
    ["serve", "text_cnn_movie_review_en"],
    ["serve", ENTRY, f"other={ENTRY}", f"other={ENTRY}"],
    ["serve", ENTRY, "--port", "70000"],
    ["serve", ENTRY, "--host", "no.such.host.invalid"],
    ["serve", ENTRY, "--max-texts", "0"],
    ["serve", ENTRY, "--cors-origin", "example.com"],
    ["explain", ENTRY, "text", "--output", "picture.jpg"],
    ["export", ENTRY, "folder", "--format", "nonsense"],
    *([command, "text_cnn_movie_review_en", "text"] for command in ("predict", "explain", "export", "to-huggingface")),
    *([command, "text_cnn_movie_review_en"] for command in ("show", "check", "evaluate", "pin")),
    ["push", "--help"],
    ["push", "text_cnn_movie_review_en", "hf://team/name"],
    ["pin", "--help"],
]
WITH_ADDRESSES = [
    ["push", ENTRY, "team/name"],
    *([command, "hf://nonsense", "text"] for command in ("predict", "explain", "export", "to-huggingface", "convert")),
    *([command, "hf:nonsense"] for command in ("show", "check", "evaluate", "pin")),
]

# Runs all commands of a list in one process, and prints the first command after which a heavy library is loaded.
RUN = """
import json, sys
from kerasnlp_zoo import cli
loaded, heavy = [], set(sys.argv[2:])
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["kerasnlp-zoo", *arguments]
    try:
        cli.main()
    except SystemExit:
        pass
    if heavy & set(sys.modules):
        loaded.append(arguments)
        break
sys.stdout.flush()
print("\\n" + json.dumps(loaded))
"""


@pytest.mark.parametrize(
    ("commands", "heavy"),
    [
        (WITHOUT_TENSORFLOW, ["tensorflow", "keras", "apache_beam", "huggingface_hub"]),
        (WITH_ADDRESSES, ["tensorflow", "keras", "apache_beam"]),
    ],
    ids=["names", "addresses"],
)
def test_commands_and_errors_that_do_not_need_tensorflow_do_not_load_it(commands, heavy):
    result = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(commands), *heavy],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout.splitlines()[-1]) == []


def without_log_level():
    return {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}


@pytest.mark.parametrize(
    "log_level",
    [pytest.param({}, id="unset"), pytest.param({"TF_CPP_MIN_LOG_LEVEL": "3"}, id="3", marks=pytest.mark.slow)],
)
def test_the_installed_command_prints_only_its_answer(log_level):
    result = subprocess.run(
        [Path(sys.executable).with_name("kerasnlp-zoo"), "predict", ENTRY, "a gripping, beautifully acted film"],
        capture_output=True,
        text=True,
        check=True,
        env={**without_log_level(), **log_level},
    )
    assert result.stdout.startswith("positive")
    assert result.stderr == ""


def test_importing_the_package_prints_nothing():
    program = "import kerasnlp_zoo; from kerasnlp_zoo import models, zoo; import tensorflow"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=TREE, capture_output=True, text=True, check=True, env=without_log_level()
    )
    assert result.stdout + result.stderr == ""
