"""One way to build a layer, for Keras' own run_layer_test, and the parts that several cases share."""

import dataclasses

import numpy as np

from kerasnlp_zoo.layers.tree_composition import INNER_PLACES, LEAF_PLACES

PLACES = INNER_PLACES + LEAF_PLACES


@dataclasses.dataclass(frozen=True)
class LayerCase:
    """One way to build a layer, and the arguments of Keras' own run_layer_test for it."""

    layer: type
    arguments: dict
    checks: dict

    def __str__(self):
        return "-".join([self.layer.__name__, *map(str, self.arguments.values())])


MASK = np.array([[True] * 6, [True] * 2 + [False] * 4])
SEQUENCE = {"input_shape": (2, 6, 5), "call_kwargs": {"mask": MASK}, "supports_masking": True}
BOOL = {"expected_output_dtype": "bool", "run_training_check": False}  # a mask has no gradient
PARENTS = np.zeros((2, 3, PLACES), "int32")
PARENTS[:, 1] = 1, 2, 1, 2, 0  # below the roots of the row above
FLOAT32 = {"expected_output_dtype": "float32", "run_mixed_precision_check": False}  # in any precision
TWO_INPUTS = {"run_training_check": False}  # its model passes one argument
