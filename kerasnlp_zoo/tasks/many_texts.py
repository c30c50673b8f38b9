"""Any number of texts: an iterable of any length, or the column of a table."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.tasks.answer_columns import answer_columns
from kerasnlp_zoo.tasks.iterables import chunks
from kerasnlp_zoo.tasks.long_texts import AnyAnswer, LongTexts

Answer = TypeVar("Answer", bound=AnyAnswer)  # the TypedDict that a task's `predict` returns for each text
CHUNK = 4096  # texts tokenized at a time


class ManyTexts(LongTexts, Generic[Answer]):
    """The part of a task that answers streams and tables."""

    def predict(self, texts: Any, batch_size: int | None = None) -> list[Answer]:
        """Return the answer to every text; `Task` defines it."""
        raise NotImplementedError

    @property
    def _empty(self) -> Any:
        """A text that can be answered; `Task` defines it."""
        raise NotImplementedError

    def predict_frame(
        self, frame: Any, text_column: str, text_pair_column: str | None = None, batch_size: int | None = None
    ) -> Any:
        """Return a copy of a table with the answers as further columns.

        A key of the answers that the table has as a column gets the prefix "predicted_".

        Args:
            frame: pandas.DataFrame.
            text_column: name of the column with the texts.
            text_pair_column: name of the column with the second texts of pairs.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            pandas.DataFrame with the index of `frame`.

        Raises:
            InputError: if the table has no such column, or a text is not a string.

        Example:

        >>> import pandas
        >>> from kerasnlp_zoo import zoo
        >>> frame = pandas.DataFrame({"id": [7], "text": ["a gripping, beautifully acted film"]})
        >>> list(zoo.load("text_cnn_movie_reviews_en").predict_frame(frame, text_column="text"))
        ['id', 'text', 'label', 'probability', 'probabilities', 'truncated']
        """
        names = [name for name in (text_column, text_pair_column) if name is not None]
        for name in names:
            if list(frame.columns).count(name) != 1:
                raise InputError(
                    f"Expected a table with one column {name!r}. Received the columns: "
                    f"{', '.join(map(str, frame.columns))}"
                )
        texts = frame[text_column] if len(names) == 1 else zip(*(frame[name] for name in names), strict=True)
        answers = self.predict(texts, batch_size)
        columns = answer_columns(self.complete(self.predict([self._empty])[0]), map(str, frame.columns))
        rows = [self.complete(answer) for answer in answers]
        return frame.assign(**{name: [row[key] for row in rows] for key, name in columns.items()})

    def complete(self, answer: Answer) -> dict[str, Any]:
        """Return an answer that says of every text whether it was cut, if the task cuts texts: a row of a table."""
        return {**answer, "truncated": "truncated" in answer} if self.cuts_texts else {**answer}

    def stream(self, texts: Iterable[Any], chunk_size: int = CHUNK) -> Iterator[Answer]:
        """Yield the answer to every text of an iterable of any length; the memory use does not depend on its length.

        Args:
            texts: as for `predict`.
            chunk_size: number of texts that are read before the first of them is answered.

        Yields:
            The answers of `predict`. The share of texts that were cut is logged at the end.

        Raises:
            InputError: as for `predict`, when the chunk with the wrong text is read.

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
            try:
                answers = reader.predict(chunk)
            except InputError as error:
                if not total:
                    raise
                raise InputError(f"After the first {total:,} texts, counted from 0 again: {error}") from error
            cut, total = cut + sum("truncated" in answer for answer in answers), total + len(answers)
            yield from answers
        self._warn_of_cut(cut, total)
