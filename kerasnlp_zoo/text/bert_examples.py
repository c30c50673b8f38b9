"""Pretraining examples of BERT from documents on disk, with new pairs and masks in every epoch.

Blocks from all parts of the corpus are read together, then paired and masked, and their examples are shuffled.
Therefore a batch contains texts from the complete corpus, and the memory use does not depend on its size.

Shapes: N pieces, E examples, T length, P masked positions, B batch size.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.batches import BATCHES_AHEAD, chunk_order, without_autotuning
from kerasnlp_zoo.text.documents import Documents
from kerasnlp_zoo.text.segment_pairs import segment_pairs, sentences_of
from kerasnlp_zoo.vocabulary import CLASSIFICATION, MASK, SEPARATOR, WORDPIECE_SPECIAL

GROUP = 64  # blocks read together: a quarter of a million ids
NUM_SPECIAL = 3  # [CLS] A [SEP] B [SEP]
CHOSEN = 0.15  # share of tokens that the model must predict
MASKED, REPLACED = 0.8, 0.1  # shares of these that become [MASK], or a random token; the others are unchanged


@dataclasses.dataclass(frozen=True)
class BertExamples:
    """Examples for masked language modelling and next sentence prediction.

    An example is `[CLS] A [SEP] B [SEP]`. In half of the examples B follows A (label 0); in the others B comes from
    another document (label 1). The model must predict 15% of the tokens: 80% of these are replaced by `[MASK]`, 10%
    by a random token, and 10% are unchanged. The examples depend only on (seed, epoch).

    Args:
        documents: token ids on disk.
        max_sequence_length: T.
        seed: seed of pairs, masks and order.

    Raises:
        InputError: if an argument is outside its range.

    Reference: Devlin et al. 2019, section 3.1 and appendix A.1.
    """

    documents: Documents
    max_sequence_length: int = 128
    seed: int = 1

    def __post_init__(self) -> None:
        """Validate the arguments."""
        require_positive(max_sequence_length=self.max_sequence_length)
        if self.max_sequence_length < NUM_SPECIAL + 2:
            raise InputError(
                f"max_sequence_length must leave room for {NUM_SPECIAL} special tokens and two pieces of text, so it "
                f"must be at least {NUM_SPECIAL + 2}. Received: max_sequence_length={self.max_sequence_length}"
            )

    @property
    def num_masked(self) -> int:
        """Maximum number of tokens to predict in an example, P."""
        return int(np.ceil(CHOSEN * self.max_sequence_length))

    def training(self, batch_size: int, steps: int) -> tf.data.Dataset:
        """Return the training data set.

        Args:
            batch_size: B.
            steps: batches per epoch; if a pass over the blocks has fewer batches, another pass follows.

        Returns:
            `tf.data.Dataset` of ({"token_ids": int [B, T], "segment_ids": int [B, T], "masked_positions": int
            [B, P]}, {"mlm_logits": ids int [B, P], "nsp_logits": 0 or 1, int [B]}, weights with the keys and shapes
            of the labels), of known cardinality.
        """
        blocks, _ = self.documents.held_out()
        order = chunk_order(num_groups(blocks), self.seed)
        batches = self._examples(order, blocks).repeat().rebatch(batch_size, drop_remainder=True)
        return _of_known_length(batches.take(steps), steps)

    def validation(self, batch_size: int) -> tf.data.Dataset:
        """Return the validation data set: one pass over the held-out documents, with the same examples every time.

        Args:
            batch_size: B.

        Returns:
            `tf.data.Dataset` with the elements of `training`; the last batch is completed with padding of weight 0.
        """
        _, blocks = self.documents.held_out()
        groups = range(num_groups(blocks))
        order = tf.data.Dataset.from_tensor_slices((np.zeros(len(groups), "int64"), np.array(groups, "int64")))
        num_examples = sum(len(self._pairs(blocks, 0, group)[1]) for group in groups)

        def filled(*columns: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], ...]:
            def fill(values: tf.Tensor) -> tf.Tensor:
                missing = batch_size - tf.shape(values)[0]
                values = tf.pad(values, [[0, missing]] + [[0, 0]] * (len(values.shape) - 1))
                return tf.ensure_shape(values, [batch_size, *values.shape[1:]])

            return tf.nest.map_structure(fill, columns)

        batches = self._examples(order, blocks).rebatch(batch_size).map(filled)
        return _of_known_length(batches, -(-num_examples // batch_size))

    def steps_of_a_pass(self, batch_size: int) -> int:
        """Return an estimate of the number of batches in one pass, from the examples of the first group of blocks."""
        blocks, _ = self.documents.held_out()
        _, spans, _, _ = self._pairs(blocks, 0, 0)
        read = sum(np.diff(self.documents.starts)[blocks_of_group(blocks, self.seed, 0, 0)])
        total = sum(np.diff(self.documents.starts)[blocks])
        return max(1, int(len(spans) * total / read / batch_size))

    def _examples(self, order: tf.data.Dataset, blocks: np.ndarray) -> tf.data.Dataset:
        """Return the data set of groups of examples, from a data set of (epoch, group)."""

        def prepare(epoch: tf.Tensor, group: tf.Tensor) -> tuple[dict[str, tf.Tensor], ...]:
            types = (tf.int32, tf.int32, tf.int32, tf.int32)
            pairs = tf.numpy_function(lambda epoch, group: self._pairs(blocks, epoch, group), [epoch, group], types)
            shapes = ([None], [None, 4], [None], [2])
            pieces, spans, is_random, seed = map(tf.ensure_shape, pairs, shapes)
            return self._masked(*self._framed(pieces, spans), is_random, seed)

        return order.map(prepare).prefetch(1)

    def _pairs(
        self, blocks: np.ndarray, epoch: int, group: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the segment pairs of a group, shuffled: pieces [N], spans [E, 4], is_random [E], seed [2]."""
        pieces, boundaries, documents = sentences_of(
            self.documents.read_blocks(blocks_of_group(blocks, self.seed, epoch, group))
        )
        random = np.random.default_rng((self.seed, epoch, group))
        room = self.max_sequence_length - NUM_SPECIAL
        spans, is_random = segment_pairs(boundaries, documents, room, random)
        order = random.permutation(len(spans))
        return pieces, spans[order], is_random[order], random.integers(2**31, size=2, dtype="int32")

    def _framed(self, pieces: tf.Tensor, spans: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return `[CLS] A [SEP] B [SEP]` and its segments, both int [E, T]."""
        ids = self.documents.vocabulary.ids
        first, first_end, second, second_end = tf.unstack(spans[:, :, None], axis=1)  # [E, 1] each
        middle = 1 + first_end - first  # position of the first [SEP]
        last = middle + 1 + second_end - second
        place = tf.range(self.max_sequence_length)[None]  # [1, T]
        source = tf.where(place < middle, first + place - 1, second + place - middle - 1)
        token_ids = tf.gather(pieces, tf.clip_by_value(source, 0, tf.size(pieces) - 1))
        token_ids = tf.where((place == middle) | (place == last), ids[SEPARATOR], token_ids)
        token_ids = tf.where(place == 0, ids[CLASSIFICATION], token_ids)
        token_ids = tf.where(place <= last, token_ids, 0)
        return token_ids, tf.cast((place > middle) & (place <= last), tf.int32)

    def _masked(
        self, token_ids: tf.Tensor, segment_ids: tf.Tensor, is_random: tf.Tensor, seed: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Return inputs, labels and weights after choosing tokens [E, P] and replacing most of them."""
        vocabulary = self.documents.vocabulary
        special = tf.constant([vocabulary.ids[token] for token in WORDPIECE_SPECIAL])
        seeds = tf.random.split(seed, 3)
        # The tokens with the highest random numbers are selected. Special tokens have -1, so they are never selected.
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
        # Unused positions are 0. The token at position 0, [CLS], is replaced by itself.
        replaced = tf.where(is_chosen, replaced, vocabulary.ids[CLASSIFICATION])
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


def _of_known_length(batches: tf.data.Dataset, length: int) -> tf.data.Dataset:
    """Return the data set with known cardinality: without it, Keras counts one batch too many in its means."""
    batches = batches.apply(tf.data.experimental.assert_cardinality(length))
    return batches.prefetch(BATCHES_AHEAD).with_options(without_autotuning())


def num_groups(blocks: np.ndarray) -> int:
    """Return the number of groups in which blocks are read."""
    return -(-len(blocks) // GROUP)


def blocks_of_group(blocks: np.ndarray, seed: int, epoch: int, group: int) -> np.ndarray:
    """Return the numbers of the blocks of a group; each block is in one group, and every epoch has new groups.

    Example:

    >>> sorted(blocks_of_group(np.array([0, 2, 3]), seed=1, epoch=0, group=0).tolist())
    [0, 2, 3]
    """
    order = np.random.default_rng((seed, epoch)).permutation(blocks)
    return np.array_split(order, num_groups(blocks))[group]
