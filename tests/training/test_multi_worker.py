"""Two processes of this machine train as one process does, and refuse what they cannot train."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasnlp_zoo.commands.launch import free_ports, tf_config
from tests import worker_kills, worker_runs

TREE = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def start(addresses, index, *arguments, module="tests.worker_runs"):
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=TREE,
        env={**os.environ, "TF_CONFIG": tf_config(addresses, index)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def by_two_workers(data, tmp_path_factory):
    """The folder of the runs of all cases, each trained by two workers."""
    folder = tmp_path_factory.mktemp("two")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = [start(addresses, index, data, folder, 1, *worker_runs.CASES) for index in range(2)]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs[0][-3000:] + outputs[1][-3000:]
    return folder


def losses(folder):
    with open(folder / "history.csv", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", worker_runs.CASES)
def test_two_workers_train_the_same_weights_as_one_process(name, data, by_two_workers, tmp_path):
    """Word vectors: as two replicas of one process, because the tables of replicas are averaged after each chunk."""
    worker_runs.train(name, data, tmp_path, strategy="mirrored" if name == "word2vec" else "none")
    expected, found = worker_runs.last_state(tmp_path / name), worker_runs.last_state(by_two_workers / name)
    assert found.keys() == expected.keys()
    own = [key for key, values in expected.items() if found[key].shape != values.shape]
    assert len(own) == (2 if name == "rnn_language_model" else 0)  # its state: each worker has that of its streams
    for key in expected.keys() - own:
        np.testing.assert_allclose(found[key], expected[key], atol=1e-4)
    for row, of_one in zip(losses(by_two_workers / name), losses(tmp_path / name), strict=True):
        np.testing.assert_allclose(row["loss"], of_one["loss"], atol=1e-4)
        assert row.keys() == of_one.keys()
        if name != "word2vec":
            np.testing.assert_allclose(row["gradient_norm"], of_one["gradient_norm"], rtol=1e-4)


@pytest.mark.parametrize("name", worker_runs.CASES)
def test_the_chief_writes_everything_once(name, by_two_workers):
    names = {path.name for path in (by_two_workers / name).iterdir()}
    assert {"entry", "export", "history.csv", "metrics.json", "tensorboard", worker_runs.KEPT} <= names
    assert not {"state", ".workers", ".lock"} & names
    assert len(list((by_two_workers / name / "tensorboard").rglob("events.*"))) <= 2  # training and validation


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        ("flags", "--seed is 2 (worker 0: 1)"),
        ("data", "train data is "),
        ("batch", "--batch-size 7 cannot be divided equally among 2 replicas: use 6"),
        ("folder", "All workers must share the output folder"),
    ],
)
def test_workers_that_cannot_train_together_refuse(difference, message, data, tmp_path):
    """The program of the test patches what differs at worker 1."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = [
        start(addresses, index, data, tmp_path, difference, module="tests.worker_refusals") for index in range(2)
    ]
    outputs = [process.communicate()[0] for process in processes]
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 1
        assert message in output
        assert "Traceback" not in output


def test_a_killed_worker_is_noticed_and_the_run_resumed():
    """`python -m tests.worker_kills 10 3` kills more."""
    command = [sys.executable, "-m", "tests.worker_kills", "1", "3"]
    result = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    seconds = float(result.stdout.split()[3])
    assert seconds < worker_kills.SECONDS
    assert "with [1, 1], all say why; difference 0.0" in result.stdout
