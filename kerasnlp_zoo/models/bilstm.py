"""Stacked recurrent networks that read a text in both directions: a classifier and a tagger.

LSTM, GRU or simple RNN, one direction or two, with a convolution below or letters of words beside the words: all of
them are arguments, so that they can be compared.

Shapes: B batch, T time, L letters of a word, D embedding width, V vocabulary, H units of a direction, C classes.

References: Graves and Schmidhuber 2005, "Framewise Phoneme Classification with Bidirectional LSTM and Other Neural
Network Architectures"; Graves et al. 2013, "Speech Recognition with Deep Recurrent Neural Networks", for the stack.
"""

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import (
    AttentionOverTime,
    HashedBigrams,
    MaxOverTime,
    MeanOverTime,
    Recurrent,
    TextConvolution,
    WordCharacters,
)
from kerasnlp_zoo.layers.characters import READERS
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words

POOLINGS = ("max", "mean", "last", "attention")


@builder
def bilstm(
    vocabulary_size,
    num_classes,
    embedding_dim=300,
    hidden_dim=128,
    num_layers=2,
    cell="lstm",
    bidirectional=True,
    merge="concat",
    pooling="max",
    channels="random",
    filter_width=None,
    dropout=0.5,
):
    """Build a recurrent classifier of texts.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int, C.
        embedding_dim: int, D, width of a word vector.
        hidden_dim: int, H, units of each direction of each layer.
        num_layers: int, recurrent layers.
        cell: "lstm", "gru" or "rnn".
        bidirectional: bool, whether each layer also reads from the end.
        merge: "concat" or "sum", how the two directions are joined.
        pooling: how the vectors of all words become one: "max" or "mean" of each column; "last", the state with
            which each direction ends, after the last word and before the first; "attention", a mean whose weights
            are learned.
        channels: "random", "static", "non_static" or "multichannel" word vectors, as for `text_cnn`.
        filter_width: int, words in the windows of a convolution with D filters below the recurrent layers;
            None for none.
        dropout: float in [0, 1), share of columns dropped in training, below every recurrent layer and above the
            last: the same columns for all words of a text.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = bilstm(vocabulary_size=1000, num_classes=2, hidden_dim=16)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    References: Zhou et al. 2015, "A C-LSTM Neural Network for Text Classification", for the convolution below.
    """
    require_positive(num_classes=num_classes)
    require_choice("pooling", pooling, POOLINGS)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    if filter_width is not None:
        vectors = _convolution(vectors, mask, embedding_dim, filter_width)
    outputs, state = _recurrent_layers(vectors, mask, hidden_dim, num_layers, cell, bidirectional, merge, dropout)
    if pooling == "last":
        ends = [state[0], state[len(state) // 2]] if bidirectional else [state[0]]  # each direction's h
        features = _joined(ends, merge, name="pooling")
    else:
        features = _pooling(pooling, hidden_dim)(outputs, mask=mask)
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(token_ids, logits, name="bilstm")


@builder
def bilstm_tagger(
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
    dropout=0.5,
):
    """Build a recurrent tagger: one label per word, from the whole sentence around it.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int, C, tags.
        embedding_dim, hidden_dim, num_layers, cell, bidirectional, merge, channels, filter_width: as for `bilstm`.
        character_vocabulary_size: int, number of character ids; then the letters of a word are read, too, and what
            they tell is put beside its vector. None for words alone.
        characters: "cnn" or "lstm", how letters are read: `WordCharacters`.
        num_pairs: int, number of ids that pairs of neighbours are hashed to; then the vector of a token and its
            follower stands beside the token's own. In training it is dropped as a whole, for pairs are rare enough to
            be learned by heart. None for none.
        bigram_dim: int, width of the vector of a pair.
        dropout: float in [0, 1), as for `bilstm`.

    Returns:
        `keras.Model`: token_ids int [B, T], or {"token_ids": [B, T], "character_ids": [B, T, L]} with characters
        -> logits float [B, T, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> model = bilstm_tagger(vocabulary_size=1000, num_classes=9, hidden_dim=16)
    >>> model(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 4, 9])

    References: Huang et al. 2015, "Bidirectional LSTM-CRF Models for Sequence Tagging", section 2.2; Lample et al.
    2016 and Ma and Hovy 2016 for the letters.
    """
    require_positive(num_classes=num_classes)
    words = {"vocabulary_size": vocabulary_size, "embedding_dim": embedding_dim, "channels": channels}
    letters = {"character_vocabulary_size": character_vocabulary_size, "characters": characters}
    pairs = {"num_pairs": num_pairs, "bigram_dim": bigram_dim, "pair_dropout": dropout}
    inputs, mask, vectors = embed_for_tagger(**words, **letters, **pairs)
    outputs = read_sentence(vectors, mask, hidden_dim, num_layers, cell, bidirectional, merge, filter_width, dropout)
    logits = keras.layers.Dense(num_classes, name="logits")(outputs)
    return keras.Model(inputs, logits, name="bilstm_tagger")


def embed_for_tagger(
    vocabulary_size,
    embedding_dim,
    channels,
    character_vocabulary_size,
    characters,
    num_pairs,
    bigram_dim,
    pair_dropout,
):
    """Return what a tagger begins with; the arguments are those of `bilstm_tagger`.

    Returns:
        (inputs, mask bool [B, T], vectors float [B, T, D or more]), symbolic.
    """
    require_choice("characters", characters, READERS)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels)
    inputs, vectors = token_ids, [vectors]
    if num_pairs is not None:
        require_positive(bigram_dim=bigram_dim)
        pairs = HashedBigrams(num_pairs, name="pairs")(token_ids)
        pair_vectors = keras.layers.Embedding(num_pairs, bigram_dim, name="pair_embedding")(pairs)
        whole = (None, None, 1)
        vectors.append(keras.layers.Dropout(pair_dropout, noise_shape=whole, name="pair_dropout")(pair_vectors))
    if character_vocabulary_size is not None:
        character_ids = keras.Input((None, None), dtype="int32", name="character_ids")
        vectors.append(WordCharacters(character_vocabulary_size, characters, name="characters")(character_ids))
        inputs = {"token_ids": token_ids, "character_ids": character_ids}
    if len(vectors) == 1:
        return inputs, mask, vectors[0]
    return inputs, mask, keras.layers.Concatenate(name="features")(vectors)


def read_sentence(vectors, mask, hidden_dim, num_layers, cell, bidirectional, merge, filter_width, dropout):
    """Return a vector of each word in its sentence, float [B, T, H or 2H], symbolic, as a tagger's head takes it.

    Args:
        vectors: float [B, T, D], symbolic.
        mask: bool [B, T], symbolic.
        hidden_dim, num_layers, cell, bidirectional, merge, filter_width, dropout: as for `bilstm_tagger`.
    """
    if filter_width is not None:
        vectors = _convolution(vectors, mask, vectors.shape[-1], filter_width)
    outputs, _ = _recurrent_layers(vectors, mask, hidden_dim, num_layers, cell, bidirectional, merge, dropout)
    return keras.layers.SpatialDropout1D(dropout, name="dropout")(outputs)


def _convolution(vectors, mask, num_filters, filter_width):
    """Return the windows around every word as vectors [B, T, num_filters]."""
    require_positive(filter_width=filter_width)
    return TextConvolution(num_filters, filter_width, padding="same", name="convolution")(vectors, mask=mask)


def _recurrent_layers(vectors, mask, hidden_dim, num_layers, cell, bidirectional, merge, dropout):
    """Return the outputs [B, T, H or 2H] and the state of the last of several recurrent layers."""
    require_positive(hidden_dim=hidden_dim, num_layers=num_layers)
    state = None
    for number in range(num_layers):
        vectors = keras.layers.SpatialDropout1D(dropout, name=f"dropout_{number}")(vectors)
        layer = Recurrent(hidden_dim, cell, bidirectional, merge, name=f"recurrent_{number}")
        vectors, state = layer(vectors, mask=mask)
    return vectors, state


def _joined(vectors, merge, name):
    """Join one vector of each direction as the layers do; there may be one direction only."""
    if len(vectors) == 1:
        return vectors[0]
    return keras.layers.Concatenate(name=name)(vectors) if merge == "concat" else keras.layers.Add(name=name)(vectors)


def _pooling(name, hidden_dim):
    """Return the layer that makes one vector of all words."""
    if name == "attention":
        return AttentionOverTime(hidden_dim, name="pooling")
    return {"max": MaxOverTime, "mean": MeanOverTime}[name](name="pooling")
