"""Perplexity of a text as in publications: every token is predicted once, from all tokens before it.

Shapes: N tokens, V vocabulary.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.language_model_state import with_state, zero_state
from kerasnlp_zoo.text.language_model_batches import language_model_batches


def perplexity(log_probabilities: Sequence[float] | np.ndarray) -> float:
    """Return exp(-mean of the natural log probabilities).

    Args:
        log_probabilities: float [N].

    Raises:
        InputError: if there are no tokens.

    Example:

    >>> round(perplexity(np.log([0.25, 0.25, 0.25])), 3)
    4.0
    """
    if not len(log_probabilities):
        raise InputError("A perplexity needs the log probability of at least one token. Received: none")
    return float(np.exp(-np.mean(log_probabilities, dtype="float64")))


def text_log_probabilities(model: keras.Model, token_ids: np.ndarray, segment_length: int = 256) -> np.ndarray:
    """Return the log probability of every token of a text: float32 array [N].

    The text is one stream, and the state of the model is kept from the first to the last token. In a batch of several
    streams, the first tokens of each stream would be predicted without context.

    Args:
        model: a language model, such as one from `rnn_language_model`.
        token_ids: int array [N], with `[END]` after every line.
        segment_length: number of tokens that the model reads at a time; it does not change the result.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> model = rnn_language_model(vocabulary_size=9, embedding_dim=4, num_layers=1)
    >>> text_log_probabilities(model, np.array([4, 8, 7, 3])).shape
    (4,)
    """
    stepwise, state = with_state(model), zero_state(model, 1)

    @tf.function(autograph=False)
    def score(
        inputs: dict[str, tf.Tensor], words: tf.Tensor, state: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        outputs = stepwise({"token_ids": inputs["token_ids"], **state})
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(words, tf.cast(outputs["logits"], tf.float32))
        return -losses[0], {name: outputs[name] for name in state}

    parts = []
    for inputs, words, _ in language_model_batches(token_ids, batch_size=1, segment_length=segment_length):
        log_probabilities, state = score(inputs, words, state)
        parts.append(log_probabilities.numpy())
    return np.concatenate(parts)[: len(token_ids)]
