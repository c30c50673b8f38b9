"""Adam that leaves the word vectors alone that a batch does not contain.

Shapes: V vocabulary, D width of a word vector, N rows of the gradient, U different rows among them.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LazyAdam(keras.optimizers.Adam):
    """Adam whose cost grows with the words of a batch, not with the vocabulary.

    A look-up has a gradient for the rows [N, D] that were looked up, not for the whole table [V, D].
    Adam would still decay the moments of all V rows and move all V rows at every step. Here the rows
    of a batch are updated as Adam does, and the other rows and their moments stay as they are, until
    their word occurs again. All other weights are updated by Adam itself.

    Example:

    >>> embeddings = keras.Variable([[1.0], [1.0]])
    >>> gradient = tf.IndexedSlices(values=tf.constant([[2.0]]), indices=[1])
    >>> LazyAdam(learning_rate=0.5).apply([gradient], [embeddings])
    >>> embeddings.numpy().round(3)
    array([[1. ],
           [0.5]], dtype=float32)

    Reference: Kingma and Ba 2015, algorithm 1; for rows alone as in SparseAdam of PyTorch.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Update the whole variable, or only the rows its gradient names."""
        if not isinstance(gradient, tf.IndexedSlices) or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        momentum, velocity = self._momentums[place], self._velocities[place]  # [V, D]
        learning_rate = tf.cast(learning_rate, variable.dtype)
        step = tf.cast(self.iterations + 1, variable.dtype)
        # The two bias corrections of algorithm 1 in one factor, as at the end of its section 2.
        step_size = learning_rate * tf.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)

        # A word that stands several times in a batch: its gradients are added up before they are squared.
        rows, places = tf.unique(gradient.indices)  # [U], [N]
        gradients = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))  # [U, D]
        first = self.beta_1 * tf.gather(momentum.value, rows) + (1 - self.beta_1) * gradients
        second = self.beta_2 * tf.gather(velocity.value, rows) + (1 - self.beta_2) * tf.square(gradients)
        self.assign(momentum, tf.IndexedSlices(first, rows))
        self.assign(velocity, tf.IndexedSlices(second, rows))
        self.assign_sub(variable, tf.IndexedSlices(step_size * first / (tf.sqrt(second) + self.epsilon), rows))
