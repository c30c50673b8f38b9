"""Convert the weights of BERT and DistilBERT between our names and those of other libraries.

`families` has the table of names, one for both directions. Google's checkpoints of 2018 spell the names of BERT
differently.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from kerasnlp_zoo.convert.families import BERT, Family, Layer
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.weights import listed, require_finite


def names(num_layers: int, heads: Iterable[str], family: Family = BERT) -> dict[str, tuple[str, ...]]:
    """Return the table: our variable paths -> their names.

    Args:
        num_layers: number of Transformer blocks.
        heads: heads of the family; not both "labels" and "span", which have the same paths.
        family: the family of the model.

    Example:

    >>> names(num_layers=1, heads=["pooler"])["layer_0/output/bias"]
    ('bert.encoder.layer.0.output.dense.bias',)
    """
    layers = [*family.embeddings, *(layer for number in range(num_layers) for layer in family.block(number))]
    layers += [layer for head in heads for layer in family.heads[head]]
    return dict(pair for layer in layers for pair in layer.names())


def to_ours(
    tensors: Mapping[str, np.ndarray], num_layers: int, source: FilePath, family: Family = BERT
) -> dict[str, np.ndarray]:
    """Convert their tensors to our weights.

    Args:
        tensors: their names -> arrays; names of the encoder may lack the prefix, such as "bert.".
        num_layers: number of Transformer blocks.
        source: path of the tensors, for messages.
        family: the family of the model.

    Returns:
        Our variable paths -> float32 arrays, for the encoder and the heads that the tensors have.

    Raises:
        InputError: if tensors are missing or unknown, have the wrong shape, or contain NaN or infinity.
    """
    if num_layers > len(tensors):  # before the names of millions of layers are made
        raise InputError(f"{source} has only {len(tensors)} tensors, but its config has {num_layers} layers")
    tensors = _without_copies({_modern(name, family): tensor for name, tensor in tensors.items()}, source, family)
    heads = [head for head, layers in family.heads.items() if any(set(_their_names(layers)) & tensors.keys())]
    table = names(num_layers, heads, family)
    expected = [their_name for their_names in table.values() for their_name in their_names]
    missing = [f"missing {name}" for name in expected if name not in tensors]
    unknown = [f"unknown {name}" for name in sorted(tensors.keys() - set(expected))]
    if missing or unknown:
        raise InputError(
            f"{source} does not contain the weights of a {family.model_type} with {num_layers} layers: "
            f"{listed(missing + unknown)}. Expected an encoder, with heads for pretraining, classification, tagging or "
            "question answering"
        )
    require_floats(tensors, source)
    return {ours: _joined([tensors[name] for name in theirs], ours, source) for ours, theirs in table.items()}


def to_theirs(
    weights: Mapping[str, np.ndarray], num_layers: int, points_at_span: bool, family: Family = BERT
) -> dict[str, np.ndarray]:
    """Convert our weights to their tensors, the inverse of `to_ours`.

    Args:
        weights: our variable paths -> arrays.
        num_layers: number of Transformer blocks.
        points_at_span: whether our `logits` predict a span of the text instead of a label.
        family: the family of the model.

    Returns:
        Their names -> float32 arrays.
    """
    heads = [head for head in family.heads if head != ("labels" if points_at_span else "span")]
    tensors: dict[str, np.ndarray] = {}
    for ours, theirs in names(num_layers, heads, family).items():
        if ours in weights:
            parts = np.split(np.asarray(weights[ours], "float32"), len(theirs), axis=-1)
            tensors.update(zip(theirs, map(np.ascontiguousarray, map(_transposer(ours), parts)), strict=True))
    return tensors


def require_floats(tensors: Mapping[str, np.ndarray], source: FilePath) -> None:
    """Raise InputError unless all tensors are finite floats."""
    if quantized := [f"{name} {tensor.dtype}" for name, tensor in tensors.items() if tensor.dtype.kind != "f"]:
        raise InputError(
            f"{source} has weights that are not floats: {listed(quantized)}. Expected float16, bfloat16 or float32. "
            "Use the model before it was quantized"
        )
    require_finite(tensors, source)


def _their_names(layers: Iterable[Layer]) -> list[str]:
    return [name for layer in layers for _, theirs in layer.names() for name in theirs]


def _modern(name: str, family: Family) -> str:
    """Return a name in the spelling of current files with heads."""
    name = re.sub(r"\.LayerNorm\.gamma$", ".LayerNorm.weight", name)
    name = re.sub(r"\.LayerNorm\.beta$", ".LayerNorm.bias", name)
    return f"{family.model_type}.{name}" if name.split(".")[0] in family.base_modules else name


def _without_copies(tensors: dict[str, np.ndarray], source: FilePath, family: Family) -> dict[str, np.ndarray]:
    """Remove the position ids, and weights that are in the file twice."""
    positions = tensors.pop(f"{family.model_type}.embeddings.position_ids", None)  # 0, 1, 2, ... in older files
    if positions is not None and not np.array_equal(positions.ravel(), np.arange(positions.size)):
        raise InputError(f"{source} has position ids that are not supported. Expected 0, 1, 2, ... in this order")
    for copy, original in family.copies.items():
        tensor = tensors.pop(copy, None)
        if tensor is not None and not np.array_equal(tensors.setdefault(original, tensor), tensor):
            raise InputError(
                f"{source} has different weights in {copy} and {original}. Expected equal weights, because the head of "
                "masked words is tied to the word embedding"
            )
    return tensors


def _joined(parts: Sequence[np.ndarray], ours: str, source: FilePath) -> np.ndarray:
    """Return our weight in float32: their tensors concatenated, and kernels transposed."""
    try:
        return np.concatenate([_transposer(ours)(part).astype("float32") for part in parts], axis=-1)
    except ValueError as error:
        shapes = ", ".join(str(list(part.shape)) for part in parts)
        raise InputError(f"{source} has tensors for {ours} that do not fit together: {shapes}") from error


def _transposer(ours: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that converts between our variable and theirs, in both directions."""
    return np.transpose if ours.endswith("/kernel") else lambda array: array
