"""The answers of a pipeline are those of `kerasnlp-zoo predict --file --json`."""

import json
import shutil

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.predictions import predict
from kerasnlp_zoo.datasets.text_files import text_files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines.predictions import predict_lines
from tests import small_tasks

pytest.importorskip("apache_beam", reason="the extra beam is not installed")

ENTRY = "text_cnn_movie_reviews_en"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The folder of an exported SavedModel."""
    folder = tmp_path_factory.mktemp("served")
    zoo.load(ENTRY).export(folder)
    return folder


def answers_of(folder):
    return [json.loads(line) for path in sorted(folder.glob("part-*.jsonl")) for line in path.open(encoding="utf-8")]


def as_rounded(answers):
    """Return answers whose numbers may differ in the last digits: other texts were in a batch."""
    return [
        json.loads(json.dumps(a), parse_float=lambda number: pytest.approx(float(number), abs=1e-5)) for a in answers
    ]


@pytest.mark.usefixtures("_small_ranges")
def test_the_answers_equal_those_of_predict(texts, tmp_path, served, capsys):
    number, files = predict_lines(str(served), str(texts), str(tmp_path / "output"))
    capsys.readouterr()
    for path in text_files(texts):
        predict(ENTRY, file=path, json_=True)
    expected = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers_of(tmp_path / "output") == as_rounded(expected)
    assert number == len(expected)
    assert files > 10


def test_one_range_has_the_bytes_that_predict_prints(tmp_path, served, capsys):
    (tmp_path / "a.txt").write_bytes("A gripping film\r\n\r\na dull one\n电影".encode())
    predict_lines(str(served / "1"), str(tmp_path / "a.txt"), str(tmp_path / "output"))
    predict(ENTRY, file=tmp_path / "a.txt", json_=True)
    assert (tmp_path / "output" / "part-00000.jsonl").read_text("utf-8") == capsys.readouterr().out


@pytest.mark.slow
def test_a_hundred_thousand_lines_have_the_answers_of_predict(tmp_path, served, capsys):
    lines = [f"a film of {n} minutes, {'gripping ' * (n % 7)}and {'dull ' * (n % 5)}\n" for n in range(100_000)]
    (tmp_path / "a.txt").write_text("".join(lines))
    predict_lines(str(served), str(tmp_path / "a.txt"), str(tmp_path / "output"))
    predict(ENTRY, file=tmp_path / "a.txt", json_=True)
    assert (tmp_path / "output" / "part-00000.jsonl").read_text("utf-8") == capsys.readouterr().out


def test_pairs_are_separated_by_a_tab(tmp_path):
    task = small_tasks.question_answering()
    task.export(tmp_path / "served")
    pairs = [("Which film ?", "A long film is in the story ."), ("a story ?", "the film")]
    (tmp_path / "a.txt").write_text("".join(f"{first}\t{second}\n" for first, second in pairs))
    predict_lines(str(tmp_path / "served"), str(tmp_path / "a.txt"), str(tmp_path / "output"))
    assert answers_of(tmp_path / "output") == as_rounded(task.predict(pairs))
    (tmp_path / "b.txt").write_text("no tab\n")
    with pytest.raises(InputError, match="Expected one tab in each line. Received: 'no tab'"):
        predict_lines(str(tmp_path / "served"), str(tmp_path / "b.txt"), str(tmp_path / "other"))


@pytest.mark.parametrize("windows", [False, True])
def test_long_texts_are_read_as_the_exported_task_read_them(tmp_path, windows):
    task = small_tasks.token_classification()
    task = task.with_windows() if windows else task
    task.export(tmp_path / "served")
    lines = ["word cup " * 100, "a cup"]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    predict_lines(str(tmp_path / "served"), str(tmp_path / "a.txt"), str(tmp_path / "output"))
    received = answers_of(tmp_path / "output")
    assert received == as_rounded(task.predict([line.rstrip("\n") for line in lines]))
    assert ("truncated" in received[0]) is not windows


def test_a_folder_without_a_saved_model_is_refused(texts, tmp_path):
    for folder, message in ((texts, "contains no SavedModel"), (tmp_path / "none", "is not a folder")):
        with pytest.raises(InputError, match=f"{message}. Expected a folder from: kerasnlp-zoo export ENTRY"):
            predict_lines(str(folder), str(texts), str(tmp_path / "output"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "saved_model.pb").write_bytes(b"damaged"), "is not a readable SavedModel"),
        (lambda folder: shutil.rmtree(folder / "variables"), "is not a readable SavedModel"),
        (lambda folder: shutil.rmtree(folder / "assets.extra"), "Export the entry again"),
        (lambda folder: (folder / "assets.extra" / "task.json").write_text("{}"), "task.json cannot be used"),
        (lambda folder: (folder / "assets.extra" / "task.json").write_text("{"), "the description of a task"),
    ],
    ids=["graph", "variables", "no description", "empty description", "damaged description"],
)
def test_a_damaged_saved_model_is_refused(tmp_path, served, damage, message):
    shutil.copytree(served, tmp_path / "served")
    damage(tmp_path / "served" / "1")
    (tmp_path / "a.txt").write_text("a film\n")
    with pytest.raises(InputError, match=message):
        predict_lines(str(tmp_path / "served"), str(tmp_path / "a.txt"), str(tmp_path / "output"))
    assert not (tmp_path / "output").exists()
