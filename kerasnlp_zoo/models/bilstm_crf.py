"""BiLSTM-CRF: a recurrent tagger that also scores the transitions between tags.

Shapes: B batch, T length, L letters of a word, D embedding width, V vocabulary, H units of a direction, C tags,
K = C + 1.
"""

from collections.abc import Sequence
from typing import Unpack

import keras

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import CRF
from kerasnlp_zoo.models.bilstm import TaggerArguments, tagger_encoder, with_tagger_arguments
from kerasnlp_zoo.tag_schemes import allowed_transitions


@with_tagger_arguments
def bilstm_crf(
    vocabulary_size: int, num_classes: int, *, tags: Sequence[str] | None = None, **encoder: Unpack[TaggerArguments]
) -> keras.Model:
    """Build a recurrent tagger with a conditional random field on top.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: C, number of tags.
        tags: names of the C tags; transitions that their scheme forbids, such as O to I-PER, are then impossible.
            None, or names outside a tag scheme, allow all transitions.
        **encoder: other arguments of `tagger_encoder`.

    Returns:
        `keras.Model`: the inputs of `bilstm_tagger` -> scores float32 [B, K + T, K], for `crf_loss` and the functions
        of `layers.crf`.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> from kerasnlp_zoo.layers.crf import crf_tags
    >>> model = bilstm_crf(vocabulary_size=1000, num_classes=3, hidden_dim=16, tags=["O", "B-PER", "I-PER"])
    >>> crf_tags(model(np.array([[4, 8, 15, 0]]))).shape
    TensorShape([1, 4])

    References: Huang et al. 2015, "Bidirectional LSTM-CRF Models for Sequence Tagging"; Lample et al. 2016, "Neural
    Architectures for Named Entity Recognition".
    """
    inputs, mask, vectors = tagger_encoder(vocabulary_size, **encoder)
    return keras.Model(inputs, crf_scores(vectors, mask, num_classes, tags), name="bilstm_crf")


def crf_scores(
    vectors: keras.KerasTensor, mask: keras.KerasTensor, num_classes: int, tags: Sequence[str] | None
) -> keras.KerasTensor:
    """Return the scores of a conditional random field over the tags of the words, float32 [B, K + T, K].

    Args:
        vectors: vectors of the words, float [B, T, ...].
        mask: bool [B, T], False at padding.
        num_classes, tags: as for `bilstm_crf`.

    Raises:
        InputError: if there is not a name for each of the tags.
    """
    if tags is not None and len(tags) != num_classes:
        raise InputError(
            f"tags must have a name for each of the {num_classes} classes. Received: {len(tags)} tags, "
            f"num_classes={num_classes}"
        )
    transitions = None if tags is None else allowed_transitions(tags)
    return CRF(num_classes, transitions, name="logits")(vectors, mask=mask)
