"""Pairs of segments are contiguous, fit their length, are true in half of the cases, and cover the text."""

import numpy as np
import pytest

from kerasnlp_zoo.text.segment_pairs import segment_pairs, sentences_of

ROOM = 40


@pytest.fixture(scope="module")
def corpus():
    """3000 documents of 1 to 30 sentences of 1 to 60 pieces: (boundaries, documents)."""
    random = np.random.default_rng(5)
    sentences = random.integers(1, 31, 3000)
    lengths = random.integers(1, 61, sentences.sum())
    return np.append(0, np.cumsum(lengths)), np.append(0, np.cumsum(sentences))


@pytest.fixture(scope="module")
def pairs(corpus):
    return segment_pairs(*corpus, ROOM, np.random.default_rng(1))


def document_of(corpus, pieces):
    boundaries, documents = corpus
    return np.searchsorted(boundaries[documents], pieces, side="right")


def test_boundaries_are_read_from_zeros_in_the_ids(random):
    documents = [[[9] * n for n in random.integers(1, 9, random.integers(1, 6))] for _ in range(50)]
    ids = np.array([n for document in documents for n in [*(n for s in document for n in (*s, 0)), 0]])
    pieces, boundaries, starts = sentences_of(ids)
    assert len(pieces) == np.count_nonzero(ids)
    assert np.diff(starts).tolist() == [len(document) for document in documents]
    assert np.diff(boundaries).tolist() == [len(sentence) for document in documents for sentence in document]


def test_segments_lie_in_one_document_and_fit_the_length(corpus, pairs):
    spans, _ = pairs
    first, second = spans[:, :2], spans[:, 2:]
    for start, end in (first.T, second.T):
        assert (end > start).all()
        np.testing.assert_array_equal(document_of(corpus, start), document_of(corpus, end - 1))
    lengths = np.diff(first)[:, 0] + np.diff(second)[:, 0]
    assert lengths.min() >= 2
    assert lengths.max() == ROOM


def test_a_true_second_segment_follows_the_first(pairs):
    spans, is_random = pairs
    np.testing.assert_array_equal(spans[is_random == 0, 1], spans[is_random == 0, 2])


def test_a_random_second_segment_begins_at_a_sentence_of_another_document(corpus, pairs):
    spans, is_random = pairs
    drawn = spans[is_random == 1]
    assert (document_of(corpus, drawn[:, 0]) != document_of(corpus, drawn[:, 2])).all()
    assert np.isin(drawn[:, 2], corpus[0]).all()


def test_half_of_the_pairs_are_true(pairs):
    _, is_random = pairs
    deviation = np.sqrt(len(is_random)) / 2
    assert len(is_random) > 20_000
    assert abs(is_random.sum() - len(is_random) / 2) < 4 * deviation


def test_true_and_random_pairs_have_similar_lengths(pairs):
    spans, is_random = pairs
    lengths = np.diff(spans[:, 2:])[:, 0]
    true, drawn = (lengths[is_random == label].mean() for label in (0, 1))
    assert abs(true - drawn) < 0.1 * true  # the rest of the difference: some random documents end early


def test_a_tenth_of_the_pairs_is_shortened():
    boundaries, documents = np.arange(0, 400_001, 4), np.arange(0, 100_001, 50_000)
    spans, is_random = segment_pairs(boundaries, documents, ROOM, np.random.default_rng(2))
    lengths = (np.diff(spans[:, :2]) + np.diff(spans[:, 2:]))[is_random == 0, 0]
    expected = 0.1 * (ROOM - 2) / (ROOM - 1)  # the longest of them is as long as the others
    share = np.mean(lengths < ROOM)
    assert abs(share - expected) < 4 * np.sqrt(expected / len(lengths)) + 1e-3  # the end of a document


def test_sentences_that_fit_are_all_used_in_pairs():
    random = np.random.default_rng(3)
    boundaries = np.append(0, np.cumsum(random.integers(1, 10, 4000)))
    documents = np.arange(0, 4001, 20)
    spans, _ = segment_pairs(boundaries, documents, 10**6, np.random.default_rng(4))
    seen = np.zeros(boundaries[-1], bool)
    for start, end in spans[:, :2]:
        seen[start:end] = True
    for _, _, start, end in spans:
        seen[start:end] = True
    assert seen.mean() > 0.99  # not used: remainders of single sentences, and documents of one piece


def test_two_pieces_make_a_pair_and_one_piece_does_not():
    spans, _ = segment_pairs(np.array([0, 1, 3, 6]), np.array([0, 1, 2, 3]), 2, np.random.default_rng(0))
    assert {tuple(span) for span in spans[:, :2].tolist()} == {(1, 2), (3, 4)}
