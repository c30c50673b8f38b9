import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import Sampling, generate, keep_top_k, keep_top_p
from kerasnlp_zoo.errors import InputError
from tests.decoding.markov_chain import END, TABLE, start, step


def largest_p(logits, p):
    """Return whether top-p keeps each token: the most probable ones until their sum reaches p."""
    probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    kept, total = np.zeros(len(logits), bool), 0.0
    for place in np.argsort(-logits, kind="stable"):
        if total >= p:
            break
        kept[place], total = True, total + probabilities[place]
    return kept


@pytest.mark.parametrize("p", [0.01, 0.5, 0.9, 1.0])
def test_top_p_equals_a_numpy_implementation(random, p):
    logits = random.normal(size=(30, 11)).astype("float32") * 2
    expected = [largest_p(row, p) for row in logits]
    np.testing.assert_array_equal(keep_top_p(tf.constant(logits), p).numpy() > -1e30, expected)


def test_top_p_of_a_worked_example():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]]).astype("float32")
    assert (keep_top_p(tf.constant(logits), 0.79)[0].numpy() > -1e30).tolist() == [True, True, False, False]
    assert (keep_top_p(tf.constant(logits), 0.81)[0].numpy() > -1e30).tolist() == [True, True, True, False]


@pytest.mark.parametrize("k", [1, 4, 50])
def test_top_k_keeps_the_k_highest_logits(random, k):
    logits = random.normal(size=(30, 11)).astype("float32")
    expected = np.argsort(np.argsort(-logits, axis=1), axis=1) < k
    np.testing.assert_array_equal(keep_top_k(tf.constant(logits), k).numpy() > -1e30, expected)


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(temperature=0.5), np.square([0.5, 0.3, 0.15, 0.05]) / np.sum(np.square([0.5, 0.3, 0.15, 0.05]))),
        (Sampling(top_k=2), [0.625, 0.375, 0, 0]),
        (Sampling(top_k=3, top_p=0.6), [0.625, 0.375, 0, 0]),
    ],
)
def test_tokens_are_drawn_with_their_probabilities(sampling, expected):
    logits = tf.tile(tf.math.log([[0.5, 0.3, 0.15, 0.05]]), [20_000, 1])
    shares = np.bincount(sampling(logits, place=3), minlength=4) / 20_000
    np.testing.assert_allclose(shares, expected, atol=0.015)


def test_sampling_compiles_with_xla(random):
    state, ids = start(random, 6)
    choose = Sampling(0.7, top_k=2, top_p=0.9)
    output = tf.function(lambda: generate(step, state, ids, choose, 5, END), jit_compile=True)().numpy()
    for before, token, row in zip(state["before"].numpy(), ids.numpy(), output, strict=True):
        for following in itertools.takewhile(bool, row):
            assert following in np.argsort(-TABLE[before, token])[:2]
            before, token = token, following


def test_draws_depend_only_on_position_and_seed():
    logits = tf.zeros([1, 1000])
    draws = [int(Sampling(seed=seed)(logits, place)[0]) for seed, place in ((1, 0), (1, 1), (2, 0), (1, 0))]
    assert draws[0] == draws[3]
    assert len(set(draws)) == 3


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"temperature": 0.0}, "temperature=0.0"),
        ({"top_k": 0}, "top_k=0"),
        ({"top_p": 1.5}, "top_p=1.5"),
        ({"top_p": 0.0}, "top_p=0.0"),
    ],
)
def test_invalid_sampling_arguments_are_refused(attributes, message):
    with pytest.raises(InputError, match=message):
        Sampling(**attributes)
