import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.layers import ChildSumTreeLSTM, NaryTreeLSTM, PairFeatures, TreeMean
from kerasnlp_zoo.layers.tree_composition import INNER_PLACES
from kerasnlp_zoo.text import TreePreprocessor, Vocabulary
from kerasnlp_zoo.text.trees import bracketed
from tests.random_trees import children_of, random_tree

VOCABULARY = Vocabulary(["[PAD]", "[UNK]", "a", "b", "c", "d"])
UNITS, WIDTH = 4, 5


def child_sum(layer, x, states):
    """Equations 2 to 8 of Tai et al. 2015."""
    w, u, b = (tf.split(weight, 4, axis=-1) for weight in layer.trainable_weights)
    total = sum((h for h, _ in states), tf.zeros(UNITS))
    i, o, g = (x @ w[n] + total[None] @ u[n] + b[n] for n in range(3))
    c = tf.sigmoid(i) * tf.tanh(g)
    for h, past in states:
        c += tf.sigmoid(x @ w[3] + h[None] @ u[3] + b[3]) * past
    return (tf.sigmoid(o) * tf.tanh(c))[0], c


def n_ary(layer, x, states):
    """Equations 9 to 14 of Tai et al. 2015."""
    count = layer.num_children
    states = [*states, *[(tf.zeros(UNITS), tf.zeros((1, UNITS)))] * (count - len(states))]
    w, b = (tf.split(weight, 4, axis=-1) for weight in (layer.kernel.value, layer.bias.value))
    u = [tf.split(rows, 3 + count, axis=-1) for rows in tf.split(layer.recurrent_kernel.value, count, axis=0)]
    total = [sum(h[None] @ u[n][gate] for n, (h, _) in enumerate(states)) for gate in range(3 + count)]
    i, o, g = (x @ w[gate] + total[gate] + b[gate] for gate in range(3))
    c = tf.sigmoid(i) * tf.tanh(g)
    for n, (_, past) in enumerate(states):
        c += tf.sigmoid(x @ w[3] + total[3 + n] + b[3]) * past
    return (tf.sigmoid(o) * tf.tanh(c))[0], c


def average(layer, x, states):
    """Return a sum and a count, from which `output` computes the states of the layer."""
    own = tf.tanh(x @ layer.kernel + layer.bias)[0] if np.any(x) else tf.zeros(UNITS)
    total = own + sum((h for h, _ in states), tf.zeros(UNITS))
    return total, float(np.any(x)) + sum(count for _, count in states)


CASES = {
    "child_sum": (ChildSumTreeLSTM, {}, child_sum),
    "n_ary": (NaryTreeLSTM, {"num_children": 3}, n_ary),
    "mean": (TreeMean, {}, average),
}


def recursion(tree, vectors, layer, step):
    """Return the states of all nodes, computed node by node, children first."""
    below, states = children_of(tree), {}
    for node in reversed(range(len(tree.words))):
        place = VOCABULARY.ids.get(tree.words[node])
        x = tf.zeros((1, WIDTH)) if place is None else vectors[place : place + 1]
        states[node] = step(layer, x, [states[child] for child in below[node]])
    if step is average:
        return [states[node][0] / max(states[node][1], 1.0) for node in range(len(tree.words))]
    return [states[node][0] for node in range(len(tree.words))]


def forest(random, words_at):
    return [random_tree(random, size, 3, words_at) for size in (1, 2, 3, 17, 30, 6)]


def make(composition, **arguments):
    layer_class, more, step = CASES[composition]
    layer = layer_class(UNITS, **more, **arguments)
    layer.build((None, None, None, WIDTH))
    for weight in layer.trainable_weights:
        weight.assign(keras.random.normal(weight.shape, stddev=0.5))
    preprocessor = TreePreprocessor(VOCABULARY, num_children=more.get("num_children"))
    vectors = tf.Variable(keras.random.normal((len(VOCABULARY), WIDTH)) * (np.arange(len(VOCABULARY)) > 0)[:, None])
    return layer, step, preprocessor, vectors


def batched(layer, features, vectors):
    token_ids = features["token_ids"]
    return layer(tf.gather(vectors, token_ids), features["parents"], mask=token_ids > 0)


@pytest.mark.parametrize("words_at", ["leaves", "all"])
@pytest.mark.parametrize("composition", CASES)
def test_states_and_gradients_of_batches_equal_a_recursion(composition, words_at, random):
    layer, step, preprocessor, vectors = make(composition)
    trees = forest(random, words_at)
    features = preprocessor([bracketed(tree) for tree in trees])
    weights = [*(weight.value for weight in layer.trainable_weights), vectors]
    with tf.GradientTape(persistent=True) as tape:
        states = batched(layer, features, vectors)
        flat = tf.reshape(states, (len(trees), -1, UNITS))
        ours = [tf.gather(flat[row], features["nodes"][row][: len(tree.words)]) for row, tree in enumerate(trees)]
        theirs = [tf.stack(recursion(tree, vectors, layer, step)) for tree in trees]
        scores = [sum(tf.reduce_sum(tf.sin(3 * state)) for state in states) for states in (ours, theirs)]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    for one, other in zip(*(tape.gradient(score, weights) for score in scores), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(one), tf.convert_to_tensor(other), atol=2e-4)


@pytest.mark.parametrize("composition", CASES)
def test_states_and_gradients_of_roots_equal_a_recursion(composition, random):
    layer, step, preprocessor, vectors = make(composition, num_roots=2)
    pairs = list(zip(forest(random, "leaves"), forest(random, "all"), strict=True))
    joined = [f"{bracketed(one)} {bracketed(other)}" for one, other in pairs]
    features = preprocessor(joined)
    weights = [*(weight.value for weight in layer.trainable_weights), vectors]
    with tf.GradientTape(persistent=True) as tape:
        ours = batched(layer, features, vectors)
        theirs = tf.stack([[recursion(tree, vectors, layer, step)[0] for tree in pair] for pair in pairs])
        scores = [tf.reduce_sum(tf.sin(3 * states)) for states in (ours, theirs)]
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    for one, other in zip(*(tape.gradient(score, weights) for score in scores), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(one), tf.convert_to_tensor(other), atol=2e-4)


@pytest.mark.parametrize("composition", CASES)
def test_values_at_empty_positions_do_not_change_the_states(composition, random):
    layer, _, preprocessor, vectors = make(composition)
    features = preprocessor([bracketed(tree) for tree in forest(random, "leaves")])
    expected = batched(layer, features, vectors).numpy()
    inputs = tf.gather(vectors, features["token_ids"]).numpy()
    inputs[features["token_ids"].numpy() == 0] = np.nan
    mask = features["token_ids"] > 0
    received = layer(inputs, features["parents"], mask=mask).numpy()
    np.testing.assert_array_equal(received, expected)


def test_only_n_ary_depends_on_the_order_of_children():
    for composition, counts in (("child_sum", False), ("n_ary", True), ("mean", False)):
        layer, _, preprocessor, vectors = make(composition)
        one, other = batched(layer, preprocessor(["((a) (b))", "((b) (a))"]), vectors)[:, 0, 0]
        assert np.allclose(one, other, atol=1e-6) != counts, composition


def test_pair_features_combine_the_roots_in_the_first_two_positions():
    assert INNER_PLACES >= 2
    assert PairFeatures()(np.array([[[1.0, 2.0], [4.0, 0.0]]], "float32")).numpy().tolist() == [
        [1, 2, 4, 0, 3, 2, 4, 0]
    ]
