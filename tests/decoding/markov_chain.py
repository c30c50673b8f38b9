"""A model for tests of decoding. Its next token depends on the last two tokens.

Shapes: B sequences, V vocabulary.
"""

import numpy as np
import tensorflow as tf

V, END = 7, 3
TABLE = np.random.default_rng(5).normal(size=(V, V, V)).astype("float32")  # logits for the last two tokens
TABLE[:, :, 0] = -20  # models never write padding


def step(state, ids):
    """A step of a second-order Markov chain. The state is the previous token."""
    logits = tf.gather_nd(TABLE, tf.stack([state["before"], ids], axis=1))
    return logits, {"before": ids}


def start(random, batch):
    before, ids = random.integers(4, V, (2, batch)).astype("int32")
    return {"before": tf.constant(before)}, tf.constant(ids)
