import json

import keras
import numpy as np
import pytest

from kerasnlp_zoo import explanation, zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.objectives.label_sets import BinaryCrossEntropy
from kerasnlp_zoo.objectives.losses import WeightedMeanLoss
from kerasnlp_zoo.tasks import MultiLabelClassification
from tests.small_tasks import LABEL_SETS, TEXTS, multi_label_classification


@pytest.fixture(scope="module")
def task():
    task = multi_label_classification()
    task.thresholds = sigmoids(task).mean(axis=0).tolist()
    return task


def sigmoids(task):
    logits = np.array(task.model(task.preprocessor(TEXTS)["token_ids"]), "float64")
    return 1 / (1 + np.exp(-logits))


def test_answers_are_the_labels_whose_sigmoid_reaches_their_threshold(task):
    for answer, row in zip(task.predict(TEXTS), sigmoids(task), strict=True):
        assert list(answer["probabilities"].values()) == pytest.approx(row, abs=1e-6)
        expected = [label for label, p, t in zip(task.labels, row, task.thresholds, strict=True) if p >= t]
        assert answer["labels"] == expected
    assert len({tuple(answer["labels"]) for answer in task.predict(TEXTS)}) > 2


def test_labels_are_names_or_ids_in_any_order(task):
    expected = [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    for labels in ([["film", "story"], [], ["long"]], [("story", "film"), (), (1,)], [{0, 2}, set(), np.array([1])]):
        np.testing.assert_array_equal(task.label_ids(labels), expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("film", "Expected a list of labels for text 0"),
        (["film", "story"], "Expected a list of labels for text 0.*Received: 'film'"),
        ([["film"], ["chess"]], "Label 'chess'.*unknown. Expected one of: film, long, story"),
        ([None], "Expected a list of labels for text 0"),
    ],
)
def test_labels_of_another_form_are_refused(task, labels, message):
    with pytest.raises(InputError, match=message):
        task.label_ids(labels)


@pytest.mark.parametrize("thresholds", [[0.5], [0.5, 0.5, 1.0], [0.0, 0.5, 0.5], [0.5, 0.5, "x"], "abc", 5])
def test_thresholds_that_do_not_fit_are_refused(task, thresholds):
    with pytest.raises(InputError, match="threshold between 0 and 1 for each of 3 labels"):
        MultiLabelClassification(task.model, task.preprocessor, task.labels, thresholds)


def test_chosen_thresholds_are_used_in_python_in_the_entry_and_in_the_exported_graph(tmp_path):
    task = multi_label_classification()
    before = task.evaluate(TEXTS, LABEL_SETS)
    task.choose_thresholds(TEXTS, LABEL_SETS)
    after = task.evaluate(TEXTS, LABEL_SETS)
    for label in task.labels:  # chosen on the same texts
        assert after["per_class"][label]["f1"] >= before["per_class"][label]["f1"]
    assert after["macro_f1"] > before["macro_f1"]
    expected = [
        [label for label, p, t in zip(task.labels, row, task.thresholds, strict=True) if p >= t]
        for row in sigmoids(task)
    ]
    assert [answer["labels"] for answer in task.predict(TEXTS)] == expected
    loaded = zoo.load(zoo.save(task, tmp_path / "entry"))
    assert loaded.thresholds == task.thresholds
    assert loaded.predict(TEXTS) == task.predict(TEXTS)
    assert json.loads((tmp_path / "entry" / "config.json").read_text())["task_arguments"] == task.arguments
    assert zoo.load(tmp_path / "entry", labels=["a", "b"]).thresholds == [0.5, 0.5]


@pytest.mark.slow
def test_it_learns_sets_of_labels():
    task = multi_label_classification()
    task.model.compile(keras.optimizers.Adam(0.02), loss=WeightedMeanLoss(BinaryCrossEntropy()))
    data = task.dataset(TEXTS, LABEL_SETS, batch_size=4, training=True)
    task.model.fit(data, epochs=60, shuffle=False, verbose=0)
    assert task.evaluate(TEXTS, LABEL_SETS)["exact_match"] == 1.0


def test_weights_count_for_the_texts_with_the_label(task):
    _, labels, weights = next(iter(task.dataset(TEXTS, LABEL_SETS, batch_size=12, class_weights="balanced")))
    labels, weights = labels.numpy(), weights.numpy()
    assert not weights[0].any()  # padding
    labels, weights = labels[1:], weights[1:]
    assert (weights[labels == 0] == 1).all()
    np.testing.assert_allclose((weights * labels).sum(axis=0), (labels == 0).sum(axis=0))


def test_the_most_probable_label_is_explained(task):
    found = explanation.fired_ngrams(task, TEXTS[0])
    probabilities = task.predict(TEXTS[:1])[0]["probabilities"]
    assert found.answer["label"] == max(probabilities, key=probabilities.get)
    assert found.logits == pytest.approx(found.bias + found.word_contributions.sum(axis=0), abs=1e-5)


def test_a_text_without_label_is_readable(task):
    assert task.readable({"labels": [], "probabilities": dict.fromkeys(task.labels, 0.1)}) == "(no label)"
    answer = {"labels": ["film", "long"], "probabilities": {"film": 0.9, "long": 0.75, "story": 0.1}}
    assert task.readable(answer) == "film 0.900, long 0.750"


@pytest.mark.slow
def test_probabilities_of_a_text_in_windows_are_the_mean_of_those_of_its_windows(task):
    preprocessor = type(task.preprocessor)(task.preprocessor.vocabulary, max_sequence_length=4)
    short = MultiLabelClassification(task.model, preprocessor, task.labels, task.thresholds)
    words = "a fine and gripping film of two hours".split()
    found = short.with_windows().predict([" ".join(words)])[0]
    parts = short.predict([" ".join(words[start : start + 4]) for start in (0, 2, 4)])
    for label, threshold in zip(task.labels, task.thresholds, strict=True):
        mean = np.mean([part["probabilities"][label] for part in parts])
        assert found["probabilities"][label] == pytest.approx(mean, abs=1e-6)
        assert (label in found["labels"]) == (mean >= threshold)
