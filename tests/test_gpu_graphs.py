"""Training graphs are ready for a GPU: every operation has a GPU kernel, and LSTM and GRU run in cuDNN.

No GPU is needed: the graph of a training step is traced as on a GPU, and TensorFlow lists the kernels that were
compiled into it. Strings are not in these graphs, because the data pipeline turns texts into ids on the CPU.
"""

import functools
import importlib

import keras
import pytest
import tensorflow as tf
from tensorflow.core.framework.types_pb2 import DT_STRING
from tensorflow.python.framework import kernels

from kerasnlp_zoo.layers import Recurrent
from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss
from tests.contracts import BUILDERS
from tests.quick_cases import one_of_each
from tests.test_contracts import build, training_batches

pytestmark = pytest.mark.skipif(not tf.test.is_built_with_cuda(), reason="this TensorFlow has no GPU kernels")

WITHOUT_KERNEL = {"PartitionedCall", "StatefulPartitionedCall"}  # TensorFlow runs these itself, on any device


@functools.cache
def gpu_kernels(operation):
    """Return the attributes that each GPU kernel of an operation requires: a list of {name: allowed types}."""
    registered = kernels.get_registered_kernels_for_op(operation).kernel
    return [
        {limit.name: set(limit.allowed_values.list.type) for limit in kernel.constraint}
        for kernel in registered
        if kernel.device_type in ("GPU", "DEFAULT")  # the host runs small integers and shapes also for a GPU
    ]


def runs_on_gpu(node):
    if node.op in WITHOUT_KERNEL or (node.op == "Const" and node.attr["dtype"].type == DT_STRING):
        return True  # the only strings are the messages of assertions
    return any(
        all(node.attr[name].type in types for name, types in required.items()) for required in gpu_kernels(node.op)
    )


def training_graph(case):
    """Return the nodes of a training step, with those of its loops and functions."""
    model = build(case)
    if case.output:
        model = keras.Model(model.input, model.output[case.output])
    model.compile(LazyAdam(global_clipnorm=1.0), WeightedMeanLoss(case.loss), jit_compile=False)
    batch = next(iter(training_batches(case, count=1)))
    model.optimizer.build(model.trainable_variables)
    graph = tf.function(model.train_step).get_concrete_function(batch).graph.as_graph_def()
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


@pytest.fixture
def gpu(monkeypatch):
    """Let layers build the graph that they build on a GPU."""
    monkeypatch.setitem(Recurrent._read.__globals__, "has_gpu", lambda: True)
    monkeypatch.setattr(importlib.import_module("keras.src.backend.tensorflow.rnn"), "_is_gpu_available", lambda: True)


@pytest.mark.parametrize("case", one_of_each([case for case in BUILDERS if case.trains], lambda case: case.family))
def test_every_operation_of_a_training_step_has_a_gpu_kernel(case, gpu):
    nodes = training_graph(case)
    assert not sorted({node.op for node in nodes if not runs_on_gpu(node)})
    if case.arguments.get("cell") in ("lstm", "gru"):
        assert "CudnnRNNV3" in {node.op for node in nodes}
