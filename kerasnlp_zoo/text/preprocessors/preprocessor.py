"""The base class of all preprocessors.

Shapes: N texts.
"""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar

import tensorflow as tf

from kerasnlp_zoo.text.types import Features
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.vocabulary import TokenList


class Preprocessor(abc.ABC):
    """Convert strings into the inputs of a model, in TensorFlow operations.

    A task calls `prepare` in Python, on a list of strings. It calls the preprocessor in the graph, on string tensors.

    Attributes:
        vocabulary_class: class of the vocabulary; an entry is loaded with it.
        modules: modules that an exported graph needs in addition to TensorFlow.
        resources: lookup tables and models that an exported graph must track.
        vocabulary: tokens and their ids.
        language: code of the language of the texts.
        max_sequence_length: maximum length of a text in tokens; None if texts are not truncated.
    """

    vocabulary_class: ClassVar[type[TokenList]]
    modules: tuple[str, ...] = ()
    resources: tuple[Any, ...] = ()
    vocabulary: TokenList
    language: str
    max_sequence_length: int | None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the tensors that the preprocessor takes."""
        return ("text",)

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """Types of these tensors in an exported graph: strings [N]."""
        return [tf.TensorSpec([None], tf.string, name=name) for name in self.inputs]

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids, V."""
        return len(self.vocabulary)

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts after the steps that run in Python, before the graph; by default there are none."""
        return texts

    def faults(self, *texts: Any) -> tf.Tensor | None:
        """Return what is wrong with each row of an exported graph's inputs: string [N], "" for rows that can be read.

        None if any text can be read, as by most preprocessors.
        """
        return None

    @abc.abstractmethod
    def features(self, *texts: Any, **named: Any) -> Features:
        """Convert strings [N], one tensor for each of `inputs`, into ragged inputs of a model."""

    @abc.abstractmethod
    def __call__(self, *texts: Any, **named: Any) -> dict[str, tf.Tensor]:
        """Convert strings [N], one tensor for each of `inputs`, into dense inputs of a model."""

    def read(self, *texts: Any) -> dict[str, tf.Tensor]:
        """Return the dense inputs of a model; if long texts are truncated, also truncated, bool [N]: which ones are."""
        return self(*texts)

    @abc.abstractmethod
    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(language={self.language!r}, vocabulary_size={self.vocabulary_size}, "
            f"max_sequence_length={self.max_sequence_length})"
        )
