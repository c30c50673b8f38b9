"""Texts that are longer than a model takes: a task says what it has not read, or reads them in windows."""

import copy
import functools
import logging
from typing import NotRequired, Self, TypedDict

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.preprocessors.sequences import SequencePreprocessor

logger = logging.getLogger("kerasnlp_zoo")


class AnyAnswer(TypedDict):
    """What the answers of all tasks have in common: "truncated" is true if only a part of the text was read."""

    truncated: NotRequired[bool]


class LongTexts:
    """The part of a task that is about texts of more than `max_sequence_length` tokens."""

    name: str
    preprocessor: Preprocessor
    has_windows: bool = False  # whether answers about windows can be joined to an answer about a text
    windows: bool = False  # whether long texts are read in overlapping windows
    what_is_read: str = "only the beginning of each was read"  # of a text that is too long
    _warned_of_cut: bool = False

    def with_windows(self) -> Self:
        """Return the same task, which reads the whole of a long text, in overlapping windows. `export` saves it so.

        A window has `max_sequence_length` tokens. The answer to a text that fits into one window does not change.

        Raises:
            InputError: if the answers of this task cannot be joined, or the texts are pairs.

        Example:

        >>> from kerasnlp_zoo import zoo
        >>> task = zoo.load("text_cnn_imdb_en").with_windows()  # a window has 400 words
        >>> task.predict(["dull " * 600 + "a masterpiece " * 600])[0]["probability"] < 0.9
        True
        """
        if not self.has_windows or not isinstance(self.preprocessor, SequencePreprocessor):
            raise InputError(
                f"{self.name} does not read windows. Expected a task of text_classification, "
                "multi_label_classification, token_classification or fill_mask that takes tokens. Split long texts, "
                "such as into paragraphs, and ask about each"
            )
        if len(self.preprocessor.inputs) > 1:
            raise InputError(
                "Windows are for single texts. Received: a task that takes pairs of texts. Split the longer texts, "
                "and ask about each part"
            )
        task = copy.copy(self)
        cached = [name for name in vars(self) if isinstance(getattr(type(self), name, None), functools.cached_property)]
        for name in cached:  # such as the compiled graph
            del task.__dict__[name]
        task.windows = True
        return task

    @property
    def cuts_texts(self) -> bool:
        """Whether the task reads only a part of a text that is too long."""
        return self.preprocessor.max_sequence_length is not None and not self.windows

    @property
    def limit(self) -> str:
        """Description of the maximum length of a text, for messages."""
        return f"max_sequence_length={self.preprocessor.max_sequence_length}"

    def _warn_of_cut(self, number: int, total: int) -> None:
        """Log, once for each task, how many texts were cut."""
        if not number or self._warned_of_cut:
            return
        self._warned_of_cut = True
        can_read_all = self.has_windows and len(self.preprocessor.inputs) == 1
        advice = ". Read them completely, in windows: with_windows() in Python, --windows in the command"
        logger.warning(
            "%s of %s texts (%.1f%%) are longer than %s: %s%s",
            f"{number:,}",
            f"{total:,}",
            100 * number / total,
            self.limit,
            self.what_is_read,
            advice if can_read_all else "",
        )
