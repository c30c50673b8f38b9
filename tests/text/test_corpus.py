"""A corpus on disk contains the text that was read, in bounded memory."""

import collections

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import corpus as module
from kerasnlp_zoo.text.corpus import Corpus, encode_corpus, recode_corpus
from kerasnlp_zoo.vocabulary import Vocabulary


def chunks_of(sentences, size=7):
    """Yield sentences as bytes, a few at a time."""
    for start in range(0, len(sentences), size):
        part = sentences[start : start + size]
        yield [word.encode() for sentence in part for word in sentence], np.array([len(s) for s in part], "int64")


@pytest.fixture
def sentences(random):
    return [[f"w{number}" for number in random.zipf(1.4, random.integers(0, 9)) % 60] for _ in range(400)]


@pytest.mark.parametrize(("min_count", "max_size"), [(1, None), (3, None), (2, 12)])
def test_ids_equal_those_of_a_slow_count(sentences, tmp_path, monkeypatch, min_count, max_size):
    monkeypatch.setattr(module, "BLOCK", 100)  # many edges
    corpus = encode_corpus(chunks_of(sentences), tmp_path / "corpus", min_count, max_size)
    counts = collections.Counter(word for sentence in sentences for word in sentence)
    place_of = {token: place for place, token in enumerate(corpus.vocabulary.tokens)}
    expected = []
    for sentence in sentences:
        kept = [place_of[word] for word in sentence if word in place_of]
        expected += [*kept, 0] if kept else []
    assert np.concatenate(list(corpus.blocks(17))).tolist() == expected
    assert len(corpus) == len(expected)
    assert corpus.counts.tolist()[2:] == [counts[token] for token in corpus.vocabulary.tokens[2:]]
    assert min(corpus.counts[2:]) >= min_count
    assert Corpus.load(tmp_path / "corpus").vocabulary.tokens == corpus.vocabulary.tokens


@pytest.mark.parametrize("max_size", [None, 12, 3])
def test_known_words_keep_their_ids_and_new_words_follow_them(sentences, tmp_path, max_size):
    known = Vocabulary(["[PAD]", "[UNK]", "w59", "never", "w1", "w40"])  # rare, absent and frequent words
    plain = encode_corpus(chunks_of(sentences), tmp_path / "plain", min_count=1)
    corpus = encode_corpus(chunks_of(sentences), tmp_path / "corpus", 3, max_size, known)
    new = [
        t for t, count in zip(plain.vocabulary.tokens, plain.counts, strict=True) if count >= 3 and t not in known.ids
    ]
    assert corpus.vocabulary.tokens == [*known.tokens, *new][: max(len(known), max_size or 99)]
    counts = dict(zip(plain.vocabulary.tokens, plain.counts, strict=True))
    assert corpus.counts.tolist() == [counts.get(token, 0) for token in corpus.vocabulary.tokens]
    read = [corpus.vocabulary.tokens[row] for row in np.concatenate(list(corpus.blocks())) if row]
    assert read == [word for sentence in sentences for word in sentence if word in corpus.vocabulary.ids]


def test_many_different_words_are_counted_in_bounded_memory(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(module, "MOST_WORDS", 100)
    sentences = [["the", f"only-{number}", "cat", f"once-{number}"] for number in range(2000)]
    corpus = encode_corpus(chunks_of(sentences), tmp_path / "corpus", min_count=2)
    assert corpus.vocabulary.tokens[2:] == ["cat", "the"]
    assert corpus.counts[2:].tolist() == [2000, 2000]
    assert "forgotten" in caplog.text


@pytest.mark.parametrize(
    ("sentences", "message"), [([], "no words"), ([[], []], "no words"), ([["a", "b", "a"]], "'a', occurs 2 times")]
)
def test_a_corpus_without_words_is_refused_and_leaves_nothing(tmp_path, sentences, message):
    with pytest.raises(InputError, match=message):
        encode_corpus(chunks_of(sentences), tmp_path / "corpus", min_count=5)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_corpus_is_refused(sentences, tmp_path):
    corpus = encode_corpus(chunks_of(sentences), tmp_path / "corpus", 1)
    path = corpus.folder / module.IDS
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(InputError, match="is incomplete. Expected"):
        Corpus.load(corpus.folder)
    with pytest.raises(InputError, match="does not contain a complete corpus"):
        Corpus.load(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match="does not contain a complete corpus. Encode it again. FileNotFoundError"):
        Corpus.load(corpus.folder)


@pytest.mark.parametrize("max_size", [None, 6])
@pytest.mark.parametrize("known", [None, Vocabulary(["[PAD]", "[UNK]", "z", "b"])])
def test_ids_of_a_corpus_give_the_corpus_of_its_text(tmp_path, max_size, known):
    generator = np.random.default_rng(1)
    sentences = [list(generator.choice(list("aabbbcdefgh"), generator.integers(0, 6))) for _ in range(40)]
    everything = encode_corpus(chunks_of(sentences), tmp_path / "all", min_count=1)
    again = recode_corpus(everything, tmp_path / "again", 8, max_size, known)
    expected = encode_corpus(chunks_of(sentences), tmp_path / "expected", 8, max_size, known)
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == {
        path.name: path.read_bytes() for path in expected.folder.iterdir()
    }
    assert again.num_tokens < everything.num_tokens


@pytest.mark.parametrize("bad", [-1, 10**6])
def test_ids_that_are_not_in_the_vocabulary_are_found(bad, sentences, tmp_path):
    corpus = encode_corpus(chunks_of(sentences), tmp_path / "corpus", min_count=1)
    corpus.check_ids(len(corpus.vocabulary))
    ids = np.fromfile(tmp_path / "corpus" / module.IDS, "<i4")
    ids[len(ids) // 2] = bad
    ids.tofile(tmp_path / "corpus" / module.IDS)
    with pytest.raises(InputError, match=f"Received: .*{bad}"):
        Corpus.load(tmp_path / "corpus").check_ids(len(corpus.vocabulary))


def test_counts_of_other_words_are_refused(sentences, tmp_path):
    corpus = encode_corpus(chunks_of(sentences), tmp_path / "corpus", min_count=1)
    for counts in (corpus.counts[:-1], corpus.counts[None], corpus.counts.astype(float)):
        np.save(tmp_path / "corpus" / module.COUNTS, counts)
        with pytest.raises(InputError, match="has no count for each of"):
            Corpus.load(tmp_path / "corpus")
