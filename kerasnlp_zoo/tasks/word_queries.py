"""Queries of word vectors: similar words, analogies, and the word that does not match the others.

Words are compared by the cosine of their vectors.

Shapes: N words, D width of a vector, V vocabulary.
"""

import abc
import functools
from collections.abc import Sequence

import numpy as np

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.correlation import normalized
from kerasnlp_zoo.models.sentence_vectors import FIRST_WORD
from kerasnlp_zoo.tasks.ranked_words import BELOW_ANY_SCORE
from kerasnlp_zoo.text.spelling import closest_spellings

NEIGHBOURS = 10  # words in an answer
SMALLEST_QUERY = 1e-5  # length of a sum of vectors of length 1; a shorter one is only rounding error


class WordQueries(abc.ABC):
    """Words with vectors. A subclass defines the tokens, their vectors and the look-up of a word."""

    @property
    @abc.abstractmethod
    def tokens(self) -> list[str]:
        """The V tokens of the vocabulary, `[PAD]` and `[UNK]` first."""

    @property
    @abc.abstractmethod
    def vectors(self) -> np.ndarray:
        """The vectors of all tokens: float32 array [V, D]."""

    @abc.abstractmethod
    def ids(self, words: Sequence[str]) -> np.ndarray:
        """Return the id of every word as an int array [N]; 1 if the word is unknown."""

    @functools.cached_property
    def _unit_vectors(self) -> np.ndarray:
        return normalized(self.vectors)

    def vector(self, word: str) -> np.ndarray:
        """Return the vector of a word: float32 array [D].

        Raises:
            InputError: if the word is unknown.
        """
        return self.vectors[self.known_ids([word])[0]]

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two words."""
        first, second = self._unit_vectors[self.known_ids([a, b])]
        return float(first @ second)

    def most_similar(
        self, positive: str | Sequence[str], negative: str | Sequence[str] = (), count: int = NEIGHBOURS
    ) -> list[tuple[str, float]]:
        """Return the words closest to a sum of words minus other words, after scaling all vectors to length 1.

        Args:
            positive: words to add.
            negative: words to subtract.
            count: maximum number of words to return (>= 1). The given words are never returned.

        Returns:
            Pairs (word, cosine), the closest first.

        Raises:
            InputError: if a word is unknown, no word is given, or the sum is 0.

        Reference: Mikolov et al. 2013, "Linguistic Regularities in Continuous Space Word Representations".
        """
        require_positive(count=count)
        positive, negative = ([words] if isinstance(words, str) else words for words in (positive, negative))
        added, subtracted = self.known_ids(positive), self.known_ids(negative)
        if not len(added) and not len(subtracted):
            raise InputError("Expected at least one word to compare with. Received: none")
        query = self._unit_vectors[added].sum(axis=0) - self._unit_vectors[subtracted].sum(axis=0)
        if len(subtracted) and np.linalg.norm(query) < SMALLEST_QUERY:
            raise InputError(
                "Nothing is left to compare with: the positive words minus the negative words are 0. "
                f"Received: positive={list(positive)}, negative={list(negative)}"
            )
        cosines = self._unit_vectors @ normalized(query[None])[0]  # [V]
        excluded = np.concatenate([np.arange(FIRST_WORD), added, subtracted])
        cosines[excluded] = BELOW_ANY_SCORE
        count = min(count, len(cosines) - len(np.unique(excluded)))
        # Only the largest cosines are sorted; for ties, the more frequent word comes first.
        rows = np.flatnonzero(cosines >= -np.partition(-cosines, count - 1)[count - 1])
        rows = rows[np.argsort(-cosines[rows], kind="stable")][:count]
        return [(self.tokens[row], float(cosines[row])) for row in rows]

    def analogy(self, a: str, b: str, c: str, count: int = NEIGHBOURS) -> list[tuple[str, float]]:
        """Answer "a is to b as c is to ?": return the words closest to b - a + c, like `most_similar`."""
        return self.most_similar([b, c], [a], count)

    def doesnt_match(self, words: Sequence[str]) -> str:
        """Return the word that is farthest from the mean of all words (at least 3)."""
        ids = self.known_ids(words)
        if len(ids) < 3:
            raise InputError(f"doesnt_match needs at least 3 words. Received: {len(ids)}")
        vectors = self._unit_vectors[ids]
        return list(words)[int(np.argmin(vectors @ vectors.mean(axis=0)))]

    def known_ids(self, words: Sequence[str]) -> np.ndarray:
        """Return the ids of words as an int array [N].

        Raises:
            InputError: if a word is unknown; the message lists similar spellings. The other methods also raise it.
        """
        ids = self.ids(words)
        for word, id_ in zip(words, ids, strict=True):
            if id_ < FIRST_WORD:
                raise InputError(
                    f"{word!r:.60} is not one of the {len(self.tokens) - FIRST_WORD:,} words with a vector."
                    f"{self.did_you_mean(word) or ' Expected a word of the training texts'}"
                )
        return ids

    def did_you_mean(self, word: str) -> str:
        """Return a question with the known words of a similar spelling, or an empty string if there are none."""
        similar = " or ".join(map(repr, closest_spellings(word, self.tokens[FIRST_WORD:])))
        return f" Did you mean {similar}?" if similar else ""
