import contextlib
import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pandas
import pytest
import tensorflow as tf

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.commands import predictions
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from tests.small_tasks import feature_classification, fill_mask, pair_classification, text_classification

ENTRY = "text_cnn_movie_reviews_en"
TEXTS = ["a gripping, beautifully acted film", 'he said "dull"\nand far too long', ""]


@pytest.fixture(scope="module")
def task():
    return zoo.load(ENTRY)


@pytest.fixture
def run(monkeypatch, capsys, task):
    """Run the command in this process, with a task that is loaded once; return what it printed."""
    monkeypatch.setattr(predictions, "load_task", lambda entry, windows: task)

    def run(*arguments, standard_input=b""):
        monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(standard_input)))
        cli.main()
        return capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def answers(task):
    return task.predict(TEXTS)


def write_table(path):
    rows = [{"id": str(number), "body": text, "label": "?"} for number, text in enumerate(TEXTS)]
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            file.write("".join(json.dumps(row) + "\n" for row in rows))
        else:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return rows


@pytest.mark.parametrize(("source", "target"), [("in.csv", "out.jsonl"), ("in.jsonl", "out.csv")])
def test_rows_are_written_with_their_answers(run, tmp_path, answers, source, target):
    rows = write_table(tmp_path / source)
    said = run("predict", ENTRY, "--file", tmp_path / source, "--text-column", "body", "--output", tmp_path / target)
    assert said.out == ""
    assert f"{target}: 3 rows with their answers" in said.err
    text = (tmp_path / target).read_text("utf-8")
    found = (
        [json.loads(line) for line in text.splitlines()]
        if target == "out.jsonl"
        else list(csv.DictReader(io.StringIO(text, newline="")))
    )
    assert [{name: row[name] for name in ("id", "body", "label")} for row in found] == rows
    assert [row["predicted_label"] for row in found] == [answer["label"] for answer in answers]
    assert [float(row["probability"]) for row in found] == pytest.approx([a["probability"] for a in answers], abs=1e-6)


def test_lines_and_arguments_are_written_as_a_table(run, tmp_path, answers):
    run("predict", ENTRY, "--output", tmp_path / "out.csv", standard_input=TEXTS[0].encode())
    with (tmp_path / "out.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["label"], row["truncated"]) == (TEXTS[0], answers[0]["label"], "false")
    assert json.loads(row["probabilities"]) == pytest.approx(answers[0]["probabilities"], abs=1e-6)


def test_a_column_is_answered_on_standard_output(run, tmp_path, answers):
    write_table(tmp_path / "in.csv")
    printed = run("predict", ENTRY, "--file", tmp_path / "in.csv", "--text-column", "body").out
    assert [line.split("\t")[1] for line in printed.splitlines()] == [" ".join(text.splitlines()) for text in TEXTS]


def test_the_encoding_holds_for_standard_input(run):
    printed = run("predict", ENTRY, "--encoding", "latin-1", standard_input="café".encode("latin-1")).out
    assert printed.endswith("\tcafé\n")


def test_a_line_from_a_terminal_is_answered_before_the_next_one_is_read(run, monkeypatch, capsys):
    answered = []

    class Typed:
        """Lines that a user types after the answer to the line before."""

        def __iter__(self):
            for text in (b"a fine film\n", b"a dull film\n"):
                answered.append(capsys.readouterr().out)
                yield text

    class Terminal:
        buffer = Typed()

        def isatty(self):
            return True

    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "predict", ENTRY])
    monkeypatch.setattr(sys, "stdin", Terminal())
    cli.main()
    assert answered[0] == ""
    assert answered[1].endswith("\ta fine film\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--file", "in.csv"], "in.csv is a table. Its columns are: id, body, label. Name the column with the texts"),
        (["--file", "in.jsonl"], "in.jsonl is a table. Its columns are: id, body, label."),
        (["--file", "in.csv", "--text-column", "text"], "there is no column 'text'"),
        (["--text-column", "text"], "Name the table with --file"),
        (["a", "--text-pair-column", "text"], "Name the first ones with --text-column"),
        (["--file", "in.csv", "--text-column", "id", "--text-pair-column", "body"], "Expected --text-column alone"),
        (["a", "--output", "out.xlsx"], "--output is a table: .csv, .tsv or .jsonl. Received: out.xlsx"),
        (["a", "--output", "out.csv", "--json"], "Leave out --json"),
    ],
)
def test_tables_without_columns_and_flags_that_do_not_fit_are_refused(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "in.csv")
    write_table(tmp_path / "in.jsonl")
    with pytest.raises(SystemExit, match=message):
        run("predict", ENTRY, *arguments)
    assert not list(tmp_path.glob("out*"))


ROWS = [[1.0, 2.5, 3.0, 4.0], [9.0, 0.5, 1.0, 2.0]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", "id,fourth,third,second,first\na,4,3,2.5,1\nb,2,1.0,0.5,9\n"),
        ("in.tsv", "id\tfirst\tsecond\tthird\tfourth\na\t1\t2.5\t3\t4\nb\t9\t.5\t1\t2\n"),
        ("semicolons.csv", "first;second;third;fourth\n1;2.5;3;4\n9;0.5;1;2\n"),
        (
            "in.jsonl",
            '{"first": 1, "second": 2.5, "third": 3, "fourth": 4}\n'
            '{"first": 9, "second": "0.5", "third": 1, "fourth": 2}\n',
        ),
        ("lines.csv", "1,2.5,3,4\n9,0.5,1,2\n"),
        ("lines.txt", "1,2.5,3,4\n9,0.5,1,2\n"),
    ],
)
def test_rows_of_numbers_are_read_by_the_names_of_their_columns(run, monkeypatch, tmp_path, name, content):
    task = feature_classification()
    monkeypatch.setattr(predictions, "load_task", lambda entry, windows: task)
    (tmp_path / name).write_text(content)
    run("predict", ENTRY, "--file", tmp_path / name, "--output", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    expected = [answer["probabilities"]["hired"] for answer in task.predict(ROWS)]
    assert [row["probabilities"]["hired"] for row in rows] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("first,second,third\n1,2,3\n", [], "no column 'fourth'. The columns are: first, second, third"),
        ("first,second,third,fourth\n1,2,3,4\n1,2,nan,4\n", [], "line 3, column 'third': expected a finite number"),
        ("first,second,third,fourth\n1,2,3,4\n", ["--text-column", "first"], "reads numbers and finds its columns"),
    ],
)
def test_tables_of_numbers_with_other_columns_are_refused(run, monkeypatch, tmp_path, content, arguments, message):
    monkeypatch.setattr(predictions, "load_task", lambda entry, windows: feature_classification())
    (tmp_path / "in.csv").write_text(content)
    with pytest.raises(SystemExit, match=message):
        run("predict", ENTRY, "--file", tmp_path / "in.csv", *arguments)


def test_labels_of_strangers_cannot_control_the_terminal(monkeypatch, run, task):
    monkeypatch.setattr(type(task), "readable", lambda self, answer: "\x1b[2Jpositive\x07")
    assert run("predict", ENTRY, "a film").out == "\\x1b[2Jpositive\\x07\ta film\n"


def test_a_progress_bar_is_drawn_on_a_terminal_for_a_file(run, tmp_path, monkeypatch):
    write_table(tmp_path / "in.csv")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = run("predict", ENTRY, "--file", tmp_path / "in.csv", "--text-column", "body", "--output", tmp_path / "o.csv")
    assert "100%" in said.err
    assert "3/3" in said.err


@pytest.mark.slow
def test_windows_are_a_flag_of_predict_evaluate_and_export(run, monkeypatch, tmp_path, task):
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    text = "dull " * 600 + "a gripping and beautifully acted film " * 300
    (tmp_path / "test.csv").write_text(f"text,label\n{text},positive\n")
    own_file = ("--test-file", str(tmp_path / "test.csv"))
    for command in (["predict", ENTRY, text, "--json"], ["evaluate", ENTRY, *own_file, "--json"]):
        for flags, expected in (([], task), (["--windows"], task.with_windows())):
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *command, *flags])
                cli.main()
            found = json.loads(printed.getvalue())
            if command[0] == "predict":
                assert zoo.difference(expected.predict([text])[0], found) <= 1e-6
            else:
                assert found["accuracy"] == expected.evaluate([text], ["positive"])["accuracy"]
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "export", ENTRY, str(tmp_path / "served"), "--windows"])
    cli.main()
    served = tf.saved_model.load(str(tmp_path / "served" / "1")).signatures["serving_default"]
    found = served(text=tf.constant([text]))["probabilities"].numpy()
    np.testing.assert_allclose(found, task.with_windows().outputs([text])["probabilities"], atol=1e-6)


def test_predict_takes_a_column_of_a_table_and_any_iterable(task):
    texts = ["a fine film", "a dull film"]
    expected = task.predict(texts)
    frame = pandas.DataFrame({"text": texts}, index=[7, 3])
    for given in (frame["text"], iter(texts), (text for text in texts), tuple(texts), dict.fromkeys(texts).keys()):
        assert task.predict(given) == expected
    for wrong in ("a fine film", {"text": "a fine film"}, frame, 7, None):
        with pytest.raises(InputError, match="Expected a list of strings"):
            task.predict(wrong)


def test_a_frame_keeps_its_rows_and_index_and_gets_the_answers(task):
    frame = pandas.DataFrame({"label": ["x", "y"], "text": ["a fine film", "too long"]}, index=[7, 3])
    found = task.predict_frame(frame, text_column="text")
    assert list(found.index) == [7, 3]
    assert list(found.columns) == ["label", "text", "predicted_label", "probability", "probabilities", "truncated"]
    assert list(found["label"]) == ["x", "y"]
    assert list(found["predicted_label"]) == [answer["label"] for answer in task.predict(list(frame["text"]))]
    assert list(frame.columns) == ["label", "text"]
    assert len(task.predict_frame(frame.iloc[:0], text_column="text").columns) == 6
    with pytest.raises(InputError, match="one column 'body'. Received the columns: label, text"):
        task.predict_frame(frame, text_column="body")


@pytest.mark.slow
def test_frames_of_pairs_and_of_masks():
    frame = pandas.DataFrame({"a": ["a fine film"], "b": ["a dull film"], "mask": ["a [MASK] film"]})
    task = pair_classification()
    found = task.predict_frame(frame, "a", "b")
    assert found["label"][0] == task.predict([("a fine film", "a dull film")])[0]["label"]
    assert len(fill_mask().predict_frame(frame, "mask")["candidates"][0]) == 10


PEAK = """
import resource, sys
from kerasnlp_zoo import cli
cli.main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def peak_memory(*arguments, standard_input=None):
    """Return the peak memory of the command in another process, in MiB."""
    command = [sys.executable, "-c", PEAK, *map(str, arguments)]
    done = subprocess.run(command, input=standard_input, capture_output=True, text=True, check=True, env={**os.environ})
    return int(done.stderr.splitlines()[-1]) / 1024


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file", "pipe", "table"])
def test_the_memory_does_not_grow_with_the_number_of_texts(tmp_path, way):
    peaks = []
    for count in (20_000, 120_000):  # as lists, the additional texts and answers would need 70 MiB
        lines = [f"a film of {number} minutes" for number in range(count)]
        if way == "pipe":
            text = "\n".join(lines)
            peaks.append(peak_memory("predict", "softmax_regression_movie_reviews_en", standard_input=text))
            continue
        path = tmp_path / ("in.csv" if way == "table" else "in.txt")
        path.write_text("\n".join(["text", *lines]))
        table = ("--text-column", "text", "--output", tmp_path / "out.csv") if way == "table" else ()
        peaks.append(peak_memory("predict", "softmax_regression_movie_reviews_en", "--file", path, *table))
    assert peaks[1] - peaks[0] < 25


def test_a_stream_says_at_its_end_which_share_of_all_texts_was_cut(caplog):
    whole = text_classification()
    preprocessor = WordPreprocessor(whole.preprocessor.vocabulary, max_sequence_length=3)
    task = TextClassification(whole.model, preprocessor, whole.labels)
    texts = ["too long"] * 7 + ["far too long and dull"] * 3
    answers = list(task.stream(texts, chunk_size=4))
    assert [answer.get("truncated", False) for answer in answers] == [False] * 7 + [True] * 3
    assert "3 of 10 texts (30.0%)" in caplog.text
    with pytest.raises(InputError, match="After the first 4 texts, counted from 0 again: .*at index 1"):
        list(task.stream([*texts[:5], 7], chunk_size=4))
