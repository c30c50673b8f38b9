"""Counts of words near words and in documents equal those of a slow loop over the text."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import Vocabulary, cooccurrence_counts, term_document_counts, tf_idf
from kerasnlp_zoo.text.corpus import encode_corpus
from tests.small_data import LIKES

COUNTED = """I-like 2  I-enjoy 1  I-deep 1  I-NLP 1  I-flying 1  like-deep 1  like-learning 1  like-NLP 1  like-. 1
enjoy-flying 1  enjoy-. 1  deep-learning 1  deep-. 1  learning-. 1  NLP-. 1  flying-. 1"""
IN_DOCUMENTS = """I 1 1 1  like 1 1 0  enjoy 0 0 1  deep 1 0 0  learning 1 0 0  NLP 0 1 0  flying 0 0 1  . 1 1 1"""


@pytest.fixture
def encode(tmp_path):
    def encoded(sentences):
        chunk = [word for sentence in sentences for word in sentence], [len(sentence) for sentence in sentences]
        return encode_corpus([chunk], tmp_path / "corpus", 1)

    return encoded


@pytest.fixture
def corpus(encode, random):
    """Return sentences of 0 to 12 words out of 30; some words occur next to themselves."""
    return encode([[f"w{n}" for n in random.zipf(1.5, random.integers(0, 13)) % 30] for _ in range(60)])


def slow_counts(corpus, window, weighting, direction):
    ids = np.concatenate(list(corpus.blocks()))
    counts = np.zeros((len(corpus.vocabulary),) * 2)
    sentences = np.split(ids, np.flatnonzero(ids == 0) + 1)
    for sentence in sentences:
        for place, word in enumerate(sentence):
            for other, context in enumerate(sentence):
                distance = abs(place - other)
                side = "left" if other < place else "right"
                if word and context and 0 < distance <= window and direction in ("both", side):
                    counts[word, context] += 1 / distance if weighting == "harmonic" else 1
    return counts


@pytest.mark.parametrize("window", [1, 2, 5, 40])  # 40: wider than any sentence
@pytest.mark.parametrize("weighting", ["harmonic", "flat"])
@pytest.mark.parametrize("direction", ["both", "left", "right"])
def test_counts_equal_a_slow_loop_for_any_chunk_size(corpus, window, weighting, direction):
    expected = slow_counts(corpus, window, weighting, direction)
    for chunk_size in (1, 97, 10**6):  # chunks of one word, of some sentences, and of the complete text
        counts = cooccurrence_counts(corpus, window, weighting, direction, chunk_size)
        np.testing.assert_allclose(counts.toarray(), expected, rtol=1e-12)
        assert counts.nnz == np.count_nonzero(expected)
        assert counts.indices.dtype == "int32"  # half the bytes of int64


def test_word_counts_of_three_sentences(encode):
    corpus = encode([sentence.split() for sentence in LIKES])
    place = {token: row for row, token in enumerate(corpus.vocabulary.tokens)}
    expected = np.zeros((len(place),) * 2)
    for pair, count in zip(COUNTED.split()[::2], COUNTED.split()[1::2], strict=True):
        first, second = pair.split("-")
        expected[place[first], place[second]] = expected[place[second], place[first]] = count
    np.testing.assert_array_equal(cooccurrence_counts(corpus, 2, "flat").toarray(), expected)


def test_term_document_counts_are_equal_for_lists_and_for_a_corpus(encode):
    documents = [sentence.split() for sentence in LIKES]
    corpus = encode(documents)
    fields = IN_DOCUMENTS.split()
    by_word = {fields[n]: [int(count) for count in fields[n + 1 : n + 4]] for n in range(0, len(fields), 4)}
    expected = [[0] * 3] * 2 + [by_word[token] for token in corpus.vocabulary.tokens[2:]]
    np.testing.assert_array_equal(term_document_counts(corpus).toarray(), expected)
    np.testing.assert_array_equal(term_document_counts(documents, corpus.vocabulary).toarray(), expected)


def test_tf_idf_equals_a_slow_loop(encode):
    counts = term_document_counts(encode([["a", "a", "b"], ["a"], ["c"]]))
    dense = counts.toarray()
    expected = np.zeros(dense.shape)
    for (word, document), count in np.ndenumerate(dense):
        documents_with = sum(dense[word] > 0)
        expected[word, document] = count * (np.log(4 / (1 + documents_with)) + 1)
    np.testing.assert_allclose(tf_idf(counts).toarray(), expected)
    np.testing.assert_array_equal(counts.toarray(), dense)  # the counts are not changed


def test_documents_can_be_empty_and_have_repeated_and_unknown_words():
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "cat"])
    counts = term_document_counts([["cat", "cat", "yak"], [], ["[PAD]"]], vocabulary)
    np.testing.assert_array_equal(counts.toarray(), [[0, 0, 0], [1, 0, 1], [2, 0, 0]])


def test_sentence_numbers_continue_from_block_to_block(corpus, monkeypatch):
    expected = term_document_counts(corpus).toarray()
    blocks = type(corpus).blocks
    monkeypatch.setattr(type(corpus), "blocks", lambda self: blocks(self, 10))
    np.testing.assert_array_equal(term_document_counts(corpus).toarray(), expected)
    assert expected.shape[1] == corpus.num_sentences
    np.testing.assert_array_equal(expected.sum(axis=1), corpus.counts)


def test_invalid_input_is_refused(encode):
    corpus = encode([["one"], ["word"], ["each"]])
    with pytest.raises(InputError, match="No two words .* 3 words in 3 sentences"):
        cooccurrence_counts(corpus)
    for arguments, message in (
        ({"window": 0}, "window must be"),
        ({"weighting": "linear"}, "weighting must be one of"),
        ({"direction": "up"}, "direction must be one of"),
    ):
        with pytest.raises(InputError, match=message):
            cooccurrence_counts(corpus, **arguments)
    with pytest.raises(InputError, match="no document"):
        term_document_counts([], corpus.vocabulary)
    with pytest.raises(InputError, match="need a vocabulary"):
        term_document_counts([["a"]])
