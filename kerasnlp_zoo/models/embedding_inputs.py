"""How word-level models begin: token ids, their mask and their vectors; pretrained vectors where wanted.

Shapes: B batch, T time, D embedding width, V vocabulary.
"""

import keras
import numpy as np

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import PaddingMask

CHANNELS = ("random", "static", "non_static", "multichannel")
STATIC, TRAINED = "static_embedding", "token_embedding"  # names of the layers that hold the vectors


def embed_words(vocabulary_size, embedding_dim, channels, shape=(None,)):
    """Return what a word-level model begins with.

    Args:
        vocabulary_size: int, V.
        embedding_dim: int, D.
        channels: "random" trains word vectors from random values; "static" keeps the vectors fixed;
            "non_static" fine-tunes them; "multichannel" adds a fixed and a fine-tuned copy. The last
            three expect pretrained vectors: `set_word_vectors`.
        shape: tuple, the places of words in a text; (None,) for a sequence, [B, T].

    Returns:
        (token_ids int [B, T], mask bool [B, T], vectors float [B, T, D]), symbolic.

    Raises:
        InputError: if a size is not positive or `channels` is unknown.
    """
    require_positive(vocabulary_size=vocabulary_size, embedding_dim=embedding_dim)
    require_choice("channels", channels, CHANNELS)

    def embedding(name, trainable):
        # Kim's code draws unknown words from U(-0.25, 0.25), near the variance of word2vec's vectors.
        initializer = keras.initializers.RandomUniform(-0.25, 0.25)
        return keras.layers.Embedding(
            vocabulary_size, embedding_dim, embeddings_initializer=initializer, trainable=trainable, name=name
        )

    token_ids = keras.Input(shape, dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    vectors = []
    if channels in ("static", "multichannel"):
        vectors.append(embedding(STATIC, trainable=False)(token_ids))
    if channels != "static":
        vectors.append(embedding(TRAINED, trainable=True)(token_ids))
    # Kim 2014, section 2: one filter is applied to both channels and the results are added. What
    # follows is linear before its activation, so adding the channels first gives the same at half the work.
    vectors = keras.layers.Add(name="channels")(vectors) if len(vectors) > 1 else vectors[0]
    return token_ids, mask, vectors


def set_word_vectors(model, vectors):
    """Put pretrained word vectors into every channel of a model.

    Args:
        model: `keras.Model` that begins with `embed_words`.
        vectors: float array [V, D], a row per token id.

    Raises:
        InputError: if the model has no word vectors, or their shape is another one.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> model = text_cnn(vocabulary_size=3, num_classes=2, embedding_dim=2, channels="static")
    >>> set_word_vectors(model, [[0.0, 0.0], [0.1, 0.2], [0.3, 0.4]])
    """
    layers = [layer for layer in model.layers if layer.name in (STATIC, TRAINED)]
    expected = layers[0].embeddings.shape if layers else "none: the model has no word vectors"
    if not layers or np.shape(vectors) != tuple(expected):
        raise InputError(
            f"Word vectors for {model.name} must have the shape {expected}, a row per token id. "
            f"Received: {np.shape(vectors)}"
        )
    for layer in layers:
        layer.embeddings.assign(vectors)


def word_vectors(model):
    """Return the word vectors that a model learns.

    Args:
        model: `keras.Model` with a layer "token_embedding", or a trainer, which has them as `vectors`.

    Returns:
        float32 array [V, D].

    Raises:
        InputError: if the model has no such layer.

    Example:

    >>> from kerasnlp_zoo.models import skip_gram
    >>> word_vectors(skip_gram(vocabulary_size=10, embedding_dim=4)).shape
    (10, 4)
    """
    if hasattr(model, "vectors"):
        return model.vectors
    names = [layer.name for layer in model.layers]
    if TRAINED not in names:
        raise InputError(
            f"The model {model.name!r} has no word vectors. Expected a layer called {TRAINED!r}. "
            f"Received: {', '.join(names)}"
        )
    return np.array(model.get_layer(TRAINED).embeddings)
