import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import Sampling, generate, greedy
from kerasnlp_zoo.errors import InputError
from tests.decoding.markov_chain import END, TABLE, V, start, step


def one_by_one(before, token, max_length):
    """Decode one sequence greedily, in a simple loop."""
    output = []
    while len(output) < max_length:
        following = int(np.argmax(TABLE[before, token]))
        if following == END:
            break
        output.append(following)
        before, token = token, following
    return output + [0] * (max_length - len(output))


@pytest.mark.parametrize("max_length", [1, 4, 9])
def test_greedy_decoding_equals_a_loop_over_each_sequence(random, max_length):
    state, ids = start(random, 20)
    expected = [one_by_one(b, i, max_length) for b, i in zip(state["before"].numpy(), ids.numpy(), strict=True)]
    actual = generate(step, state, ids, greedy, max_length, END)
    np.testing.assert_array_equal(actual, expected)
    assert np.any(np.min(actual, axis=1) == 0) or max_length == 1  # some sequences have ended


@pytest.mark.parametrize(
    ("choose", "jit"), [(greedy, False), (greedy, True), (Sampling(0.7, top_k=5, top_p=0.9, seed=4), False)]
)
def test_compiled_decoding_equals_eager_decoding(random, choose, jit):
    state, ids = start(random, 6)
    compiled = tf.function(lambda state, ids: generate(step, state, ids, choose, 5, END), jit_compile=jit)
    np.testing.assert_array_equal(compiled(state, ids), generate(step, state, ids, choose, 5, END))


def test_generation_is_traced_once_for_all_batch_sizes(random):
    compiled = tf.function(
        lambda state, ids: generate(step, state, ids, greedy, 5, END),
        input_signature=[{"before": tf.TensorSpec([None], tf.int32)}, tf.TensorSpec([None], tf.int32)],
    )
    state, ids = start(random, 6)
    rows = [compiled({"before": state["before"][row : row + 1]}, ids[row : row + 1])[0] for row in range(6)]
    np.testing.assert_array_equal(np.stack(rows), compiled(state, ids))


def test_the_loop_stops_when_all_sequences_have_ended():
    calls = []

    def counted(state, ids):
        tf.py_function(lambda: calls.append(1), [], [])
        return tf.one_hot(ids + 1, V), state

    generate(counted, {}, tf.constant([0, 1]), greedy, 50, END)
    assert len(calls) == 3  # 1, 2, end


def test_a_length_of_zero_is_refused():
    with pytest.raises(InputError, match="max_length=0"):
        generate(step, {}, tf.constant([1]), greedy, 0, END)
