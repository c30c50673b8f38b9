"""The one reduction of losses in this project: the mean over the weights of the whole global batch.

Shapes: B batch, T time, C classes.
"""

import keras
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.crf import crf_log_likelihood, is_real_word

SMALLEST = 1e-30  # no logarithm of 0


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def cross_entropy(labels, logits):
    """Return -log softmax(logits)[label] for each label.

    Args:
        labels: int tensor [B] or [B, T].
        logits: float tensor [B, C] or [B, T, C].

    Returns:
        float tensor like `labels`.

    Example:

    >>> cross_entropy(ops.convert_to_tensor([0]), ops.log([[0.7, 0.3]])).numpy().round(3)
    array([0.357], dtype=float32)
    """
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class SmoothedCrossEntropy:
    """Cross entropy with a distribution that gives the label 1 - s and shares s out over all classes.

    Args:
        smoothing: float in [0, 1), s; 0 for `cross_entropy`.

    Call arguments:
        labels: int tensor [B] or [B, T].
        logits: float tensor [B, C] or [B, T, C].

    Returns:
        float tensor like `labels`.

    Example:

    >>> logits = ops.log(ops.convert_to_tensor([[0.7, 0.3]]))
    >>> SmoothedCrossEntropy(0.1)(ops.convert_to_tensor([0]), logits).numpy().round(3)  # .95 * .357 + .05 * 1.204
    array([0.399], dtype=float32)

    References: Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", section 7; Vaswani
    et al. 2017, section 5.4.
    """

    def __init__(self, smoothing=0.1):
        if not 0 <= smoothing < 1:
            raise InputError(f"Labels are smoothed by a share in [0, 1). Received: smoothing={smoothing!r}")
        self.smoothing = smoothing

    def __call__(self, labels, logits):
        """Return the loss of every label."""
        losses = cross_entropy(labels, logits)
        if not self.smoothing:
            return losses
        # -sum_c q_c log p_c = -log p_label + s (z_label - mean z), z the logits: the softmax is computed once.
        return losses + self.smoothing * (_logit_of(labels, logits) - ops.mean(logits, axis=-1))

    def get_config(self):
        """Return the arguments that rebuild this loss."""
        return {"smoothing": self.smoothing}

    @classmethod
    def from_config(cls, config):
        """Rebuild the loss."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def span_cross_entropy(labels, logits):
    """Return -log of the probabilities of the first and of the last token of an answer, over all tokens.

    Args:
        labels: int tensor [B, 2], places of the first and of the last token.
        logits: float tensor [B, T, 2].

    Returns:
        float tensor [B, 2].

    Example:

    >>> logits = ops.log(ops.convert_to_tensor([[[0.7, 0.5], [0.3, 0.5]]]))
    >>> span_cross_entropy(ops.convert_to_tensor([[0, 1]]), logits).numpy().round(3)
    array([[0.357, 0.693]], dtype=float32)

    Reference: Devlin et al. 2019, section 4.2.
    """
    return cross_entropy(labels, ops.transpose(logits, (0, 2, 1)))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def crf_loss(labels, scores):
    """Return how unlikely a conditional random field finds the tags of each text, -log p, shared out over its words.

    So losses can be weighed by 1 for a word and 0 for padding, and their mean is one over words, as that of
    `cross_entropy` over independent tags.

    Args:
        labels: int tensor [B, T]; what it says at padding does not matter.
        scores: float tensor [B, K + T, K] of `layers.CRF`.

    Returns:
        float tensor [B, T], 0 at padding.

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
def squared_error(labels, scores):
    """Return the squared difference between a score and its label.

    Args:
        labels: float tensor [B].
        scores: float tensor [B, 1].

    Returns:
        float tensor [B].

    Example:

    >>> squared_error(ops.convert_to_tensor([5.0, 1.0]), ops.convert_to_tensor([[4.0], [1.0]])).numpy()
    array([1., 0.], dtype=float32)
    """
    return ops.square(ops.squeeze(scores, -1) - ops.cast(labels, scores.dtype))


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def identity_loss(labels, losses):
    """Return the losses that a model itself gives, such as `models.skip_gram`; the labels are not looked at.

    Args:
        labels: tensor [B, ...].
        losses: float tensor [B, ...].

    Returns:
        float tensor, the losses.

    Example:

    >>> identity_loss([0.0], ops.convert_to_tensor([0.5])).numpy()
    array([0.5], dtype=float32)
    """
    return losses


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def perceptron_loss(labels, logits):
    """Return how far the highest logit stands above that of the label: 0 for a right answer.

    Its gradient is the perceptron's update rule: +1 at the class that was answered, -1 at the label.

    Args:
        labels: int tensor [B].
        logits: float tensor [B, C].

    Returns:
        float tensor [B].

    Example:

    >>> perceptron_loss(ops.convert_to_tensor([0, 1]), ops.convert_to_tensor([[1.0, 3.0], [1.0, 3.0]])).numpy()
    array([2., 0.], dtype=float32)

    Reference: Rosenblatt 1958; Collins 2002, figure 1.
    """
    # The logit at the argmax, not the maximum: among equals a maximum would share the gradient out.
    return _logit_of(ops.argmax(logits, axis=-1), logits) - _logit_of(labels, logits)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def hinge_loss(labels, logits):
    """Return how much the label's logit lacks to stand 1 above every other.

    Args:
        labels: int tensor [B].
        logits: float tensor [B, C].

    Returns:
        float tensor [B], 0 for a right answer with that margin.

    Example:

    >>> hinge_loss(ops.convert_to_tensor([0, 1]), ops.convert_to_tensor([[1.0, 0.5], [1.0, 3.0]])).numpy()
    array([0.5, 0. ], dtype=float32)

    Reference: Crammer and Singer 2001; with two classes max(0, 1 - y z), z the difference of the logits.
    """
    others = ops.not_equal(ops.expand_dims(labels, -1), ops.arange(logits.shape[-1], dtype=labels.dtype))
    margins = logits - ops.expand_dims(_logit_of(labels, logits), -1) + ops.cast(others, logits.dtype)
    return ops.max(margins, axis=-1)  # at the label itself 0


def _logit_of(labels, logits):
    return ops.squeeze(ops.take_along_axis(logits, ops.cast(ops.expand_dims(labels, -1), "int32"), axis=-1), -1)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class GloveLoss:
    """f(X) (prediction - log X)^2 of a count X, with f(X) = min(1, X / x_max)^alpha.

    Errors count little where counts are small and chance rules. A count of 0 is no cell: its loss is 0.

    Args:
        x_max: float, the count from which on all weigh alike. The paper has 100 for billions of words;
            10 suits some million.
        alpha: float.

    Call arguments:
        counts: float tensor [B, ...], not negative.
        predictions: float tensor [B, ...], of log X.

    Returns:
        float tensor [B, ...].

    Example:

    >>> counts = ops.convert_to_tensor([0.0, 16.0, 999.0])
    >>> predictions = ops.log([9.0, 16.0, 999.0]) + ops.convert_to_tensor([1.0, 1.0, 0.0])
    >>> GloveLoss(x_max=256, alpha=0.75)(counts, predictions).numpy()  # 16^-0.75
    array([0.   , 0.125, 0.   ], dtype=float32)

    Reference: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equations 8 and 9.
    """

    def __init__(self, x_max=10.0, alpha=0.75):
        if not (x_max > 0 and 0 <= alpha <= 1):
            raise InputError(
                "GloVe weighs a count by min(1, count / x_max)^alpha. Expected x_max > 0, usual are 10 to 100, and "
                f"alpha from 0 to 1. Received: x_max={x_max!r}, alpha={alpha!r}"
            )
        self.x_max, self.alpha = x_max, alpha

    def errors(self, counts, predictions):
        """Return (f(X), prediction - log X), both float tensors [B, ...]."""
        weights = ops.power(ops.minimum(counts / self.x_max, 1.0), self.alpha)
        is_cell = ops.cast(counts > 0, predictions.dtype)  # alpha = 0 would weigh a count of 0 by 1
        return weights * is_cell, predictions - ops.log(ops.maximum(counts, SMALLEST))

    def __call__(self, counts, predictions):
        """Return the loss of every count."""
        weights, errors = self.errors(ops.cast(counts, predictions.dtype), predictions)
        return weights * ops.square(errors)

    def get_config(self):
        """Return the arguments that rebuild this loss."""
        return {"x_max": self.x_max, "alpha": self.alpha}

    @classmethod
    def from_config(cls, config):
        """Rebuild the loss."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WeightedMeanLoss(keras.losses.Loss):
    """sum(loss * weight) / sum(weight), both sums over all replicas.

    Keras averages on every replica first and then over replicas, which gives an example more weight
    when its replica holds more padding. Here the gradient is the same however a batch is split.

    Args:
        element_loss: registered function (labels, outputs in float32) -> one loss per weight.
        name: str.

    Call arguments:
        y_true: labels.
        y_pred: model outputs of any float dtype.
        sample_weight: 1 for a real element, 0 for padding, shaped like the element losses; None
            counts everything.

    Returns:
        float32 scalar; its sum over replicas is the mean over the global batch. 0 if all weights are 0.

    Example:

    >>> import numpy as np
    >>> loss = WeightedMeanLoss(cross_entropy)
    >>> probabilities = [[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]]  # the last row is padding
    >>> round(float(loss(np.array([0, 1, 1]), np.log(probabilities), np.array([1.0, 1.0, 0.0]))), 3)
    0.525
    """

    def __init__(self, element_loss, name="loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.element_loss = element_loss

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Reduce over the global batch."""
        losses = self.element_loss(y_true, ops.cast(y_pred, "float32"))
        weights = ops.ones_like(losses) if sample_weight is None else ops.cast(sample_weight, losses.dtype)
        # `where`: an infinite loss in a row of padding must not become NaN.
        total_loss = ops.sum(ops.where(weights > 0, losses * weights, 0.0))
        return ops.divide_no_nan(total_loss, _sum_over_replicas(ops.sum(weights)))

    def get_config(self):
        """Return the arguments that rebuild this loss."""
        return {"name": self.name, "element_loss": keras.saving.serialize_keras_object(self.element_loss)}

    @classmethod
    def from_config(cls, config):
        """Rebuild the loss."""
        return cls(keras.saving.deserialize_keras_object(config["element_loss"]), name=config["name"])


def classification_metrics():
    """Return the metrics of a classifier, for `compile(weighted_metrics=...)`.

    Keras averages the loss over batches, however few real rows a batch has; these are exact means
    over the real examples.

    Returns:
        list of `keras.metrics.Metric`: accuracy and cross_entropy.

    Example:

    >>> [metric.name for metric in classification_metrics()]
    ['accuracy', 'cross_entropy']
    """
    return [
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy"),
    ]


def crf_metrics():
    """Return the metrics of a conditional random field, for `compile(weighted_metrics=...)`.

    Returns:
        list of `keras.metrics.Metric`: cross_entropy, the exact mean of `crf_loss` over the real words.

    Example:

    >>> [metric.name for metric in crf_metrics()]
    ['cross_entropy']
    """
    return [keras.metrics.MeanMetricWrapper(crf_loss, name="cross_entropy")]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
def is_correct(labels, logits):
    """Tell where no class has a higher logit than the label.

    The accuracy of vocabularies: Keras' own spends six times as long, on which of two zeros is the higher.

    Args:
        labels: int tensor [B, T].
        logits: float tensor [B, T, C].

    Returns:
        float32 tensor [B, T], 1 or 0.

    Example:

    >>> is_correct(ops.convert_to_tensor([[0, 0]]), ops.convert_to_tensor([[[3.0, 1.0], [1.0, 3.0]]])).numpy()
    array([[1., 0.]], dtype=float32)
    """
    return ops.cast(_logit_of(labels, logits) >= ops.max(logits, axis=-1), "float32")


def _sum_over_replicas(value):
    """Add a scalar up over the replicas of the current strategy."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
