"""The flag that weights the classes in the loss."""

import dataclasses
from pathlib import Path

from kerasnlp_zoo.datasets.class_weights import BALANCED, ClassWeights, read_class_weights
from kerasnlp_zoo.training.repetition import RepeatableConfig


@dataclasses.dataclass
class ClassifierConfig(RepeatableConfig):
    """The flags of `RepeatableConfig`, and the weights of the classes."""

    class_weights: str | None = None
    """Weights of the classes in the loss, for data with rare classes. balanced: all classes count equally. Or a file
    with the weight of each label: JSON such as {"spam": 5, "other": 1}, or a table with two columns. Default: all
    texts count equally."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        self.read_class_weights()

    def read_class_weights(self) -> ClassWeights | None:
        """Return the weights of the classes, as `TextClassification.dataset` takes them."""
        if self.class_weights is None:
            return None
        return BALANCED if self.class_weights == BALANCED else read_class_weights(Path(self.class_weights))
