import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import beam_search, repeat_for_beams, search_compiled
from tests.decoding.markov_chain import END, start, step


def search(before_and_ids):
    before, ids = tf.unstack(before_and_ids, axis=1)
    return beam_search(step, repeat_for_beams({"before": before}, 3), ids, 3, 6, END, num_best=2)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [7, 1, 2])
def test_two_parallel_halves_equal_the_complete_batch(random, batch):
    state, ids = start(random, batch)
    sources = tf.stack([state["before"], ids], axis=1)
    traced = tf.function(
        lambda sources: search_compiled(search, sources), input_signature=[tf.TensorSpec([None, 2], tf.int32)]
    )
    known = tf.function(lambda: search_compiled(search, sources))
    for found in (search_compiled(search, sources), traced(sources), known()):
        for part, expected in zip(found, search(sources), strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-5)
