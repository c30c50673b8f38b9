"""Taggers with the convolutions of TextCNN: they predict the tag of a word from the words around it.

Shapes: B batch, T length, L letters of a word, V vocabulary, F filters per width, C tags, K = C + 1.

Reference: Collobert et al. 2011, "Natural Language Processing (Almost) from Scratch", section 3.
"""

from collections.abc import Sequence
from functools import partial
from typing import Unpack

import keras

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.layers import TextConvolution
from kerasnlp_zoo.layers.characters import CharacterEncoder
from kerasnlp_zoo.models.bilstm_crf import crf_scores
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import Channels
from kerasnlp_zoo.models.tagger_features import FeatureArguments, word_features
from kerasnlp_zoo.models.text_cnn import checked_widths


class TextCNNTaggerArguments(FeatureArguments, total=False):
    """The arguments of `text_cnn_tagger_encoder` that have a default. The builders of taggers also take them."""

    filter_widths: Sequence[int]
    num_filters: int
    num_layers: int


def text_cnn_tagger_encoder(
    vocabulary_size: int,
    *,
    embedding_dim: int = 300,
    filter_widths: Sequence[int] = (3, 5),
    num_filters: int = 100,
    num_layers: int = 1,
    channels: Channels = "random",
    character_vocabulary_size: int | None = None,
    character_encoder: CharacterEncoder = "cnn",
    num_bigram_bins: int | None = None,
    bigram_dim: int = 50,
    word_dropout: float = 0.0,
    dropout: float = 0.5,
) -> tuple[keras.KerasTensor | dict[str, keras.KerasTensor], keras.KerasTensor, keras.KerasTensor]:
    """Return the encoder of a tagger: all layers before its head.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim, channels, character_vocabulary_size, character_encoder, num_bigram_bins, bigram_dim,
            word_dropout: as for `bilstm_tagger`.
        filter_widths: words in the windows of each group of filters, all different.
        num_filters: F, filters per width.
        num_layers: number of stacked convolutions. Each one reads the windows of all widths of the one before.
        dropout: in [0, 1), fraction of features to drop in training, before each convolution and after the last. A
            feature is dropped at all positions.

    Returns:
        (inputs of the model, mask bool [B, T], vectors float [B, T, F x widths]), symbolic.

    Raises:
        InputError: if an argument is outside its range.
    """
    require_positive(num_filters=num_filters)
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
    for number in range(1, num_layers + 1):
        end = "" if number == 1 else f"_{number}"
        vectors = keras.layers.SpatialDropout1D(dropout, name=f"dropout_{number}")(vectors)
        windows = [
            TextConvolution(num_filters, width, padding="same", name=f"convolution_{width}{end}")(vectors, mask=mask)
            for width in checked_widths(filter_widths)
        ]
        vectors = keras.layers.Concatenate(name=f"windows{end}")(windows) if len(windows) > 1 else windows[0]
    return inputs, mask, keras.layers.SpatialDropout1D(dropout, name="dropout")(vectors)


with_tagger_arguments = partial(builder, base=text_cnn_tagger_encoder)


@with_tagger_arguments
def text_cnn_tagger(vocabulary_size: int, num_classes: int, **encoder: Unpack[TextCNNTaggerArguments]) -> keras.Model:
    """Build a tagger that predicts a label for every word from the words around it.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        **encoder: other arguments of `text_cnn_tagger_encoder`.

    Returns:
        `keras.Model`: token_ids int [B, T], or {"token_ids": [B, T], "character_ids": [B, T, L]} with characters
        -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = text_cnn_tagger(vocabulary_size=1000, num_classes=9)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 4, 9])

    Reference: Collobert et al. 2011, section 3.
    """
    inputs, _, vectors = text_cnn_tagger_encoder(vocabulary_size, **encoder)
    logits = keras.layers.Dense(num_classes, name="logits")(vectors)
    return keras.Model(inputs, logits, name="text_cnn_tagger")


@with_tagger_arguments
def text_cnn_crf(
    vocabulary_size: int,
    num_classes: int,
    *,
    tags: Sequence[str] | None = None,
    **encoder: Unpack[TextCNNTaggerArguments],
) -> keras.Model:
    """Build the same tagger with a conditional random field, which predicts all tags of a sentence together.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        tags: names of the C tags, as for `bilstm_crf`.
        **encoder: other arguments of `text_cnn_tagger_encoder`.

    Returns:
        `keras.Model`: the inputs of `text_cnn_tagger` -> scores float32 [B, K + T, K], for `crf_loss` and the functions
        of `layers.crf`.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasnlp_zoo.layers.crf import crf_tags
    >>> model = text_cnn_crf(vocabulary_size=1000, num_classes=3, num_filters=16, tags=["O", "B-PER", "I-PER"])
    >>> crf_tags(model(np.array([[4, 8, 15, 0]]))).shape
    TensorShape([1, 4])

    Reference: Collobert et al. 2011, section 3.3.2, the sentence-level log-likelihood.
    """
    inputs, mask, vectors = text_cnn_tagger_encoder(vocabulary_size, **encoder)
    return keras.Model(inputs, crf_scores(vectors, mask, num_classes, tags), name="text_cnn_crf")
