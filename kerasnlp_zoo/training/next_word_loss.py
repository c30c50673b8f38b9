"""The loss of the next word, by name: the same choice for every language model.

Shapes: B batch, T words to predict, D width of a hidden vector, V vocabulary.
"""

import dataclasses
import math
from typing import Any, Literal, TypeAlias, get_args

import keras
import numpy as np
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers import (
    HierarchicalSoftmax,
    ImportanceSampling,
    NegativeSampling,
    NoiseContrastiveEstimation,
    SampledSoftmax,
)
from kerasnlp_zoo.layers.word_prediction import WordPrediction
from kerasnlp_zoo.models.output_projection import output_vectors
from kerasnlp_zoo.objectives.losses import cross_entropy
from kerasnlp_zoo.training.continued_entry import ContinuedEntryOptions
from kerasnlp_zoo.training.run_options import ModelRunOptions
from kerasnlp_zoo.types import Tensor, TensorShape

LossName: TypeAlias = Literal[
    "full_softmax", "sampled_softmax", "negative_sampling", "nce", "hierarchical_softmax", "importance_sampling"
]
NOISE_LOSSES = {
    "negative_sampling": NegativeSampling,
    "nce": NoiseContrastiveEstimation,
    "importance_sampling": ImportanceSampling,
}
SAMPLED = ("sampled_softmax", *NOISE_LOSSES)
NUM_SAMPLED = 4096


class NextWordLoss(keras.layers.Layer):
    """The loss of every next word in training; in inference, -log of its normalised probability.

    Args:
        model: the language model, with an output layer "logits".
        loss: "full_softmax"; "sampled_softmax", "negative_sampling", "nce" or "importance_sampling", which sample
            words; or "hierarchical_softmax", for a model with output="hierarchical_softmax".
        num_sampled: number of words that are sampled for a batch. If it is not smaller than the vocabulary,
            "sampled_softmax" is the full softmax.
        counts: number of occurrences of each word in the training text, [V]; None for Zipf's law.
        seed: seed of the samples.

    Call arguments:
        hidden: float [B, T, D], the input of the output layer.
        logits: float [B, T, V].
        words: int [B, T], the next words.

    Returns:
        float32 [B, T].

    Raises:
        InputError: if the loss is unknown or does not fit the output layer of the model.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> loss = NextWordLoss(rnn_language_model(9, embedding_dim=4), "nce", num_sampled=5)
    >>> loss(ops.zeros((2, 3, 4)), ops.zeros((2, 3, 9)), ops.ones((2, 3), "int32"))[0].numpy().round(3)  # log 9
    array([2.197, 2.197, 2.197], dtype=float32)
    """

    def __init__(
        self,
        model: keras.Model,
        loss: LossName = "full_softmax",
        num_sampled: int = NUM_SAMPLED,
        counts: np.ndarray | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_choice("loss", loss, get_args(LossName))
        require_positive(num_sampled=num_sampled)
        output = model.get_layer("logits")
        self.is_tree = isinstance(output, HierarchicalSoftmax)
        if self.is_tree != (loss == "hierarchical_softmax"):
            raise InputError(
                "loss='hierarchical_softmax' and a model with output='hierarchical_softmax' require each other. "
                f"Received: loss={loss!r} and a model with {'' if self.is_tree else 'no '}hierarchical output"
            )
        self.prediction: WordPrediction | None = None
        self.vocabulary_size = size = model.output_shape[-1]
        if self.is_tree:
            self.prediction = output
        elif loss == "sampled_softmax" and num_sampled < size:
            self.prediction = SampledSoftmax(size, num_sampled, counts, seed)
        elif loss in NOISE_LOSSES:
            self.prediction = NOISE_LOSSES[loss](size, num_sampled, counts, seed, share_noise=True)
        if self.prediction is not None and not self.is_tree:
            self.prediction.tied_to(lambda: output_vectors(model))

    def build(self, hidden_shape: TensorShape, *others: TensorShape) -> None:
        """Build the layer that computes the losses."""
        if self.prediction is not None and not self.prediction.built:
            self.prediction.build(hidden_shape)
            self.prediction.built = True

    @property
    def uniform_loss(self) -> float | None:
        """The loss of uniform prediction; None for losses that distinguish words from noise."""
        has_noise = isinstance(self.prediction, (NegativeSampling, NoiseContrastiveEstimation))
        return None if has_noise else math.log(self.vocabulary_size)

    def call(self, hidden: Tensor, logits: Tensor, words: Tensor, training: bool = False) -> Tensor:
        """Return the losses [B, T]."""
        # The probabilities of a tree are normalised, so its loss is the same in inference.
        if self.prediction is not None and (training or self.is_tree):
            return self.prediction(hidden, words, training=training)
        return cross_entropy(words, ops.cast(logits, "float32"))


def next_word_trainer(model: keras.Model, next_word_loss: NextWordLoss) -> keras.Model:
    """Return a model that computes the losses of a language model with a fixed context. It shares its weights.

    Args:
        model: a model from `nnlm`.
        next_word_loss: the loss, made for this model.

    Returns:
        `keras.Model`: {"token_ids": int [B, L], "words": int [B]} -> losses float [B]; `training.identity_loss` trains
        it on `context_windows`.

    Example:

    >>> from kerasnlp_zoo.models import nnlm
    >>> model = nnlm(vocabulary_size=9, context_size=2)
    >>> trainer = next_word_trainer(model, NextWordLoss(model))
    >>> trainer({"token_ids": np.array([[4, 8]]), "words": np.array([5])}).shape
    TensorShape([1])
    """
    words = keras.Input((), dtype="int32", name="words")
    losses = next_word_loss(model.get_layer("logits").input, model.output, words)
    return keras.Model({"token_ids": model.input, "words": words}, losses, name="next_word_trainer")


@dataclasses.dataclass
class NextWordOptions(ContinuedEntryOptions, ModelRunOptions):
    """The flags that select the loss of the next word."""

    loss: LossName = "full_softmax"
    """Loss in training. sampled_softmax, negative_sampling, nce and importance_sampling sample words;
    hierarchical_softmax predicts the branches of a Huffman tree. The perplexity is always that of the normalised
    probabilities."""
    num_sampled: int | None = None
    """Number of words that are sampled for a batch, by the losses that sample. Default: 4096."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        self.refuse_label_smoothing("a language model is scored by the probabilities of the next words")
        if self.num_sampled is None:
            return
        if self.loss not in SAMPLED:
            raise InputError(
                f"--num-sampled is for the losses {', '.join(SAMPLED)}. Received: --loss {self.loss} and --num-sampled "
                f"{self.num_sampled}. Omit --num-sampled, or use one of these losses"
            )
        if self.num_sampled < 1:
            raise InputError(
                f"--num-sampled must be at least 1. Received: {self.num_sampled}. Use --loss full_softmax for all words"
            )

    def next_word_loss(self, model: keras.Model, token_ids: np.ndarray) -> NextWordLoss:
        """Return the loss for a model; the noise is distributed like the words of the training text, int [N]."""
        counts = np.bincount(token_ids, minlength=model.output_shape[-1])
        return NextWordLoss(model, self.loss, self.num_sampled or NUM_SAMPLED, counts)
