"""Random tables that are written by Python's own writers are read back unchanged, and wrong ones name their line."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasnlp_zoo.datasets.rows import read_rows, rows_of_lines
from kerasnlp_zoo.datasets.text_files import raw_lines
from kerasnlp_zoo.errors import InputError

# All characters of UTF-8 except NUL, with those often that have a meaning in tables.
CHARACTERS = st.sampled_from(",;\t|\"'\\ \r\n\ufeff\xa0\u3000\u2028aé好😀") | st.characters(
    exclude_characters="\0", exclude_categories=["Cs"]
)
VALUES = st.text(CHARACTERS, max_size=8)
TABLES = st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=5)
COLUMNS = ("text", "reply", "label")
WANTED = {"text": "--text-column", "label": "--label-column"}
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = VALUES | st.none() | st.booleans() | NUMBERS
QUOTING = [csv.QUOTE_ALL, csv.QUOTE_MINIMAL]


def write(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def values(path, delimiter=None, wanted=WANTED):
    return [tuple(row.values.values()) for row in read_rows(path, "utf-8-sig", delimiter, wanted)]


def message(path, delimiter=None, wanted=WANTED):
    with pytest.raises(InputError) as error:
        values(path, delimiter, wanted)
    return str(error.value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@given(TABLES, st.sampled_from(",;|"), st.sampled_from(["\n", "\r\n"]), st.sampled_from(QUOTING))
def test_csv_that_python_writes_is_read_back(folder, rows, delimiter, end, quoting):
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([COLUMNS, *rows])
    assert values(write(folder / "a.csv", written.getvalue())) == rows


@given(TABLES, st.sampled_from(["\n", "\r\n"]))
def test_tsv_has_every_character_except_tabs_and_line_ends(folder, rows, end):
    rows = [tuple(value.replace("\t", " ").replace("\n", " ").removesuffix("\r") for value in row) for row in rows]
    content = end.join("\t".join(row) for row in [COLUMNS, *rows]) + end
    assert values(write(folder / "a.tsv", content)) == rows


@given(st.lists(st.tuples(JSON_VALUES, JSON_VALUES), max_size=5), st.booleans(), st.booleans())
def test_json_that_python_writes_is_read_back_with_its_spelling(folder, rows, is_array, ascii):
    objects = [json.dumps(dict(zip(WANTED, row, strict=True)), ensure_ascii=ascii) for row in rows]
    content = "[" + ",\n".join(objects) + "]" if is_array else "\n".join(objects)
    path = write(folder / "a.jsonl", content)
    assert values(path) == rows
    for row, values_ in zip(read_rows(path, "utf-8", None, WANTED), rows, strict=True):
        for name, value in zip(WANTED, values_, strict=True):
            is_text = isinstance(value, str) or value is None
            assert row.text(name) == ((value or "").strip() if is_text else json.dumps(value))


def test_numbers_and_words_of_json_keep_their_spelling(tmp_path):
    content = '{"text": 1.0, "label": 1e5}\n{"text": true, "label": 1.10}\n{"text": NaN, "label": null}\n'
    rows = list(read_rows(write(tmp_path / "a.jsonl", content), "utf-8", None, WANTED))
    assert [(row.text("text"), row.text("label")) for row in rows] == [("1.0", "1e5"), ("true", "1.10"), ("", "")]
    assert rows[0].value("label") == 100_000


def test_lists_and_objects_are_no_texts_or_labels(tmp_path):
    row, *_ = read_rows(write(tmp_path / "a.jsonl", '{"text": {"a": 1}, "label": ["a", "b"]}'), "utf-8", None, WANTED)
    assert row.value("label") == ["a", "b"]
    for name, kind in (("text", 'an object: {"a": 1}'), ("label", 'a list: ["a", "b"]')):
        with pytest.raises(InputError) as error:
            row.text(name)
        assert f"line 1, '{name}': expected a string or a number. Received {kind}" in str(error.value)


def test_nested_keys_are_columns(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"data": {"text": "fine"}, "label": "pos"}')
    row, *_ = read_rows(path, "utf-8", None, {"data.text": "--text-column"})
    assert row.text("data.text") == "fine"
    assert "no key 'data.body'" in message(path, wanted={"data.body": "--text-column"})


def test_halves_of_characters_become_one_replacement_character_each(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a \\ud83d\\ud83d b \\ude00\\ud83d\\ude00", "label": ["\\ud83d"]}')
    assert values(path) == [("a \ufffd\ufffd b \ufffd😀", ["\ufffd"])]


def test_a_task_of_label_studio_is_a_row(tmp_path):
    result = [
        {"from_name": "mood", "type": "choices", "value": {"choices": ["good"]}},
        {"from_name": "label", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}},
        {"from_name": "label", "type": "labels", "value": {"start": 9, "end": 12, "text": "Ulm", "labels": ["LOC"]}},
    ]
    cancelled = {"was_cancelled": True, "result": []}
    task = {"id": 1, "data": {"text": "Ada is in Ulm"}, "annotations": [cancelled, {"result": result}]}
    (row,) = read_rows(write(tmp_path / "a.json", json.dumps([task], indent=2)), "utf-8", None, {})
    spans = [{"start": 0, "end": 3, "label": "PER"}, {"start": 9, "end": 12, "label": "LOC"}]
    assert row.values == {"text": "Ada is in Ulm", "mood": "good", "label": spans}


@pytest.mark.parametrize(
    "annotations",
    [
        [5],
        [{"result": 5}],
        [{"result": [5]}],
        [{"result": [{"value": 5}]}],
        [{"result": [{"value": {"choices": 5}}]}],
        [{"result": [{"value": {"labels": ["PER"], "start": 0}}]}],
    ],
    ids=str,
)
def test_damaged_annotations_are_refused_with_their_line(annotations, tmp_path):
    path = write(tmp_path / "a.json", json.dumps({"data": {"text": "Ada"}, "annotations": annotations}))
    with pytest.raises(InputError, match="a.json, line 1: the annotations are not those of Label Studio"):
        list(read_rows(path, "utf-8", None, {}))


@pytest.mark.parametrize("number", [0, 1, 3])
def test_parquet_is_read_as_json_is(number, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    rows = [{"text": "好\n😀", "label": 1.5}, {"text": None, "label": 2.0}, {"text": "", "label": None}][:number]
    schema = pyarrow.schema([("text", pyarrow.string()), ("label", pyarrow.float64())])
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), tmp_path / "a.parquet")
    found = list(read_rows(tmp_path / "a.parquet", "utf-8", None, WANTED))
    assert [row.values for row in found] == rows
    assert [row.text("label") for row in found] == ["1.5", "2.0", ""][:number]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("text;label\na, b;c\n", None),
        ("text\tlabel\na, b\tc\n", None),
        ("text|label\na, b|c\n", None),
        ("sep=;\ntext;label\na, b;c\n", None),
        ("text\tlabel\na, b\tc\n", "\\t"),
        ("text\tlabel\na, b\tc\n", "\t"),
        ("\ufefftext;label\r\na, b;c\r\n", None),
        ("text;label\ra, b;c\r", None),
        (' text ; "label"\n"a, b";c\n'.replace(' "', '"'), None),
    ],
)
def test_the_delimiter_is_found_by_the_columns_or_given(content, delimiter, tmp_path):
    assert values(write(tmp_path / "a.csv", content), delimiter) == [("a, b", "c")]


def test_columns_without_a_name_are_named_by_their_number_and_blank_lines_are_skipped(tmp_path):
    path = write(tmp_path / "a.csv", "text,label,\n \nfine,pos,\n\n\xa0\u3000\ngood,pos,x\n")
    assert [row.values for row in read_rows(path, "utf-8", None, WANTED)] == [
        {"text": "fine", "label": "pos", "3": ""},
        {"text": "good", "label": "pos", "3": "x"},
    ]


def test_a_carriage_return_alone_ends_no_line(tmp_path):
    assert values(write(tmp_path / "a.tsv", "text\tlabel\none\rline\tpos\r\n")) == [("one\rline", "pos")]
    assert values(write(tmp_path / "a.csv", "text,label\none\rline,pos\r\n")) == [("one\rline", "pos")]


GOOD = "fine,pos\n"
BAD_CSV = {
    "line 3: the quotation mark that begins the field 'never closed": f'text,label\n{GOOD}"never closed,pos\n{GOOD}',
    "line 3: 'lost\",pos' follows the quotation mark that closes the field": f'text,label\n{GOOD}"a "lost",pos\n{GOOD}',
    "which begins in line 2. Expected ',' or the end": f'text,label\n"opened,pos\n{GOOD}"quoted",pos\n',
    "line 3: 3 fields, but the header has 2": 'text,label\nfine,pos\n"two\nlines",pos,more\n',
    "line 1: the column 'text' occurs twice": "text,label,text\na,b,c\n",
    "no column 'label'. The columns are: text. Name the right one with --label-column": "text\na\n",
    "no column 'text'. The columns are: body;label. Name the right one with --text-column, or the character between "
    "two fields with --delimiter": "body;label\na;b\n",
    "the file is empty": "",
}


@pytest.mark.parametrize("expected", BAD_CSV)
def test_errors_of_csv_name_the_line(expected, tmp_path):
    assert expected in message(write(tmp_path / "a.csv", BAD_CSV[expected]))


@pytest.mark.parametrize("delimiter", ["||", "", '"', "\n", "\\x"])
def test_a_delimiter_that_cannot_separate_fields_is_refused(delimiter, tmp_path):
    assert "--delimiter must be one character" in message(write(tmp_path / "a.csv", "text,label\na,b\n"), delimiter)


BAD_JSON = {
    "line 2: expected one JSON object per line": '{"text": "a", "label": "b"}\n{"text": \n',
    "line 2: expected a JSON object such as {...}. Received: 3": '[{"text": "a", "label": "b"},\n3]',
    "line 3: expected one JSON object per line, or one array": '[{"text": "a", "label": "b"},\n\n',
    "The key 'text' occurs twice": '{"text": "a", "label": "b", "text": "c"}',
    "expected the end of the file after the array": "[]\n[]",
    "nested too deeply": '{"text": ' + "[" * 100_000,
    "line 1: there is no key 'label'. The keys are: text": '{"text": "a"}',
}


@pytest.mark.parametrize("expected", BAD_JSON)
def test_errors_of_json_name_the_line(expected, tmp_path):
    assert expected in message(write(tmp_path / "a.jsonl", BAD_JSON[expected]))


def test_rows_are_read_one_by_one():
    lines = iter(["text,label\n", *["fine,pos\n"] * 10])
    rows = rows_of_lines(lines, "a stream", ".csv", None, WANTED)
    assert next(rows).place == "a stream, line 2"
    assert len(list(lines)) == 9


def test_lines_do_not_depend_on_the_size_of_a_piece(tmp_path, monkeypatch):
    text = "one\r\ntwo\rthree\n\n好好\n" * 3 + "last"
    path = write(tmp_path / "a.txt", text)
    expected = list(raw_lines(path))
    assert "".join(expected) == text
    assert expected[:4] == ["one\r\n", "two\rthree\n", "\n", "好好\n"]
    for size in range(1, 9):
        monkeypatch.setattr("kerasnlp_zoo.datasets.encodings.PIECE", size)
        assert list(raw_lines(path)) == expected
