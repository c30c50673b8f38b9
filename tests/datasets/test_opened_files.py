"""Compressed files are read, files of other programs are named, and a wrong encoding comes with the right one."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasnlp_zoo.datasets import DataOptions, encodings
from kerasnlp_zoo.datasets.encodings import stream_lines
from kerasnlp_zoo.datasets.text_files import read_lines, read_text
from kerasnlp_zoo.datasets.user_files import read_examples
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.well_formed import well_formed

CHINESE = "text,label\n这家店的东西很好，下次还来买。,好评\n质量一般，不太喜欢。,差评\n"
WESTERN = "text,label\nCafé crème à la façon de Noël coûte 3 €,ja\nGrößere Übung für Äpfel,nein\n"


def zipped(*names, content="text\tlabel\nfine\tpos\n"):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return written.getvalue()


def write(path, content):
    path.write_bytes(content)
    return path


def message(path, encoding="utf-8-sig"):
    with pytest.raises(InputError) as error:
        read_text(path, encoding)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv.gz", gzip.compress(b"text\tlabel\nfine\tpos\n", mtime=0)),
        ("a.tsv.bz2", bz2.compress(b"text\tlabel\nfine\tpos\n")),
        ("a.tsv.xz", lzma.compress(b"text\tlabel\nfine\tpos\n")),
        ("a.zip", zipped("a.tsv")),
        ("a.zip", zipped("folder/", "folder/a.tsv", "__MACOSX/._a.tsv", ".DS_Store")),
        ("a.tsv", gzip.compress(b"text\tlabel\nfine\tpos\n", mtime=0)),
        ("a.tsv.gz", b"text\tlabel\nfine\tpos\n"),
        ("a.jsonl.gz", gzip.compress(b'{"text": "fine", "label": "pos"}', mtime=0)),
    ],
)
def test_compressed_tables_are_read_by_their_content(name, content, tmp_path):
    examples = read_examples(write(tmp_path / name, content), DataOptions())
    assert [(example.text, example.label) for example in examples] == [("fine", "pos")]


def numpy_file():
    written = io.BytesIO()
    np.save(written, np.zeros(3))
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), r"is an Excel file \(.xlsx\). Save the sheet as CSV"),
        (zipped("word/document.xml", "b"), r"is a Word file \(.docx\)"),
        (zipped("a", "b"), "is a zip archive of 2 files: a, b. Expected one file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old Excel or Word file"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"PAR1" + bytes(9), "is a parquet file"),
        (pickle.dumps([1]), "is a pickle. It was not opened"),
        (gzip.compress(pickle.dumps([1]), mtime=0), "is a pickle. It was not opened"),
        (numpy_file(), "is a NumPy array"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG image"),
        (b"\xff\xd8\xff\xe0", "is a JPEG image"),
        (b"SQLite format 3\x00", "is an SQLite database"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        (bytes(257) + b"ustar", "is a tar archive"),
        (b"PK\x03\x04 damaged", "cannot be read to its end"),
        (bytes(range(256)) * 3, "is not text, or is damaged"),
    ],
)
def test_files_of_other_programs_are_named_for_what_they_are(content, expected, tmp_path):
    path = write(tmp_path / "reviews.csv", content)
    for read in (read_text, lambda path: list(read_lines(path))):
        with pytest.raises(InputError, match=expected):
            read(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (CHINESE.encode("gb18030"), "gb18030"),
        (WESTERN.encode("cp1252"), "cp1252"),
        (WESTERN.replace("€", "").encode("latin-1") + b"\x81", "latin-1"),
        (WESTERN.encode("utf-16"), "utf-16"),
        (WESTERN.encode("utf-16-le"), "utf-16-le"),
        (WESTERN.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_advice_names_an_encoding_that_gives_the_text(content, expected, tmp_path):
    path = write(tmp_path / "a.csv", content)
    assert f"try --encoding {expected}" in message(path)
    assert read_text(path, expected).startswith("text,label\n")


def test_a_utf_8_file_that_is_read_in_another_encoding_is_recognized(tmp_path):
    assert "try --encoding utf-8-sig" in message(write(tmp_path / "a.csv", CHINESE.encode()), "ascii")


def test_a_wrong_byte_is_named_with_its_line_and_place_in_files_of_any_size(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", b"\xef\xbb\xbf" + b"text\n" * 10 + b"caf\xe9 noir\n")
    for size in (1, 7, 2**20):
        monkeypatch.setattr(encodings, "PIECE", size)
        assert "line 11: byte 0xe9 at offset 56 cannot be read as utf-8-sig" in message(path)


@pytest.mark.parametrize("encoding", ["utf-9", "undefined", "hex", "zlib", "rot13", "idna\0", ""])
def test_encodings_that_are_none_of_files_are_refused(encoding, tmp_path):
    assert "ncoding" in message(write(tmp_path / "a.csv", b"text\n"), encoding)
    with pytest.raises(InputError, match="ncoding"):
        list(stream_lines([b"text\n"], encoding))


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n")), st.integers(1, 9))
def test_a_stream_has_the_lines_of_its_text(text, size):
    for encoding in ("utf-8-sig", "utf-16", "gb18030"):
        data = text.encode(encoding)
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        lines = [line.removeprefix("\ufeff").removesuffix("\r") for line in text.split("\n")]
        assert list(stream_lines(pieces, encoding)) == (lines if lines[-1] or text[-1:] == "\r" else lines[:-1])


@given(st.text(st.characters(categories=["Cs", "Lu"]) | st.sampled_from("😀")))
def test_well_formed_text_has_the_same_length_and_can_be_encoded(text):
    cleaned = well_formed(text)
    assert len(cleaned) == len(text)
    assert cleaned.encode().decode() == cleaned
    assert all(new in (old, "\ufffd") for old, new in zip(text, cleaned, strict=True))


def test_a_folder_per_class_has_files_of_any_case_and_depth(tmp_path):
    for name in ("pos/1.TXT", "pos/2019/2.txt", "neg/3.Txt", "neg/.hidden.txt", "neg/notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    examples = read_examples(tmp_path, DataOptions())
    assert sorted((example.text, example.label) for example in examples) == [
        ("neg/3.Txt", "neg"),
        ("pos/1.TXT", "pos"),
        ("pos/2019/2.txt", "pos"),
    ]


def test_lone_surrogates_in_the_bytes_of_a_file_become_one_character_each(tmp_path):
    half = "\ud83d"
    for encoding in ("utf-8", "utf-16"):
        data = f"a{half}{half}b好\n".encode(encoding, "surrogatepass")
        assert read_text(write(tmp_path / "a.txt", data), encoding) == "a\ufffd\ufffdb好\n"
        assert list(stream_lines([data], encoding)) == ["a\ufffd\ufffdb好"]
    assert list(stream_lines([b"caf\xe9 \xed\xa0\xbd"], "utf-8")) == ["caf\ufffd \ufffd"]


@pytest.mark.parametrize("name", ["reviews.csv", "reviews.csv.gz", "reviews.zip"])
def test_the_name_of_the_data_has_no_suffix(name):
    assert DataOptions(train_file=Path("folder", name)).data_name() == "reviews"
