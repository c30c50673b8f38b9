"""The heads that are put on BERT's encoder, one for each kind of task.

The variables of the encoder have the same paths under every head, so a head is changed by loading all
that do not belong to it.

Shapes: B batch, T time, D width, P masked places, V vocabulary, C classes.

Reference: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding".
"""

import functools

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import AddBias, FirstPositions, GatherPositions, MaskScores, MeanOverTime, UnitLength
from kerasnlp_zoo.layers.transformer import ACTIVATIONS
from kerasnlp_zoo.models.bert import bert, dense, encode, pooled_output
from kerasnlp_zoo.models.builder import builder

POOLINGS = ("pooled_output", "first", "mean")
# Which builder puts the head of a task on the encoder.
BERT_BUILDERS = {
    "text_classification": "bert_classifier",
    "text_regression": "bert_classifier",
    "token_classification": "bert_token_classifier",
    "question_answering": "bert_span_predictor",
    "sentence_similarity": "sentence_encoder",
    "fill_mask": "bert_masked_language_model",
}

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

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_classifier(num_classes=2, vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, 2)

    Reference: Devlin et al. 2019, section 4.1.
    """
    require_positive(num_classes=num_classes)
    require_choice("pooling", pooling, POOLINGS)
    encoded = encode(**encoder)
    features = _features(encoded, pooling)
    features = keras.layers.Dropout(encoder["dropout"], name="dropout")(features)
    logits = dense(num_classes, "logits")(features)
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

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_token_classifier(num_classes=9, vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, None, 9)

    Reference: Devlin et al. 2019, section 5.3.
    """
    require_positive(num_classes=num_classes)
    encoded = encode(**encoder)
    sequence = keras.layers.Dropout(encoder["dropout"], name="dropout")(encoded.sequence)
    return keras.Model(encoded.inputs, dense(num_classes, "logits")(sequence), name="bert_token_classifier")


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

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_span_predictor(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> model.output.shape
    (None, None, 2)

    Reference: Devlin et al. 2019, section 4.2.
    """
    encoded = encode(**encoder)
    is_answer_place = keras.Input((None,), dtype="int32", name="is_answer_place")
    logits = dense(2, "logits")(encoded.sequence)
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

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> model = bert_pretrainer(vocabulary_size=1000, **BERT_SIZES["tiny"])
    >>> {name: output.shape for name, output in model.output.items()}
    {'mlm_logits': (None, None, 1000), 'nsp_logits': (None, 2)}

    Reference: Devlin et al. 2019, section 3.1.
    """
    encoded = encode(**encoder)
    masked_positions = keras.Input((None,), dtype="int32", name="masked_positions")
    nsp_logits = dense(2, "nsp_logits")(pooled_output(encoded.sequence))
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

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> bert_masked_language_model(vocabulary_size=1000, **BERT_SIZES["tiny"]).output.shape
    (None, None, 1000)

    Reference: Devlin et al. 2019, section 3.1, task 1.
    """
    encoded = encode(**encoder)
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

    >>> from kerasnlp_zoo.models import BERT_SIZES
    >>> sentence_encoder(vocabulary_size=1000, **BERT_SIZES["tiny"]).output.shape
    (None, 128)

    Reference: Reimers and Gurevych 2019, "Sentence-BERT", section 3.
    """
    require_choice("pooling", pooling, POOLINGS)
    encoded = encode(**encoder)
    vectors = _features(encoded, pooling)
    if normalize:
        vectors = UnitLength(name="vector")(vectors)
    return keras.Model(encoded.inputs, vectors, name="sentence_encoder")


def _features(encoded, pooling):
    """Turn the vectors [B, T, D] of a text into one [B, D]."""
    if pooling == "mean":
        return MeanOverTime(name="mean")(encoded.sequence, mask=encoded.mask)
    return FirstPositions(1, name="first")(encoded.sequence) if pooling == "first" else pooled_output(encoded.sequence)


def _predict_words(encoded, masked_positions, encoder):
    """Return logits [B, P, V]: a transformed vector against every row of the embedding, and a bias."""
    vectors = GatherPositions(name="masked_vectors")(encoded.sequence, masked_positions)  # [B, P, D]
    activation = ACTIVATIONS[encoder["activation"]]
    vectors = dense(encoder["hidden_dim"], "mlm_transform", activation=activation)(vectors)
    vectors = keras.layers.LayerNormalization(epsilon=encoder["layer_norm_epsilon"], name="mlm_norm")(vectors)
    return AddBias(name="mlm_logits")(encoded.token_embedding(vectors, reverse=True))
