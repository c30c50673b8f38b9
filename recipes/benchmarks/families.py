"""A model of each family in the usual size, with random batches, for benchmarks of devices.

Shapes: B batch, T length.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.objectives.losses import ElementLoss
from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss, crf_loss, cross_entropy

Batch = tuple[Any, np.ndarray, np.ndarray]  # inputs, labels, weights
WORDS, PIECES, TINY = 20_000, 30_522, 50
BERT = {"num_layers": 6, "hidden_dim": 384, "num_heads": 12, "intermediate_dim": 1536}  # the size of MiniLM-L6


@dataclasses.dataclass(frozen=True)
class Family:
    """A model in the usual size of its family.

    Attributes:
        builder: name of the builder.
        vocabulary_size: number of token ids.
        num_classes: number of labels; None if the labels are tokens.
        batch_size: B.
        time: T, tokens of a text.
        arguments: other arguments of the builder.
        loss: loss of each label.
        per_token: whether every token has a label.
    """

    builder: str
    vocabulary_size: int
    num_classes: int | None
    batch_size: int
    time: int
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    loss: ElementLoss = cross_entropy
    per_token: bool = False

    def model(self, dropout: float | None = None, smoke: bool = False) -> keras.Model:
        """Return the compiled model.

        Args:
            dropout: dropout rate; None for the default of the builder.
            smoke: whether the vocabulary is tiny.
        """
        arguments: dict[str, Any] = {"vocabulary_size": TINY if smoke else self.vocabulary_size, **self.arguments}
        if self.num_classes is not None:
            arguments["num_classes"] = self.num_classes
        if dropout is not None:
            arguments["dropout"] = dropout
        model = BUILDERS[self.builder](**arguments)
        model.compile(LazyAdam(), WeightedMeanLoss(self.loss), jit_compile=False)
        return model

    def batches(self, model: keras.Model, count: int, smoke: bool = False) -> list[Batch]:
        """Return batches of random tokens and labels; they are the same in every call.

        Args:
            model: the model that reads them.
            count: number of batches.
            smoke: whether the vocabulary and the batches are tiny.
        """
        random = np.random.default_rng(1)
        words = TINY if smoke else self.vocabulary_size
        shape = (4, 6) if smoke else (self.batch_size, self.time)

        def ids() -> np.ndarray:
            return random.integers(1, words, shape).astype("int32")

        def batch() -> Batch:
            names = list(model.input) if isinstance(model.input, dict) else []
            inputs = {name: np.zeros_like(ids()) if name == "segment_ids" else ids() for name in names} or ids()
            labels_shape = shape if self.per_token else shape[:1]
            labels = random.integers(1, self.num_classes or words, labels_shape).astype("int32")
            return inputs, labels, np.ones(labels_shape, "float32")

        return [batch() for _ in range(count)]


FAMILIES = {
    "TextCNN": Family("text_cnn", WORDS, 2, 64, 64),
    "BiLSTM": Family("bilstm", WORDS, 2, 64, 64, {"num_layers": 2, "hidden_dim": 256}),
    "BiLSTM-CRF": Family("bilstm_crf", WORDS, 9, 32, 40, {"hidden_dim": 200}, crf_loss, per_token=True),
    "Transformer encoder": Family("transformer_encoder", WORDS, 2, 64, 64),
    "BERT, 6 layers of 384": Family("bert_classifier", PIECES, 2, 32, 128, BERT),
    "seq2seq": Family("seq2seq", 8000, None, 64, 24, {"hidden_dim": 512}, per_token=True),
    "Transformer": Family("transformer", 8000, None, 64, 24, {"hidden_dim": 256}, per_token=True),
    "LSTM language model": Family("rnn_language_model", 33_278, None, 32, 35, per_token=True),
}
