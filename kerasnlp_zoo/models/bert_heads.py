"""BERT with a head for each kind of task.

The encoder's variables have the same paths with every head. To change the head, load all weights except the weights of
the head.

Shapes: B batch, T length, D width, P masked positions, V vocabulary, C classes.

Reference: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding".
"""

import functools
from typing import Literal, TypeAlias, Unpack, get_args

import keras

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.layers import AddBias, GatherPositions, MaskScores, UnitLength
from kerasnlp_zoo.layers.transformer import ACTIVATIONS
from kerasnlp_zoo.models.bert import Encoded, EncoderArguments, bert, dense, encode, pooled_output
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.pooling import pooling_layer

TokenPooling: TypeAlias = Literal["first", "mean", "max", "sqrt_mean", "weighted_mean", "last"]
Pooling: TypeAlias = TokenPooling | Literal["pooled_output", "pooled_relu"]
Poolings: TypeAlias = Pooling | list[TokenPooling] | tuple[TokenPooling, ...]  # one, or several concatenated
TOKEN_POOLINGS = get_args(TokenPooling)
POOLER_ACTIVATIONS = {"pooled_output": "tanh", "pooled_relu": "relu"}
# The builder of the model for each task.
BERT_BUILDERS = {
    "text_classification": "bert_classifier",
    "multi_label_classification": "bert_classifier",
    "text_regression": "bert_classifier",
    "token_classification": "bert_token_classifier",
    "question_answering": "bert_span_predictor",
    "sentence_similarity": "sentence_encoder",
    "fill_mask": "bert_masked_language_model",
}

with_encoder_arguments = functools.partial(builder, base=bert)


@with_encoder_arguments
def bert_classifier(
    vocabulary_size: int,
    num_classes: int,
    *,
    pooling: Poolings = "pooled_output",
    score_activation: Literal["linear", "sigmoid"] = "linear",
    **encoder: Unpack[EncoderArguments],
) -> keras.Model:
    """Build a BERT model that classifies a text or a pair of texts.

    Args:
        vocabulary_size: V.
        num_classes: >= 1, C; 1 for a regression.
        pooling: the vector of a text: "pooled_output" of BERT; "pooled_relu", the same with ReLU, of DistilBERT; or as
            for `sentence_encoder`, for encoders that were trained with it.
        score_activation: "sigmoid" for a regression with scores between 0 and 1; otherwise "linear".
        **encoder: other arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_classifier(num_classes=2, vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, 2)

    Reference: Devlin et al. 2019, section 4.1.
    """
    require_choice("score_activation", score_activation, ("linear", "sigmoid") if num_classes == 1 else ("linear",))
    encoded = encode(vocabulary_size, **encoder)
    features = _features(encoded, pooling)
    features = keras.layers.Dropout(encoder["dropout"], name="dropout")(features)
    logits = dense(num_classes, "logits", activation=score_activation)(features)
    return keras.Model(encoded.inputs, logits, name="bert_classifier")


@with_encoder_arguments
def bert_token_classifier(vocabulary_size: int, num_classes: int, **encoder: Unpack[EncoderArguments]) -> keras.Model:
    """Build a BERT model that classifies every token, for example to find named entities.

    Args:
        vocabulary_size: V.
        num_classes: C.
        **encoder: other arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_token_classifier(num_classes=9, vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, None, 9)

    Reference: Devlin et al. 2019, section 5.3.
    """
    encoded = encode(vocabulary_size, **encoder)
    sequence = keras.layers.Dropout(encoder["dropout"], name="dropout")(encoded.sequence)
    return keras.Model(encoded.inputs, dense(num_classes, "logits")(sequence), name="bert_token_classifier")


@with_encoder_arguments
def bert_span_predictor(vocabulary_size: int, **encoder: Unpack[EncoderArguments]) -> keras.Model:
    """Build a BERT model that predicts the first and the last token of an answer.

    Args:
        vocabulary_size: V.
        **encoder: other arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T], "is_answer_place": int [B, T], 1 where
        an answer may begin or end, otherwise 0} -> logits float [B, T, 2] of start and end; the lowest finite number
        where no answer may begin or end, such as in the question.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_span_predictor(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, None, 2)

    Reference: Devlin et al. 2019, section 4.2.
    """
    encoded = encode(vocabulary_size, **encoder)
    is_answer_place = keras.Input((None,), dtype="int32", name="is_answer_place")
    logits = dense(2, "logits")(encoded.sequence)
    logits = MaskScores(name="masked_logits")(logits, mask=is_answer_place)
    return keras.Model({**encoded.inputs, "is_answer_place": is_answer_place}, logits, name="bert_span_predictor")


@with_encoder_arguments
def bert_pretrainer(vocabulary_size: int, **encoder: Unpack[EncoderArguments]) -> keras.Model:
    """Build a BERT model with the two heads for pretraining.

    Args:
        vocabulary_size: V.
        **encoder: other arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T], "masked_positions": int [B, P]}
        -> {"mlm_logits": float [B, P, V], the words at the masked positions; "nsp_logits": float [B, 2], class 0 if
        the second text follows the first, otherwise 1}.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_pretrainer(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> {name: output.shape for name, output in model.output.items()}
    {'mlm_logits': (None, None, 1000), 'nsp_logits': (None, 2)}

    Reference: Devlin et al. 2019, section 3.1.
    """
    encoded = encode(vocabulary_size, **encoder)
    masked_positions = keras.Input((None,), dtype="int32", name="masked_positions")
    nsp_logits = dense(2, "nsp_logits")(pooled_output(encoded.sequence))
    return keras.Model(
        {**encoded.inputs, "masked_positions": masked_positions},
        {"mlm_logits": _predict_words(encoded, masked_positions, encoder), "nsp_logits": nsp_logits},
        name="bert_pretrainer",
    )


@with_encoder_arguments
def bert_masked_language_model(vocabulary_size: int, **encoder: Unpack[EncoderArguments]) -> keras.Model:
    """Build a BERT model that predicts masked words.

    Args:
        vocabulary_size: V.
        **encoder: other arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T], "masked_positions": int
        [B, P]} -> mlm_logits float [B, P, V].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> bert_masked_language_model(vocabulary_size=1000, **BERT_SIZES["tiny"]).output.shape
    (None, None, 1000)

    Reference: Devlin et al. 2019, section 3.1, task 1.
    """
    encoded = encode(vocabulary_size, **encoder)
    masked_positions = keras.Input((None,), dtype="int32", name="masked_positions")
    logits = _predict_words(encoded, masked_positions, encoder)
    return keras.Model(
        {**encoded.inputs, "masked_positions": masked_positions}, logits, name="bert_masked_language_model"
    )


@with_encoder_arguments
def sentence_encoder(
    vocabulary_size: int,
    *,
    pooling: Poolings = "mean",
    normalize: bool = True,
    projection_dim: int | None = None,
    projection_activation: Literal["linear", "tanh"] = "tanh",
    **encoder: Unpack[EncoderArguments],
) -> keras.Model:
    """Build a BERT model that computes one vector for a text, to compare texts by cosine similarity.

    Args:
        vocabulary_size: V.
        pooling: "mean" or "max" over all tokens except padding; "sqrt_mean", the sum divided by the root of their
            number; "weighted_mean", in which the weight of a token is its position 1, 2, ...; "first" or "last" for the
            vector of one token; several of these, whose vectors are concatenated; or "pooled_output".
        normalize: whether the vectors have length 1.
        projection_dim: width of a dense layer after the pooling; None for no such layer.
        projection_activation: "linear" or "tanh", activation of that layer.
        **encoder: other arguments of `bert`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], "segment_ids": int [B, T]} -> float [B, D]; with
        a projection [B, projection_dim].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> sentence_encoder(vocabulary_size=1000, **BERT_SIZES["tiny"]).output.shape
    (None, 128)

    Reference: Reimers and Gurevych 2019, "Sentence-BERT", section 3.
    """
    require_choice("projection_activation", projection_activation, ("linear", "tanh"))
    encoded = encode(vocabulary_size, **encoder)
    vectors = _features(encoded, pooling)
    if projection_dim is not None:
        vectors = dense(projection_dim, "projection", activation=projection_activation)(vectors)
    if normalize:
        vectors = UnitLength(name="vector")(vectors)
    return keras.Model(encoded.inputs, vectors, name="sentence_encoder")


def _features(encoded: Encoded, pooling: Poolings) -> keras.KerasTensor:
    """Return one vector per text, [B, D], or [B, N x D] for N poolings."""
    if not isinstance(pooling, (list, tuple)):
        require_choice("pooling", pooling, (*POOLER_ACTIVATIONS, *TOKEN_POOLINGS))
        return _pooled(encoded, pooling)
    for name in pooling:
        require_choice("pooling", name, TOKEN_POOLINGS)
    if len(pooling) < 2 or len(set(pooling)) < len(pooling):
        raise InputError(f"Expected one pooling, or at least two different ones. Received: pooling={pooling!r:.80}")
    return keras.layers.Concatenate(name="poolings")([_pooled(encoded, name) for name in pooling])


def _pooled(encoded: Encoded, pooling: Pooling) -> keras.KerasTensor:
    """Return one vector per text, [B, D]."""
    if pooling == "pooled_output" or pooling == "pooled_relu":
        return pooled_output(encoded.sequence, POOLER_ACTIVATIONS[pooling])
    layer = pooling_layer(pooling, name=pooling)
    return layer(encoded.sequence) if pooling == "first" else layer(encoded.sequence, mask=encoded.mask)


def _predict_words(
    encoded: Encoded, masked_positions: keras.KerasTensor, encoder: EncoderArguments
) -> keras.KerasTensor:
    """Return logits [B, P, V]: products of transformed vectors with the token embedding, and a bias."""
    vectors = GatherPositions(name="masked_vectors")(encoded.sequence, masked_positions)  # [B, P, D]
    activation = ACTIVATIONS[encoder["activation"]]
    vectors = dense(encoder["hidden_dim"], "mlm_transform", activation=activation)(vectors)
    vectors = keras.layers.LayerNormalization(epsilon=encoder["layer_norm_epsilon"], name="mlm_norm")(vectors)
    return AddBias(name="mlm_logits")(encoded.token_embedding(vectors, reverse=True))
