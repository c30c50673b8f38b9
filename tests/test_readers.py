"""Changed and malicious files are refused with an error, or read in bounded time and memory, by every reader."""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.memory_limit import VARIABLE
from tests.bounded_process import FAULT, HANG, MEMORY, OTHER, REFUSED, SAME, UNNOTICED
from tests.known_holes import HOLES
from tests.mutations import copied
from tests.readers import READERS

ENTRIES = {"entry": 1400, "signed_entry": 600}  # half of the signed ones are loaded and checked
CHANGES = {**dict.fromkeys(READERS, 400), "huggingface": 200, "google": 200, **ENTRIES}
OUTCOMES = (REFUSED, SAME, OTHER, UNNOTICED, FAULT, HANG, MEMORY)
FILES = [name for name in READERS if "." in name]  # the other readers read folders, and need a second for each


@pytest.mark.parametrize("name", FILES)
def test_a_few_changed_files_are_refused_or_read(name, tmp_path):
    reader = READERS[name]
    valid = tmp_path / name
    reader.write(valid)
    expected = reader.read(valid)
    for seed in range(8):
        (tmp_path / str(seed)).mkdir()
        path = Path(copied(valid, tmp_path / str(seed) / name))
        reader.change(path, np.random.default_rng(seed))
        try:
            found = reader.read(path)
        except InputError:
            continue
        assert reader.is_raw or reader.is_same(expected, found)


def run(arguments):
    """Run the bounded process; return the lines that it printed."""
    environment = {**os.environ, VARIABLE: "100MB", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "tests.bounded_process", *arguments]
    result = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=environment, capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, f"the process ended after {lines[-1:]}: {result.stderr[-2000:]}"
    return lines


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is measured as on Linux")
def test_changed_files_are_refused_or_read_in_bounded_time_and_memory():
    lines = run([*(f"{name}={count}" for name, count in CHANGES.items()), *HOLES])
    counts = collections.Counter((name, outcome) for name, _, outcome, *_ in lines)
    for name in CHANGES:
        found = [counts[name, outcome] for outcome in OUTCOMES]
        print(name, dict(zip(OUTCOMES, found, strict=True)))
        assert sum(found) == CHANGES[name]
        bad = found[4:] if READERS[name].is_raw else found[3:]
        assert not any(bad), [line for line in lines if line[0] == name and line[2] not in (REFUSED, SAME, OTHER)][:3]
        assert counts[name, REFUSED]
        assert counts[name, SAME]
    for name, (_, _, message) in HOLES.items():
        outcome, error = next((line[2], line[5]) for line in lines if line[0] == name)
        assert outcome == REFUSED, (name, outcome, error)
        assert message in error
