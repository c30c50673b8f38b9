"""Truncated backpropagation through time: the state is passed from segment to segment, but not the gradient.

Shapes: B streams, T tokens of a segment, V vocabulary, D width of a word vector.

Reference: Williams and Peng 1990, "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network
Trajectories".
"""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.models.language_model_state import state_spec, with_state
from kerasnlp_zoo.objectives.losses import WeightedMeanLoss, identity_loss
from kerasnlp_zoo.training.next_word_loss import NextWordLoss
from kerasnlp_zoo.types import Tensor


class LanguageModelTrainer(keras.Model):
    """A language model that keeps the state at the end of a batch for the next batch.

    `compile_for_language_modeling` compiles it; `fit` trains it on `language_model_batches`.

    Args:
        model: a language model, such as one from `rnn_language_model`, whose weights are trained.
        batch_size: B.
        next_word_loss: the loss of a word in training; None for the full softmax.

    Call arguments:
        inputs: dict of token_ids int [B, T], words int [B, T], the next tokens, and is_start int [B], 1 where
            the state is reset.
        training: whether the losses are those of training; otherwise they are -log of each word's probability.

    Returns:
        float32 [B, T], the loss of each word.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> from kerasnlp_zoo.text.language_model_batches import language_model_batches
    >>> model = rnn_language_model(vocabulary_size=9, embedding_dim=4, num_layers=1)
    >>> trainer = compile_for_language_modeling(LanguageModelTrainer(model, batch_size=2), keras.optimizers.Adam())
    >>> history = trainer.fit(language_model_batches(np.arange(9), 2, 3), shuffle=False, verbose=0).history
    >>> round(history["perplexity"][0])
    9
    """

    def __init__(self, model: keras.Model, batch_size: int, next_word_loss: NextWordLoss | None = None) -> None:
        super().__init__(name="language_model_trainer")
        self.next_word_loss = next_word_loss or NextWordLoss(model)
        self.stepwise = with_state(model)
        # Every replica has its own streams and therefore its own state.
        streams = batch_size // tf.distribute.get_strategy().num_replicas_in_sync
        per_replica = {"synchronization": "on_read", "aggregation": "only_first_replica", "trainable": False}
        self.state = {
            name: keras.Variable(np.zeros((streams, *shape), dtype), dtype=dtype, name=name, **per_replica)
            for name, (shape, dtype) in state_spec(model).items()
        }

    def call(self, inputs: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Read a segment of every stream and keep the state at its end."""
        state = {name: _zero_rows(variable.value, inputs["is_start"]) for name, variable in self.state.items()}
        outputs = self.stepwise({"token_ids": inputs["token_ids"], **state}, training=training)
        for name, variable in self.state.items():
            variable.assign(outputs[name])
        return self.next_word_loss(outputs["hidden"], outputs["logits"], inputs["words"], training=training)


def _zero_rows(state: Tensor, is_zero: Tensor) -> Tensor:
    """Set the rows of a state [B, ...] to 0 where `is_zero`, int [B], is 1."""
    is_zero = ops.reshape(is_zero > 0, (-1, *[1] * (len(state.shape) - 1)))
    return ops.where(is_zero, ops.zeros_like(state), state)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Perplexity(keras.metrics.Mean):
    """The exponential of the mean loss per token.

    Example:

    >>> metric = Perplexity()
    >>> metric.update_state(None, np.log([[4.0, 9.0, 5.0]]), np.array([[1.0, 1.0, 0.0]]))
    >>> round(float(metric.result()), 3)
    6.0
    """

    def __init__(self, name: str = "perplexity", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, labels: Tensor, losses: Tensor, sample_weight: Tensor | None = None) -> None:
        """Add the losses of a batch; `labels` is ignored."""
        super().update_state(losses, sample_weight)

    def result(self) -> Tensor:
        """Return the perplexity of all tokens so far."""
        return ops.exp(super().result())


def initialize_output_bias(model: keras.Model, token_ids: np.ndarray) -> None:
    """Set the output bias of every word to the logarithm of its relative frequency.

    One step of Adam moves a bias by about the learning rate, while the logarithms of the frequencies differ by about
    ten. Learning them would take thousands of steps.

    Args:
        model: a language model, such as one from `rnn_language_model`.
        token_ids: training text, int [length].

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> model = rnn_language_model(vocabulary_size=6, embedding_dim=4, num_layers=1)
    >>> initialize_output_bias(model, np.array([4, 4, 4, 5]))
    >>> ops.softmax(model.get_layer("logits").bias).numpy().round(1)  # counts are increased by 1
    array([0.1, 0.1, 0.1, 0.1, 0.4, 0.2], dtype=float32)
    """
    bias = model.get_layer("logits").bias
    counts = np.bincount(token_ids, minlength=bias.shape[0]) + 1
    bias.assign(np.log(counts / counts.sum()))


def compile_for_language_modeling(
    trainer: LanguageModelTrainer,
    optimizer: keras.optimizers.Optimizer,
    jit: bool = False,
) -> LanguageModelTrainer:
    """Compile a trainer with its loss and the perplexity.

    Args:
        trainer: the trainer.
        optimizer: the optimizer; a limit of the gradient's norm prevents that it explodes.
        jit: whether to compile with XLA.

    Returns:
        The same trainer.

    Reference: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 3.2.
    """
    trainer.compile(
        optimizer,
        WeightedMeanLoss(identity_loss),
        weighted_metrics=[Perplexity()],
        jit_compile=jit,
    )
    return trainer
