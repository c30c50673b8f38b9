import json

import pytest

from kerasnlp_zoo.datasets import DataOptions
from kerasnlp_zoo.datasets.user_files import read_examples
from kerasnlp_zoo.errors import InputError

CHINESE = DataOptions(text_column="评论", label_column="标签")
ROWS = [("很好，下次还来", "好评"), ('他说"一般"', "差评"), ("两行\n文字", "好评")]


def write(path, rows=ROWS, header=("评论", "标签"), encoding="utf-8", delimiter=","):
    quoted = [delimiter.join('"' + field.replace('"', '""') + '"' for field in row) for row in rows]
    path.write_bytes("\r\n".join([delimiter.join(header), *quoted, ""]).encode(encoding))
    return path


def pairs(path, options=CHINESE):
    return [(example.text, example.label) for example in read_examples(path, options)]


def message(path, options=CHINESE):
    with pytest.raises(InputError) as error:
        read_examples(path, options)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_is_read_with_and_without_byte_order_mark(encoding, tmp_path):
    assert pairs(write(tmp_path / "a.csv", encoding=encoding)) == ROWS


def test_csv_can_have_a_chinese_encoding(tmp_path):
    options = DataOptions(text_column="评论", label_column="标签", encoding="gb18030")
    assert pairs(write(tmp_path / "a.csv", encoding="gb18030"), options) == ROWS


def test_other_delimiters_are_read(tmp_path):
    options = DataOptions(text_column="评论", label_column="标签", delimiter=";")
    assert pairs(write(tmp_path / "a.csv", delimiter=";"), options) == ROWS
    assert "--delimiter" in message(write(tmp_path / "b.csv"), DataOptions(delimiter="||"))


def test_json_lines_can_have_numbers_as_labels(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "fine", "label": 1}\n\n{"text": null, "label": 0}\n', "utf-8")
    assert pairs(tmp_path / "a.jsonl", DataOptions()) == [("fine", "1"), ("", "0")]


def test_one_folder_per_class_is_read(tmp_path):
    for label, text in (("pos", "fine"), ("neg", "dull")):
        (tmp_path / "data" / label).mkdir(parents=True)
        (tmp_path / "data" / label / "1.txt").write_text(text + "\n")
    assert pairs(tmp_path / "data", DataOptions()) == [("dull", "neg"), ("fine", "pos")]
    (tmp_path / "empty").mkdir()
    assert "sub-folders" in message(tmp_path / "empty")


def test_a_wrong_column_is_refused_with_the_existing_ones(tmp_path):
    error = message(write(tmp_path / "a.csv"), DataOptions(text_column="内容", label_column="标签"))
    assert "a.csv, line 1" in error
    assert "'内容'" in error
    assert "评论, 标签" in error
    assert "--text-column" in error


def test_an_undecodable_byte_is_refused_with_line_offset_and_advice(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\nfine,1\n" + "很好,1\n".encode("gb18030"))
    error = message(path, DataOptions())
    assert "line 3" in error
    assert "byte 0xba at offset 18" in error
    assert "--encoding gb18030" in error
    assert "Unknown encoding" in message(path, DataOptions(encoding="utf-9"))


def test_a_line_with_too_many_fields_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nfine,1\nwell, hello there,0\n")
    error = message(path, DataOptions())
    assert "line 3: 3 fields, but the header has 2" in error


@pytest.mark.parametrize(
    ("content", "expected"),
    [("{broken", "line 1: expected one JSON object"), ("[1]", "JSON object"), (json.dumps({"a": 1}), "no key 'text'")],
)
def test_broken_json_lines_are_refused_with_their_line(content, expected, tmp_path):
    (tmp_path / "a.jsonl").write_text(content)
    assert expected in message(tmp_path / "a.jsonl", DataOptions())


@pytest.mark.parametrize("content", ["", "text,label\n", "text,label\n\n\n"])
def test_files_without_examples_are_refused(content, tmp_path):
    (tmp_path / "a.csv").write_text(content)
    assert "a.csv" in message(tmp_path / "a.csv", DataOptions())


def test_a_missing_file_is_refused(tmp_path):
    assert "does not exist" in message(tmp_path / "nowhere.csv")


def test_pairs_are_read_from_tables_and_json_lines(tmp_path):
    options = DataOptions(text_pair_column="reply")
    expected = [(("ask", "answer"), "a"), (("ask again", ""), "b")]
    (tmp_path / "a.csv").write_text("label,reply,text\na, answer,ask \nb,,ask again\n")
    assert pairs(tmp_path / "a.csv", options) == expected
    (tmp_path / "a.jsonl").write_text(
        '{"text": "ask", "reply": "answer", "label": "a"}\n{"text": "ask again", "reply": null, "label": "b"}\n'
    )
    assert pairs(tmp_path / "a.jsonl", options) == expected


def test_a_missing_pair_column_is_refused(tmp_path):
    options = DataOptions(text_pair_column="reply")
    (tmp_path / "a.csv").write_text("text,label\nask,a\n")
    assert "no column 'reply'" in message(tmp_path / "a.csv", options)
    (tmp_path / "folder" / "a").mkdir(parents=True)
    assert "cannot contain pairs" in message(tmp_path / "folder", options)
