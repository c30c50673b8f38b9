"""Training data of word2vec from a corpus on disk, made by TensorFlow operations.

Shapes: V vocabulary, N kept words, W window, P words of a segment, H = P + 2W words of a segment and its surroundings,
K negatives, S segments of a minibatch, M minibatches of a chunk, R replicas, B examples.
"""

import dataclasses
from typing import Literal, TypeAlias

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.batches import chunk_for_each_replica, chunk_order, without_autotuning
from kerasnlp_zoo.text.corpus import Corpus

Architecture: TypeAlias = Literal["skip_gram", "cbow"]
ARCHITECTURES = ("skip_gram", "cbow")
CHUNK = 2**18  # ids read at a time; every epoch reads the chunks in a new order
NOISE_TABLE = 2**22  # size of the table of negatives; it contains each word in proportion to its probability
NOISE_POWER = 0.75
CHUNKS_AHEAD = 2  # chunks prepared while the model trains


@dataclasses.dataclass(frozen=True)
class WindowSampling:
    """Subsampling of frequent words, and windows around the remaining words.

    Args:
        window: W, the maximum number of context words on each side.
        subsample: t; a word of frequency f is kept with probability sqrt(t / f); 0 keeps all words.
        dynamic: whether the window of every word is drawn from 1..W, which gives near words more weight; otherwise
            it is W.
        seed: seed of the random numbers, which depend only on (seed, epoch, position in the corpus).

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", section 2.3; dynamic windows:
    Mikolov et al. 2013, "Efficient Estimation of Word Representations", section 3.2.
    """

    window: int = 5
    subsample: float = 1e-3
    dynamic: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        """Validate the arguments."""
        require_positive(window=self.window)
        if not 0 <= self.subsample <= 1:
            raise InputError(
                "subsample must be a frequency from 0 to 1; values from 1e-5 to 1e-3 are common. "
                f"Received: subsample={self.subsample!r}"
            )

    def keep_probabilities(self, counts: np.ndarray) -> np.ndarray:
        """Return the probability that an occurrence of each word is kept: float32 array [V].

        Example:

        >>> WindowSampling(subsample=0.01).keep_probabilities(np.array([0, 0, 95, 4, 1])).round(3)
        array([1.   , 1.   , 0.103, 0.5  , 1.   ], dtype=float32)
        """
        frequencies = counts / max(counts.sum(), 1)
        with np.errstate(divide="ignore"):
            probabilities = np.sqrt(self.subsample / frequencies) if self.subsample else np.ones(len(counts))
        return np.minimum(probabilities, 1.0).astype("float32")

    def expected_words(self, counts: np.ndarray) -> float:
        """Return the expected number of kept words of a corpus with these counts."""
        return float(np.sum(counts * self.keep_probabilities(counts)))

    def of(
        self, token_ids: tf.Tensor, keep_probabilities: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the kept words of a text with their windows, which do not cross sentence ends.

        Args:
            token_ids: int tensor, words with a 0 after every sentence.
            keep_probabilities: float tensor [V].
            seed: int tensor [2].

        Returns:
            (words, left, right): int [N] each; left and right are the numbers of context words on each side.
        """
        chances = tf.random.stateless_uniform(tf.shape(token_ids), seed)
        kept = tf.boolean_mask(token_ids, (token_ids == 0) | (chances < tf.gather(keep_probabilities, token_ids)))
        sentence = tf.cumsum(tf.cast(kept == 0, tf.int32))
        is_word = kept > 0
        words, sentence = tf.boolean_mask(kept, is_word), tf.boolean_mask(sentence, is_word)  # [N]
        place = tf.range(tf.size(words))
        is_first = tf.concat([tf.ones([tf.minimum(1, tf.size(words))], tf.bool), sentence[1:] != sentence[:-1]], 0)
        starts = tf.boolean_mask(place, is_first)
        ends = tf.concat([starts[1:], [tf.size(words)]], 0)
        rank = tf.cumsum(tf.cast(is_first, tf.int32)) - 1
        if self.dynamic:
            reach = tf.random.stateless_uniform(tf.shape(words), seed + 1, 1, self.window + 1, tf.int32)
        else:
            reach = tf.fill(tf.shape(words), self.window)
        left = tf.minimum(reach, place - tf.gather(starts, rank))
        right = tf.minimum(reach, tf.gather(ends, rank) - 1 - place)
        return words, left, right


def window_dataset(corpus: Corpus, windows: WindowSampling, chunk: int = CHUNK) -> tf.data.Dataset:
    """Return the data set of the windows of a corpus: one element for each chunk, in a new order in every epoch.

    Args:
        corpus: word ids on disk.
        windows: subsampling and windows.
        chunk: number of ids read at a time; windows do not cross the edges of chunks.

    Returns:
        `tf.data.Dataset` of known cardinality, of (words [N], left [N], right [N], seed [2]).
    """
    num_chunks = -(-len(corpus) // chunk)
    keep_probabilities = tf.constant(windows.keep_probabilities(corpus.counts))

    def prepare(epoch: tf.Tensor, place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        seed = tf.stack([tf.cast(epoch, tf.int32), tf.cast(place, tf.int32)]) * 4 + [windows.seed * 2**16, 0]
        token_ids = tf.numpy_function(lambda place: corpus.read(place * chunk, chunk), [place], tf.int32)
        return (*windows.of(tf.ensure_shape(token_ids, [None]), keep_probabilities, seed), seed)

    return chunk_order(num_chunks, windows.seed).map(prepare).with_options(without_autotuning())


def segment_dataset(
    corpus: Corpus,
    windows: WindowSampling,
    segment: int,
    shared_negatives: int,
    minibatch: int,
    chunk: int = CHUNK,
    replicas: int = 1,
) -> tf.data.Dataset:
    """Return the data set of the fast trainers: segments of words with their surroundings, and shared negatives.

    The kept words of a chunk are split into segments of P words. Every segment includes the W words on each side, and
    K negatives that all its words share. A negative can be equal to a context of the word, because equation 4 draws
    noise from all words.

    Args:
        corpus: word ids on disk.
        windows: subsampling and windows.
        segment: P.
        shared_negatives: K, the number of negatives of a segment; 0 for losses without noise.
        minibatch: number of words of an update, a multiple of P.
        chunk: number of ids of one replica in a step.
        replicas: R.

    Returns:
        `tf.data.Dataset` of dict: words int [R, M, S, H]; codes int [R, M, S, P] = left (W + 1) + right; negatives
        int [R, M, S, K]; minibatches int [R], the number of minibatches with words.

    Raises:
        InputError: if `segment` does not divide `minibatch`, or an argument is outside its range.
    """
    require_positive(segment=segment, minibatch=minibatch, chunk=chunk, replicas=replicas)
    if minibatch % segment:
        raise InputError(f"minibatch must be a multiple of segment. Received: minibatch={minibatch}, segment={segment}")
    num_segments = minibatch // segment
    num_minibatches = -(-chunk // minibatch)
    num_negatives = num_minibatches * num_segments * shared_negatives
    if shared_negatives:
        # The table is shuffled once and read from a random position on. Drawing each negative would take as long as all
        # other steps together.
        mixed = np.random.default_rng(windows.seed).permutation(noise_table(corpus.counts))
        noise = tf.constant(np.resize(mixed, NOISE_TABLE + num_negatives))
    width = windows.window

    def in_segments(words: tf.Tensor, left: tf.Tensor, right: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        count = tf.size(words)
        room = num_minibatches * minibatch - count
        words = tf.signal.frame(tf.pad(words, [[width, room + width]]), segment + 2 * width, segment)  # [M S, H]
        codes = tf.pad(left * (width + 1) + right, [[0, room]])
        shape = [num_minibatches, num_segments]
        features = {
            "words": tf.reshape(words, [*shape, segment + 2 * width]),
            "codes": tf.reshape(codes, [*shape, segment]),
            "minibatches": -(-count // minibatch),
        }
        if shared_negatives:
            start = tf.random.stateless_uniform([], seed + 2, 0, NOISE_TABLE, tf.int32)
            features["negatives"] = tf.reshape(noise[start : start + num_negatives], [*shape, shared_negatives])
        return features

    chunks = window_dataset(corpus, windows, chunk).map(in_segments)
    return chunk_for_each_replica(chunks, replicas).prefetch(CHUNKS_AHEAD)


def word2vec_dataset(
    corpus: Corpus,
    windows: WindowSampling,
    architecture: Architecture = "skip_gram",
    batch_size: int = 512,
    chunk: int = 2**14,
) -> tf.data.Dataset:
    """Return the shuffled data set of the Keras models in `models.word2vec`.

    Args:
        corpus: word ids on disk.
        windows: subsampling and windows.
        architecture: "skip_gram" or "cbow".
        batch_size: B, the number of centre words in a batch.
        chunk: number of ids that are shuffled together.

    Returns:
        `tf.data.Dataset` of ({"token_ids", "words"}, zeros [B, ...], weights [B, ...]). For skip-gram, token_ids int
        [B, 1] are the centres and words int [B, 2W] their contexts, padded with 0; for CBOW, the two are exchanged.
        Weights are 1 for words to predict, and 0 for padding.

    Raises:
        InputError: if `architecture` is unknown, or a size is not a positive integer.
    """
    require_choice("architecture", architecture, ARCHITECTURES)
    require_positive(batch_size=batch_size, chunk=chunk)
    reach = tf.constant([*range(-windows.window, 0), *range(1, windows.window + 1)])

    def examples(
        words: tf.Tensor, left: tf.Tensor, right: tf.Tensor, seed: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        place = tf.range(tf.size(words))[:, None] + reach
        inside = (reach >= -left[:, None]) & (reach <= right[:, None])
        contexts = tf.where(inside, tf.gather(words, tf.clip_by_value(place, 0, tf.size(words) - 1)), 0)  # [N, 2W]
        centres = words[:, None]
        shuffled = tf.argsort(tf.random.stateless_uniform([tf.size(words)], seed + 3))
        contexts, centres = tf.gather(contexts, shuffled), tf.gather(centres, shuffled)
        given, asked = (centres, contexts) if architecture == "skip_gram" else (contexts, centres)
        weights = tf.cast((asked > 0) & tf.reduce_any(given > 0, axis=1, keepdims=True), tf.float32)
        return {"token_ids": given, "words": asked}, tf.zeros_like(weights), weights

    return window_dataset(corpus, windows, chunk).map(examples).rebatch(batch_size).prefetch(CHUNKS_AHEAD)


def noise_table(counts: np.ndarray, size: int = NOISE_TABLE) -> np.ndarray:
    """Return word ids, each as often as its probability of being drawn, p ~ count^0.75: int32 array [size].

    Reference: Mikolov et al. 2013, "Distributed Representations", section 2.2.
    """
    shares = counts.astype("float64") ** NOISE_POWER
    ends = np.cumsum(shares) / shares.sum()
    return np.searchsorted(ends, (np.arange(size) + 0.5) / size).astype("int32")
