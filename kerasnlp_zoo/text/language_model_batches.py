"""Batches of one long text; each batch continues where the previous one ended.

The text is split into B streams, one for each row of a batch. A batch contains the next T tokens of every stream.
The state of a model can therefore be passed from batch to batch, and every token is predicted once, from the
previous tokens of its stream.

Shapes: N tokens, B streams, T tokens of a segment, S segments.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, without_autotuning
from kerasnlp_zoo.vocabulary import END_ID


def language_model_batches(token_ids: np.ndarray, batch_size: int, segment_length: int) -> tf.data.Dataset:
    """Return a data set of (inputs, words, weights) that reads a text once.

    Args:
        token_ids: int array [N].
        batch_size: B.
        segment_length: T.

    Returns:
        `tf.data.Dataset` of known cardinality. Inputs are {"token_ids": int32 [B, T]; "words": int32 [B, T], the
        token after each of them; "is_start": int32 [B], 1 if the state must be reset}. Words int32 [B, T] are the
        labels. Weights float32 [B, T] are 0 after the end of a stream.

    Raises:
        InputError: if the text is shorter than `batch_size`.

    Example:

    >>> for inputs, words, weights in language_model_batches(np.arange(10, 17), batch_size=2, segment_length=3):
    ...     print(inputs["token_ids"].numpy().tolist(), words.numpy().tolist(), inputs["is_start"].numpy())
    [[3, 10, 11], [13, 14, 15]] [[10, 11, 12], [14, 15, 16]] [1 1]
    [[12, 0, 0], [0, 0, 0]] [[13, 0, 0], [0, 0, 0]] [0 0]
    """
    require_positive(batch_size=batch_size, segment_length=segment_length)
    if len(token_ids) < batch_size:
        raise InputError(
            f"A text of {len(token_ids)} tokens cannot be split into batch_size={batch_size} streams of at least one "
            "token. Use more text, or a smaller batch_size"
        )
    words = _streams(np.asarray(token_ids, "int32"), batch_size, segment_length)  # [B, S T]
    # The first word is predicted from the end of a line.
    before = _streams(np.append(END_ID, token_ids[:-1]).astype("int32"), batch_size, segment_length)
    segments = words.shape[1] // segment_length

    def segment(number: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        columns = tf.range(segment_length) + number * segment_length
        inputs, targets = tf.gather(before, columns, axis=1), tf.gather(words, columns, axis=1)
        features = {
            "token_ids": inputs,
            "words": targets,
            "is_start": tf.fill([batch_size], tf.cast(number == 0, tf.int32)),
        }
        return features, targets, tf.cast(targets != 0, tf.float32)

    before, words = tf.constant(before), tf.constant(words)
    dataset = tf.data.Dataset.range(segments, output_type=tf.int32).map(segment).prefetch(BATCHES_AHEAD)
    return dataset.with_options(without_autotuning())


def _streams(ids: np.ndarray, batch_size: int, segment_length: int) -> np.ndarray:
    """Split ids [N] into rows of complete segments, padded with 0: [B, S T]."""
    longest = -(-len(ids) // batch_size)
    rows = np.pad(ids, (0, batch_size * longest - len(ids))).reshape(batch_size, longest)
    return np.pad(rows, [(0, 0), (0, -longest % segment_length)])
