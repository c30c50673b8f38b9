import numpy as np
import tensorflow as tf

from kerasnlp_zoo.text.ragged import cut_rows, filter_rows, row_ids


def random_rows(random, most):
    rows = [random.integers(100, size=random.integers(0, most)).tolist() for _ in range(7)]
    return rows, tf.ragged.constant(rows, tf.int32, ragged_rank=1, row_splits_dtype=tf.int64)


def test_rows_equal_those_of_lists(random):
    for most in (1, 2, 5):
        rows, values = random_rows(random, most)
        assert row_ids(values).numpy().tolist() == [n for n, row in enumerate(rows) for _ in row]
        half = [len(row) // 2 for row in rows]
        cut = cut_rows(values, tf.constant(half, tf.int64))
        assert cut.to_list() == [row[:length] for row, length in zip(rows, half, strict=True)]
        even = filter_rows(values, values.values % 2 == 0)
        assert even.to_list() == [[value for value in row if value % 2 == 0] for row in rows]


def test_an_empty_batch_stays_empty():
    nothing = tf.RaggedTensor.from_row_splits(tf.zeros([0], tf.int32), tf.zeros([1], tf.int64))
    assert filter_rows(nothing, np.zeros(0, bool)).to_list() == []
    assert row_ids(nothing).shape == (0,)
