"""The tables in the graph return the probabilities of the Python model."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.models import (
    SMOOTHINGS,
    count_ngrams,
    ngram,
    ngram_keras_model,
    ngram_language_model,
    with_state,
    zero_state,
)
from kerasnlp_zoo.text import GenerativeVocabulary
from kerasnlp_zoo.vocabulary import END_ID, START_ID

VOCABULARY = GenerativeVocabulary.from_counts({f"w{word}": 9 for word in range(9)})
V = len(VOCABULARY)


def text_of(seed, length=400):
    random = np.random.default_rng(seed)
    ids = random.choice(V - 3, length, p=random.dirichlet(np.ones(V - 3))) + 3
    ids[1::3] = np.minimum(ids[0:-1:3] + 1, V - 1)
    return ids


def make(smoothing="modified_kneser_ney", order=3, min_counts=(1,)):
    arguments = {"add_k": {"k": 0.3}, "interpolation": {"validation": text_of(2)}}.get(smoothing, {})
    return ngram(VOCABULARY, count_ngrams(text_of(1), V, order), smoothing, order, min_counts, **arguments)


@pytest.mark.parametrize(
    ("smoothing", "order", "min_counts"),
    [
        *itertools.product(SMOOTHINGS, [3], [(1,)]),
        *itertools.product(["modified_kneser_ney"], [1, 2, 4], [(1,), (1, 2), (2, 3)]),
    ],
)
def test_the_probabilities_equal_those_of_the_python_model(smoothing, order, min_counts):
    model = make(smoothing, order, min_counts)
    text = np.append(text_of(3, 60), [1, 1, V - 1])  # also words that were not counted
    found = np.exp(ngram_keras_model(model)(text[None]))[0]
    for place in range(len(text)):
        expected = model.next_word([START_ID, *text[: place + 1]])
        np.testing.assert_allclose(found[place], expected, atol=1e-5)


@pytest.mark.parametrize("lengths", [[9], [1] * 9, [4, 5]], ids=str)
def test_segments_with_the_carried_state_equal_the_complete_text(lengths, random):
    model = ngram_keras_model(make(order=4))
    ids = np.stack([text_of(4, 9), text_of(5, 9)])
    stepwise, state, parts = with_state(model), zero_state(model, 2), []
    for piece in np.split(ids, np.cumsum(lengths)[:-1], axis=1):
        outputs = stepwise({"token_ids": tf.constant(piece, tf.int32), **state})
        parts.append(outputs["logits"])
        state = {name: outputs[name] for name in state}
    np.testing.assert_allclose(np.concatenate(parts, axis=1), model(ids), atol=1e-6)


def test_the_perplexity_of_a_text_equals_that_of_the_python_model():
    model, text = make(), text_of(3, 100)
    expected = model.probabilities(np.append(END_ID, text))[1:]  # the first word is predicted from the end of a line
    found = text_log_probabilities(ngram_keras_model(model), text, segment_length=7)
    np.testing.assert_allclose(np.exp(found), expected, atol=1e-5)
    assert perplexity(found) == pytest.approx(np.exp(-np.mean(np.log(expected))), rel=1e-5)


def test_words_that_cannot_follow_have_no_probability():
    found = np.exp(ngram_keras_model(make("maximum_likelihood", 2))(text_of(1, 50)[None]))
    assert np.all(found[..., :3] == 0)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)


def test_a_large_vocabulary_is_stored_in_larger_numbers():
    words = {size: ngram_language_model(size, num_ngrams=[1], num_histories=[1]) for size in (2**16 - 1, 2**16)}
    assert [model.get_layer("logits").tables[0].words.dtype for model in words.values()] == ["uint16", "int32"]


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="one number for each order"):
        ngram_language_model(9, num_ngrams=[3, 4], num_histories=[3])
    with pytest.raises(InputError, match=r"num_ngrams\[1\]=0"):
        ngram_language_model(9, num_ngrams=[3, 0], num_histories=[3, 1])
