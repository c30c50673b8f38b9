"""Taggers with the encoder of the Transformer: every word attends to all words of its sentence.

Shapes: B batch, T length, D hidden size, V vocabulary, C tags, K = C + 1.

Reference: Vaswani et al. 2017, "Attention Is All You Need".
"""

from collections.abc import Sequence
from functools import partial
from typing import Unpack

import keras

from kerasnlp_zoo.layers.characters import CharacterEncoder
from kerasnlp_zoo.layers.multi_head_attention import HeadScoreMode
from kerasnlp_zoo.layers.transformer import Activation
from kerasnlp_zoo.models.bilstm_crf import crf_scores
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels
from kerasnlp_zoo.models.tagger_features import FeatureArguments, word_features
from kerasnlp_zoo.models.transformer_encoder import Positions, encode


class TransformerTaggerArguments(FeatureArguments, total=False):
    """The arguments of `transformer_tagger_encoder` that have a default. The builders of taggers also take them."""

    hidden_dim: int
    num_layers: int
    num_heads: int
    intermediate_dim: int
    max_sequence_length: int
    positions: Positions | None
    activation: Activation
    norm_first: bool
    score_mode: HeadScoreMode
    key_dim: int | None
    value_dim: int | None
    shared_key_value: bool


def transformer_tagger_encoder(
    vocabulary_size: int,
    *,
    embedding_dim: int = 300,
    hidden_dim: int = 128,
    num_layers: int = 2,
    num_heads: int = 4,
    intermediate_dim: int = 256,
    max_sequence_length: int = 512,
    positions: Positions | None = "sinusoidal",
    channels: Channels = "random",
    character_vocabulary_size: int | None = None,
    character_encoder: CharacterEncoder = "cnn",
    num_bigram_bins: int | None = None,
    bigram_dim: int = 50,
    word_dropout: float = 0.0,
    activation: Activation = "relu",
    norm_first: bool = False,
    dropout: float = 0.3,
    score_mode: HeadScoreMode = "scaled_dot",
    key_dim: int | None = None,
    value_dim: int | None = None,
    shared_key_value: bool = False,
) -> tuple[keras.KerasTensor | dict[str, keras.KerasTensor], keras.KerasTensor, keras.KerasTensor]:
    """Return the encoder of a tagger: all layers before its head.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim, channels, character_vocabulary_size, character_encoder, num_bigram_bins, bigram_dim,
            word_dropout: as for `bilstm_tagger`.
        hidden_dim, num_layers, num_heads, intermediate_dim, max_sequence_length, positions, activation, norm_first,
            dropout, score_mode, key_dim, value_dim, shared_key_value: as for `transformer_encoder`.

    Returns:
        (inputs of the model, mask bool [B, T], vectors float [B, T, D]), symbolic.

    Raises:
        InputError: if an argument is outside its range.
    """
    inputs, mask, vectors = word_features(
        vocabulary_size,
        embedding_dim=embedding_dim,
        channels=channels,
        character_vocabulary_size=character_vocabulary_size,
        character_encoder=character_encoder,
        num_bigram_bins=num_bigram_bins,
        bigram_dim=bigram_dim,
        word_dropout=word_dropout,
        dropout=dropout,
    )
    vectors = encode(
        vectors,
        mask,
        hidden_dim=hidden_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        intermediate_dim=intermediate_dim,
        max_sequence_length=max_sequence_length,
        positions=positions,
        activation=activation,
        norm_first=norm_first,
        dropout=dropout,
        score_mode=score_mode,
        key_dim=key_dim,
        value_dim=value_dim,
        shared_key_value=shared_key_value,
    )
    return inputs, mask, keras.layers.Dropout(dropout, name="dropout")(vectors)


with_tagger_arguments = partial(builder, base=transformer_tagger_encoder)


@with_tagger_arguments
def transformer_tagger(
    vocabulary_size: int, num_classes: int, **encoder: Unpack[TransformerTaggerArguments]
) -> keras.Model:
    """Build a Transformer that predicts a label for every word from the complete sentence.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        **encoder: other arguments of `transformer_tagger_encoder`.

    Returns:
        `keras.Model`: token_ids int [B, T], or {"token_ids": [B, T], "character_ids": [B, T, L]} with characters
        -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = transformer_tagger(vocabulary_size=1000, num_classes=9, hidden_dim=16)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 4, 9])

    Reference: Vaswani et al. 2017, section 3.
    """
    inputs, _, vectors = transformer_tagger_encoder(vocabulary_size, **encoder)
    logits = keras.layers.Dense(num_classes, name="logits")(vectors)
    return keras.Model(inputs, logits, name="transformer_tagger")


@with_tagger_arguments
def transformer_crf(
    vocabulary_size: int,
    num_classes: int,
    *,
    tags: Sequence[str] | None = None,
    **encoder: Unpack[TransformerTaggerArguments],
) -> keras.Model:
    """Build a Transformer with a conditional random field on top, which predicts all tags of a sentence together.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        tags: names of the C tags, as for `bilstm_crf`.
        **encoder: other arguments of `transformer_tagger_encoder`.

    Returns:
        `keras.Model`: the inputs of `transformer_tagger` -> scores float32 [B, K + T, K], for `crf_loss` and the
        functions of `layers.crf`.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasnlp_zoo.layers.crf import crf_tags
    >>> model = transformer_crf(vocabulary_size=1000, num_classes=3, hidden_dim=16, tags=["O", "B-PER", "I-PER"])
    >>> crf_tags(model(np.array([[4, 8, 15, 0]]))).shape
    TensorShape([1, 4])

    References: Vaswani et al. 2017, section 3; Lample et al. 2016, "Neural Architectures for Named Entity
    Recognition", for the conditional random field.
    """
    inputs, mask, vectors = transformer_tagger_encoder(vocabulary_size, **encoder)
    return keras.Model(inputs, crf_scores(vectors, mask, num_classes, tags), name="transformer_crf")
