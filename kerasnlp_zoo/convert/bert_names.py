"""Names of BERT's weights in other libraries: one table for both directions.

"Their" names are the names in Hugging Face's BERT. Its dense layers store the kernel transposed, and its attention has
separate weights for queries, keys and values. Google's checkpoints of 2018 spell the same names differently.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.weights import listed, require_finite

EMBEDDING = {"embeddings": "weight"}
DENSE = {"kernel": "weight", "bias": "bias"}
NORM = {"gamma": "weight", "beta": "bias"}
BIAS = {"bias": "bias"}


@dataclasses.dataclass(frozen=True)
class Layer:
    """One of our layers, and their layers with the same weights.

    Attributes:
        ours: path of our layer.
        variables: name of each of our variables -> name of theirs.
        theirs: their layers; the weights of several are concatenated along the last axis.
    """

    ours: str
    variables: Mapping[str, str]
    theirs: tuple[str, ...]

    def names(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the path of each of our variables, and their names of it."""
        for our_name, their_name in self.variables.items():
            yield f"{self.ours}/{our_name}", tuple(f"{layer}.{their_name}" for layer in self.theirs)


def _layer(ours: str, variables: Mapping[str, str], *theirs: str) -> Layer:
    return Layer(ours, variables, theirs)


EMBEDDINGS = (
    _layer("token_embedding", EMBEDDING, "bert.embeddings.word_embeddings"),
    _layer("segment_embedding", EMBEDDING, "bert.embeddings.token_type_embeddings"),
    _layer("position_embedding", EMBEDDING, "bert.embeddings.position_embeddings"),
    _layer("embedding_norm", NORM, "bert.embeddings.LayerNorm"),
)
HEADS = {
    "pooler": (_layer("pooler", DENSE, "bert.pooler.dense"),),
    "masked words": (
        _layer("mlm_transform", DENSE, "cls.predictions.transform.dense"),
        _layer("mlm_norm", NORM, "cls.predictions.transform.LayerNorm"),
        _layer("mlm_logits", BIAS, "cls.predictions"),
    ),
    "next sentence": (_layer("nsp_logits", DENSE, "cls.seq_relationship"),),
    "labels": (_layer("logits", DENSE, "classifier"),),
    "span": (_layer("logits", DENSE, "qa_outputs"),),
}
# Some files have these weights twice. Ours are one variable.
COPIES = {
    "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}
POSITION_IDS = "bert.embeddings.position_ids"  # a tensor 0, 1, 2, ... in older files


def _block(number: int) -> tuple[Layer, ...]:
    """Return the layers of one Transformer block."""
    theirs = f"bert.encoder.layer.{number}"
    attention = [f"{theirs}.attention.self.{name}" for name in ("query", "key", "value")]
    return (
        _layer(f"layer_{number}/attention/query_key_value", DENSE, *attention),
        _layer(f"layer_{number}/attention/output", DENSE, f"{theirs}.attention.output.dense"),
        _layer(f"layer_{number}/attention_norm", NORM, f"{theirs}.attention.output.LayerNorm"),
        _layer(f"layer_{number}/intermediate", DENSE, f"{theirs}.intermediate.dense"),
        _layer(f"layer_{number}/output", DENSE, f"{theirs}.output.dense"),
        _layer(f"layer_{number}/output_norm", NORM, f"{theirs}.output.LayerNorm"),
    )


def names(num_layers: int, heads: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the table: our variable paths -> their names.

    Args:
        num_layers: number of Transformer blocks.
        heads: keys of HEADS; not both "labels" and "span", which have the same paths.

    Example:

    >>> names(num_layers=1, heads=["pooler"])["layer_0/output/bias"]
    ('bert.encoder.layer.0.output.dense.bias',)
    """
    layers = [*EMBEDDINGS, *(layer for number in range(num_layers) for layer in _block(number))]
    layers += [layer for head in heads for layer in HEADS[head]]
    return dict(pair for layer in layers for pair in layer.names())


def to_ours(tensors: Mapping[str, np.ndarray], num_layers: int, source: FilePath) -> dict[str, np.ndarray]:
    """Convert their tensors to our weights.

    Args:
        tensors: their names -> arrays; names of the encoder may lack the prefix "bert.".
        num_layers: number of Transformer blocks.
        source: path of the tensors, for messages.

    Returns:
        Our variable paths -> float32 arrays, for the encoder and the heads that the tensors have.

    Raises:
        InputError: if tensors are missing or unknown, have the wrong shape, or contain NaN or infinity.
    """
    tensors = _without_copies({_modern(name): tensor for name, tensor in tensors.items()}, source)
    heads = [head for head, layers in HEADS.items() if any(set(_their_names(layers)) & tensors.keys())]
    table = names(num_layers, heads)
    expected = [their_name for their_names in table.values() for their_name in their_names]
    missing = [f"missing {name}" for name in expected if name not in tensors]
    unknown = [f"unknown {name}" for name in sorted(tensors.keys() - set(expected))]
    if missing or unknown:
        raise InputError(
            f"{source} does not contain the weights of a BERT with {num_layers} layers: {listed(missing + unknown)}. "
            "Expected an encoder, with heads for pretraining, classification, tagging or question answering"
        )
    require_finite(tensors, source)
    return {ours: _joined([tensors[name] for name in theirs], ours, source) for ours, theirs in table.items()}


def to_theirs(weights: Mapping[str, np.ndarray], num_layers: int, points_at_span: bool) -> dict[str, np.ndarray]:
    """Convert our weights to their tensors, the inverse of `to_ours`.

    Args:
        weights: our variable paths -> arrays.
        num_layers: number of Transformer blocks.
        points_at_span: whether our `logits` predict a span of the text instead of a label.

    Returns:
        Their names -> float32 arrays.
    """
    heads = [head for head in HEADS if head != ("labels" if points_at_span else "span")]
    tensors: dict[str, np.ndarray] = {}
    for ours, theirs in names(num_layers, heads).items():
        if ours in weights:
            parts = np.split(np.asarray(weights[ours], "float32"), len(theirs), axis=-1)
            tensors.update(zip(theirs, map(np.ascontiguousarray, map(_transposer(ours), parts)), strict=True))
    return tensors


def _their_names(layers: Iterable[Layer]) -> list[str]:
    return [name for layer in layers for _, theirs in layer.names() for name in theirs]


def _modern(name: str) -> str:
    """Return a name in the spelling of current files with heads."""
    name = re.sub(r"\.LayerNorm\.gamma$", ".LayerNorm.weight", name)
    name = re.sub(r"\.LayerNorm\.beta$", ".LayerNorm.bias", name)
    return f"bert.{name}" if name.split(".")[0] in ("embeddings", "encoder", "pooler") else name


def _without_copies(tensors: dict[str, np.ndarray], source: FilePath) -> dict[str, np.ndarray]:
    """Remove the position ids, and weights that are in the file twice."""
    positions = tensors.pop(POSITION_IDS, None)
    if positions is not None and not np.array_equal(positions.ravel(), np.arange(positions.size)):
        raise InputError(f"{source} has position ids that are not supported. Expected 0, 1, 2, ... in this order")
    for copy, original in COPIES.items():
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
