"""The counts of a pipeline are those of `encode_corpus`."""

import numpy as np
import pytest

from kerasnlp_zoo.datasets.corpora import CorpusOptions, open_corpus
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines import word_counts
from kerasnlp_zoo.pipelines.word_counts import WordFlags, count_words
from kerasnlp_zoo.text.corpus import encode_corpus

pytest.importorskip("apache_beam", reason="the extra beam is not installed")


def counted_in_memory(texts, folder, flags):
    options = CorpusOptions(corpus=texts, language=flags.language, segmenter=flags.segmenter)
    return encode_corpus(open_corpus(options).chunks(), folder, flags.min_count, flags.max_vocabulary_size)


@pytest.mark.usefixtures("_small_ranges")
@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize(
    "flags",
    [
        WordFlags(min_count=1),
        WordFlags(min_count=3, max_vocabulary_size=10),
        WordFlags(language="zh", segmenter="characters", min_count=2),
        WordFlags(language="zh", segmenter="spaces", min_count=1),
    ],
    ids=["all", "frequent", "characters", "spaces"],
)
def test_counts_equal_those_in_memory(texts, tmp_path, flags, shards, monkeypatch):
    monkeypatch.setattr(word_counts, "num_shards", lambda ranges: shards)
    number = count_words(str(texts), str(tmp_path / "output"), flags)
    corpus = counted_in_memory(texts, tmp_path / "corpus", flags)
    for name in ("vocabulary.txt", "counts.npy"):
        assert (tmp_path / "output" / name).read_bytes() == (corpus.folder / name).read_bytes()
    rows = [line.split("\t") for line in (tmp_path / "output" / "counts.tsv").read_text("utf-8").splitlines()]
    assert [word for word, _ in rows] == corpus.vocabulary.tokens[2:]
    np.testing.assert_array_equal([int(count) for _, count in rows], corpus.counts[2:])
    assert number == len(rows) > 5


def test_a_text_without_frequent_words_has_the_error_of_memory(texts, tmp_path):
    flags = WordFlags(min_count=1000)
    with pytest.raises(InputError) as expected:
        counted_in_memory(texts, tmp_path / "corpus", flags)
    with pytest.raises(InputError) as received:
        count_words(str(texts), str(tmp_path / "output"), flags)
    assert str(received.value) == str(expected.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["texts"]


def test_an_empty_text_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("\n\n")
    with pytest.raises(InputError, match="The corpus has no words"):
        count_words(str(tmp_path / "a.txt"), str(tmp_path / "output"), WordFlags())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (WordFlags(segmenter="jieba"), "--segmenter jieba is for Chinese text"),
        (WordFlags(min_count=0), "min_count must be an integer of at least 1"),
        (WordFlags(encoding="utf-9"), "Unknown encoding"),
    ],
)
def test_wrong_flags_are_refused_before_anything_is_read(texts, tmp_path, flags, message):
    with pytest.raises(InputError, match=message):
        count_words(str(texts), str(tmp_path / "output"), flags)
