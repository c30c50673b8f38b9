"""Train the model of a task on labelled texts, with the defaults of the recipes."""

import inspect
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.objectives.lazy_adam import LazyAdam
from kerasnlp_zoo.objectives.losses import WeightedMeanLoss
from kerasnlp_zoo.objectives.objective import Objective, objective_of
from kerasnlp_zoo.tasks.exportable import Texts

if TYPE_CHECKING:
    import tensorflow as tf

logger = logging.getLogger("kerasnlp_zoo")
LEARNING_RATE = 1e-3
# The default learning rates of the recipes, by the beginning of the builder's name.
LEARNING_RATES = {
    "softmax_regression": 1e-2,
    "logistic_regression": 1e-2,
    "linear_svm": 1e-2,
    "multilayer_perceptron": 1e-2,
    "bilstm": 2e-3,
    "transformer": 5e-4,
    "bert": 1e-4,
}


class Trainable:
    """The part of a task that trains its model."""

    name: str
    model: keras.Model

    if TYPE_CHECKING:

        def dataset(
            self,
            texts: Texts,
            labels: Sequence[Any] | None = None,
            batch_size: int = 32,
            training: bool = False,
            seed: int = 0,
        ) -> tf.data.Dataset:
            """Return a `tf.data.Dataset` for `model.fit`."""

    @property
    def _builder(self) -> str:
        """Name of the builder of the model; "" if it does not come from a builder."""
        name: str = getattr(self.model, "builder_config", {"builder": ""})["builder"]
        return name

    def objective(self, label_smoothing: float = 0.0) -> Objective:
        """Return the loss and the metrics with which the batches of `dataset` train the model.

        Args:
            label_smoothing: share of the target probability that is distributed over all labels.

        Raises:
            InputError: for a task that is not trained on labels.
        """
        return objective_of(self.name, self._builder, label_smoothing)

    def compile(self, learning_rate: float | None = None) -> None:
        """Compile the model with the defaults of the recipes.

        The loss is the mean over the real labels of a batch, without padding. The metrics are exact means over them.
        `LazyAdam` updates only the vectors of the words in a batch.

        Args:
            learning_rate: None for the default of the recipe of the model: 1e-4 for BERT, 5e-4 for other Transformers,
                2e-3 for recurrent networks, 1e-2 for linear models, and 1e-3 for all others.

        Raises:
            InputError: for a task that is not trained on labels.

        Example:

        >>> from kerasnlp_zoo import zoo
        >>> task = zoo.load("text_cnn_movie_reviews_en", labels=["calm", "angry"])
        >>> task.compile()
        >>> type(task.model.optimizer).__name__
        'LazyAdam'
        """
        objective = self.objective()
        if learning_rate is None:
            fitting = (rate for start, rate in LEARNING_RATES.items() if self._builder.startswith(start))
            learning_rate = next(fitting, LEARNING_RATE)
        # Rosenblatt's update has no learning rate.
        optimizer = keras.optimizers.SGD(1.0) if self._builder == "perceptron" else LazyAdam(learning_rate)
        self.model.compile(optimizer, WeightedMeanLoss(objective.loss), weighted_metrics=objective.metrics())

    def fit(
        self,
        texts: Texts,
        labels: Sequence[Any],
        validation: tuple[Texts, Sequence[Any]] | None = None,
        epochs: int = 20,
        batch_size: int = 32,
        patience: int = 3,
        seed: int = 0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        **arguments: Any,
    ) -> keras.callbacks.History:
        """Train the model, and keep its best weights. A model that is not compiled is compiled by `compile()`.

        Args:
            texts: the training texts.
            labels: their labels, as `dataset` takes them.
            validation: (texts, labels) that select the best epoch: training stops after `patience` epochs without a
                better score. None: train all epochs and keep the last weights.
            epochs: maximum number of passes over the training texts.
            batch_size: number of texts in a batch.
            patience: number of epochs without a better validation score after which training stops.
            seed: seed of the order of the texts.
            callbacks: further callbacks.
            **arguments: `class_weights`, for a task that has it in `dataset`, and further arguments of `model.fit`,
                such as `verbose`.

        Returns:
            The history of `model.fit`.

        Raises:
            InputError: if the texts or labels do not fit the task, or for `class_weight` of Keras.

        Example:

        >>> from kerasnlp_zoo import models, tasks, text
        >>> texts, labels = ["thank you", "never again!", "all fine"], ["calm", "angry", "calm"]
        >>> preprocessor = text.WordPreprocessor.from_texts(texts)
        >>> model = models.softmax_regression(preprocessor.vocabulary_size, 2, weighting="count")
        >>> task = tasks.TextClassification(model, preprocessor, ["angry", "calm"])
        >>> history = task.fit(texts, labels, validation=(["fine", "never!"], ["calm", "angry"]), verbose=0)
        >>> history.history["val_accuracy"][-1]
        1.0
        """
        if "class_weight" in arguments:
            raise InputError(
                "Keras' class_weight cannot be used: the batches of a task have weights already, 0 for padding. Use "
                'class_weights="balanced" or {label: weight}, which multiply them'
            )
        require_positive(epochs=epochs, patience=patience)
        if not self.model.compiled:
            self.compile()
        weighting = {name: arguments.pop(name) for name in ("class_weights",) if name in arguments}
        training_data = self.dataset(texts, labels, batch_size, training=True, seed=seed, **weighting)
        stopping = []
        if validation is not None:
            arguments["validation_data"] = self.dataset(*validation, batch_size, **weighting)
            monitor = self.objective().monitor
            mode = "max" if monitor == "val_accuracy" else "min"
            stopping = [keras.callbacks.EarlyStopping(monitor, patience=patience, mode=mode, restore_best_weights=True)]
        history = self.model.fit(
            training_data, epochs=epochs, shuffle=False, callbacks=[*stopping, *callbacks], **arguments
        )
        if validation is not None:
            self._after_training(*validation)
        return history

    def _after_training(self, texts: Texts, labels: Sequence[Any]) -> None:
        """Choose what is chosen on validation texts after training."""

    def _warn_of_plain_loss(self) -> None:
        """Log a warning if the model was compiled with a loss that takes its logits for probabilities."""
        loss = self.model.loss if self.model.compiled else None
        if loss is not None and _expects_probabilities(loss):
            logger.warning(
                "%s returns logits, but the loss of its compile() expects probabilities, so that it learns badly. Use "
                "task.compile(), or a loss with from_logits=True",
                self.model.name,
            )


def _expects_probabilities(loss: Any) -> bool:
    """Return whether a loss of Keras has from_logits=False.

    Example:

    >>> _expects_probabilities("sparse_categorical_crossentropy"), _expects_probabilities("mean_squared_error")
    (True, False)
    >>> _expects_probabilities(keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    False
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        return loss.get_config().get("from_logits") is False
    return callable(loss) and "from_logits" in inspect.signature(loss).parameters
