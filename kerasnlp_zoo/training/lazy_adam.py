"""Adam that does work only for the word vectors that a batch contains.

Shapes: V vocabulary, D width of a word vector, N rows of the gradient, U different rows among them.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class LazyAdam(keras.optimizers.Adam):
    """Adam whose cost grows with the words of a batch, not with the vocabulary.

    A look-up has a gradient for the rows [N, D] that were looked up, not for the whole table [V, D]. Adam
    would still decay the moments of all V rows at every step, and go on moving each row for some ten
    steps after its word was seen, by its momentum. Here a row is moved at once by what Adam spreads over
    those steps, and its second moment is decayed, when its word occurs again, for all steps since. That
    is exactly Adam with beta_1 = 0 on the rows of look-ups, and Adam itself on all other weights.

    `global_clipnorm` counts and scales the rows of look-ups as such; in Keras they would become whole tables first.

    Example:

    >>> embeddings = keras.Variable([[1.0], [1.0]])
    >>> gradient = tf.IndexedSlices(values=tf.constant([[2.0]]), indices=[1])
    >>> LazyAdam(learning_rate=0.5).apply([gradient], [embeddings])
    >>> embeddings.numpy().round(3)
    array([[1. ],
           [0.5]], dtype=float32)

    Reference: Kingma and Ba 2015, algorithm 1.
    """

    def build(self, variables):
        """Create Adam's moments and, for every matrix, the last step that saw each of its rows."""
        if self.built:
            return
        super().build(variables)
        self._last_steps = [
            self.add_variable((variable.shape[0],), name="last_step") if len(variable.shape) == 2 else None
            for variable in variables
        ]

    def _clip_gradients(self, gradients):
        """Shorten all gradients together, if their norm is above `global_clipnorm`."""
        if not self.global_clipnorm:
            return super()._clip_gradients(gradients)
        return tf.clip_by_global_norm([merged_rows(gradient) for gradient in gradients], self.global_clipnorm)[0]

    def update_step(self, gradient, variable, learning_rate):
        """Update the whole variable, or only the rows its gradient names."""
        if not isinstance(gradient, tf.IndexedSlices) or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        velocity, last_step = self._velocities[place], self._last_steps[place]  # [V, D], [V]
        step = tf.cast(self.iterations + 1, variable.dtype)
        # The bias correction of algorithm 1 as one factor, as at the end of the paper's section 2.
        step_size = tf.cast(learning_rate, variable.dtype) * tf.sqrt(1 - self.beta_2**step)

        gradient = merged_rows(gradient)
        gradients, rows = gradient.values, gradient.indices  # [U, D], [U]
        decay = self.beta_2 ** (step - tf.gather(last_step.value, rows))  # [U]
        seconds = decay[:, None] * tf.gather(velocity.value, rows) + (1 - self.beta_2) * tf.square(gradients)
        self.assign(velocity, tf.IndexedSlices(seconds, rows))
        self.assign(last_step, tf.IndexedSlices(tf.fill([tf.size(rows)], step), rows))
        self.assign_sub(variable, tf.IndexedSlices(step_size * gradients / (tf.sqrt(seconds) + self.epsilon), rows))


def merged_rows(gradient):
    """Add up the gradients of a word that stands several times in a batch, as must be done before they are squared.

    Args:
        gradient: `tf.IndexedSlices` of N rows; any other gradient is returned as it is.

    Returns:
        `tf.IndexedSlices` of U rows, all different.

    Example:

    >>> merged_rows(tf.IndexedSlices(tf.constant([[1.0], [5.0], [2.0]]), tf.constant([7, 3, 7]))).values.numpy()
    array([[3.],
           [5.]], dtype=float32)
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, places = tf.unique(gradient.indices)  # [U], [N]
    values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))  # [U, D]
    return tf.IndexedSlices(values, rows, gradient.dense_shape)
