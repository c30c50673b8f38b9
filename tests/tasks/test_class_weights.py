"""Class weights multiply the weights that mark padding."""

import numpy as np
import pytest

from kerasnlp_zoo.datasets.movie_reviews import read_source
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from recipes import linear
from tests.small_tasks import TEXTS, TREES, text_classification, tree_classification

RARE = ["positive"] + ["negative"] * 10


def weights_by_label(dataset):
    """The weights of every label in a data set, and of its padding."""
    rows = [(int(y), float(w)) for _, ys, ws in dataset for y, w in zip(np.ravel(ys), np.ravel(ws), strict=True)]
    return {label: sorted({w for y, w in rows if y == label}) for label in {y for y, _ in rows}}


def test_rows_have_the_weight_of_their_class_and_padding_has_none():
    task = text_classification()
    dataset = task.dataset(TEXTS, RARE, batch_size=4, class_weights={"negative": 0.5, "positive": 3})
    assert weights_by_label(dataset) == {0: [0.0, 0.5], 1: [3.0]}  # the label of padding is 0
    dataset = task.dataset(TEXTS, RARE, batch_size=11, class_weights="balanced")
    assert weights_by_label(dataset) == {0: [pytest.approx(11 / 20)], 1: [5.5]}


def test_weighted_loss_equals_the_loss_of_repeated_rows():
    task = text_classification()
    task.model.compile(loss=WeightedMeanLoss(cross_entropy))
    weighted = task.dataset(TEXTS, RARE, batch_size=11, class_weights={"negative": 1, "positive": 4})
    repeated = task.dataset(TEXTS + TEXTS[:1] * 3, RARE + RARE[:1] * 3, batch_size=14)
    expected = task.model.evaluate(repeated, verbose=0)
    assert task.model.evaluate(weighted, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_nodes_of_trees_have_the_weight_of_their_class():
    task = tree_classification()
    labels = [["0"] * text.count("(") for text in TREES]
    labels[0][0] = "+"
    dataset = task.dataset(list(TREES), labels, batch_size=5, class_weights={"-": 1, "0": 0.25, "+": 2})
    assert weights_by_label(dataset) == {0: [0.0], 1: [0.25], 2: [2.0]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": RARE, "class_weights": {"positive": 2.0}}, "one weight for each.*missing: negative"),
        ({"class_weights": "balanced"}, "class_weights without labels"),
    ],
)
def test_weights_without_their_labels_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        text_classification().dataset(TEXTS, **arguments)


def test_class_weight_of_keras_is_refused_by_keras_and_not_ignored():
    task = text_classification()
    task.compile()
    with pytest.raises(ValueError, match="class_weight"):
        task.model.fit(task.dataset(TEXTS, RARE), class_weight={0: 1.0, 1: 10.0}, verbose=0)


def nine_to_one(folder):
    """Write the packaged movie reviews with a ninth of the positive ones. Return the path."""
    texts = {label: [] for label in ("negative", "positive")}
    for _, row in read_source("rotten_tomatoes"):
        texts[("negative", "positive")[row["label"]]].append(row["text"])
    rows = [(text, "negative") for text in texts["negative"]]
    rows += [(text, "positive") for text in texts["positive"][: len(rows) // 9]]
    path = folder / "nine_to_one.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows), "utf-8")
    return path


@pytest.mark.slow
def test_balanced_weights_find_more_of_a_rare_class(tmp_path):
    path = nine_to_one(tmp_path)
    recall = {}
    for weights in (None, "balanced"):
        config = linear.Config(train_file=path, class_weights=weights, output_dir=tmp_path / str(weights))
        recall[weights] = linear.main(config)["per_class"]["positive"]["recall"]
    assert recall["balanced"] > recall[None] + 20
