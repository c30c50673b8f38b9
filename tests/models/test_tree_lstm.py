"""Classifiers of trees: the layers above the states of the roots equal their equations."""

import numpy as np
import pytest

from kerasnlp_zoo.models import tree_lstm, tree_lstm_pair
from kerasnlp_zoo.text import TreePreprocessor, Vocabulary

VOCABULARY = Vocabulary(["[PAD]", "[UNK]", "a", "b", "c"])
SMALL = {"vocabulary_size": 5, "num_classes": 3, "embedding_dim": 4, "hidden_dim": 6}


def features_of(texts, composition="n_ary"):
    features = TreePreprocessor(VOCABULARY, num_children=2 if composition == "n_ary" else None)(texts)
    return {name: features[name] for name in ("token_ids", "parents")}


def states_and_dense(model, features, random):
    """Assign random weights; return the states of the tree layer, and a function that applies a dense layer."""
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) * 0.5)
    weights = {weight.path: np.asarray(weight) for weight in model.weights}
    vectors = weights["token_embedding/embeddings"][features["token_ids"]]
    states = model.get_layer("tree")(vectors, features["parents"], mask=features["token_ids"] != 0)
    return np.asarray(states), lambda name, x: x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]


@pytest.mark.parametrize("composition", ["n_ary", "child_sum", "mean"])
@pytest.mark.parametrize("labelled", ["root", "nodes"])
def test_logits_are_a_linear_map_of_the_states(composition, labelled, random):
    model = tree_lstm(**SMALL, composition=composition, labelled=labelled)
    features = features_of(["((a) ((b) (c)))", "((b) (a))"], composition)
    states, dense = states_and_dense(model, features, random)
    expected = dense("logits", states[:, 0] if labelled == "root" else states)
    np.testing.assert_allclose(model(features), expected, atol=1e-5)


def test_a_pair_is_classified_from_its_features(random):
    model = tree_lstm_pair(**SMALL, intermediate_dim=7)
    features = features_of(["((a) (b)) ((c) (a))", "((b) ((a) (c))) ((b) (b))"])
    states, dense = states_and_dense(model, features, random)
    u, v = states[:, 0], states[:, 1]
    pair = np.concatenate([u, v, np.abs(u - v), u * v], axis=-1)
    expected = dense("logits", np.maximum(dense("hidden", pair), 0))
    np.testing.assert_allclose(model(features), expected, atol=1e-5)
