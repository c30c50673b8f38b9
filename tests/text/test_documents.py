"""Documents are stored complete in blocks, and the blocks to hold out are taken evenly from the corpus."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPieceVocabulary
from kerasnlp_zoo.text.documents import BLOCKS, Documents, encode_documents

VOCABULARY = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] a b c".split())


def random_documents(random, count=200):
    """Return documents, lists of lists of ids, and their stream with some extra blank lines."""
    documents = [
        [random.integers(5, 8, random.integers(1, 9)).tolist() for _ in range(random.integers(1, 12))]
        for _ in range(count)
    ]
    stream = [0] * 3 + [
        n for document in documents for n in [*(n for sentence in document for n in (*sentence, 0)), 0, 0]
    ]
    return documents, np.array(stream, "int32")


def sentences_of_blocks(documents):
    numbers = range(len(documents.starts) - 1)
    text = " ".join(map(str, documents.read_blocks(numbers)))
    return [[sentence.split() for sentence in d.split(" 0 ") if sentence] for d in f" {text} ".split(" 0 0 ")[:-1]]


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_chunk_size_of_the_stream_does_not_change_the_documents(random, tmp_path, size):
    expected, stream = random_documents(random)
    chunks = np.split(stream, np.arange(size, len(stream), size))
    documents = encode_documents(chunks, VOCABULARY, tmp_path / "ids", block=200)
    assert documents.num_documents == len(expected)
    assert documents.num_tokens == np.count_nonzero(stream)
    assert [[list(map(int, s)) for s in d] for d in sentences_of_blocks(documents)] == expected


def test_blocks_are_nearly_full_and_contain_complete_documents(random, tmp_path):
    _, stream = random_documents(random)
    documents = encode_documents([stream], VOCABULARY, tmp_path / "ids", block=200)
    sizes = np.diff(documents.starts)
    longest = 12 * 9
    assert sizes.max() <= 200 + 1
    assert sizes[:-1].min() >= 200 - longest
    for number in range(len(sizes)):
        assert documents.read_blocks([number])[-2:].tolist() == [0, 0]


@pytest.mark.parametrize("size", [50, 10**6])
def test_a_document_longer_than_a_block_is_split_at_sentence_ends(tmp_path, size):
    sentence = [5, 6, 7, 6, 0]
    stream = np.array(sentence * 500, "int32")
    chunks = np.split(stream, np.arange(size, len(stream), size))
    documents = encode_documents(chunks, VOCABULARY, tmp_path / "ids", block=64)
    assert documents.num_documents == -(-500 // 12)
    assert all(s == ["5", "6", "7", "6"] for d in sentences_of_blocks(documents) for s in d)
    assert sum(map(len, sentences_of_blocks(documents))) == 500


def test_training_and_held_out_blocks_do_not_overlap(tmp_path):
    stream = np.tile([5, 6, 0, 0], 64 * 400).astype("int32")
    documents = encode_documents([stream], VOCABULARY, tmp_path / "ids", block=64)
    training, validation = documents.held_out()
    assert sorted([*training, *validation]) == list(range(len(documents.starts) - 1))
    assert len(validation) == (len(training) + len(validation)) // 50
    assert np.ptp(np.diff(validation)) <= 1  # evenly over the corpus


def test_too_little_text_and_broken_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no words"):
        encode_documents([np.array([0, 0, 0])], VOCABULARY, tmp_path / "none")
    documents = encode_documents([np.array([5, 0, 0])], VOCABULARY, tmp_path / "ids")
    with pytest.raises(InputError, match="too short to pretrain on: 1 tokens"):
        documents.held_out()
    (tmp_path / "ids" / "token_ids.int32").write_bytes(b"1234")
    with pytest.raises(InputError, match="is incomplete"):
        Documents.load(tmp_path / "ids")
    with pytest.raises(InputError, match="does not contain complete documents"):
        Documents.load(tmp_path)


@pytest.mark.parametrize("starts", [[], [0.0, 1.0], [1, 2], [0, 5, 3], [[0, 1]]])
def test_impossible_starts_of_blocks_are_refused(starts, random, tmp_path):
    _, stream = random_documents(random)
    encode_documents([stream], VOCABULARY, tmp_path / "documents")
    np.save(tmp_path / "documents" / BLOCKS, np.array(starts))
    with pytest.raises(InputError, match="increasing numbers"):
        Documents.load(tmp_path / "documents")
