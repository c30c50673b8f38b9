"""The attributes of a task that an export needs. `Task` has all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.types import Config

# Pairs where the preprocessor takes pairs, rows where it takes numbers, otherwise strings.
Texts: TypeAlias = Sequence[str | tuple[str, ...] | Sequence[float]]


class Exportable(Protocol):
    """The part of a task that exports use."""

    name: str
    model: keras.Model
    labels: list[str]
    ranked_outputs: tuple[str, ...]
    windows: bool

    @property
    def preprocessor(self) -> Preprocessor:
        """The preprocessor whose features are the model's inputs."""

    @property
    def arguments(self) -> Config:
        """Arguments of the class besides model, preprocessor and labels."""

    @property
    def serve(self) -> Callable[..., dict[str, tf.Tensor]]:
        """The compiled graph from strings [N] to the dict of answers."""

    def answer_features(self, features: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Convert the features of the preprocessor to the dict of answers."""

    def numbers(self, features: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Return what can be computed of the answers without strings."""

    def columns(self, texts: Texts) -> list[list[Any]]:
        """Return the inputs of the graph: a list for each of the preprocessor's inputs, of bytes or of numbers."""

    def outputs(self, texts: Texts) -> dict[str, np.ndarray]:
        """Return the outputs of the exported model: a dict of arrays [N, ...]."""
