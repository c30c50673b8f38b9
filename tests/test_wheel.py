"""The wheel contains recipes and entries, and works without the source tree."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel, unpacked outside the tree as by an installer."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(TREE)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def run(installed, folder, *arguments):
    program = (
        "import sys, kerasnlp_zoo; assert kerasnlp_zoo.__file__.startswith(sys.argv.pop(1));"
        "from kerasnlp_zoo.cli import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", program, str(installed), *map(str, arguments)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


@pytest.mark.slow
def test_the_wheel_lists_loads_and_predicts_outside_the_tree(installed, tmp_path):
    assert "text_cnn_movie_reviews_en" in run(installed, tmp_path, "list")
    answer = run(installed, tmp_path, "predict", "text_cnn_movie_reviews_en", "a gripping film", "--json")
    assert json.loads(answer)["label"] == "positive"
    assert "def main(config" in run(installed, tmp_path, "recipe", "text_cnn")


@pytest.mark.slow
def test_the_wheel_trains_outside_the_tree(installed, tmp_path):
    run(installed, tmp_path, "train", "text_cnn", "--smoke", "--embedding-dim", 8, "--num-filters", 4)
    assert (tmp_path / "runs" / "text_cnn_movie_reviews" / "metrics.json").exists()


def test_the_wheel_contains_types_and_licence_and_no_other_package(installed):
    assert (installed / "kerasnlp_zoo" / "py.typed").exists()
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {"kerasnlp_zoo"}
