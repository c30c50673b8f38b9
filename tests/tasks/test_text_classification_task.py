import json
import logging
import shlex

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.tasks.export import serving_commands
from kerasnlp_zoo.text import WordPreprocessor
from tests.small_tasks import LABELS, TEXTS, pair_classification, text_classification


@pytest.fixture(scope="module")
def task():
    return text_classification()


def test_answer_is_the_softmax_of_the_logits(task):
    answers = task.predict(TEXTS)
    logits = np.array(task.model(task.preprocessor(TEXTS)["token_ids"]), "float64")
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for answer, row in zip(answers, expected, strict=True):
        assert list(answer["probabilities"]) == ["negative", "positive"]
        assert list(answer["probabilities"].values()) == pytest.approx(row, abs=1e-5)
        assert answer["label"] == ["negative", "positive"][np.argmax(row)]
        assert answer["probability"] == max(answer["probabilities"].values())


def test_evaluate_counts_correct_answers(task):
    right = [answer["label"] == label for answer, label in zip(task.predict(TEXTS), LABELS, strict=True)]
    assert task.evaluate(TEXTS, LABELS)["accuracy"] == pytest.approx(np.mean(right))
    ids = [task.labels.index(label) for label in LABELS]
    assert task.evaluate(TEXTS, ids) == task.evaluate(TEXTS, LABELS)


def test_keras_evaluate_on_the_padded_data_set_returns_the_same_scores(task):
    task.model.compile(weighted_metrics=["accuracy"], loss="sparse_categorical_crossentropy")
    scores = task.model.evaluate(task.dataset(TEXTS, LABELS, batch_size=4), verbose=0, return_dict=True)
    assert scores["accuracy"] == pytest.approx(task.evaluate(TEXTS, LABELS)["accuracy"])


def test_a_task_can_be_trained_with_keras_fit():
    task = text_classification()
    task.model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    task.model.fit(task.dataset(TEXTS, LABELS, batch_size=4, training=True), epochs=40, shuffle=False, verbose=0)
    assert task.evaluate(TEXTS, LABELS)["accuracy"] == 1.0


def test_the_answer_to_an_empty_list_is_empty(task):
    assert task.predict([]) == []
    assert task.outputs([])["probabilities"].shape == (0, 2)


def test_empty_and_unusual_texts_have_an_answer(task):
    strange = ["", " ", "\x00", "\ud800 lone surrogate", "👍🏽", "很好", "word " * 100_000]
    for answer in task.predict(strange):
        assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_the_graph_accepts_invalid_utf8(task):
    probabilities = task.serve(np.array([b"\xff\xfe caf\xe9 film"]))["probabilities"]
    assert np.sum(probabilities) == pytest.approx(1)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one string", "list of strings.*Received: str"),
        (None, "Received: NoneType"),
        (["fine", None], "None at index 1"),
        ([b"fine"], "at index 0; decode bytes first"),
        ([["fine"]], r"\['fine'\] at index 0"),
        ([3.5], "3.5 at index 0"),
    ],
)
def test_input_other_than_a_list_of_strings_is_refused(task, texts, message):
    with pytest.raises(InputError, match=message):
        task.predict(texts)
    with pytest.raises(InputError, match=message):
        task.dataset(texts)


@pytest.mark.parametrize("labels", [["positive", "neutral"], [0, 2], [0, -1], ["positive"]])
def test_unknown_or_missing_labels_are_refused(task, labels):
    with pytest.raises(InputError, match=r"unknown|one label for each"):
        task.dataset(["fine", "dull"], labels)


def test_data_sets_and_scores_of_no_texts_are_refused(task):
    with pytest.raises(InputError, match="at least one example"):
        task.dataset([], [])
    with pytest.raises(InputError, match="1 or more texts, and a label for each. Received: 0 texts and 0 references"):
        task.evaluate([], [])
    with pytest.raises(InputError, match="a label for each. Received: 1 texts and no references"):
        task.evaluate(["fine"])


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True])
def test_invalid_batch_sizes_are_refused(task, batch_size):
    with pytest.raises(InputError, match="batch_size"):
        task.predict(["fine"], batch_size=batch_size)


def test_vocabulary_and_labels_must_fit_the_model():
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = text_cnn(preprocessor.vocabulary_size + 1, num_classes=2, embedding_dim=4, num_filters=2)
    with pytest.raises(InputError, match=f"vocabulary_size={preprocessor.vocabulary_size}"):
        TextClassification(model, preprocessor, ["a", "b"])
    model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=4, num_filters=2)
    with pytest.raises(InputError, match="Received 3 labels: a, b, c"):
        TextClassification(model, preprocessor, ["a", "b", "c"])
    with pytest.raises(InputError, match="different"):
        TextClassification(model, preprocessor, ["a", "a"])


def test_truncated_texts_are_reported_once(caplog):
    preprocessor = WordPreprocessor.from_texts(TEXTS, max_sequence_length=8)
    model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=4, num_filters=2)
    task = TextClassification(model, preprocessor, ["negative", "positive"])
    with caplog.at_level(logging.WARNING, logger="kerasnlp_zoo"):
        task.dataset(TEXTS)
        task.dataset(TEXTS)
    assert caplog.text.count("max_sequence_length=8") == 1


def test_serving_commands_are_quoted_for_the_shell(task, tmp_path):
    docker, curl = serving_commands(task, tmp_path / "it's here" / "1", 'isn\'t "it"').splitlines()
    assert f"{tmp_path}/it's here:/models/text" in shlex.split(docker)
    assert json.loads(shlex.split(curl)[2]) == {"instances": ['isn\'t "it"']}
    _, curl = serving_commands(pair_classification(), tmp_path / "1", ("it's", "so")).splitlines()
    assert json.loads(shlex.split(curl)[2]) == {"instances": [{"text": "it's", "text_pair": "so"}]}
