"""Perplexity of a text as published ones are counted: every token once, from all that stand before it.

Shapes: N tokens, V vocabulary.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.rnn_language_model import with_state, zero_state
from kerasnlp_zoo.text.language_model_batches import language_model_batches


def perplexity(log_probabilities):
    """Return e to minus the mean natural log-probability of a token.

    Args:
        log_probabilities: float array [N].

    Returns:
        float.

    Raises:
        InputError: if there is no token.

    Example:

    >>> round(perplexity(np.log([0.25, 0.25, 0.25])), 3)
    4.0
    """
    if not len(log_probabilities):
        raise InputError("A perplexity needs at least one token. Received: none")
    return float(np.exp(-np.mean(log_probabilities, dtype="float64")))


def text_log_probabilities(model, token_ids, segment_length=256):
    """Return the log-probability of every token of a text, the state carried from its first to its last.

    The text is one stream, however long it takes: cut into streams of a batch, the first tokens of each would
    be told from nothing.

    Args:
        model: `keras.Model` from `rnn_language_model`.
        token_ids: int array [N], `[END]` after every line.
        segment_length: int, tokens that go through the model together; it changes no number.

    Returns:
        float32 array [N].

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> model = rnn_language_model(vocabulary_size=9, embedding_dim=4, num_layers=1)
    >>> text_log_probabilities(model, np.array([4, 8, 7, 3])).shape
    (4,)
    """
    stepwise, state = with_state(model), zero_state(model, 1)

    @tf.function(autograph=False)
    def score(inputs, words, state):
        outputs = stepwise({"token_ids": inputs["token_ids"], **state})
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(words, tf.cast(outputs["logits"], tf.float32))
        return -losses[0], {name: outputs[name] for name in state}

    parts = []
    for inputs, words, _ in language_model_batches(token_ids, batch_size=1, segment_length=segment_length):
        log_probabilities, state = score(inputs, words, state)
        parts.append(log_probabilities.numpy())
    return np.concatenate(parts)[: len(token_ids)]
