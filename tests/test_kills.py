"""Processes that save are killed at random moments; the next start finds complete files and cleans up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is copied for each kill")
def test_killed_processes_leave_complete_files_and_folders():
    """`python -m tests.kills 100` kills more, over all kinds of saving."""
    kinds = ["folder", "metrics", "corpus", "backup", "run", "download"]
    command = [sys.executable, "-m", "tests.kills", "12", *kinds]
    result = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stderr
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert {name for name, _ in rows} == set(kinds)
    assert "FAILED" not in result.stdout
