"""The base class of preprocessors that make one sequence of tokens of a text, and truncate it.

Shapes: N texts, W windows of all texts, T tokens.
"""

import abc
from typing import Any

import tensorflow as tf

from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.ragged import cut_rows
from kerasnlp_zoo.text.types import Features, Strings


class SequencePreprocessor(Preprocessor):
    """Convert strings into tokens: `complete_features` makes all tokens, and `fitted` truncates them for the model.

    Attributes:
        num_special: number of special tokens around a text.
    """

    max_sequence_length: int
    num_special: int = 0

    @property
    def room(self) -> int:
        """Number of tokens of a text that the model takes, without special tokens."""
        return self.max_sequence_length - self.num_special

    @abc.abstractmethod
    def complete_features(self, strings: Strings) -> Features:
        """Convert strings [N] into ragged tensors [N, (length), ...] of any length, without special tokens."""

    def framed(self, features: Features) -> Features:
        """Add the special tokens to rows of at most `room` tokens; by default there are none."""
        return features

    def fitted(self, complete: Features) -> Features:
        """Truncate the rows of `complete_features` at their end, and add the special tokens."""
        return self.framed(
            {name: cut_rows(rows, tf.minimum(rows.row_lengths(), self.room)) for name, rows in complete.items()}
        )

    def are_truncated(self, complete: Features) -> tf.Tensor:
        """Return which rows of `complete_features` are longer than `room`: bool [N]."""
        return complete["token_ids"].row_lengths() > self.room

    def features(self, strings: Any, *others: Any) -> Features:
        """Convert strings [N] into ragged inputs of a model [N, (length), ...], truncated to max_sequence_length."""
        return self.fitted(self.complete_features(strings))

    def __call__(self, strings: Any, *others: Any) -> dict[str, tf.Tensor]:
        """Convert strings [N] into the tensors of `features`, padded with 0, T >= 1."""
        inputs = self.read(strings, *others)
        del inputs["truncated"]
        return inputs

    def read(self, *texts: Any) -> dict[str, tf.Tensor]:
        """Return the inputs of a model, and truncated, bool [N], which texts are truncated."""
        complete = self.complete_features(*texts)
        return {**padded(self.fitted(complete)), "truncated": self.are_truncated(complete)}
