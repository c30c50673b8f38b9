"""From a corpus on disk to what word2vec learns from: every step of it in TensorFlow operations.

Shapes: V vocabulary, N words kept, W window, P words of a segment, H = P + 2W words with those around it,
K negatives, S segments of a minibatch, M minibatches of a chunk, R replicas, B examples.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import chunk_order, without_autotuning

CHUNK = 2**18  # ids read at a time, in an order that each epoch has of its own
NOISE_TABLE = 2**22  # negatives, each word as often as it should be drawn
NOISE_POWER = 0.75
CHUNKS_AHEAD = 2  # prepared while the model trains on the one before


@dataclasses.dataclass(frozen=True)
class Windows:
    """How the words of a corpus become centres with contexts.

    Args:
        window: int, W, the widest a window reaches to each side.
        subsample: float, t: a word of frequency f is kept with probability sqrt(t / f); 0 keeps all.
        dynamic: bool, draw the reach of every centre from 1..W, which weighs near words more; else all W.
        seed: int; the random numbers are functions of (seed, epoch, place in the corpus).

    Reference: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", section 2.3; the
    drawn reach: Mikolov et al. 2013, "Efficient Estimation of Word Representations", section 3.2.
    """

    window: int = 5
    subsample: float = 1e-3
    dynamic: bool = True
    seed: int = 1

    def __post_init__(self):
        """Check the arguments."""
        require_positive(window=self.window)
        if not 0 <= self.subsample <= 1:
            raise InputError(f"subsample is a frequency, 0 to 1; usual are 1e-5 to 1e-3. Received: {self.subsample!r}")

    def keep_probabilities(self, counts):
        """Return the probability to keep each word: float32 array [V].

        Example:

        >>> Windows(subsample=0.01).keep_probabilities(np.array([0, 0, 95, 4, 1])).round(3)
        array([1.   , 1.   , 0.103, 0.5  , 1.   ], dtype=float32)
        """
        frequencies = counts / max(counts.sum(), 1)
        with np.errstate(divide="ignore"):
            probabilities = np.sqrt(self.subsample / frequencies) if self.subsample else np.ones(len(counts))
        return np.minimum(probabilities, 1.0).astype("float32")

    def expected_words(self, counts):
        """Return how many words are kept of a corpus with such counts, on average: float."""
        return float(np.sum(counts * self.keep_probabilities(counts)))

    def of(self, token_ids, keep_probabilities, seed):
        """Drop frequent words by chance, and draw every remaining word's window, cut at sentence ends.

        Args:
            token_ids: int tensor, words with a 0 after every sentence.
            keep_probabilities: float tensor [V].
            seed: int tensor [2].

        Returns:
            (words int [N], left int [N], right int [N]): how many words of the window stand on each side.
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


def window_dataset(corpus, windows, chunk=CHUNK):
    """Make the data set of a corpus' windows: a chunk an element, in another order every epoch.

    Args:
        corpus: `Corpus`.
        windows: `Windows`.
        chunk: int, ids read at a time; no window reaches over the edge between two.

    Returns:
        `tf.data.Dataset` of (words [N], left [N], right [N], seed [2]), of known cardinality.
    """
    num_chunks = -(-len(corpus) // chunk)
    keep_probabilities = tf.constant(windows.keep_probabilities(corpus.counts))

    def prepare(epoch, place):
        seed = tf.stack([tf.cast(epoch, tf.int32), tf.cast(place, tf.int32)]) * 4 + [windows.seed * 2**16, 0]
        token_ids = tf.numpy_function(lambda place: corpus.read(place * chunk, chunk), [place], tf.int32)
        return (*windows.of(tf.ensure_shape(token_ids, [None]), keep_probabilities, seed), seed)

    return chunk_order(num_chunks, windows.seed).map(prepare).with_options(without_autotuning())


def segment_dataset(corpus, windows, segment, shared_negatives, minibatch, chunk=CHUNK, replicas=1):
    """Make the data set of the fast trainers: segments of words with those around them, and shared negatives.

    The words kept of a chunk stand in segments of P; every segment carries the W words on each side, and
    K negatives which all its words share. A word equal to one of its contexts may be drawn as a negative,
    too: so it is in equation 4, whose noise is drawn from all words.

    Args:
        corpus: `Corpus`.
        windows: `Windows`.
        segment: int, P.
        shared_negatives: int, K, negatives drawn for a segment; 0 for losses without noise.
        minibatch: int, words that are trained on together, a multiple of P.
        chunk: int, ids of the corpus that one replica trains on in a step.
        replicas: int, R.

    Returns:
        `tf.data.Dataset` of dict: words int [R, M, S, H]; codes int [R, M, S, P] = left (W + 1) + right;
        negatives int [R, M, S, K]; minibatches int [R], how many of the M hold words.
    """
    num_segments = minibatch // segment
    num_minibatches = -(-chunk // minibatch)
    num_negatives = num_minibatches * num_segments * shared_negatives
    if shared_negatives:
        # Mixed once and read on from a drawn place: to draw every word would cost as much as all else here.
        mixed = np.random.default_rng(windows.seed).permutation(noise_table(corpus.counts))
        noise = tf.constant(np.resize(mixed, NOISE_TABLE + num_negatives))
    width = windows.window

    def in_segments(words, left, right, seed):
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

    return window_dataset(corpus, windows, chunk).map(in_segments).batch(replicas).prefetch(CHUNKS_AHEAD)


def word2vec_dataset(corpus, windows, architecture="skip_gram", batch_size=512, chunk=2**14):
    """Make the data set of the plain models in `models.word2vec`, in mixed order.

    Args:
        corpus: `Corpus`.
        windows: `Windows`.
        architecture: "skip_gram" or "cbow".
        batch_size: int, B, centres in a batch.
        chunk: int, ids of the corpus that are mixed with each other.

    Returns:
        `tf.data.Dataset` of ({"token_ids", "words"}, zeros [B, ...], weights [B, ...]): for skip-gram
        token_ids int [B, 1] are the centres and words int [B, 2W] their contexts, 0 for none; for CBOW
        the other way round. The weights are 1 where a word is predicted, else 0.
    """
    reach = tf.constant([*range(-windows.window, 0), *range(1, windows.window + 1)])

    def examples(words, left, right, seed):
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


def noise_table(counts, size=NOISE_TABLE):
    """Return word ids as often as they should be drawn as negatives, p ~ count^0.75: int32 array [size].

    Reference: Mikolov et al. 2013, "Distributed Representations", section 2.2.
    """
    shares = counts.astype("float64") ** NOISE_POWER
    ends = np.cumsum(shares) / shares.sum()
    return np.searchsorted(ends, (np.arange(size) + 0.5) / size).astype("int32")
