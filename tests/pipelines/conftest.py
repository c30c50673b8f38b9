"""Texts that are hard to read, and ranges of a few hundred bytes, so that a test needs many of them."""

import bz2
import functools
import gzip

import pytest

from kerasnlp_zoo.datasets import encodings
from kerasnlp_zoo.datasets.text_ranges import range_starts
from kerasnlp_zoo.pipelines import running

PIECE, PIECES = 256, 2  # bytes in a piece, pieces in a range
ANIMALS, WAYS = ("dog", "cat", "cow", "fox"), ("hill", "road", "river", "field", "bridge")


@pytest.fixture
def _small_ranges(monkeypatch):
    monkeypatch.setattr(encodings, "PIECE", PIECE)
    monkeypatch.setattr(running, "range_starts", functools.partial(range_starts, pieces=PIECES))


@pytest.fixture
def texts(tmp_path):
    """A folder of texts: CRLF, blank lines, long lines, Chinese, compressed and empty files, lines that repeat."""
    folder = tmp_path / "texts"
    (folder / "more").mkdir(parents=True)
    plain = [f"The {animal} ran over the {way}, didn't it?" for animal in ANIMALS for way in WAYS]
    (folder / "a.txt").write_bytes(("\ufeff" + "\r\n".join([*plain[:15], "", "", *plain[10:], " "])).encode())
    (folder / "b.txt.gz").write_bytes(gzip.compress("\n".join([*plain[5:12], "", "A GZ file.\t"]).encode()))
    (folder / "c.txt.bz2").write_bytes(bz2.compress(b"One line without an end"))
    chinese = ["手机很好，下次还来！", "衣服太差了。不推荐", "", "ＴＨＥ　ｄｏｇ 很好", "手机很好，下次还来! "]
    (folder / "more" / "zh.txt").write_text("\n".join(chinese * 15), "utf-8")
    long = " ".join(plain)  # many pieces
    (folder / "more" / "long.txt").write_text(f"short\n{long}\n{'x' * 3000}\n\n{long} {'文' * 900}\nend\n", "utf-8")
    (folder / "none.txt").write_bytes(b"")
    (folder / "notes.md").write_text("The dog is not a part of the corpus\n")
    return folder
