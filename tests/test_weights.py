import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.weights import read_once


def reads(graph):
    """Count the operations that read a variable, in a graph and in the bodies of its loops."""
    definition = graph.as_graph_def()
    bodies = [function.node_def for function in definition.library.function]
    return [sum(node.op == "ReadVariableOp" for node in nodes) for nodes in (definition.node, *bodies)]


@pytest.mark.parametrize("jit", [False, True])
def test_weights_are_read_before_the_loop_and_give_the_same(random, jit):
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
    assert sum(reads(plain.get_concrete_function(inputs).graph)[1:]) > 0
    assert reads(once.get_concrete_function(inputs).graph) == [4, *[0] * 2]
    model.set_weights([2 * weight for weight in model.get_weights()])
    np.testing.assert_array_equal(once(inputs)[1], plain(inputs)[1])  # weights of now, not of when it was traced
