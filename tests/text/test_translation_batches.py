import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.translation_batches import TranslationBatchRows, translation_batches


def pairs(random, count=500):
    lengths = random.integers(1, 30, count)
    others = np.maximum(1, lengths + random.integers(-3, 4, count))
    return [
        tf.RaggedTensor.from_row_lengths(random.integers(4, 99, int(sizes.sum())).astype("int32"), sizes)
        for sizes in (lengths, others)
    ]


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_pair_occurs_once_in_an_epoch(random, shuffle):
    source, target = pairs(random)
    received = []
    for inputs, labels, weights in translation_batches(source, target, 256, shuffle=shuffle):
        assert inputs["source_ids"].shape[0] * max(inputs["source_ids"].shape[1], labels.shape[1]) <= 256
        np.testing.assert_array_equal(weights, labels != 0)
        for a, b in zip(inputs["source_ids"].numpy(), labels.numpy(), strict=True):
            if b.any():
                received.append((tuple(a[a > 0]), tuple(b[b > 0])))
    expected = [(tuple(a), tuple(b)) for a, b in zip(source.to_list(), target.to_list(), strict=True)]
    assert sorted(received) == sorted(expected)


def test_inputs_are_the_labels_shifted_by_one_position(random):
    source, target = pairs(random, 50)
    for inputs, labels, _ in translation_batches(source, target, 128, multiple=4):
        before = inputs["target_ids"].numpy()
        assert np.all(before[:, 0] == 2)
        np.testing.assert_array_equal(before[:, 1:], np.where(labels[:, 1:] != 0, labels[:, :-1], 0))
        assert labels.shape[0] % 4 == 0


def test_the_pairs_of_a_batch_do_not_depend_on_the_number_of_replicas(random):
    source, target = pairs(random, 100)
    batches = [
        [
            labels.numpy()[labels.numpy().any(axis=1)].tolist()
            for _, labels, _ in translation_batches(source, target, 128, multiple, shuffle=True, seed=3)
        ]
        for multiple in (1, 2, 5)
    ]
    assert batches[0] == batches[1] == batches[2]


def test_the_order_depends_only_on_seed_and_epoch_and_padding_is_small(random):
    source, target = pairs(random, 2000)

    def order(**arguments):
        return [
            labels.numpy().tolist()
            for _, labels, _ in translation_batches(source, target, 512, shuffle=True, **arguments)
        ]

    assert order(seed=1) == order(seed=1) != order(seed=2)
    dataset = translation_batches(source, target, 512, shuffle=True)
    epochs = [[labels.numpy().tolist() for _, labels, _ in dataset] for _ in range(2)]
    assert epochs[0] != epochs[1]
    assert len(epochs[0]) == dataset.cardinality()
    shares = [[np.mean(values != 0) for values in (inputs["source_ids"], labels)] for inputs, labels, _ in dataset]
    assert np.min(np.mean(shares, axis=0)) > 0.75


def test_invalid_input_is_refused(random):
    with pytest.raises(InputError, match="no room for a pair of the longest length, 9 tokens"):
        TranslationBatchRows(np.array([9]), np.array([3]), tokens=8, multiple=2, shuffle=False, seed=0)
    source, target = pairs(random, 5)
    with pytest.raises(InputError, match="Received: 5 sources and 4 targets"):
        translation_batches(source, target[:4], 512)
