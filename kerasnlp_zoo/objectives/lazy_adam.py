"""Adam that updates only the word vectors of the words in a batch.

Shapes: V vocabulary, D width of a word vector, N rows of the gradient, U different rows among them.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from kerasnlp_zoo.objectives.gradient_norm import MeasuresGradient, merged_rows


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LazyAdam(MeasuresGradient, keras.optimizers.Adam):
    """Adam whose cost grows with the number of words in a batch, not with the size of the vocabulary.

    The gradient of an embedding has only the rows [N, D] that were looked up, not the complete table [V, D]. However,
    Adam decays the moments of all V rows at every step, and its momentum changes a row for about ten steps after its
    word occurred. Here a row makes this change in one step. When its word occurs again, its second moment is decayed
    for all steps since the last time. For embeddings this is exactly Adam with beta_1 = 0; all other weights are
    updated by Adam itself.

    `global_clipnorm` uses the looked-up rows directly; Keras would first convert them into complete tables.

    Example:

    >>> embeddings = keras.Variable([[1.0], [1.0]])
    >>> gradient = tf.IndexedSlices(values=tf.constant([[2.0]]), indices=[1])
    >>> LazyAdam(learning_rate=0.5).apply([gradient], [embeddings])
    >>> embeddings.numpy().round(3)
    array([[1. ],
           [0.5]], dtype=float32)

    Reference: Kingma and Ba 2015, algorithm 1.
    """

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Create Adam's moments and, for every matrix, the last step that updated each of its rows."""
        if self.built:
            return
        super().build(variables)
        self._last_steps: list[keras.Variable | None] = [
            self.add_variable((variable.shape[0],), name="last_step") if len(variable.shape) == 2 else None
            for variable in variables
        ]

    def _clip_gradients(self, gradients: list[Any]) -> list[Any]:
        """Scale all gradients down if their common norm is above `global_clipnorm`."""
        if not self.global_clipnorm:
            return super()._clip_gradients(gradients)
        norm = self.measure(gradients)
        return tf.clip_by_global_norm([merged_rows(g) for g in gradients], self.global_clipnorm, use_norm=norm)[0]

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Update the complete variable, or only the rows that its gradient has."""
        if not isinstance(gradient, tf.IndexedSlices) or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        velocity, last_step = self._velocities[index], self._last_steps[index]  # [V, D], [V]
        step = tf.cast(self.iterations + 1, variable.dtype)
        # The bias correction of algorithm 1 as one factor: see the end of the paper's section 2.
        step_size = tf.cast(learning_rate, variable.dtype) * tf.sqrt(1 - self.beta_2**step)

        gradient = merged_rows(gradient)
        gradients, rows = gradient.values, gradient.indices  # [U, D], [U]
        decay = self.beta_2 ** (step - tf.gather(last_step.value, rows))  # [U]
        seconds = decay[:, None] * tf.gather(velocity.value, rows) + (1 - self.beta_2) * tf.square(gradients)
        self.assign(velocity, tf.IndexedSlices(seconds, rows))
        self.assign(last_step, tf.IndexedSlices(tf.fill([tf.size(rows)], step), rows))
        self.assign_sub(variable, tf.IndexedSlices(step_size * gradients / (tf.sqrt(seconds) + self.epsilon), rows))
