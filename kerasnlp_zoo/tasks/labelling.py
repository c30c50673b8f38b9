"""The common part of tasks whose answers are the probabilities of labels, for a text or for its windows.

Shapes: N texts, W windows, C labels.
"""

import tensorflow as tf

from kerasnlp_zoo.tasks.task import Answer, Task
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.sequences import SequencePreprocessor
from kerasnlp_zoo.text.windows import in_blocks, overlapping_windows


class Labelling(Task[Answer]):
    """A task that converts the logits of labels to probabilities, and the probabilities to answers."""

    has_windows = True

    def answer(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the dict of answers for logits [N, C]."""
        return self._labelled(self._probabilities(outputs))

    def _strings_to_answers(self, *strings: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answer texts; with windows, the probabilities of a text are the mean of those of its windows."""
        if not self.windows:
            return super()._strings_to_answers(*strings)
        preprocessor = self.preprocessor
        assert isinstance(preprocessor, SequencePreprocessor)  # checked by with_windows
        complete = preprocessor.complete_features(*strings)
        windows = overlapping_windows(complete["token_ids"].row_lengths(), preprocessor.room)
        features = padded(preprocessor.framed(windows.of(complete)))
        probabilities = in_blocks(  # [W, C]
            lambda block: self._probabilities(self.model(self._model_inputs(block), training=False)),
            features,
            tf.TensorSpec([None, len(self.labels)], tf.float32),
        )
        return self._labelled(tf.math.segment_mean(probabilities, windows.text))

    def _probabilities(self, outputs: tf.Tensor) -> tf.Tensor:
        """Convert logits [N, C] to probabilities, float32 [N, C]."""
        raise NotImplementedError(f"{type(self).__name__} must define _probabilities(outputs)")

    def _labelled(self, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the dict of answers for probabilities [N, C]."""
        raise NotImplementedError(f"{type(self).__name__} must define _labelled(probabilities)")
