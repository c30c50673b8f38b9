"""Loss and metrics of classifiers that assign any number of labels to a text.

Shapes: B batch, C labels.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class BinaryCrossEntropy:
    """Cross entropy of each label, which a text has or has not: -log sigmoid(z) or -log(1 - sigmoid(z)).

    Args:
        smoothing: s, in [0, 1); the target of a label is 1 - s / 2 if a text has it, otherwise s / 2.

    Call arguments:
        labels: float [B, C], 1 for the labels of a text, otherwise 0.
        logits: z, float [B, C].

    Returns:
        float [B, C].

    Raises:
        InputError: if `smoothing` is not in [0, 1).

    Example:

    >>> labels, logits = ops.convert_to_tensor([[1.0, 0.0]]), ops.convert_to_tensor([[0.0, -1.0]])
    >>> BinaryCrossEntropy()(labels, logits).numpy().round(3)
    array([[0.693, 0.313]], dtype=float32)
    """

    def __init__(self, smoothing: float = 0.0) -> None:
        if not 0 <= smoothing < 1:
            raise InputError(f"Expected a label smoothing in [0, 1). Received: smoothing={smoothing!r}")
        self.smoothing = smoothing

    def __call__(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Return the loss of every label."""
        targets = ops.cast(labels, logits.dtype) * (1 - self.smoothing) + self.smoothing / 2
        # max(z, 0) - z y + log(1 + exp(-|z|)): no exponential overflows.
        return ops.maximum(logits, 0.0) - logits * targets + ops.log1p(ops.exp(-ops.abs(logits)))

    def get_config(self) -> Config:
        """Return the arguments that rebuild this loss."""
        return {"smoothing": self.smoothing}

    @classmethod
    def from_config(cls, config: Config) -> "BinaryCrossEntropy":
        """Rebuild the loss."""
        return cls(**config)


def label_set_metrics() -> list[keras.metrics.Metric]:
    """Return the metric of label sets, for `compile(weighted_metrics=...)`.

    It is cross_entropy, the exact mean of `BinaryCrossEntropy` over the labels of the real examples.

    Example:

    >>> [metric.name for metric in label_set_metrics()]
    ['cross_entropy']
    """
    return [keras.metrics.MeanMetricWrapper(BinaryCrossEntropy(), name="cross_entropy")]
