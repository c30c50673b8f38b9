"""Losses of elements, and their only reduction: the weighted mean over the global batch.

Shapes: B batch, T length, C classes.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.crf import crf_log_likelihood, is_real_word
from kerasnlp_zoo.types import Config, Tensor

SMALLEST = 1e-30  # avoids the logarithm of 0
ElementLoss: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # (labels, outputs) -> one loss per label


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """Return -log softmax(logits)[label] for each label.

    Args:
        labels: int [B] or [B, T].
        logits: float [B, C] or [B, T, C].

    Returns:
        float, shaped like `labels`.

    Example:

    >>> cross_entropy(ops.convert_to_tensor([0]), ops.log([[0.7, 0.3]])).numpy().round(3)
    array([0.357], dtype=float32)
    """
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SmoothedCrossEntropy:
    """Cross entropy with smoothed labels: the label has probability 1 - s, and s is distributed over all classes.

    Args:
        smoothing: s, in [0, 1); 0 is `cross_entropy`.

    Call arguments:
        labels: int [B] or [B, T].
        logits: float [B, C] or [B, T, C].

    Returns:
        float, shaped like `labels`.

    Raises:
        InputError: if `smoothing` is not in [0, 1).

    Example:

    >>> logits = ops.log(ops.convert_to_tensor([[0.7, 0.3]]))
    >>> SmoothedCrossEntropy(0.1)(ops.convert_to_tensor([0]), logits).numpy().round(3)  # .95 * .357 + .05 * 1.204
    array([0.399], dtype=float32)

    References: Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", section 7; Vaswani
    et al. 2017, section 5.4.
    """

    def __init__(self, smoothing: float = 0.1) -> None:
        if not 0 <= smoothing < 1:
            raise InputError(f"Expected a label smoothing in [0, 1). Received: smoothing={smoothing!r}")
        self.smoothing = smoothing

    def __call__(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Return the loss of every label."""
        losses = cross_entropy(labels, logits)
        if not self.smoothing:
            return losses
        # -sum_c q_c log p_c = -log p_label + s (z_label - mean z) with the logits z: one softmax is enough.
        return losses + self.smoothing * (_logit_of(labels, logits) - ops.mean(logits, axis=-1))

    def get_config(self) -> Config:
        """Return the arguments that rebuild this loss."""
        return {"smoothing": self.smoothing}

    @classmethod
    def from_config(cls, config: Config) -> "SmoothedCrossEntropy":
        """Rebuild the loss."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def span_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """Return -log of the probabilities of the first and of the last token of an answer, over all tokens.

    Args:
        labels: positions of the first and of the last token, int [B, 2].
        logits: float [B, T, 2].

    Returns:
        float [B, 2].

    Example:

    >>> logits = ops.log(ops.convert_to_tensor([[[0.7, 0.5], [0.3, 0.5]]]))
    >>> span_cross_entropy(ops.convert_to_tensor([[0, 1]]), logits).numpy().round(3)
    array([[0.357, 0.693]], dtype=float32)

    Reference: Devlin et al. 2019, section 4.2.
    """
    return cross_entropy(labels, ops.transpose(logits, (0, 2, 1)))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def crf_loss(labels: Tensor, scores: Tensor) -> Tensor:
    """Return the loss of a conditional random field, -log p of the tags of each text, divided equally among its words.

    With weight 1 for words and 0 for padding, the mean of these losses is a mean over words, as with `cross_entropy`
    for independent tags.

    Args:
        labels: int [B, T]; values at padding are ignored.
        scores: scores of `layers.CRF`, float [B, K + T, K].

    Returns:
        float [B, T], 0 at padding.

    Example:

    >>> from kerasnlp_zoo.layers import CRF
    >>> scores = CRF(num_classes=2)(ops.ones((1, 3, 4)), mask=[[True, True, False]])
    >>> crf_loss(ops.convert_to_tensor([[0, 1, 0]]), scores).shape
    TensorShape([1, 3])

    Reference: Lample et al. 2016, section 2.2.
    """
    is_real = ops.cast(is_real_word(scores), "float32")
    share = is_real / ops.maximum(ops.sum(is_real, axis=1, keepdims=True), 1.0)
    return -crf_log_likelihood(scores, labels)[:, None] * share


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def squared_error(labels: Tensor, scores: Tensor) -> Tensor:
    """Return the squared difference between a score and its label.

    Args:
        labels: float [B] or [B, 1].
        scores: float [B, 1].

    Returns:
        float [B].

    Example:

    >>> squared_error(ops.convert_to_tensor([5.0, 1.0]), ops.convert_to_tensor([[4.0], [1.0]])).numpy()
    array([1., 0.], dtype=float32)
    """
    scores = ops.squeeze(scores, -1)
    return ops.square(scores - ops.reshape(ops.cast(labels, scores.dtype), ops.shape(scores)))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def identity_loss(labels: Tensor, losses: Tensor) -> Tensor:
    """Return the outputs of a model that computes its own losses, such as `models.skip_gram`.

    Args:
        labels: ignored.
        losses: float [B, ...].

    Returns:
        The losses.

    Example:

    >>> identity_loss([0.0], ops.convert_to_tensor([0.5])).numpy()
    array([0.5], dtype=float32)
    """
    return losses


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def perceptron_loss(labels: Tensor, logits: Tensor) -> Tensor:
    """Return the difference between the highest logit and the logit of the label; it is 0 for a correct prediction.

    Its gradient is the perceptron's update rule: +1 at the predicted class, -1 at the label.

    Args:
        labels: int [B].
        logits: float [B, C].

    Returns:
        float [B].

    Example:

    >>> perceptron_loss(ops.convert_to_tensor([0, 1]), ops.convert_to_tensor([[1.0, 3.0], [1.0, 3.0]])).numpy()
    array([2., 0.], dtype=float32)

    Reference: Rosenblatt 1958; Collins 2002, figure 1.
    """
    # The logit at the argmax, not the maximum: a maximum would divide the gradient among equal logits.
    return _logit_of(ops.argmax(logits, axis=-1), logits) - _logit_of(labels, logits)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def hinge_loss(labels: Tensor, logits: Tensor) -> Tensor:
    """Return the hinge loss: max(0, 1 - margin), where the margin is the label's logit minus the highest other logit.

    Args:
        labels: int [B].
        logits: float [B, C].

    Returns:
        float [B], 0 for a correct prediction with a margin of at least 1.

    Example:

    >>> hinge_loss(ops.convert_to_tensor([0, 1]), ops.convert_to_tensor([[1.0, 0.5], [1.0, 3.0]])).numpy()
    array([0.5, 0. ], dtype=float32)

    Reference: Crammer and Singer 2001; with two classes max(0, 1 - y z), z the difference of the logits.
    """
    others = ops.not_equal(ops.expand_dims(labels, -1), ops.arange(logits.shape[-1], dtype=labels.dtype))
    margins = logits - ops.expand_dims(_logit_of(labels, logits), -1) + ops.cast(others, logits.dtype)
    return ops.max(margins, axis=-1)  # the margin at the label itself is 0


def _logit_of(labels: Tensor, logits: Tensor) -> Tensor:
    return ops.squeeze(ops.take_along_axis(logits, ops.cast(ops.expand_dims(labels, -1), "int32"), axis=-1), -1)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class GloveLoss:
    """f(X) (prediction - log X)^2 of a count X, with f(X) = min(1, X / x_max)^alpha.

    Small counts are noisy and have small weights. The loss of a count of 0 is 0.

    Args:
        x_max: counts of at least this number have weight 1. The paper uses 100 for billions of words; 10 suits
            millions of words.
        alpha: exponent of the weights of smaller counts, in [0, 1].

    Call arguments:
        counts: X >= 0, float [B, ...].
        predictions: predictions of log X, float [B, ...].

    Returns:
        float [B, ...].

    Raises:
        InputError: if `x_max` or `alpha` is out of range.

    Example:

    >>> counts = ops.convert_to_tensor([0.0, 16.0, 999.0])
    >>> predictions = ops.log([9.0, 16.0, 999.0]) + ops.convert_to_tensor([1.0, 1.0, 0.0])
    >>> GloveLoss(x_max=256, alpha=0.75)(counts, predictions).numpy()  # 16^-0.75
    array([0.   , 0.125, 0.   ], dtype=float32)

    Reference: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equations 8 and 9.
    """

    def __init__(self, x_max: float = 10.0, alpha: float = 0.75) -> None:
        if not (x_max > 0 and 0 <= alpha <= 1):
            raise InputError(
                "GloVe gives a count the weight min(1, count / x_max)^alpha. Expected x_max > 0, usually 10 to 100, "
                f"and alpha in [0, 1]. Received: x_max={x_max!r}, alpha={alpha!r}"
            )
        self.x_max, self.alpha = x_max, alpha

    def errors(self, counts: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weights f(X) and the errors prediction - log X, both float [B, ...]."""
        weights = ops.power(ops.minimum(counts / self.x_max, 1.0), self.alpha)
        is_cell = ops.cast(counts > 0, predictions.dtype)  # with alpha = 0, a count of 0 would have weight 1
        return weights * is_cell, predictions - ops.log(ops.maximum(counts, SMALLEST))

    def __call__(self, counts: Tensor, predictions: Tensor) -> Tensor:
        """Return the loss of every count."""
        weights, errors = self.errors(ops.cast(counts, predictions.dtype), predictions)
        return weights * ops.square(errors)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this loss."""
        return {"x_max": self.x_max, "alpha": self.alpha}

    @classmethod
    def from_config(cls, config: Config) -> "GloveLoss":
        """Rebuild the loss."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WeightedMeanLoss(keras.losses.Loss):
    """sum(loss * weight) / sum(weight), both sums over all replicas.

    Keras first averages on every replica and then over replicas. Then an example counts more if its replica has more
    padding. Here the gradient does not depend on how a batch is divided.

    Args:
        element_loss: registered function (labels, outputs in float32) -> one loss per weight.
        name: name of the loss.
        **kwargs: further arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: labels.
        y_pred: model outputs of any float dtype.
        sample_weight: 1 for a real element, 0 for padding, shaped like the element losses; None
            gives all elements weight 1.

    Returns:
        float32 scalar; its sum over replicas is the mean over the global batch. It is 0 if all weights are 0.

    Example:

    >>> import numpy as np
    >>> loss = WeightedMeanLoss(cross_entropy)
    >>> probabilities = [[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]]  # the last row is padding
    >>> round(float(loss(np.array([0, 1, 1]), np.log(probabilities), np.array([1.0, 1.0, 0.0]))), 3)
    0.525
    """

    def __init__(self, element_loss: ElementLoss, name: str = "loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.element_loss = element_loss

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Return the part of this replica of the mean over the global batch."""
        losses = self.element_loss(y_true, ops.cast(y_pred, "float32"))
        weights = ops.ones_like(losses) if sample_weight is None else ops.cast(sample_weight, losses.dtype)
        # `where`: the product of an infinite loss and the weight 0 of padding is NaN.
        total_loss = ops.sum(ops.where(weights > 0, losses * weights, 0.0))
        return ops.divide_no_nan(total_loss, _sum_over_replicas(ops.sum(weights)))

    def get_config(self) -> Config:
        """Return the arguments that rebuild this loss."""
        return {"name": self.name, "element_loss": keras.saving.serialize_keras_object(self.element_loss)}

    @classmethod
    def from_config(cls, config: Config) -> "WeightedMeanLoss":
        """Rebuild the loss."""
        return cls(keras.saving.deserialize_keras_object(config["element_loss"]), name=config["name"])


def classification_metrics() -> list[keras.metrics.Metric]:
    """Return the metrics of a classifier, accuracy and cross_entropy, for `compile(weighted_metrics=...)`.

    Both are exact means over the real examples. The loss that Keras reports is not exact: it is a mean over batches,
    which may have different numbers of real examples.

    Example:

    >>> [metric.name for metric in classification_metrics()]
    ['accuracy', 'cross_entropy']
    """
    return [
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy"),
    ]


def crf_metrics() -> list[keras.metrics.Metric]:
    """Return the metric of a conditional random field, for `compile(weighted_metrics=...)`.

    It is cross_entropy, the exact mean of `crf_loss` over the real words.

    Example:

    >>> [metric.name for metric in crf_metrics()]
    ['cross_entropy']
    """
    return [keras.metrics.MeanMetricWrapper(crf_loss, name="cross_entropy")]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def is_correct(labels: Tensor, logits: Tensor) -> Tensor:
    """Return 1 for labels whose logit is the highest, otherwise 0.

    Its mean is the accuracy. It is six times as fast as Keras' accuracy on large vocabularies.

    Args:
        labels: int [B, T].
        logits: float [B, T, C].

    Returns:
        float32 [B, T]; also 1 if other logits are as high as the logit of the label.

    Example:

    >>> is_correct(ops.convert_to_tensor([[0, 0]]), ops.convert_to_tensor([[[3.0, 1.0], [1.0, 3.0]]])).numpy()
    array([[1., 0.]], dtype=float32)
    """
    return ops.cast(_logit_of(labels, logits) >= ops.max(logits, axis=-1), "float32")


def _sum_over_replicas(value: tf.Tensor) -> tf.Tensor:
    """Return the sum of a scalar over the replicas of the current strategy."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
