"""From documents on disk to what BERT is pretrained on, made anew in every epoch.

Blocks from all over the corpus are read together, paired and masked, and their examples mixed: so a batch
holds texts of every kind, and memory stays small whatever the corpus.

Shapes: N pieces, E examples, T time, P masked places, B batch.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import chunk_order, without_autotuning
from kerasnlp_zoo.text.documents import Documents
from kerasnlp_zoo.text.segment_pairs import segment_pairs, sentences_of
from kerasnlp_zoo.vocabulary import CLASSIFICATION, MASK, SEPARATOR, WORDPIECE_SPECIAL

GROUP = 64  # blocks read together: a quarter of a million ids
BATCHES_AHEAD = 4  # prepared while the model trains on the one before
NUM_SPECIAL = 3  # [CLS] A [SEP] B [SEP]
CHOSEN = 0.15  # share of tokens that are to be guessed; of these ...
MASKED, REPLACED = 0.8, 0.1  # ... become [MASK], or another token; the rest stay


@dataclasses.dataclass(frozen=True)
class BertExamples:
    """How documents become examples of masked words and of sentences that follow each other.

    An example is `[CLS] A [SEP] B [SEP]`, where B follows A in half of the cases (label 0) and comes from
    another document else (label 1). Of its tokens 15% are to be guessed: 80% of them are replaced by
    `[MASK]`, 10% by any other, 10% stay. All this is a function of (seed, epoch).

    Args:
        documents: `Documents`.
        max_sequence_length: int, T.
        seed: int.

    Raises:
        InputError: if an argument is outside its range.

    Reference: Devlin et al. 2019, section 3.1 and appendix A.1.
    """

    documents: Documents
    max_sequence_length: int = 128
    seed: int = 1

    def __post_init__(self):
        """Check the arguments."""
        require_positive(max_sequence_length=self.max_sequence_length)
        if self.max_sequence_length < NUM_SPECIAL + 2:
            raise InputError(
                f"max_sequence_length must leave room for {NUM_SPECIAL} special tokens and two pieces of text. "
                f"Received: max_sequence_length={self.max_sequence_length}"
            )

    @property
    def num_masked(self):
        """The most tokens of an example that are guessed: P."""
        return int(np.ceil(CHOSEN * self.max_sequence_length))

    def training(self, batch_size, steps):
        """Make the data set to train on.

        Args:
            batch_size: int, B.
            steps: int, batches of an epoch. Where a pass over the blocks has fewer, it begins anew.

        Returns:
            `tf.data.Dataset` of ({"token_ids" int [B, T], "segment_ids" int [B, T], "masked_positions" int
            [B, P]}, {"mlm_logits": tokens int [B, P], "nsp_logits": 0 or 1 int [B]}, weights of the same
            names and shapes), of known cardinality.
        """
        blocks, _ = self.documents.held_out()
        order = chunk_order(num_groups(blocks), self.seed)
        batches = self._examples(order, blocks).repeat().rebatch(batch_size, drop_remainder=True)
        return _of_known_length(batches.take(steps), steps)

    def validation(self, batch_size):
        """Make the data set to validate on: documents held out, the same examples every time.

        Args:
            batch_size: int, B.

        Returns:
            `tf.data.Dataset` like that to train on, a pass; rows of padding, of weight 0, fill up the last batch.
        """
        _, blocks = self.documents.held_out()
        groups = range(num_groups(blocks))
        order = tf.data.Dataset.from_tensor_slices((np.zeros(len(groups), "int64"), np.array(groups, "int64")))
        num_examples = sum(len(self._pairs(blocks, 0, group)[1]) for group in groups)

        def filled(*columns):
            def fill(values):
                missing = batch_size - tf.shape(values)[0]
                values = tf.pad(values, [[0, missing]] + [[0, 0]] * (len(values.shape) - 1))
                return tf.ensure_shape(values, [batch_size, *values.shape[1:]])

            return tf.nest.map_structure(fill, columns)

        batches = self._examples(order, blocks).rebatch(batch_size).map(filled)
        return _of_known_length(batches, -(-num_examples // batch_size))

    def steps_of_a_pass(self, batch_size):
        """Return about how many batches it takes to read all documents once: int, from a first group of blocks."""
        blocks, _ = self.documents.held_out()
        _, spans, _, _ = self._pairs(blocks, 0, 0)
        read = sum(np.diff(self.documents.starts)[blocks_of_group(blocks, self.seed, 0, 0)])
        total = sum(np.diff(self.documents.starts)[blocks])
        return max(1, int(len(spans) * total / read / batch_size))

    def _examples(self, order, blocks):
        """Make the data set of groups of examples from that of (epoch, group)."""

        def prepare(epoch, group):
            types = (tf.int32, tf.int32, tf.int32, tf.int32)
            pairs = tf.numpy_function(lambda epoch, group: self._pairs(blocks, epoch, group), [epoch, group], types)
            shapes = ([None], [None, 4], [None], [2])
            pieces, spans, is_random, seed = map(tf.ensure_shape, pairs, shapes)
            return self._masked(*self._framed(pieces, spans), is_random, seed)

        return order.map(prepare).prefetch(1)

    def _pairs(self, blocks, epoch, group):
        """Read a group and pair its segments, in mixed order: pieces [N], spans [E, 4], is_random [E], seed [2]."""
        pieces, boundaries, documents = sentences_of(
            self.documents.read_blocks(blocks_of_group(blocks, self.seed, epoch, group))
        )
        random = np.random.default_rng((self.seed, epoch, group))
        room = self.max_sequence_length - NUM_SPECIAL
        spans, is_random = segment_pairs(boundaries, documents, room, random)
        order = random.permutation(len(spans))
        return pieces, spans[order], is_random[order], random.integers(2**31, size=2, dtype="int32")

    def _framed(self, pieces, spans):
        """Return `[CLS] A [SEP] B [SEP]` and its segments, both int [E, T]."""
        ids = self.documents.vocabulary.ids
        first, first_end, second, second_end = tf.unstack(spans[:, :, None], axis=1)  # [E, 1] each
        middle = 1 + first_end - first  # the place of the first [SEP]
        last = middle + 1 + second_end - second
        place = tf.range(self.max_sequence_length)[None]  # [1, T]
        source = tf.where(place < middle, first + place - 1, second + place - middle - 1)
        token_ids = tf.gather(pieces, tf.clip_by_value(source, 0, tf.size(pieces) - 1))
        token_ids = tf.where((place == middle) | (place == last), ids[SEPARATOR], token_ids)
        token_ids = tf.where(place == 0, ids[CLASSIFICATION], token_ids)
        token_ids = tf.where(place <= last, token_ids, 0)
        return token_ids, tf.cast((place > middle) & (place <= last), tf.int32)

    def _masked(self, token_ids, segment_ids, is_random, seed):
        """Choose tokens [E, P], replace most of them, and return inputs, labels and weights."""
        vocabulary = self.documents.vocabulary
        special = tf.constant([vocabulary.ids[token] for token in WORDPIECE_SPECIAL])
        seeds = tf.random.split(seed, 3)
        # The tokens with the highest of random numbers are chosen; special ones have none above 0.
        is_text = tf.reduce_all(token_ids[:, :, None] != special, axis=2)  # [E, T]
        chances = tf.where(is_text, tf.random.stateless_uniform(tf.shape(token_ids), seeds[0]), -1.0)
        _, positions = tf.math.top_k(chances, self.num_masked)  # [E, P]
        num_text = tf.reduce_sum(tf.cast(is_text, tf.float32), axis=1, keepdims=True)
        num_chosen = tf.maximum(tf.cast(tf.round(CHOSEN * num_text), tf.int32), 1)  # [E, 1]
        is_chosen = tf.range(self.num_masked) < tf.minimum(num_chosen, tf.cast(num_text, tf.int32))  # [E, P]
        positions = tf.where(is_chosen, positions, 0)
        labels = tf.where(is_chosen, tf.gather(token_ids, positions, batch_dims=1), 0)

        others = tf.constant([place for token, place in vocabulary.ids.items() if token not in WORDPIECE_SPECIAL])
        other = tf.gather(others, tf.random.stateless_uniform(tf.shape(labels), seeds[1], 0, len(others), tf.int32))
        action = tf.random.stateless_uniform(tf.shape(labels), seeds[2])
        replaced = tf.where(action < MASKED + REPLACED, other, labels)
        replaced = tf.where(action < MASKED, vocabulary.ids[MASK], replaced)
        replaced = tf.where(is_chosen, replaced, vocabulary.ids[CLASSIFICATION])  # at place 0, as it was
        token_ids = tf.tensor_scatter_nd_update(
            token_ids,
            tf.stack([tf.repeat(tf.range(tf.shape(labels)[0])[:, None], self.num_masked, axis=1), positions], axis=2),
            replaced,
        )
        weights = {"mlm_logits": tf.cast(is_chosen, tf.float32), "nsp_logits": tf.ones_like(is_random, tf.float32)}
        return (
            {"token_ids": token_ids, "segment_ids": segment_ids, "masked_positions": positions},
            {"mlm_logits": labels, "nsp_logits": is_random},
            weights,
        )


def _of_known_length(batches, length):
    """Say how many batches there are: with data of unknown length Keras counts a batch too many in its means."""
    batches = batches.apply(tf.data.experimental.assert_cardinality(length))
    return batches.prefetch(BATCHES_AHEAD).with_options(without_autotuning())


def num_groups(blocks):
    """Return in how many groups blocks are read."""
    return -(-len(blocks) // GROUP)


def blocks_of_group(blocks, seed, epoch, group):
    """Return the numbers of the blocks that are read together: other ones in every epoch, each in one group.

    Example:

    >>> sorted(blocks_of_group(np.array([0, 2, 3]), seed=1, epoch=0, group=0).tolist())
    [0, 2, 3]
    """
    order = np.random.default_rng((seed, epoch)).permutation(blocks)
    return np.array_split(order, num_groups(blocks))[group]
