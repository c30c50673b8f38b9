import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.weights import read_once


def reads_before_loops(function, *inputs):
    """Count the operations of a traced function that read a variable outside the bodies of its loops."""
    return [op.type for op in function.get_concrete_function(*inputs).graph.get_operations()].count("ReadVariableOp")


@pytest.mark.parametrize("jit", [False, True])
def test_weights_are_read_before_the_loop_with_the_same_result(random, jit):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(4, dtype="mixed_bfloat16")])

    def loop(inputs):
        return tf.while_loop(
            lambda count, _: count < 3, lambda count, x: (count + 1, tf.cast(model(x), "float32")), (0, inputs)
        )

    def loop_of_tensors(inputs):
        with read_once(model):
            return loop(inputs)

    inputs = tf.constant(random.normal(size=(2, 4)).astype("float32"))
    plain, once = (tf.function(each, jit_compile=jit) for each in (loop, loop_of_tensors))
    np.testing.assert_array_equal(once(inputs)[1], plain(inputs)[1])
    assert reads_before_loops(plain, inputs) == 0
    assert reads_before_loops(once, inputs) == len(model.weights)
    everywhere = str(once.get_concrete_function(inputs).graph.as_graph_def())  # including its loops
    assert everywhere.count('op: "ReadVariableOp"') == len(model.weights)
    model.set_weights([2 * weight for weight in model.get_weights()])
    np.testing.assert_array_equal(once(inputs)[1], plain(inputs)[1])  # the current weights, not the traced ones
