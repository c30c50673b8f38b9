"""What a server knows about a model: functions from arrays to arrays, and facts that clients may ask for."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from kerasnlp_zoo.serving.tensors import Arrays, Fields

Compute: TypeAlias = Callable[[Arrays], Arrays]


@dataclasses.dataclass(frozen=True)
class Signature:
    """A function of a model.

    Args:
        inputs: its inputs by name.
        outputs: its outputs by name.
        compute: function from arrays of N rows to arrays of N rows.
        method: what it is for, in TensorFlow's words.
    """

    inputs: Fields
    outputs: Fields
    compute: Compute
    method: str = "tensorflow/serving/predict"


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """A model that is served.

    Args:
        name: name in the paths of requests.
        version: number of the version.
        signatures: its functions by name.
        metadata: its signatures as JSON values of TensorFlow's SignatureDef.
        prepare: function that prepares texts in Python before the graph reads them; None if there is nothing to do.
    """

    name: str
    version: int
    signatures: Mapping[str, Signature]
    metadata: Mapping[str, Any]
    prepare: Compute | None = None
