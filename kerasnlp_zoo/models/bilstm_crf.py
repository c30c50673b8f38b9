"""A recurrent tagger whose tags depend on each other: BiLSTM-CRF.

Shapes: B batch, T time, L letters of a word, D embedding width, V vocabulary, H units of a direction, C tags,
K = C + 1.
"""

import keras

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers import CRF
from kerasnlp_zoo.models.bilstm import embed_for_tagger, read_sentence
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.tag_schemes import allowed_transitions


@builder
def bilstm_crf(
    vocabulary_size,
    num_classes,
    embedding_dim=300,
    hidden_dim=128,
    num_layers=2,
    cell="lstm",
    bidirectional=True,
    merge="concat",
    channels="random",
    filter_width=None,
    character_vocabulary_size=None,
    characters="cnn",
    num_pairs=None,
    bigram_dim=50,
    tags=None,
    dropout=0.5,
):
    """Build a recurrent tagger with a conditional random field on top.

    Args:
        num_classes: int, C, tags.
        tags: list of C str; steps between tags that their scheme forbids, such as O I-PER, are then impossible.
            None, or names that are no tags of a scheme, allow all steps.
        vocabulary_size, embedding_dim, hidden_dim, num_layers, cell, bidirectional, merge, channels, filter_width,
            character_vocabulary_size, characters, num_pairs, bigram_dim, dropout: as for `bilstm_tagger`.

    Returns:
        `keras.Model`: the inputs of `bilstm_tagger` -> scores float32 [B, K + T, K], for `crf_loss` and the functions
        beside `layers.CRF`.

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
    require_positive(num_classes=num_classes)
    if tags is not None and len(tags) != num_classes:
        raise InputError(f"tags must name all {num_classes} classes. Received: {len(tags)} tags")
    words = {"vocabulary_size": vocabulary_size, "embedding_dim": embedding_dim, "channels": channels}
    letters = {"character_vocabulary_size": character_vocabulary_size, "characters": characters}
    pairs = {"num_pairs": num_pairs, "bigram_dim": bigram_dim, "pair_dropout": dropout}
    inputs, mask, vectors = embed_for_tagger(**words, **letters, **pairs)
    outputs = read_sentence(vectors, mask, hidden_dim, num_layers, cell, bidirectional, merge, filter_width, dropout)
    steps = None if tags is None else allowed_transitions(tags)
    scores = CRF(num_classes, steps, name="logits")(outputs, mask=mask)
    return keras.Model(inputs, scores, name="bilstm_crf")
