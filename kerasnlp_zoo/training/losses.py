"""The one reduction of losses in this project: the mean over the weights of the whole global batch.

Shapes: B batch, T time, C classes.
"""

import keras
import tensorflow as tf
from keras import ops


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


def _sum_over_replicas(value):
    """Add a scalar up over the replicas of the current strategy."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
