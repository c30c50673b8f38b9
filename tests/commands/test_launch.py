"""`kerasnlp-zoo launch` starts workers, stops all when one fails, or prints their commands."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from kerasnlp_zoo import cli
from kerasnlp_zoo.commands import launch
from kerasnlp_zoo.errors import InputError

# A worker that writes its number and waits, or fails.
WORKER = """
import json, os, sys, time
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
print("number", index, "of", sys.argv[1:], flush=True)
if "fail" in sys.argv and index == 1:
    sys.exit("kerasnlp-zoo: the flag is unknown")
if "wait" in sys.argv:
    open(f"started-{index}", "w").close()
    try:
        time.sleep(60)
        print("finished", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "RUN", WORKER)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.chdir(tmp_path)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "launch", *arguments])
    cli.main()


def test_the_output_of_each_worker_begins_with_its_number(monkeypatch, capsys):
    run(monkeypatch, "--workers", "2", "--", "train", "text_cnn", "--epochs", "3")
    command = "['train', 'text_cnn', '--epochs', '3', '--strategy', 'multi_worker']"
    assert sorted(capsys.readouterr().out.splitlines()) == [
        f"[worker 0] number 0 of {command}",
        f"[worker 1] number 1 of {command}",
    ]


def test_one_that_fails_stops_all_with_its_message(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="Worker 1 ended with code 1: kerasnlp-zoo: the flag is unknown"):
        run(monkeypatch, "--workers", "2", "--", "train", "wait", "fail")
    printed = capsys.readouterr()
    assert "[worker 1] kerasnlp-zoo: the flag is unknown" in printed.err
    assert "finished" not in printed.out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_all(number, code, tmp_path):
    program = "from kerasnlp_zoo import cli; from kerasnlp_zoo.commands import launch; import signal, sys; "
    program += "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a job in the background ignores it
    program += "launch.RUN = sys.argv.pop(1); cli.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, WORKER, "launch", "--workers", "2", "--", "train", "wait"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    while len(list(tmp_path.glob("started-*"))) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert output.count("interrupted") == (2 if number == signal.SIGINT else 0)


def test_commands_for_several_hosts_are_printed(monkeypatch, capsys):
    run(monkeypatch, "--hosts", "first:5000,second:5000", "--", "train", "text_cnn", "--text-column", "the text")
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["At first:5000:", "At second:5000:"]
    for index, line in enumerate(lines[1::2]):
        variable, *command = shlex.split(line)
        config = json.loads(variable.removeprefix("TF_CONFIG="))
        assert config["cluster"] == {"worker": ["first:5000", "second:5000"]}
        assert config["task"] == {"type": "worker", "index": index}
        expected = "kerasnlp-zoo train text_cnn --text-column 'the text' --strategy multi_worker"
        assert command == shlex.split(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "2"], "Expected a training after --"),
        (["--workers", "2", "--", "tune", "text_cnn"], "Received: tune text_cnn"),
        (["--", "train", "text_cnn"], "either --workers N"),
        (["--workers", "2", "--hosts", "a:1", "--", "train", "text_cnn"], "either --workers N"),
        (["--workers", "0", "--", "train", "text_cnn"], "workers=0"),
        (["--workers", "2", "--", "train", "text_cnn", "--strategy", "mirrored"], "another --strategy"),
    ],
)
def test_other_commands_are_refused(arguments, message, monkeypatch):
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, *arguments)


def test_gpus_are_divided_among_the_workers(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    assert [gpus["CUDA_VISIBLE_DEVICES"] for gpus in launch.shares_of_gpus(2)] == ["4,5", "6,7"]
    with pytest.raises(InputError, match="at most --workers 4"):
        launch.shares_of_gpus(5)


def test_gpus_are_those_that_the_driver_lists(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: H200'\necho 'GPU 1: H200'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert [gpus["CUDA_VISIBLE_DEVICES"] for gpus in launch.shares_of_gpus(2)] == ["0", "1"]
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert launch.shares_of_gpus(2) == [{}, {}]
