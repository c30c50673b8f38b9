"""One long text in batches, each of which goes on where the one before ended.

The text is cut into B streams, one a row; a batch holds the next T tokens of every stream. So a state can be
carried from batch to batch, and every token is predicted once, from those before it in its stream.

Shapes: N tokens, B streams, T tokens of a segment.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, without_autotuning
from kerasnlp_zoo.vocabulary import END_ID


def language_model_batches(token_ids, batch_size, segment_length):
    """Make a tf.data set of (inputs, words, weights) that goes once through a text.

    Args:
        token_ids: int array [N].
        batch_size: int, B.
        segment_length: int, T.

    Returns:
        `tf.data.Dataset` of known cardinality. Inputs are {"token_ids": int32 [B, T], "words": int32 [B, T],
        those that follow each of them, "is_start": int32 [B], 1 where the state is to be forgotten}; the weights
        float32 [B, T] are 0 behind the end of a stream.

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
            f"A text of {len(token_ids)} tokens cannot be cut into batch_size={batch_size} streams. "
            "Use more text, or a smaller batch"
        )
    words = _streams(np.asarray(token_ids, "int32"), batch_size, segment_length)  # [B, S T]
    # Before the first word stands the end of a line.
    before = _streams(np.append(END_ID, token_ids[:-1]).astype("int32"), batch_size, segment_length)
    segments = words.shape[1] // segment_length

    def segment(number):
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


def _streams(ids, batch_size, segment_length):
    """Cut ids [N] into rows of whole segments, filled up with 0: [B, S T]."""
    longest = -(-len(ids) // batch_size)
    rows = np.pad(ids, (0, batch_size * longest - len(ids))).reshape(batch_size, longest)
    return np.pad(rows, [(0, 0), (0, -longest % segment_length)])
