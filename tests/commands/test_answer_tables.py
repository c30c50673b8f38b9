import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasnlp_zoo.commands.answer_tables import write_answers
from kerasnlp_zoo.datasets.rows import Row, read_rows
from kerasnlp_zoo.errors import InputError

SPANS = [{"text": 'Ada, "A."', "label": "PER", "start": 0, "end": 3, "probability": 0.5}]
ANSWER = {"label": "pos", "probability": 0.75, "entities": SPANS, "truncated": False}

names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=5).filter(str.isalpha)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\ufeff"), max_size=20)


def rows_of(table):
    return [Row(f"row {number}", values) for number, values in enumerate(table, start=1)]


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=2, max_size=4, unique=True), st.data(), st.sampled_from([",", ";", "|"]))
def test_a_written_csv_is_read_back_with_the_same_rows(tmp_path_factory, columns, data, delimiter):
    path = tmp_path_factory.mktemp("tables") / "out.csv"
    table = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, texts)), min_size=1, max_size=4))
    assert write_answers(path, [(row, ANSWER) for row in rows_of(table)], delimiter) == len(table)
    found = [row.values for row in read_rows(path, "utf-8-sig", delimiter, {})]
    assert [{name: row[name] for name in columns} for row in found] == table
    with path.open(encoding="utf-8", newline="") as file:
        assert [{name: row[name] for name in columns} for row in csv.DictReader(file, delimiter=delimiter)] == table


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_cells_have_the_spelling_of_json(tmp_path, name):
    write_answers(tmp_path / name, [(Row("row 1", {"id": 7, "text": None, "data": {"a": [1]}}), ANSWER)])
    (row,) = read_rows(tmp_path / name, "utf-8", None, {})
    assert {key: row.values[key] for key in ("id", "text", "data")} == {"id": "7", "text": "", "data": '{"a": [1]}'}
    assert json.loads(row.values["entities"]) == SPANS
    assert (row.values["probability"], row.values["truncated"]) == ("0.75", "false")


def test_json_lines_keep_their_values(tmp_path):
    values = {"id": 7, "text": "Ada", "data": {"a": [1, None]}}
    write_answers(tmp_path / "out.jsonl", [(Row("row 1", values), ANSWER)])
    assert json.loads((tmp_path / "out.jsonl").read_text()) == {**values, **ANSWER}


def test_answers_do_not_replace_columns_of_the_file(tmp_path):
    values = {"label": "mine", "predicted_label": "older", "text": "Ada"}
    write_answers(tmp_path / "out.csv", [(Row("row 1", values), ANSWER)])
    (row,) = read_rows(tmp_path / "out.csv", "utf-8", None, {})
    assert (row.values["label"], row.values["predicted_label"]) == ("mine", "older")
    assert row.values["predicted_predicted_label"] == "pos"


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("out.csv", [], "no text to answer"),
        ("out.csv", [{"text": "a"}, {"text": "b", "id": 1}], "row 2: the first row has no column 'id'"),
        ("out.jsonl", [{"text": "a"}, {"text": "b", "label": 1}], "row 2: the first row has no column 'label'"),
        ("out.tsv", [{"text": "a\tb"}], "row 1: a field of TSV cannot contain a tab"),
    ],
)
def test_tables_that_cannot_be_written_are_refused_and_leave_no_file(tmp_path, name, table, message):
    with pytest.raises(InputError, match=message):
        write_answers(tmp_path / name, [(row, ANSWER) for row in rows_of(table)])
    assert not list(tmp_path.iterdir())


def test_rows_of_json_with_fewer_keys_have_empty_cells(tmp_path):
    table = [{"text": "a", "id": 1}, {"text": "b"}]
    write_answers(tmp_path / "out.csv", [(row, {"label": "x"}) for row in rows_of(table)])
    assert (tmp_path / "out.csv").read_text() == "text,id,label\na,1,x\nb,,x\n"
