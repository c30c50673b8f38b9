"""N-gram language models: smoothed P(word | n - 1 words before it), from counts.

    counts = count_ngrams(text.train, len(text.vocabulary), order=5)
    model = ngram(text.vocabulary, counts, "modified_kneser_ney")
    model.perplexity(text.test)

Shapes: N tokens of a text, V vocabulary.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.models.ngram_counts import MISSING, NgramCounts, NgramIndex, require_ids
from kerasnlp_zoo.models.ngram_pruning import prune
from kerasnlp_zoo.models.ngram_smoothing import SMOOTHINGS
from kerasnlp_zoo.vocabulary import START_ID, GenerativeVocabulary

Smoothing: TypeAlias = Literal["maximum_likelihood", "add_k", "interpolation", "back_off", "modified_kneser_ney"]


def ngram(
    vocabulary: GenerativeVocabulary,
    counts: NgramCounts,
    smoothing: Smoothing = "modified_kneser_ney",
    order: int | None = None,
    min_counts: Sequence[int] = (1,),
    **arguments: Any,
) -> "NgramModel":
    """Return a language model computed from counts.

    The vocabulary is closed: an unknown word is `[UNK]`, which has a probability like any other. The events are all ids
    except `[PAD]` and `[START]`. After any history, known or not, their probabilities sum to 1.

    Args:
        vocabulary: the vocabulary of the counts, [V].
        counts: from `count_ngrams`.
        smoothing: "maximum_likelihood", "add_k", "interpolation", "back_off" or "modified_kneser_ney".
        order: n, at most the order of the counts; None for the order of the counts.
        min_counts: minimum number of occurrences of pairs, of n-grams of three words, and so on, not decreasing; rarer
            n-grams are dropped. The last one also applies to longer n-grams. (1,) keeps all.
        **arguments: k=float for "add_k"; validation=ids for "interpolation".

    Raises:
        InputError: if the smoothing is unknown, the order is higher than the order of the counts, or the vocabulary
            sizes differ.

    Example:

    >>> from kerasnlp_zoo.models import count_ngrams
    >>> from kerasnlp_zoo.vocabulary import GenerativeVocabulary
    >>> vocabulary = GenerativeVocabulary.from_counts({"a": 3, "b": 2})
    >>> counts = count_ngrams(np.array([4, 5, 4, 5, 4]), len(vocabulary), order=2)
    >>> ngram(vocabulary, counts, "maximum_likelihood").next_word([5])  # an a after b
    array([0., 0., 0., 0., 1., 0.])
    """
    require_choice("smoothing", smoothing, tuple(SMOOTHINGS))
    order = counts.order if order is None else order
    require_min_counts(min_counts)
    require_positive(order=order)
    if order > counts.order:
        raise InputError(
            f"The counts are of n-grams of up to {counts.order} words. Received: order={order}. "
            "Count with a higher order"
        )
    if len(vocabulary) != counts.numbers.vocabulary_size:
        raise InputError(
            f"The counts are of a vocabulary of {counts.numbers.vocabulary_size} tokens. Received one of "
            f"{len(vocabulary)} tokens. Pass the vocabulary that the text was converted with"
        )
    tables = SMOOTHINGS[smoothing](counts, order, **arguments)
    numbers = NgramIndex(counts.numbers.vocabulary_size, counts.numbers.keys[: order - 1])
    if max(min_counts) > 1:
        numbers, tables = prune(counts, tables, min_counts)
    return NgramModel(vocabulary, numbers, *tables, smoothing)


def require_min_counts(min_counts: Sequence[int]) -> None:
    """Raise InputError unless minimum counts are positive and do not decrease with the length of an n-gram.

    The history of an n-gram that remains must remain too, and it can occur as seldom as the n-gram.
    """
    if not min_counts or min(min_counts) < 1 or list(min_counts) != sorted(min_counts):
        raise InputError(
            "The minimum counts of n-grams of 2, 3, ... words must be positive and must not decrease, such as 1 2. "
            f"Received: {' '.join(map(str, min_counts)) or 'none'}"
        )


class NgramModel:
    """An n-gram language model: the probabilities of the n-grams that occur, and factors for all others.

    Args:
        vocabulary: its tokens, [V].
        numbers: the n-grams that occur.
        probabilities: P(last word | history) of each n-gram, one array for each order from 1 on.
        factors: for each history the factor of the shorter history's probabilities, for words that do not occur after
            it; one array for each order from 2 on.
        smoothing: the method that computed them.
    """

    def __init__(
        self,
        vocabulary: GenerativeVocabulary,
        numbers: NgramIndex,
        probabilities: Sequence[np.ndarray],
        factors: Sequence[np.ndarray],
        smoothing: str,
    ) -> None:
        self.vocabulary = vocabulary
        self.numbers = numbers
        self.table = [np.asarray(values, "float32") for values in probabilities]
        self.factors = [np.asarray(values, "float32") for values in factors]
        self.smoothing = smoothing

    @property
    def order(self) -> int:
        """The number of words in the longest n-grams."""
        return self.numbers.order

    def probabilities(self, ids: ArrayLike) -> np.ndarray:
        """Return the probability of every token of a text, given the tokens before it.

        The text follows `[START]`. A `[START]` inside the text begins a new history.

        Args:
            ids: int array [N].

        Returns:
            float64 array [N]; 0 at `[START]`, which is not an event.

        Raises:
            InputError: if an id is outside the vocabulary.
        """
        ids = np.asarray(ids)
        require_ids(ids, len(self.vocabulary))
        answer = np.zeros(len(ids))
        for level, (histories, numbers) in enumerate(self.numbers.numbers_along(ids)):
            if level:
                answer *= np.where(histories == MISSING, 1, self.factors[level - 1][histories])
            answer = np.where(numbers == MISSING, answer, self.table[level][numbers])
        return answer

    def perplexity(self, ids: ArrayLike) -> float:
        """Return exp(mean of -log P) over all tokens of a text except `[START]`; infinite if a token has P = 0.

        Args:
            ids: int array [N].

        Raises:
            InputError: if the text is empty, or an id is outside the vocabulary.
        """
        ids = np.asarray(ids)
        probabilities = self.probabilities(ids)[ids != START_ID]
        if not len(probabilities):
            raise InputError("The text is empty, so its perplexity is undefined. Pass the ids of at least one token")
        with np.errstate(divide="ignore"):
            return float(np.exp(-np.mean(np.log(probabilities))))

    def probability(self, word: int, history: Sequence[int]) -> float:
        """Return P(word | history).

        Args:
            word: id.
            history: ids of the words before; only the last n - 1 are used. If there are fewer and the first one is
                not `[START]`, an n-gram of a lower order is used.

        Raises:
            InputError: if an id is outside the vocabulary.
        """
        require_ids(np.array([word]), len(self.vocabulary))
        return float(self.next_word(history)[word])

    def next_word(self, history: Sequence[int]) -> np.ndarray:
        """Return the distribution of the word after a history.

        Args:
            history: as for `probability`.

        Returns:
            float64 array [V]; its sum is 1 up to the rounding of float32 tables.

        Raises:
            InputError: if an id is outside the vocabulary.
        """
        before = np.array(history, "int64") if len(history) == 0 else np.array(history)
        require_ids(before, len(self.vocabulary))
        answer = self.table[0].astype("float64")
        known = self.order - 1 if START_ID in before[:1] else min(self.order - 1, len(before))
        for level, (_, numbers) in zip(range(1, known + 1), self.numbers.numbers_along(before), strict=False):
            if numbers[-1] != MISSING:
                followers = self.numbers.followers(level + 1, numbers[-1])
                answer *= self.factors[level - 1][numbers[-1]]
                answer[self.numbers.words(level + 1, followers)] = self.table[level][followers]
        return answer
