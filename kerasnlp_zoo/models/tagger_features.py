"""The features of the words that a tagger reads: vectors of words, of their letters, and of pairs of adjacent words.

Shapes: B batch, T length, L letters of a word, V vocabulary.
"""

from typing import TypedDict

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import HashedBigrams, WordCharacters
from kerasnlp_zoo.layers.characters import CHARACTER_ENCODERS, CharacterEncoder
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words


class FeatureArguments(TypedDict, total=False):
    """The arguments of `word_features` that have a default. The builders of taggers also take them."""

    embedding_dim: int
    channels: Channels
    character_vocabulary_size: int | None
    character_encoder: CharacterEncoder
    num_bigram_bins: int | None
    bigram_dim: int
    word_dropout: float
    dropout: float


def word_features(
    vocabulary_size: int,
    *,
    embedding_dim: int = 300,
    channels: Channels = "random",
    character_vocabulary_size: int | None = None,
    character_encoder: CharacterEncoder = "cnn",
    num_bigram_bins: int | None = None,
    bigram_dim: int = 50,
    word_dropout: float = 0.0,
    dropout: float = 0.5,
) -> tuple[keras.KerasTensor | dict[str, keras.KerasTensor], keras.KerasTensor, keras.KerasTensor]:
    """Return the inputs of a tagger, their mask and the vectors of the words.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        embedding_dim: width of a word vector.
        channels: "random", "static", "non_static" or "multichannel" word vectors, as for `text_cnn`.
        character_vocabulary_size: number of character ids, to concatenate a vector of the word's letters to each word
            vector; None to read words only.
        character_encoder: "cnn" or "lstm", see `WordCharacters`.
        num_bigram_bins: number of ids for hashed pairs of adjacent tokens. The vector of each token and the next one is
            concatenated to the vector of the token; None for no bigrams. Bigrams are rare, so a model can memorize
            them. Dropout therefore drops complete vectors of bigrams.
        bigram_dim: width of the vector of a bigram.
        word_dropout: in [0, 1), fraction of the words that are replaced by `[UNK]` in training; their letters stay.
        dropout: in [0, 1), fraction of the vectors of bigrams to drop in training.

    Returns:
        (inputs of the model, mask bool [B, T], vectors float [B, T, ...]), symbolic. The inputs are token_ids int
        [B, T], or {"token_ids": [B, T], "character_ids": [B, T, L]} with characters.

    Raises:
        InputError: if an argument is outside its range.
    """
    require_choice("character_encoder", character_encoder, CHARACTER_ENCODERS)
    token_ids, mask, word_vectors = embed_words(vocabulary_size, embedding_dim, channels, word_dropout=word_dropout)
    inputs: keras.KerasTensor | dict[str, keras.KerasTensor] = token_ids
    features = [word_vectors]
    if num_bigram_bins is not None:
        require_positive(bigram_dim=bigram_dim)
        bigrams = HashedBigrams(num_bigram_bins, name="pairs")(token_ids)
        bigram_vectors = keras.layers.Embedding(num_bigram_bins, bigram_dim, name="pair_embedding")(bigrams)
        complete_vectors = (None, None, 1)
        features.append(
            keras.layers.Dropout(dropout, noise_shape=complete_vectors, name="pair_dropout")(bigram_vectors)
        )
    if character_vocabulary_size is not None:
        character_ids = keras.Input((None, None), dtype="int32", name="character_ids")
        features.append(WordCharacters(character_vocabulary_size, character_encoder, name="characters")(character_ids))
        inputs = {"token_ids": token_ids, "character_ids": character_ids}
    vectors = keras.layers.Concatenate(name="features")(features) if len(features) > 1 else word_vectors
    return inputs, mask, vectors
