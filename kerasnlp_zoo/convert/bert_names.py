"""What others call the weights of BERT: one table, read in both directions.

Their names are those of Hugging Face's BERT, whose dense layers keep a kernel transposed and whose
attention has queries, keys and values apart; Google's checkpoints of 2018 have the same names in another
spelling.

Shapes: D width, V vocabulary.
"""

import dataclasses
import re

import numpy as np

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.weights import listed

EMBEDDING = {"embeddings": "weight"}
DENSE = {"kernel": "weight", "bias": "bias"}
NORM = {"gamma": "weight", "beta": "bias"}
BIAS = {"bias": "bias"}


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer of ours and of theirs.

    Attributes:
        ours: str, path of the layer.
        variables: dict from our variables' names to theirs.
        theirs: tuple of str, their layers; those of several are joined along the last axis.
    """

    ours: str
    variables: dict
    theirs: tuple

    def names(self):
        """Yield our path of each variable, and the tuple of theirs."""
        for our_name, their_name in self.variables.items():
            yield f"{self.ours}/{our_name}", tuple(f"{layer}.{their_name}" for layer in self.theirs)


def _layer(ours, variables, *theirs):
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
# Kept twice in some files; ours are one variable.
COPIES = {
    "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}
POSITION_IDS = "bert.embeddings.position_ids"  # 0, 1, 2, ... in older files


def _block(number):
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


def names(num_layers, heads):
    """Return the table: a dict from our variable paths to tuples of their names.

    Args:
        num_layers: int, Transformer blocks.
        heads: names of heads, keys of HEADS; of "labels" and "span" one.

    Example:

    >>> names(num_layers=1, heads=["pooler"])["layer_0/output/bias"]
    ('bert.encoder.layer.0.output.dense.bias',)
    """
    layers = [*EMBEDDINGS, *(layer for number in range(num_layers) for layer in _block(number))]
    layers += [layer for head in heads for layer in HEADS[head]]
    return dict(pair for layer in layers for pair in layer.names())


def to_ours(tensors, num_layers, source):
    """Turn their tensors into our weights.

    Args:
        tensors: dict from their names to arrays, with or without "bert." before the encoder's.
        num_layers: int, Transformer blocks.
        source: what the tensors come from, for messages.

    Returns:
        dict from our variable paths to float32 arrays: those of the encoder, and of the heads that are
        there.

    Raises:
        InputError: if tensors are missing or unknown, hold no finite numbers, or are not those of BERT.
    """
    tensors = _without_copies({_modern(name): tensor for name, tensor in tensors.items()}, source)
    heads = [head for head, layers in HEADS.items() if any(set(_their_names(layers)) & tensors.keys())]
    table = names(num_layers, heads)
    expected = [their_name for their_names in table.values() for their_name in their_names]
    missing = [f"missing {name}" for name in expected if name not in tensors]
    unknown = [f"unknown {name}" for name in sorted(tensors.keys() - set(expected))]
    if missing or unknown:
        raise InputError(
            f"{source} does not hold the weights of a BERT with {num_layers} layers: {listed(missing + unknown)}. "
            "Expected an encoder and the heads of pretraining, classification, tagging or question answering"
        )
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise InputError(f"{source} holds numbers that are not finite in {name}: training diverged. Use another")
    return {ours: _joined([tensors[name] for name in theirs], ours, source) for ours, theirs in table.items()}


def to_theirs(weights, num_layers, points_at_span):
    """Turn our weights into their tensors, the way back of `to_ours`.

    Args:
        weights: dict from our variable paths to arrays.
        num_layers: int, Transformer blocks.
        points_at_span: bool, whether our `logits` point at a span of the text, instead of naming labels.

    Returns:
        dict from their names to float32 arrays.
    """
    heads = [head for head in HEADS if head != ("labels" if points_at_span else "span")]
    tensors = {}
    for ours, theirs in names(num_layers, heads).items():
        if ours in weights:
            parts = np.split(np.asarray(weights[ours], "float32"), len(theirs), axis=-1)
            tensors.update(zip(theirs, map(np.ascontiguousarray, map(_transposer(ours), parts)), strict=True))
    return tensors


def _their_names(layers):
    return [name for layer in layers for _, theirs in layer.names() for name in theirs]


def _modern(name):
    """Spell a name as today's files with heads do."""
    name = re.sub(r"\.LayerNorm\.gamma$", ".LayerNorm.weight", name)
    name = re.sub(r"\.LayerNorm\.beta$", ".LayerNorm.bias", name)
    return f"bert.{name}" if name.split(".")[0] in ("embeddings", "encoder", "pooler") else name


def _without_copies(tensors, source):
    """Leave out what stands twice, and what can be counted."""
    places = tensors.pop(POSITION_IDS, None)
    if places is not None and not np.array_equal(places.ravel(), np.arange(places.size)):
        raise InputError(f"{source} numbers its positions in another order than 0, 1, 2, ..., which is not supported")
    for copy, original in COPIES.items():
        tensor = tensors.pop(copy, None)
        if tensor is not None and not np.array_equal(tensors.setdefault(original, tensor), tensor):
            raise InputError(
                f"{source} has different weights in {copy} and {original}. Expected equal ones: here the head that "
                "predicts words shares the table of word embeddings"
            )
    return tensors


def _joined(parts, ours, source):
    """Return one weight of ours in float32: parts side by side, kernels transposed."""
    try:
        return np.concatenate([_transposer(ours)(part).astype("float32") for part in parts], axis=-1)
    except ValueError as error:
        shapes = ", ".join(str(list(part.shape)) for part in parts)
        raise InputError(f"{source} has tensors for {ours} that do not fit together: {shapes}") from error


def _transposer(ours):
    """Return what turns our matrix into theirs and back."""
    return np.transpose if ours.endswith("/kernel") else lambda array: array
