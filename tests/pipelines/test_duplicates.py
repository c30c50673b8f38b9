"""The lines that a pipeline leaves out are those that `remove_duplicates` removes."""

import json

import numpy as np
import pytest

from kerasnlp_zoo.datasets.splits import Split, remove_duplicates
from kerasnlp_zoo.datasets.text_files import raw_lines, text_files
from kerasnlp_zoo.pipelines import duplicates
from kerasnlp_zoo.pipelines.duplicates import remove_duplicate_lines

pytest.importorskip("apache_beam", reason="the extra beam is not installed")


def lines_of(folder):
    """Return the lines of all text files of a folder, in order."""
    return [line.rstrip("\r\n") for path in text_files(folder) for line in raw_lines(path)]


def written(folder):
    return [line for path in sorted(folder.glob("part-*.txt")) for line in path.read_text("utf-8").split("\n")[:-1]]


@pytest.mark.usefixtures("_small_ranges")
@pytest.mark.parametrize(("shards", "at_once"), [(1, 1000), (7, 3)])
def test_the_lines_equal_those_in_memory(texts, tmp_path, monkeypatch, shards, at_once):
    monkeypatch.setattr(duplicates, "num_shards", lambda ranges: shards)
    monkeypatch.setattr(duplicates, "AT_ONCE", at_once)
    number, files = remove_duplicate_lines(str(texts), str(tmp_path / "output"))
    lines = lines_of(texts)
    cleaned, _ = remove_duplicates({"train": Split(lines, np.zeros(len(lines), "int64"))})
    received = written(tmp_path / "output")
    assert [line for line in received if line.strip()] == list(cleaned["train"].texts)
    assert len([line for line in received if not line.strip()]) == len([line for line in lines if not line.strip()])
    rows = json.loads((tmp_path / "output" / "files.json").read_text())
    assert number == len(received) == sum(row["lines"] for row in rows) < len(lines)
    assert files == len(rows) > 10


def test_blank_lines_stay_between_the_lines_that_they_separate(tmp_path):
    (tmp_path / "a.txt").write_text("one\n\none\ntwo\n  \nTWO \nthree")
    remove_duplicate_lines(str(tmp_path / "a.txt"), str(tmp_path / "output"))
    assert written(tmp_path / "output") == ["one", "", "two", "  ", "three"]
