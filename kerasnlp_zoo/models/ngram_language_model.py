"""An n-gram model as a Keras model: its tables are weights, which are not trained.

Shapes: B batch, T length, V vocabulary.
"""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.layers import NgramProbabilities
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.ngram import NgramModel
from kerasnlp_zoo.models.token_window import append_tokens, last_tokens
from kerasnlp_zoo.vocabulary import START_ID

LOG_OF_ZERO = -1e4  # float16 has it, and exp of it is 0
PREVIOUS = "previous_ids"  # the state: the last n - 1 tokens


@builder
def ngram_language_model(
    vocabulary_size: int, *, num_ngrams: Sequence[int] = (), num_histories: Sequence[int] = ()
) -> keras.Model:
    """Build a language model with empty tables; `ngram_keras_model` builds one from an `NgramModel` and fills them.

    Args:
        vocabulary_size: V, number of token ids.
        num_ngrams: number of n-grams of 2, 3, ... words; empty for a model of single words.
        num_histories: number of different histories of n-grams of 2, 3, ... words.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, T, V], the log-probabilities of the next word at each
        position of a text.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> model = ngram_language_model(vocabulary_size=9, num_ngrams=(20, 30), num_histories=(8, 15))
    >>> model(np.array([[4, 8, 5]])).shape
    TensorShape([1, 3, 9])
    """
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    layer = NgramProbabilities(vocabulary_size, num_ngrams, num_histories, name="logits")
    text = ops.pad(token_ids, ((0, 0), (layer.num_previous, 0)), constant_values=START_ID)
    return keras.Model(token_ids, layer(text), name="ngram_language_model")


def ngram_state_spec(model: keras.Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return {name: ((n - 1,), dtype)} of the last n - 1 tokens; 0 is a place before the first token."""
    return {PREVIOUS: ((model.get_layer("logits").num_previous,), "int32")}


def read_ngrams(
    model: keras.Model, token_ids: keras.KerasTensor, state: Mapping[str, keras.KerasTensor]
) -> dict[str, keras.KerasTensor]:
    """Return {"logits", state} after the tokens, which follow those of the given state."""
    return {
        "logits": model.get_layer("logits")(append_tokens(state[PREVIOUS], token_ids)),
        PREVIOUS: last_tokens(state[PREVIOUS], token_ids),
    }


def ngram_keras_model(model: NgramModel) -> keras.Model:
    """Return the Keras model of an n-gram model.

    Args:
        model: from `ngram`.

    Returns:
        `keras.Model` from `ngram_language_model`, with the same probabilities.

    Example:

    >>> from kerasnlp_zoo.models import count_ngrams, ngram
    >>> from kerasnlp_zoo.vocabulary import GenerativeVocabulary
    >>> vocabulary = GenerativeVocabulary.from_counts({"a": 3, "b": 2})
    >>> counts = count_ngrams(np.array([4, 5, 4, 5, 4]), len(vocabulary), order=2)
    >>> bigrams = ngram_keras_model(ngram(vocabulary, counts, "maximum_likelihood"))
    >>> ops.exp(bigrams(np.array([[4, 5]])))[0, 1].numpy()  # an a after b
    array([0., 0., 0., 0., 1., 0.], dtype=float32)
    """
    orders = range(2, model.order + 1)
    unique = [np.unique(model.numbers.histories(n), return_index=True) for n in orders]
    sizes = [model.numbers.size(n) for n in orders]
    result = ngram_language_model(
        len(model.vocabulary), num_ngrams=sizes, num_histories=[len(histories) for histories, _ in unique]
    )
    layer = result.get_layer("logits")
    layer.word_probabilities.assign(_logarithms(model.table[0]))
    for n, table, size, (histories, starts) in zip(orders, layer.tables, sizes, unique, strict=True):
        table.words.assign(model.numbers.words(n).astype(table.words.dtype))
        table.probabilities.assign(_logarithms(model.table[n - 1]))
        table.histories.assign(histories.astype("int32"))
        table.starts.assign(np.append(starts, size).astype("int32"))
        # A history without n-grams is in no table: its factor is 1.
        table.factors.assign(_logarithms(model.factors[n - 2][histories]))
    return result


def _logarithms(values: np.ndarray) -> np.ndarray:
    """Return the logarithms, LOG_OF_ZERO for 0: float32 array."""
    return np.where(values > 0, np.log(np.maximum(values, 1e-38)), LOG_OF_ZERO).astype("float32")
