"""Any number of texts: an iterable of any length, or the column of a table."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.tasks.iterables import chunks
from kerasnlp_zoo.tasks.long_texts import AnyAnswer, LongTexts

Answer = TypeVar("Answer", bound=AnyAnswer)  # the TypedDict that a task's `predict` returns for each text
CHUNK = 4096  # texts tokenized at a time


class ManyTexts(LongTexts, Generic[Answer]):
    """The part of a task that answers streams and tables."""

    def predict(self, texts: Any, batch_size: int | None = None) -> list[Answer]:
        """Return the answer to every text; `Task` defines it."""
        raise NotImplementedError

    def stream(self, texts: Iterable[Any], chunk_size: int = CHUNK) -> Iterator[Answer]:
        """Yield the answer to every text of an iterable of any length; the memory use does not depend on its length.

        Args:
            texts: as for `predict`.
            chunk_size: number of texts that are read before the first of them is answered.

        Yields:
            The answers of `predict`. The share of texts that were cut is logged at the end.

        Example:

        >>> from kerasnlp_zoo import zoo
        >>> texts = (f"a film of {minutes} minutes" for minutes in range(90, 10_000_000))
        >>> sorted(next(zoo.load("text_cnn_movie_reviews_en").stream(texts, chunk_size=100)))
        ['label', 'probabilities', 'probability']
        """
        require_positive(chunk_size=chunk_size)
        self.predict([])  # compiles the graph, which the copy shares
        reader = copy.copy(self)
        reader._warned_of_cut = True  # the share of all texts is known at the end
        cut = total = 0
        for chunk in chunks(texts, chunk_size):
            answers = reader.predict(chunk)
            cut, total = cut + sum("truncated" in answer for answer in answers), total + len(answers)
            yield from answers
        self._warn_of_cut(cut, total)
