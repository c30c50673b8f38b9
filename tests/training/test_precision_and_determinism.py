"""Every recipe trains in half precision, and with --deterministic two runs have the same bits."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import worker_runs

TREE = Path(__file__).parents[2]
TWICE = """
import sys
from pathlib import Path
from tests import worker_runs
data, folder, *names = sys.argv[1:]
for name in names:
    for turn in ("first", "second"):
        (Path(folder) / turn).mkdir(exist_ok=True)
        changes = {"dropout": 0.5} if hasattr(worker_runs.ALL_CASES[name](Path(data)), "dropout") else {}
        worker_runs.train(name, Path(data), Path(folder) / turn, strategy="none", deterministic=True, **changes)
"""
pytestmark = pytest.mark.slow
IN_HALF_PRECISION = sorted(set(worker_runs.ALL_CASES) - {"word2vec", "glove"})  # these have no flag --mixed-precision


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", IN_HALF_PRECISION)
def test_every_recipe_trains_in_half_precision(name, precision, data, tmp_path):
    metrics = worker_runs.train(name, data, tmp_path, strategy="none", mixed_precision=precision)
    assert np.isfinite(metrics["test_score"])
    for values in worker_runs.last_state(tmp_path / name).values():
        assert values.dtype != np.float16
        assert np.isfinite(values).all()


@pytest.fixture(scope="module")
def two_runs(data, tmp_path_factory):
    """The folder of two deterministic runs of every recipe. They need a process of their own: it cannot be undone."""
    folder = tmp_path_factory.mktemp("twice")
    command = [sys.executable, "-c", TWICE, str(data), str(folder), *worker_runs.ALL_CASES]
    run = subprocess.run(command, cwd=TREE, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    return folder


@pytest.mark.parametrize("name", worker_runs.ALL_CASES)
def test_two_deterministic_runs_have_the_same_bits(name, two_runs):
    first, second = (worker_runs.last_state(two_runs / turn / name) for turn in ("first", "second"))
    assert first.keys() == second.keys()
    for key, values in first.items():
        np.testing.assert_array_equal(second[key], values)
