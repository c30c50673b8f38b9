"""The plain models of word2vec equal their equations with the softmax; test_word_prediction.py has the other losses."""

import numpy as np
import pytest

from kerasnlp_zoo.models import cbow, skip_gram

WORDS, DIM = 9, 4


def weights_of(model, random):
    """Assign random vectors; return the input vectors v and the output vectors u."""
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    return (np.asarray(model.get_layer(name).embeddings) for name in ("token_embedding", "word_prediction"))


def loss(hidden, u, word):
    scores = u @ hidden
    return np.log(np.sum(np.exp(scores))) - scores[word]


def test_skip_gram_predicts_each_context_from_the_word(random):
    model = skip_gram(WORDS, embedding_dim=DIM, loss="full_softmax")
    v, u = weights_of(model, random)
    centres, contexts = np.array([[2], [7]]), np.array([[3, 5, 8], [4, 0, 0]])
    expected = [
        [loss(v[word], u, context) if context else 0 for context in row]
        for (word,), row in zip(centres, contexts, strict=True)
    ]
    np.testing.assert_allclose(model({"token_ids": centres, "words": contexts}), expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "sum"])
def test_cbow_predicts_the_word_from_its_pooled_contexts(pooling, random):
    model = cbow(WORDS, embedding_dim=DIM, loss="full_softmax", pooling=pooling)
    v, u = weights_of(model, random)
    contexts, centres = np.array([[3, 5, 8], [4, 2, 0]]), np.array([[2], [7]])
    expected = []
    for row, (word,) in zip(contexts, centres, strict=True):
        around = [v[context] for context in row if context]
        expected.append([loss(sum(around) / (len(around) if pooling == "mean" else 1), u, word)])
    np.testing.assert_allclose(model({"token_ids": contexts, "words": centres}), expected, atol=1e-5)
