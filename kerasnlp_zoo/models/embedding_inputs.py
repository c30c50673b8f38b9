"""The inputs of word-level models: token ids, their mask and their vectors, which can be pretrained.

Shapes: B batch, T length, D embedding width, V vocabulary.
"""

from typing import Any, Literal, TypeAlias

import keras
import numpy as np
from numpy.typing import ArrayLike

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import PaddingMask, WordDropout
from kerasnlp_zoo.types import TensorShape
from kerasnlp_zoo.vocabulary import UNKNOWN_ID

CHANNELS = ("random", "static", "non_static", "multichannel")
Channels: TypeAlias = Literal["random", "static", "non_static", "multichannel"]
STATIC, TRAINED = "static_embedding", "token_embedding"  # names of the layers with the vectors


def embed_words(
    vocabulary_size: int,
    embedding_dim: int,
    channels: Channels,
    shape: TensorShape = (None,),
    initializer: keras.initializers.Initializer | None = None,
    word_dropout: float = 0.0,
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Return the inputs of a word-level model, their mask and their vectors.

    Args:
        vocabulary_size: V.
        embedding_dim: D.
        channels: "random" trains word vectors from random initial values. The others expect pretrained vectors,
            from `set_word_vectors`: "static" keeps them fixed, "non_static" fine-tunes them, and "multichannel"
            adds a fixed copy to a fine-tuned one.
        shape: shape of the words of one text; (None,) for a sequence, [B, T].
        initializer: initializer of random vectors; None for U(-0.25, 0.25), which has about the variance of word2vec's
            vectors.
        word_dropout: in [0, 1), fraction of the words that are replaced by `[UNK]` in training.

    Returns:
        (token_ids int [B, T], mask bool [B, T], vectors float [B, T, D]), symbolic.

    Raises:
        InputError: if a size is not positive or `channels` is unknown.
    """
    require_positive(vocabulary_size=vocabulary_size, embedding_dim=embedding_dim)
    require_choice("channels", channels, CHANNELS)

    def embedding(name: str, trainable: bool) -> keras.layers.Embedding:
        # Kim's code draws unknown words from U(-0.25, 0.25).
        drawn = keras.initializers.RandomUniform(-0.25, 0.25) if initializer is None else initializer.clone()
        return keras.layers.Embedding(
            vocabulary_size, embedding_dim, embeddings_initializer=drawn, trainable=trainable, name=name
        )

    token_ids = keras.Input(shape, dtype="int32", name="token_ids")
    mask = PaddingMask(name="padding_mask")(token_ids)
    words = WordDropout(word_dropout, UNKNOWN_ID, name="word_dropout")(token_ids) if word_dropout else token_ids
    vectors = []
    if channels in ("static", "multichannel"):
        vectors.append(embedding(STATIC, trainable=False)(words))
    if channels != "static":
        vectors.append(embedding(TRAINED, trainable=True)(words))
    # Kim 2014, section 2: each filter is applied to both channels, and the results are added. The filters are
    # linear up to their activation, so adding the channels first has the same result at half the cost.
    vectors = keras.layers.Add(name="channels")(vectors) if len(vectors) > 1 else vectors[0]
    return token_ids, mask, vectors


def set_word_vectors(model: keras.Model, vectors: ArrayLike) -> None:
    """Assign pretrained word vectors to every channel of a model.

    Args:
        model: a model with inputs from `embed_words`.
        vectors: float [V, D], a row per token id.

    Raises:
        InputError: if the model has no word vectors, or they have another shape.

    Example:

    >>> from kerasnlp_zoo.models import text_cnn
    >>> model = text_cnn(vocabulary_size=3, num_classes=2, embedding_dim=2, channels="static")
    >>> set_word_vectors(model, [[0.0, 0.0], [0.1, 0.2], [0.3, 0.4]])
    """
    layers = [layer for layer in model.layers if layer.name in (STATIC, TRAINED)]
    if not layers:
        raise _no_word_vectors(model, f"{TRAINED!r} or {STATIC!r}")
    expected = tuple(layers[0].embeddings.shape)
    if np.shape(vectors) != expected:
        raise InputError(
            f"Word vectors for {model.name} must have the shape {expected}, a row per token id. "
            f"Received: {np.shape(vectors)}"
        )
    for layer in layers:
        layer.embeddings.assign(vectors)


def get_word_vectors(model: Any) -> np.ndarray:
    """Return the word vectors that a model learns.

    Args:
        model: `keras.Model` with a layer "token_embedding", or a trainer with the attribute `vectors`.

    Returns:
        float32 array [V, D].

    Raises:
        InputError: if the model has no such layer.

    Example:

    >>> from kerasnlp_zoo.models import skip_gram
    >>> get_word_vectors(skip_gram(vocabulary_size=10, embedding_dim=4)).shape
    (10, 4)
    """
    if hasattr(model, "vectors"):
        return model.vectors
    if TRAINED not in {layer.name for layer in model.layers}:
        raise _no_word_vectors(model, repr(TRAINED))
    return np.array(model.get_layer(TRAINED).embeddings)


def _no_word_vectors(model: keras.Model, expected: str) -> InputError:
    return InputError(
        f"The model {model.name!r} has no word vectors. Expected a layer named {expected}. "
        f"Received layers: {', '.join(layer.name for layer in model.layers)}"
    )
