import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.batches import BatchRows, EpochNumber, bucket_lengths, bucketed_batches


@pytest.fixture
def lengths(random):
    return random.integers(0, 60, 1003)


def epochs(rows, count):
    return [[(tuple(batch), int(length)) for batch, length in rows] for _ in range(count)]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 7, 50, 2000])
def test_every_example_occurs_once_in_batches_of_equal_size(lengths, shuffle, batch_size):
    rows = BatchRows(lengths, batch_size, shuffle, seed=1)
    batches = list(rows)
    assert len(batches) == len(rows)
    assert {len(batch) for batch, _ in batches} == {batch_size}
    assert sum(np.any(batch < 0) for batch, _ in batches) <= 1
    seen = np.concatenate([batch for batch, _ in batches])
    assert sorted(seen[seen >= 0]) == list(range(len(lengths)))
    assert all(lengths[batch[batch >= 0]].max(initial=0) <= length for batch, length in batches)


def test_batches_have_few_shapes_and_little_padding(lengths):
    rows = BatchRows(lengths, 10, shuffle=True, seed=1)
    assert len({length for _, length in rows}) <= 8
    places = sum(10 * length for _, length in rows)
    assert lengths.sum() / places > 0.85


def test_the_order_depends_only_on_seed_and_epoch(lengths):
    first, second = epochs(BatchRows(lengths, 10, True, seed=1), 2)
    assert first != second
    assert epochs(BatchRows(lengths, 10, True, seed=1), 2) == [first, second]
    assert epochs(BatchRows(lengths, 10, True, seed=2), 1) != [first]
    resumed = BatchRows(lengths, 10, True, seed=1)
    EpochNumber.value = 1
    try:
        assert epochs(resumed, 2) == [second, second]
    finally:
        EpochNumber.value = None


def test_without_shuffling_shorter_examples_come_first(lengths):
    seen = np.concatenate([batch for batch, _ in BatchRows(lengths, 10, False, seed=1)])
    assert np.all(np.diff(lengths[seen[seen >= 0]]) >= 0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("num_buckets", [1, 2, 3, 4])
def test_bucket_lengths_minimise_the_padding(num_buckets, seed):
    lengths = np.random.default_rng(seed).geometric(0.2, 40)

    def positions(ends):
        return sum(min(end for end in ends if end >= length) for length in lengths)

    shorter = sorted(set(lengths.tolist()) - {lengths.max()})
    every_choice = itertools.combinations(shorter, min(num_buckets - 1, len(shorter)))
    cheapest = min(positions([*choice, lengths.max()]) for choice in every_choice)
    chosen = bucket_lengths(lengths, num_buckets)
    assert len(chosen) <= num_buckets
    assert positions(chosen) == cheapest


@pytest.mark.parametrize(("lengths", "expected"), [([5, 5, 5], [5]), ([0], [1]), ([0, 1, 2], [1, 2])])
def test_bucket_lengths_of_few_different_lengths(lengths, expected):
    assert bucket_lengths(np.array(lengths)).tolist() == expected


def test_a_million_lengths_are_grouped_quickly():
    ends = bucket_lengths(np.random.default_rng(0).geometric(0.001, 1_000_000))
    assert len(ends) == 8
    assert np.all(np.diff(ends) > 0)


def test_batches_contain_ids_labels_and_weights():
    ids = tf.ragged.constant([[5], [6, 7], [], [8, 9, 3]], dtype=tf.int32)
    dataset = bucketed_batches({"token_ids": ids}, [0, 1, 2, 3], batch_size=3)
    found = {}
    for inputs, labels, weights in dataset:
        assert inputs["token_ids"].shape[0] == labels.shape[0] == weights.shape[0] == 3
        for row, label, weight in zip(inputs["token_ids"].numpy(), labels.numpy(), weights.numpy(), strict=True):
            if weight:
                found[int(label)] = row[row != 0].tolist()
            else:
                assert not row.any()
                assert label == 0
    assert found == {0: [5], 1: [6, 7], 2: [], 3: [8, 9, 3]}


@pytest.mark.parametrize(("texts", "labels"), [([], []), ([[1]], [1, 2])])
def test_no_texts_and_mismatched_labels_are_refused(texts, labels):
    ids = tf.RaggedTensor.from_row_lengths(tf.constant(sum(texts, []), tf.int32), [len(text) for text in texts])
    with pytest.raises(InputError, match=f"{len(texts)} texts and {len(labels)} labels"):
        bucketed_batches({"token_ids": ids}, labels, batch_size=2)
