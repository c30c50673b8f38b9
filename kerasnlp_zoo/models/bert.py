"""BERT: an encoder that reads both sides of every word, and the heads that are put on it.

The variables of the encoder have the same paths under every head, so a head is changed by loading all
that do not belong to it.

Shapes: B batch, T time, D width, P masked places, V vocabulary, C classes.

Reference: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding".
"""

import dataclasses
import functools

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import (
    AddBias,
    AverageOverTime,
    FirstPositions,
    GatherPositions,
    LearnedPositions,
    MaskScores,
    PaddingMask,
    TransformerEncoderBlock,
)
from kerasnlp_zoo.layers.transformer import ACTIVATIONS
from kerasnlp_zoo.models.builder import builder


def _size(num_layers, hidden_dim):
    return {
        "num_layers": num_layers,
        "hidden_dim": hidden_dim,
        "num_heads": hidden_dim // 64,
        "intermediate_dim": 4 * hidden_dim,
    }


# Devlin et al. 2019, section 3; the small ones: Turc et al. 2019, "Well-Read Students Learn Better".
BERT_SIZES = {
    "tiny": _size(2, 128),
    "mini": _size(4, 256),
    "small": _size(4, 512),
    "medium": _size(8, 512),
    "base": _size(12, 768),
    "large": _size(24, 1024),
}
POOLINGS = ("pooled_output", "first", "mean")


@builder
def bert(
    vocabulary_size,
    hidden_dim=768,
    num_layers=12,
    num_heads=12,
    intermediate_dim=3072,
    max_sequence_length=512,
    num_segments=2,
    dropout=0.1,
    activation="gelu",
    layer_norm_epsilon=1e-12,
):
    """Build BERT's encoder; the defaults are those of BERT-base.

    Args:
        vocabulary_size: int, V.
        hidden_dim: int, D.
        num_layers: int, Transformer blocks.
        num_heads: int, attention heads of each block; divides D.
        intermediate_dim: int, width between the two dense layers of a block.
        max_sequence_length: int, longest T.
        num_segments: int, kinds of segment ids: 2 for pairs of sentences.
        dropout: float in [0, 1), share dropped in training, of attention weights too.
        activation: "gelu", "gelu_tanh" (Google's checkpoints of 2018) or "relu".
        layer_norm_epsilon: float, added to the variance when normalising.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> {"sequence_output": float
        [B, T, D], "pooled_output": float [B, D]}; the second is a dense layer over the first token.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = bert(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> outputs = model({"token_ids": np.array([[2, 15, 8, 3]]), "segment_ids": np.zeros((1, 4))})
    >>> outputs["sequence_output"].shape, outputs["pooled_output"].shape
    (TensorShape([1, 4, 128]), TensorShape([1, 128]))

    Reference: Devlin et al. 2019, section 3.
    """
    encoded = _encode(**locals())
    outputs = {"sequence_output": encoded.sequence, "pooled_output": _pool(encoded.sequence)}
    return keras.Model(encoded.inputs, outputs, name="bert")


with_encoder_arguments = functools.partial(builder, base=bert)


@with_encoder_arguments
def bert_classifier(num_classes, pooling="pooled_output", **encoder):
    """Build BERT with one vector of logits for a text or a pair of texts.

    Args:
        num_classes: int, C; 1 for a score.
        pooling: "pooled_output", BERT's own; "first", the first token's vector; or "mean" over all
            real tokens, which suits encoders that were trained so.
        **encoder: arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> model = bert_classifier(num_classes=2, vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, 2)

    Reference: Devlin et al. 2019, section 4.1.
    """
    require_positive(num_classes=num_classes)
    require_choice("pooling", pooling, POOLINGS)
    encoded = _encode(**encoder)
    features = _features(encoded, pooling)
    features = keras.layers.Dropout(encoder["dropout"], name="dropout")(features)
    logits = _dense(num_classes, "logits")(features)
    return keras.Model(encoded.inputs, logits, name="bert_classifier")


@with_encoder_arguments
def bert_token_classifier(num_classes, **encoder):
    """Build BERT with logits for every token, as for named entities.

    Args:
        num_classes: int, C.
        **encoder: arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> model = bert_token_classifier(num_classes=9, vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, None, 9)

    Reference: Devlin et al. 2019, section 5.3.
    """
    require_positive(num_classes=num_classes)
    encoded = _encode(**encoder)
    sequence = keras.layers.Dropout(encoder["dropout"], name="dropout")(encoded.sequence)
    return keras.Model(encoded.inputs, _dense(num_classes, "logits")(sequence), name="bert_token_classifier")


@with_encoder_arguments
def bert_span_predictor(**encoder):
    """Build BERT that points at the first and the last token of an answer.

    Args:
        **encoder: arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T], "is_answer_place": bool-like
        int [B, T]} -> logits float [B, T, 2] of start and end; places where no answer may begin or end,
        such as the question, have the lowest number.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> model = bert_span_predictor(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, None, 2)

    Reference: Devlin et al. 2019, section 4.2.
    """
    encoded = _encode(**encoder)
    is_answer_place = keras.Input((None,), dtype="int32", name="is_answer_place")
    logits = _dense(2, "logits")(encoded.sequence)
    logits = MaskScores(name="masked_logits")(logits, mask=is_answer_place)
    return keras.Model({**encoded.inputs, "is_answer_place": is_answer_place}, logits, name="bert_span_predictor")


@with_encoder_arguments
def bert_pretrainer(**encoder):
    """Build BERT with the two heads that it is pretrained with.

    Args:
        **encoder: arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T], "masked_positions": int
        [B, P]} -> {"mlm_logits": float [B, P, V], which word stood at each of those positions;
        "nsp_logits": float [B, 2], whether the second text follows the first: 0 it does, 1 it does not}.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> model = bert_pretrainer(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> {name: output.shape for name, output in model.output.items()}
    {'mlm_logits': (None, None, 1000), 'nsp_logits': (None, 2)}

    Reference: Devlin et al. 2019, section 3.1.
    """
    encoded = _encode(**encoder)
    masked_positions = keras.Input((None,), dtype="int32", name="masked_positions")
    nsp_logits = _dense(2, "nsp_logits")(_pool(encoded.sequence))
    return keras.Model(
        {**encoded.inputs, "masked_positions": masked_positions},
        {"mlm_logits": _predict_words(encoded, masked_positions, encoder), "nsp_logits": nsp_logits},
        name="bert_pretrainer",
    )


@with_encoder_arguments
def bert_masked_language_model(**encoder):
    """Build BERT that fills in masked words.

    Args:
        **encoder: arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T], "masked_positions": int
        [B, P]} -> mlm_logits float [B, P, V].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> bert_masked_language_model(vocabulary_size=1000, **BERT_SIZES["tiny"]).output.shape
    (None, None, 1000)

    Reference: Devlin et al. 2019, section 3.1, task 1.
    """
    encoded = _encode(**encoder)
    masked_positions = keras.Input((None,), dtype="int32", name="masked_positions")
    logits = _predict_words(encoded, masked_positions, encoder)
    return keras.Model(
        {**encoded.inputs, "masked_positions": masked_positions}, logits, name="bert_masked_language_model"
    )


@with_encoder_arguments
def sentence_encoder(pooling="mean", normalize=True, **encoder):
    """Build BERT that turns a text into one vector, to be compared by cosine.

    Args:
        pooling: "mean" over all real tokens, "first" token's vector, or "pooled_output".
        normalize: bool, whether vectors have the length 1.
        **encoder: arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> float [B, D].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> sentence_encoder(vocabulary_size=1000, **BERT_SIZES["tiny"]).output.shape
    (None, 128)

    Reference: Reimers and Gurevych 2019, "Sentence-BERT", section 3.
    """
    require_choice("pooling", pooling, POOLINGS)
    encoded = _encode(**encoder)
    vectors = _features(encoded, pooling)
    if normalize:
        vectors = keras.layers.UnitNormalization(name="vector")(vectors)
    return keras.Model(encoded.inputs, vectors, name="sentence_encoder")


def encoder_outputs(model):
    """Return what goes into the first block and comes out of each, [B, T, D] each, as a model.

    Args:
        model: `keras.Model` of this family.

    Returns:
        `keras.Model`: the model's inputs -> list of num_layers + 1 float [B, T, D].

    Example:

    >>> model = encoder_outputs(bert(vocabulary_size=1000, **BERT_SIZES["tiny"]))
    >>> len(model.outputs)
    3
    """
    num_layers = model.builder_config["arguments"]["num_layers"]
    layers = [model.get_layer("embedding_dropout"), *(model.get_layer(f"layer_{i}") for i in range(num_layers))]
    inputs = {name: model.input[name] for name in ("token_ids", "segment_ids")}
    return keras.Model(inputs, [layer.output for layer in layers], name="encoder_outputs")


@dataclasses.dataclass(frozen=True)
class Encoded:
    """A text in BERT, symbolic.

    Attributes:
        inputs: dict of tensors.
        mask: bool tensor [B, T], True at real tokens.
        sequence: float tensor [B, T, D], what the last block gives.
        token_embedding: layer.
    """

    inputs: dict
    mask: keras.KerasTensor
    sequence: keras.KerasTensor
    token_embedding: keras.layers.Layer


def _encode(
    vocabulary_size,
    hidden_dim,
    num_layers,
    num_heads,
    intermediate_dim,
    max_sequence_length,
    num_segments,
    dropout,
    activation,
    layer_norm_epsilon,
):
    """Build the encoder from the arguments of `bert`."""
    require_positive(
        vocabulary_size=vocabulary_size,
        num_layers=num_layers,
        num_heads=num_heads,
        intermediate_dim=intermediate_dim,
        max_sequence_length=max_sequence_length,
        num_segments=num_segments,
    )
    require_choice("activation", activation, tuple(ACTIVATIONS))
    if hidden_dim % num_heads:
        raise InputError(
            f"hidden_dim must be a multiple of num_heads. Received: hidden_dim={hidden_dim}, num_heads={num_heads}"
        )
    names = ("token_ids", "segment_ids")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    mask = PaddingMask(name="padding_mask")(inputs["token_ids"])
    # Reversible, since the head of the masked language model turns vectors into words by the same table.
    token_embedding = keras.layers.ReversibleEmbedding(
        vocabulary_size, hidden_dim, embeddings_initializer=_initializer(), name="token_embedding"
    )
    segments = keras.layers.Embedding(
        num_segments, hidden_dim, embeddings_initializer=_initializer(), name="segment_embedding"
    )(inputs["segment_ids"])
    summed = keras.layers.Add(name="token_and_segment")([token_embedding(inputs["token_ids"]), segments])
    summed = LearnedPositions(max_sequence_length, name="position_embedding")(summed)
    sequence = keras.layers.LayerNormalization(epsilon=layer_norm_epsilon, name="embedding_norm")(summed)
    sequence = keras.layers.Dropout(dropout, name="embedding_dropout")(sequence)
    for number in range(num_layers):
        sequence = TransformerEncoderBlock(
            num_heads,
            intermediate_dim,
            dropout,
            activation,
            layer_norm_epsilon=layer_norm_epsilon,
            kernel_initializer=_initializer(),
            name=f"layer_{number}",
        )(sequence, mask=mask)
    return Encoded(inputs, mask, sequence, token_embedding)


def _features(encoded, pooling):
    """Turn the vectors [B, T, D] of a text into one [B, D]."""
    if pooling == "mean":
        return AverageOverTime(name="mean")(encoded.sequence, mask=encoded.mask)
    return FirstPositions(1, name="first")(encoded.sequence) if pooling == "first" else _pool(encoded.sequence)


def _pool(sequence):
    """Return BERT's pooled output [B, D]: a dense layer over the first token, `[CLS]`."""
    first = FirstPositions(1, name="first")(sequence)
    return _dense(sequence.shape[-1], "pooler", activation="tanh")(first)


def _predict_words(encoded, masked_positions, encoder):
    """Return logits [B, P, V]: a transformed vector against every row of the embedding, and a bias."""
    vectors = GatherPositions(name="masked_vectors")(encoded.sequence, masked_positions)  # [B, P, D]
    activation = ACTIVATIONS[encoder["activation"]]
    vectors = _dense(encoder["hidden_dim"], "mlm_transform", activation=activation)(vectors)
    vectors = keras.layers.LayerNormalization(epsilon=encoder["layer_norm_epsilon"], name="mlm_norm")(vectors)
    return AddBias(name="mlm_logits")(encoded.token_embedding(vectors, reverse=True))


def _dense(units, name, activation=None):
    return keras.layers.Dense(units, activation=activation, kernel_initializer=_initializer(), name=name)


def _initializer():
    return keras.initializers.TruncatedNormal(stddev=0.02)
