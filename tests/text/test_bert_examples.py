"""Examples to pretrain BERT on: they follow the paper's proportions, have correct labels, and can be reproduced."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPieceVocabulary
from kerasnlp_zoo.text.batches import EpochNumber, chunk_order
from kerasnlp_zoo.text.bert_examples import BertExamples, blocks_of_group, num_groups
from kerasnlp_zoo.text.documents import encode_documents

VOCABULARY = WordPieceVocabulary(["[PAD]", "[UNK]", "a", "[CLS]", "[SEP]", "[MASK]", *(f"w{n}" for n in range(94))])
PADDING, UNKNOWN, CLASSIFICATION, SEPARATOR, MASK = 0, 1, 3, 4, 5
ORDINARY = [2, *range(6, 100)]
LENGTH = 32


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """Return 300 documents. Some words are unknown, and some texts contain [MASK]."""
    random = np.random.default_rng(7)
    ids = []
    for _ in range(300):
        for length in random.integers(1, 30, random.integers(1, 15)):
            ids += [*random.choice([*ORDINARY * 3, UNKNOWN, MASK], length), 0]
        ids.append(0)
    return encode_documents([np.array(ids, "int32")], VOCABULARY, tmp_path_factory.mktemp("bert") / "ids", block=512)


@pytest.fixture(scope="module")
def columns(documents):
    """Return about 20,000 examples of several epochs as arrays: inputs, labels, weights."""
    batches = list(BertExamples(documents, LENGTH).training(batch_size=50, steps=400))
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *batches)


def original(inputs, labels, weights):
    """Replace the masked tokens by their labels."""
    token_ids = inputs["token_ids"].copy()
    rows, places = np.nonzero(weights["mlm_logits"])
    token_ids[rows, inputs["masked_positions"][rows, places]] = labels["mlm_logits"][rows, places]
    return token_ids


def within(count, total, share, deviations=4):
    return abs(count - total * share) < deviations * np.sqrt(total * share * (1 - share))


def test_shapes_are_constant_and_padding_is_zero(columns):
    inputs, labels, weights = columns
    assert inputs["token_ids"].shape == inputs["segment_ids"].shape == (20_000, LENGTH)
    assert inputs["masked_positions"].shape == labels["mlm_logits"].shape == (20_000, 5)  # ceil(0.15 * 32)
    unused = weights["mlm_logits"] == 0
    assert not inputs["masked_positions"][unused].any()
    assert not labels["mlm_logits"][unused].any()
    assert set(np.unique(weights["mlm_logits"])) == {0.0, 1.0}
    assert (weights["nsp_logits"] == 1).all()


def test_examples_have_special_tokens_and_unmasking_restores_the_text(documents, columns):
    inputs, labels, _ = columns
    training, _ = documents.held_out()
    ids = documents.read_blocks(training)
    texts = ["".join(map(chr, d[d != 0])) for d in np.split(ids, np.flatnonzero((ids[1:] == 0) & (ids[:-1] == 0)) + 2)]
    corpus_text = "\0".join(texts)
    token_ids = original(*columns)
    for row in range(0, 20_000, 40):
        real = token_ids[row][: np.count_nonzero(token_ids[row])]
        first, second, rest = np.split(real, np.flatnonzero(real == SEPARATOR) + 1)
        assert first[0] == CLASSIFICATION
        assert not len(rest)
        assert not token_ids[row][len(real) :].any()
        first, second = ("".join(map(chr, part)) for part in (first[1:-1], second[:-1]))
        assert first
        assert second
        assert first in corpus_text
        assert second in corpus_text
        if labels["nsp_logits"][row] == 0:
            assert first + second in corpus_text
        elif len(first) + len(second) > 8:  # shorter ones can occur there by chance
            assert first + second not in corpus_text
        segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
        assert inputs["segment_ids"][row].tolist() == segments + [0] * (LENGTH - len(segments))


def test_special_tokens_are_neither_masked_nor_used_as_replacements(columns):
    inputs, labels, weights = columns
    chosen = weights["mlm_logits"] > 0
    assert set(labels["mlm_logits"][chosen]) == set(ORDINARY)
    shown = np.take_along_axis(inputs["token_ids"], inputs["masked_positions"], axis=1)[chosen]
    assert set(shown) == {MASK, *ORDINARY}


def test_fifteen_percent_of_the_positions_are_chosen_without_repetition(columns):
    inputs, _, weights = columns
    can_be = np.isin(original(*columns), ORDINARY).sum(axis=1)
    chosen = weights["mlm_logits"].sum(axis=1)
    np.testing.assert_array_equal(chosen, np.minimum(can_be, np.maximum(1, np.round(0.15 * can_be))))
    for row in range(0, 20_000, 100):
        places = inputs["masked_positions"][row][weights["mlm_logits"][row] > 0]
        assert len(set(places)) == len(places)


def test_every_position_of_the_text_is_chosen_equally_often(columns):
    inputs, _, weights = columns
    full = original(*columns)
    full = np.isin(full, ORDINARY).sum(axis=1) == 29  # only ordinary tokens, which are all chosen alike
    chosen = inputs["masked_positions"][full][weights["mlm_logits"][full] > 0]
    num_chosen = weights["mlm_logits"][full].sum()
    segments = inputs["segment_ids"][full]
    share_of_second = (segments.sum() - len(segments)) / (29 * len(segments))
    in_second = np.take_along_axis(segments, inputs["masked_positions"][full], axis=1)[weights["mlm_logits"][full] > 0]
    assert within(in_second.sum(), num_chosen, share_of_second)
    assert {*range(2, 30)} <= set(chosen)


def test_chosen_tokens_are_80_percent_masked_10_percent_replaced_and_10_percent_kept(columns):
    inputs, labels, weights = columns
    chosen = weights["mlm_logits"] > 0
    shown = np.take_along_axis(inputs["token_ids"], inputs["masked_positions"], axis=1)[chosen]
    true = labels["mlm_logits"][chosen]
    total = len(true)
    assert total > 40_000
    assert within((shown == MASK).sum(), total, 0.8)
    by_chance = 0.1 / len(ORDINARY)  # a random token can be the original one
    assert within((shown == true).sum(), total, 0.1 + by_chance)
    replaced = shown[(shown != MASK) & (shown != true)]
    assert within(len(replaced), total, 0.1 - by_chance)
    counts = np.bincount(replaced, minlength=100)[ORDINARY]
    expected = len(replaced) / len(ORDINARY)
    assert ((counts - expected) ** 2 / expected).sum() < len(ORDINARY) + 5 * np.sqrt(2 * len(ORDINARY))  # chi square


def test_half_of_the_second_segments_are_from_another_document(columns):
    assert within(columns[1]["nsp_logits"].sum(), 20_000, 0.5)


def bits(dataset):
    return [part.numpy().tobytes() for batch in dataset for part in tf.nest.flatten(batch)]


@pytest.fixture
def epoch():
    def set_epoch(number):
        EpochNumber.value = number

    yield set_epoch
    EpochNumber.value = None


def test_an_epoch_is_reproducible_and_differs_from_other_epochs(documents, epoch):
    examples = BertExamples(documents, LENGTH)
    dataset = examples.training(16, steps=20)
    epochs = []
    for number in range(3):
        epoch(number)
        epochs.append(bits(dataset))
    assert len({token_ids for run in epochs for token_ids in run[2::7]}) == 3 * 20
    epoch(2)  # resumed
    assert bits(BertExamples(documents, LENGTH).training(16, steps=20)) == epochs[2]
    assert bits(BertExamples(documents, LENGTH, seed=2).training(16, steps=20)) != epochs[2]


def test_every_epoch_masks_the_text_differently(documents, epoch):
    dataset = BertExamples(documents, LENGTH).training(16, steps=60)
    seen = []
    for number in range(2):
        epoch(number)
        columns = tf.nest.map_structure(lambda *parts: np.concatenate(parts), *dataset)
        texts = original(*columns)
        seen.append({t.tobytes(): i.tobytes() for t, i in zip(texts, columns[0]["token_ids"], strict=True)})
    same = seen[0].keys() & seen[1].keys()
    assert len(same) > 10
    assert sum(seen[0][text] == seen[1][text] for text in same) < len(same) / 4


def test_every_epoch_reads_each_block_once_in_a_new_order():
    blocks = np.arange(3, 200)
    orders = [np.concatenate([blocks_of_group(blocks, 1, epoch, g) for g in range(4)]) for epoch in range(2)]
    assert all(sorted(order) == list(blocks) for order in orders)
    assert orders[0].tolist() != orders[1].tolist()


def test_validation_examples_are_constant_and_contain_no_training_text(documents, epoch):
    examples = BertExamples(documents, LENGTH)
    epoch(0)
    first = list(examples.validation(16))
    epoch(1)
    assert bits(first) == bits(examples.validation(16))
    assert len(first) == int(examples.validation(16).cardinality())
    columns = tf.nest.map_structure(lambda *parts: np.concatenate(parts), *first)
    is_padding = columns[2]["nsp_logits"] == 0
    assert 0 < is_padding.sum() < 16
    assert not columns[0]["token_ids"][is_padding].any()
    assert not columns[2]["mlm_logits"][is_padding].any()
    training, _ = documents.held_out()
    trained_on = "".join(map(chr, documents.read_blocks(training)))
    texts = original(*columns)[~is_padding]
    shown = ["".join(map(chr, t[1:10])) for t in texts if np.count_nonzero(t[1:10] != SEPARATOR) == 9]
    assert len(shown) > 10
    assert not any(text in trained_on for text in shown)


def test_the_estimated_number_of_steps_is_close(documents, epoch):
    epoch(0)
    examples = BertExamples(documents, LENGTH)
    training, _ = documents.held_out()
    a_pass = examples._examples(chunk_order(num_groups(training), examples.seed), training)
    num_examples = sum(len(labels["nsp_logits"]) for _, labels, _ in a_pass)
    assert examples.steps_of_a_pass(10) == pytest.approx(num_examples / 10, rel=0.05)
    assert int(examples.training(10, steps=7).cardinality()) == 7


@pytest.mark.parametrize("length", [0, 4])
def test_too_short_lengths_are_refused(documents, length):
    with pytest.raises(InputError, match="max_sequence_length"):
        BertExamples(documents, length)
