"""Functions for the tests of all translators: different weights per hypothesis, and scores of the complete model."""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import beam_search

SOURCE = np.array([[5, 6, 7, 3], [8, 3, 0, 0], [3, 0, 0, 0]], "int32")
START, END = 2, 3


def with_large_weights(model, size=0.7):
    """Set a model's weights to random numbers of standard deviation `size`. It never writes padding."""
    random = np.random.default_rng(4)
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape) * size)
    bias = model.get_layer("logits").bias
    bias.assign(np.where(np.arange(bias.shape[0]) == 0, -100, bias))
    return model


def check_step_by_step(model, steps, target):
    """Compare the logits of step-by-step decoding with those of the complete target."""
    complete = model({"source_ids": SOURCE, "target_ids": target})
    for count in (len(SOURCE), 1):  # a batch of one source uses another matrix product
        state = steps.start(tf.constant(SOURCE[:count]), beam_width=1, max_length=target.shape[1] + 1)
        for place in range(target.shape[1]):
            logits, state = steps.step(state, tf.constant(target[:count, place]))
            np.testing.assert_allclose(logits, complete[:count, place], atol=1e-5)


def check_beams(model, steps, jit, length=7):
    """Compare the scores of a beam search without penalty with the log-probabilities of the complete model."""

    @tf.function(jit_compile=jit)
    def search(source):
        start = tf.fill([tf.shape(source)[0]], START)
        state = steps.start(source, 4, length)
        return beam_search(steps.step, state, start, 4, length, END, 0.0, num_best=3, reorder=steps.reorder)

    found, scores = search(tf.constant(SOURCE))
    for row, best in np.ndindex(len(SOURCE), 3):
        ids = found[row, best].numpy()
        ids = ids[: np.argmax(np.append(ids, 0) == 0)]
        predicted = np.append(ids, END)[:length]
        target = np.append(START, ids)[: len(predicted)]
        logits = model({"source_ids": SOURCE[row : row + 1], "target_ids": target[None]})[0]
        log_probabilities = tf.nn.log_softmax(logits).numpy()[np.arange(len(predicted)), predicted]
        np.testing.assert_allclose(scores[row, best], np.sum(log_probabilities), rtol=1e-4)
