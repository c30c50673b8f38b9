"""Questions in SQuAD's format are read from files and by TFDS name. A passage is never in two splits."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasnlp_zoo.datasets import tfds_loading
from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringOptions, load_question_answering, read_squad
from kerasnlp_zoo.datasets.report import question_report
from kerasnlp_zoo.errors import InputError
from tests.datasets.tfds_folders import write_tfds

PASSAGE = "Ada Byron wrote the first program. 小红 read it, and then Ada read it again."


def question(id="q1", text="Who wrote it?", answers=(("Ada Byron", 0),), **more):
    marked = [{"text": answer, "answer_start": start} for answer, start in answers]
    return {"id": id, "question": text, "answers": marked, **more}


def squad(path, *paragraphs):
    """Write each paragraph (passage, list of questions) as an article."""
    articles = [{"title": "t", "paragraphs": [{"context": passage, "qas": rows}]} for passage, rows in paragraphs]
    path.write_text(json.dumps({"version": "1.1", "data": articles}, ensure_ascii=False), "utf-8")
    return path


def many(path, count, word):
    """Write `count` passages with two questions each."""
    return squad(
        path,
        *(
            (f"{word} {n} is {n}.", [question(f"{word}{n}{kind}", f"{kind}?", [(word, 0)]) for kind in "ab"])
            for n in range(count)
        ),
    )


def message(path, *rows, passage=PASSAGE):
    with pytest.raises(InputError) as error:
        read_squad(squad(path, (passage, rows)))
    return str(error.value)


def test_answers_are_at_their_given_start(tmp_path):
    rows = [
        question("a", answers=[("Ada Byron", 0), ("Ada", 56)]),
        question("b", answers=[("小红", 35)]),
        question("c", answers=[], is_impossible=True),
        question("d", answers=[("Ada Byron", 0)], is_impossible=True),  # SQuAD 2 has plausible answers elsewhere
    ]
    examples, repaired = read_squad(squad(tmp_path / "a.json", (PASSAGE, rows)))
    assert [example.id for example in examples] == ["a", "b", "c", "d"]
    assert [example.answers for example in examples] == [
        ((0, 9, "Ada Byron"), (56, 59, "Ada")),
        ((35, 37, "小红"),),
        (),
        (),
    ]
    assert repaired == 0
    for example in examples:
        assert all(example.passage[start:end] == text for start, end, text in example.answers)


def test_a_wrong_start_is_corrected_to_the_nearest_occurrence_of_the_answer(tmp_path):
    rows = [question("a", answers=[("Ada", 5)]), question("b", answers=[("read", 62)]), question("c")]
    examples, repaired = read_squad(squad(tmp_path / "a.json", (PASSAGE, rows)))
    assert [example.answers[0][:2] for example in examples] == [(0, 3), (60, 64), (0, 9)]
    assert repaired == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (("Grace", 0), "question q1: the answer 'Grace' is not at character 0"),
        (("Ada Byron", 60), "nor within 32 characters.*not in bytes"),
        (("", 3), "the answer ''"),
    ],
)
def test_an_answer_that_is_not_in_the_passage_is_refused_with_its_question(answer, expected, tmp_path):
    assert re.search(expected, message(tmp_path / "a.json", question(answers=[answer])))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "is not valid JSON"),
        ("[]", "format of SQuAD after 0 questions"),
        ('{"data": []}', "contains no questions"),
        ('{"data": [{"paragraphs": [{"qas": [{}]}]}]}', "'answers'"),
        ('{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": "1", "answers": []}]}]}]}', "'question'"),
        ('{"data": {"paragraphs": 1}}', "format of SQuAD"),
    ],
)
def test_other_formats_are_refused(content, expected, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=expected):
        read_squad(tmp_path / "a.json")


def test_a_missing_file_and_a_missing_data_set_are_refused(tmp_path):
    with pytest.raises(InputError, match="is not a file"):
        load_question_answering(QuestionAnsweringOptions(train_file=tmp_path / "none.json"))
    with pytest.raises(InputError, match="--dataset .*squad"):
        load_question_answering(QuestionAnsweringOptions())


def test_passages_are_held_out_with_all_their_questions(tmp_path):
    data = load_question_answering(QuestionAnsweringOptions(train_file=many(tmp_path / "a.json", 50, "Rome")))
    assert (len(data.train), len(data.validation), len(data.test)) == (80, 10, 10)
    passages = [{example.passage for example in split} for split in (data.train, data.validation, data.test)]
    assert sum(map(len, passages)) == len(set.union(*passages)) == 50


def test_given_splits_are_kept_and_their_passages_dropped_from_training(tmp_path):
    train, test = many(tmp_path / "train.json", 20, "Rome"), many(tmp_path / "test.json", 3, "Rome")
    content = json.loads(train.read_text())
    content["data"].append(content["data"][-1])
    train.write_text(json.dumps(content))
    data = load_question_answering(QuestionAnsweringOptions(train_file=train, test_file=test))
    assert [example.id for example in data.test] == ["Rome0a", "Rome0b", "Rome1a", "Rome1b", "Rome2a", "Rome2b"]
    assert data.dropped == {"duplicates": 2, "questions on passages of another split": 6}
    assert len(data.train) + len(data.validation) == 2 * 17


def test_too_little_data_is_refused_and_a_smoke_run_uses_a_few_questions(tmp_path):
    with pytest.raises(InputError, match="too little data"):
        load_question_answering(QuestionAnsweringOptions(train_file=many(tmp_path / "a.json", 2, "Rome")))
    options = QuestionAnsweringOptions(train_file=many(tmp_path / "a.json", 200, "Rome"), smoke=True)
    assert [len(split) for split in (load_question_answering(options).train,)] == [24]


def test_squad_of_tfds_is_tested_on_its_validation_split(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_loading, "HOST", "http://127.0.0.1:9/")
    features = {
        "id": tfds.features.Text(),
        "title": tfds.features.Text(),
        "context": tfds.features.Text(),
        "question": tfds.features.Text(),
        "answers": tfds.features.Sequence({"text": tfds.features.Text(), "answer_start": np.int32}),
    }

    def split(word, count):
        return {
            "id": [f"{word}{n}" for n in range(count)],
            "title": [word] * count,
            "context": [f"{n} 红 {word}" for n in range(count)],
            "question": ["where?"] * count,
            "answers": {
                "text": tf.ragged.constant([[word] * (n % 3) for n in range(count)], tf.string),
                "answer_start": tf.ragged.constant([[4] * (n % 3) for n in range(count)], tf.int32),
            },
        }

    write_tfds(tmp_path, "squad", features, {"train": split("Rome", 9), "validation": split("Oslo", 5)}, config="v1.1")
    for name in ("squad", "squad/v1.1"):
        data = load_question_answering(QuestionAnsweringOptions(dataset=name, data_dir=tmp_path))
        assert (len(data.train), len(data.validation), len(data.test)) == (8, 1, 5)
        assert {example.id: example.answers for example in data.test} == {
            f"Oslo{n}": ((4, 8, "Oslo"),) * (n % 3) for n in range(5)
        }
    with pytest.raises(
        InputError, match="Name a data set with --dataset .wikitext2_cloze, squad, squad2. or give --train-file"
    ):
        load_question_answering(QuestionAnsweringOptions())
    with pytest.raises(InputError, match="squad/v2.0"):
        load_question_answering(QuestionAnsweringOptions(dataset="squad2", data_dir=tmp_path))


def test_the_fingerprint_depends_on_the_data(tmp_path):
    prints = set()
    for word in ("Rome", "Oslo", "Rome"):
        path = many(tmp_path / "a.json", 20, word)
        prints.add(load_question_answering(QuestionAnsweringOptions(train_file=path)).fingerprint())
    assert len(prints) == 2


def test_the_report_counts_questions_passages_and_repairs(tmp_path):
    path = many(tmp_path / "a.json", 20, "Rome")
    content = json.loads(path.read_text())
    content["data"][0]["paragraphs"][0]["qas"][0]["answers"][0]["answer_start"] = 2
    path.write_text(json.dumps(content))
    data = load_question_answering(QuestionAnsweringOptions(train_file=path))
    report = question_report(data)
    for part in ("32 questions on 16 passages", "0% without an answer", "1 answers whose stated start was wrong"):
        assert part in report
