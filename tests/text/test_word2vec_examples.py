"""Windows, segments and pairs equal worked examples and slow loops, and words are dropped at the right rate."""

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.corpus import encode_corpus
from kerasnlp_zoo.text.word2vec_examples import (
    WindowSampling,
    noise_table,
    segment_dataset,
    window_dataset,
    word2vec_dataset,
)

FOX = "the quick brown fox jumps over the lazy dog"


def corpus_of(sentences, folder):
    words = [sentence.split() for sentence in sentences]
    return encode_corpus([([w for s in words for w in s], [len(s) for s in words])], folder / "corpus", 1)


def context_words(corpus, dataset):
    """Return [(centre, its contexts)] from the examples of the plain skip-gram."""
    tokens = corpus.vocabulary.tokens
    return [
        (tokens[centre[0]], [tokens[c] for c in contexts if c])
        for inputs, _, _ in dataset
        for centre, contexts in zip(inputs["token_ids"].numpy(), inputs["words"].numpy(), strict=True)
    ]


def test_windows_of_a_worked_example(tmp_path):
    corpus = corpus_of([FOX], tmp_path)
    found = context_words(
        corpus, word2vec_dataset(corpus, WindowSampling(window=2, subsample=0, dynamic=False), batch_size=4)
    )
    for example in (
        ("the", ["quick", "brown"]),
        ("quick", ["the", "brown", "fox"]),
        ("brown", ["the", "quick", "fox", "jumps"]),
    ):
        assert example in found
    assert len(found) == 9


def test_cbow_examples_are_skip_gram_examples_with_inputs_and_labels_swapped(tmp_path):
    corpus = corpus_of([FOX, "a dog"], tmp_path)
    windows = WindowSampling(window=2, subsample=0, dynamic=False)
    (skip_gram,), (cbow,) = (list(word2vec_dataset(corpus, windows, name, 20)) for name in ("skip_gram", "cbow"))
    np.testing.assert_array_equal(skip_gram[0]["token_ids"], cbow[0]["words"])
    np.testing.assert_array_equal(skip_gram[0]["words"], cbow[0]["token_ids"])
    assert float(tf.reduce_sum(skip_gram[2])) == 2 * (2 + 3 + 4 + 4 + 4 + 4 + 4 + 3 + 2) // 2 + 2


@pytest.mark.parametrize("window", [1, 3])
def test_windows_stop_at_sentence_ends(tmp_path, random, window):
    sentences = [" ".join(f"w{n}" for n in random.integers(0, 30, random.integers(1, 9))) for _ in range(60)]
    corpus = corpus_of(sentences, tmp_path)
    ((words, left, right, _),) = window_dataset(corpus, WindowSampling(window, subsample=0, dynamic=False))
    expected = [
        (min(window, place), min(window, len(sentence) - 1 - place))
        for sentence in map(str.split, sentences)
        for place in range(len(sentence))
    ]
    assert list(zip(left.numpy(), right.numpy(), strict=True)) == expected
    assert [corpus.vocabulary.tokens[word] for word in words] == " ".join(sentences).split()


def test_window_sizes_are_drawn_uniformly(tmp_path):
    corpus = corpus_of(["a b c d e f g h " * 5000], tmp_path)
    ((_, left, _, _),) = window_dataset(corpus, WindowSampling(window=5, subsample=0))
    shares = np.bincount(left.numpy()[10:], minlength=6)[1:] / len(left[10:])
    np.testing.assert_allclose(shares, 0.2, atol=0.01)  # five standard deviations


def test_words_are_kept_at_the_rate_of_the_paper(tmp_path):
    words = ["the"] * 60_000 + ["of"] * 30_000 + ["cat"] * 9_000 + ["rare"] * 1_000
    corpus = corpus_of([" ".join(np.random.default_rng(1).permutation(words))], tmp_path)
    kept = np.zeros(len(corpus.vocabulary))
    for kept_words, _, _, _ in window_dataset(corpus, WindowSampling(subsample=0.02, seed=4), chunk=2**12):
        kept += np.bincount(kept_words.numpy(), minlength=len(kept))
    for token, count in (("the", 60_000), ("of", 30_000), ("cat", 9_000), ("rare", 1_000)):
        rate = min(1.0, np.sqrt(0.02 / (count / 100_000)))  # 1 - P(drop), section 2.3
        deviation = np.sqrt(count * rate * (1 - rate))
        assert abs(kept[corpus.vocabulary.tokens.index(token)] - count * rate) <= 4 * deviation


def test_segments_contain_every_word_once_with_its_context(tmp_path, random):
    sentences = [" ".join(f"w{n}" for n in random.integers(0, 30, random.integers(1, 9))) for _ in range(60)]
    corpus = corpus_of(sentences, tmp_path)
    windows = WindowSampling(window=3, subsample=0, seed=2)
    for chunk in (64, 2**12):
        plain = list(window_dataset(corpus, windows, chunk))
        packed = list(segment_dataset(corpus, windows, shared_negatives=5, segment=8, minibatch=32, chunk=chunk))
        assert len(plain) == len(packed) == -(-len(corpus) // chunk)
        for (words, left, right, _), segments in zip(plain, packed, strict=True):
            (used,) = segments["minibatches"].numpy()
            assert used == -(-len(words) // 32)
            centres = segments["words"].numpy()[..., 3:-3].reshape(-1)
            np.testing.assert_array_equal(centres[: len(words)], words)
            assert not centres[len(words) :].any()
            codes = segments["codes"].numpy().reshape(-1)
            np.testing.assert_array_equal(codes[: len(words)], 4 * left + right)
            assert not codes[len(words) :].any()  # without a window there is no loss
            padded = np.pad(words, (3, 3 + centres.size - len(words)))
            for number, row in enumerate(segments["words"].numpy().reshape(-1, 14)):
                np.testing.assert_array_equal(row, padded[8 * number : 8 * number + 14])


def test_the_order_of_chunks_depends_only_on_seed_and_epoch(tmp_path):
    corpus = corpus_of([" ".join(f"w{n}" for n in range(500))], tmp_path)

    def epochs(seed):
        dataset = window_dataset(corpus, WindowSampling(subsample=0, seed=seed), chunk=50)
        return [[words.numpy().tolist() for words, *_ in dataset] for _ in range(2)]

    first, second = epochs(1)
    assert first != second
    assert sorted(first) == sorted(second)
    assert epochs(1) == [first, second]
    assert epochs(2)[0] != first


def test_a_corpus_can_be_smaller_than_the_window(tmp_path):
    corpus = corpus_of(["a b", "c"], tmp_path)
    found = context_words(corpus, word2vec_dataset(corpus, WindowSampling(window=50, subsample=0, dynamic=False)))
    assert sorted(found) == [("a", ["b"]), ("b", ["a"]), ("c", [])]


def test_noise_is_drawn_in_proportion_to_count_to_the_power_of_three_quarters():
    counts = np.array([0, 0, 10_000, 256, 16, 1])
    shares = np.bincount(noise_table(counts), minlength=6) / 2**22
    np.testing.assert_allclose(shares, counts**0.75 / np.sum(counts**0.75), atol=1e-6)


def test_every_chunk_of_every_epoch_has_different_noise(tmp_path):
    corpus = corpus_of([" ".join(f"w{n % 50}" for n in range(4000))], tmp_path)
    dataset = segment_dataset(corpus, WindowSampling(subsample=0), 8, 5, minibatch=32, chunk=1000)
    drawn = [chunk["negatives"].numpy() for _ in range(2) for chunk in dataset]
    assert len(drawn) == 10
    assert len({negatives.tobytes() for negatives in drawn}) == 10
    shares = np.bincount(np.concatenate([negatives.ravel() for negatives in drawn]), minlength=52) / (10 * 32 * 4 * 5)
    np.testing.assert_allclose(shares[2:], 1 / 50, atol=0.008)  # five standard deviations
    assert not shares[:2].any()


@pytest.mark.parametrize("arguments", [{"window": 0}, {"subsample": -1e-3}, {"subsample": 2}])
def test_invalid_windows_are_refused(arguments):
    with pytest.raises(InputError):
        WindowSampling(**arguments)


def test_invalid_arguments_are_refused(tmp_path):
    corpus = corpus_of(["a b c d"], tmp_path)
    with pytest.raises(InputError, match="architecture must be one of 'skip_gram', 'cbow'. Received: .*'glove'"):
        word2vec_dataset(corpus, WindowSampling(), "glove")
    with pytest.raises(InputError, match="batch_size=0"):
        word2vec_dataset(corpus, WindowSampling(), batch_size=0)
    with pytest.raises(InputError, match="minibatch must be a multiple of segment. Received: minibatch=30, segment=8"):
        segment_dataset(corpus, WindowSampling(), segment=8, shared_negatives=5, minibatch=30)
    with pytest.raises(InputError, match="segment=0"):
        segment_dataset(corpus, WindowSampling(), segment=0, shared_negatives=5, minibatch=32)
