"""Every builder builds, answers and trains on every backend of Keras; the answers are those of TensorFlow.

Each backend runs backend_answers.py in a process of its own, because a process has one backend.
"""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.contracts import BUILDERS

pytestmark = [pytest.mark.slow, pytest.mark.peers]
TOLERANCE = 1e-4
# Cases that cannot run, by backend and the beginning of their name, with the error that says why.
CANNOT_RUN = {
    ("jax", "bilstm_tagger"): "needs 64-bit integers",  # hashed bigrams; JAX has 32-bit integers by default
    ("jax", "transformer_tagger"): "needs 64-bit integers",
}


def answers(backend, folder):
    """Run all cases on a backend; return the results by case."""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-m", "tests.backend_answers", str(folder)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the weights and answers of TensorFlow."""
    path = tmp_path_factory.mktemp("answers")
    results = answers("tensorflow", path)
    assert results == {str(case): {} for case in BUILDERS}
    return path


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_every_builder_answers_as_on_tensorflow_and_trains_one_batch(backend, folder):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    wrong = {}
    for case, result in answers(backend, folder).items():
        reasons = [
            why for (name, beginning), why in CANNOT_RUN.items() if name == backend and case.startswith(beginning)
        ]
        if reasons:
            is_wrong = reasons[0] not in result.get("error", "")
        else:
            is_wrong = "error" in result or not max(result.values()) < TOLERANCE
        if is_wrong:
            wrong[case] = result
    assert wrong == {}
