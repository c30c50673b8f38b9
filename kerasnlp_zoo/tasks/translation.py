"""From a text in one language, or of one kind, to a text in another: beam search within the graph.

Shapes: N texts, S tokens of the source, T of the target, W width of the beam, A alternatives.
"""

import logging

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import beam_search, search_compiled
from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.evaluation.translation import translation_scores
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, mask_scores
from kerasnlp_zoo.models import Seq2SeqSteps, TransformerSteps
from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.text.translation_batches import translation_batches
from kerasnlp_zoo.vocabulary import END_ID, START_ID
from kerasnlp_zoo.weights import read_once

STEPS = {"seq2seq": Seq2SeqSteps, "transformer": TransformerSteps}
LONGEST, LONGER = 2, 10  # a target has at most twice as many tokens as its source, and ten more
ROUNDING = 1e-4  # of logarithms
FOREIGN = 0.5  # share of a text that the vocabulary lacks: it is in another script

logger = logging.getLogger("kerasnlp_zoo")


class Translation(Task):
    """Translate texts; anything that is learned from pairs of texts, such as answers or headlines, is a translation.

    Args:
        model: `keras.Model` from `transformer` or `seq2seq`.
        preprocessor: `TranslationPreprocessor`.
        labels: none.
        beam_width: int, W, hypotheses that are followed; 1 is greedy decoding.
        length_penalty: float >= 0, see `decoding.length_norm`; the higher, the longer translations.
        num_best: int <= W, A, translations of each text that are given.
        jit: bool, whether XLA compiles the search: 1.2 to 4 times as quick on CPUs, after some seconds for each new
            length and number of texts, both rounded up to powers of 2.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.models import transformer
    >>> from kerasnlp_zoo.text import TranslationPreprocessor
    >>> from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
    >>> vocabulary = learn_piece_vocabulary(["a cup of tea", "una taza de té"], size=60)
    >>> model = transformer(vocabulary_size=len(vocabulary), hidden_dim=16, num_layers=1)
    >>> answer = Translation(model, TranslationPreprocessor(vocabulary)).predict(["a cup"])[0]
    >>> list(answer)
    ['text', 'score', 'alternatives']
    """

    name = "translation"
    main_score = "bleu", 1
    ranked = ("alternatives",)
    batch_size = 64
    needs_strings = True

    def __init__(self, model, preprocessor, labels=(), beam_width=4, length_penalty=0.6, num_best=None, jit=False):
        require_choice("builder", model.builder_config["builder"], tuple(STEPS))
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"A translator has no labels. Received: {', '.join(self.labels)}")
        size = preprocessor.vocabulary_size
        require_positive(beam_width=beam_width)
        if beam_width > size:
            raise InputError(f"A beam is at most as wide as the vocabulary, {size} tokens. Received: {beam_width}")
        self.beam_width = beam_width
        self.length_penalty = length_penalty
        self.jit = jit
        self.num_best = beam_width if num_best is None else num_best
        if not 1 <= self.num_best <= beam_width:
            raise InputError(f"A beam of {beam_width} has 1 to {beam_width} translations. Received: {num_best=}")
        self.steps = STEPS[model.builder_config["builder"]](model)
        # What no translation holds: all special tokens but the end.
        places = np.arange(size)
        self.is_written = (places >= len(preprocessor.vocabulary.special)) | (places == END_ID)

    def searching(self, beam_width=4, length_penalty=0.6, num_best=None, jit=False):
        """Return the task that searches in another way; it exports so, too."""
        return type(self)(self.model, self.preprocessor, (), beam_width, length_penalty, num_best, jit)

    def dataset(self, texts, labels=None, batch_size=2048, training=False, seed=0, multiple=1):
        """Make a tf.data set for `model.fit`.

        Args:
            texts: list of str, the sources.
            labels: list of str, a target for each.
            batch_size: int, places for tokens of a batch, on either side.
            training: bool, whether each epoch has its own order.
            seed: int, decides those orders.
            multiple: int, what the number of pairs of a batch is a multiple of: the number of replicas.

        Returns:
            `tf.data.Dataset` of (inputs, labels [B, T], weights [B, T]).

        Raises:
            InputError: if there is no text, a text is no string, or there is not one target for each.
        """
        if labels is None or len(labels) != len(texts):
            raise InputError(
                f"A translator learns from a target for each text. Received: {len(texts)} texts and "
                f"{'no' if labels is None else len(labels)} targets"
            )
        sources, targets = (self._features(self._checked(side))["source_ids"] for side in (texts, labels))
        return translation_batches(sources, targets, batch_size, multiple, shuffle=training, seed=seed)

    def evaluate(self, texts, references, batch_size=None):
        """Score translations by sacrebleu.

        Args:
            texts: list of str.
            references: list of lists of str, one right translation or more of each.
            batch_size: int, texts that go through the model together; None for the task's own number.

        Returns:
            dict of bleu and chrf, percentages of 100, and their signatures.

        Raises:
            InputError: if there is no text, or not one list of references for each.
        """
        translations = [answer["text"] for answer in self.predict(texts, batch_size)]
        return translation_scores(translations, references, self.preprocessor.target_language)

    def answer_features(self, features):
        """Search for the best translations of each text."""
        search = self._search_compiled if self.jit else self._search
        ids, scores = search(features["source_ids"])  # [N, A, L], [N, A]
        texts = self.preprocessor.tokenizer.joined(tf.reshape(ids, [-1, tf.shape(ids)[2]]))
        texts = tf.reshape(texts, tf.shape(scores))
        return {
            "text": texts[:, 0],
            "score": scores[:, 0],
            "alternatives": texts,
            "alternative_scores": scores,
            "source_tokens": features["source_tokens"],
            "unknown_share": features["unknown_share"],
        }

    def _search(self, source_ids):
        """Return the ids [N, A, L] of the best translations, and their scores [N, A]."""
        most = self.preprocessor.max_sequence_length - 1
        lengths = tf.reduce_sum(tf.cast(source_ids != 0, tf.int32), axis=1)
        limits = tf.minimum(LONGEST * lengths + LONGER, most)
        length = tf.minimum(LONGEST * tf.shape(source_ids)[1] + LONGER, most) + 1

        def step(state, ids):
            logits, state = self.steps.step(state, ids)
            return mask_scores(logits, self.is_written), state

        with read_once(self.model):
            return beam_search(
                step,
                self.steps.start(source_ids, self.beam_width, length),
                tf.fill(tf.shape(lengths), START_ID),
                self.beam_width,
                length,
                END_ID,
                self.length_penalty,
                self.num_best,
                self.steps.reorder,
                limits,
            )

    def _search_compiled(self, source_ids):
        """Search in batches of few shapes: padded, in both directions, to powers of 2."""
        shape = tf.shape(source_ids)
        larger = 2 ** tf.cast(tf.math.ceil(tf.math.log(tf.cast(shape, tf.float32)) / np.log(2) - ROUNDING), tf.int32)
        source_ids = tf.pad(source_ids, tf.stack([tf.zeros_like(shape), larger - shape], axis=1))
        ids, scores = search_compiled(self._search, source_ids)
        return ids[: shape[0]], scores[: shape[0]]

    def to_python(self, row, text):
        """Return {"text": str, "score": float, "alternatives": [{"text": str, "score": float}, ...]}."""
        self._warn(row, text)
        alternatives = [
            {"text": alternative.decode(), "score": float(score)}
            for alternative, score in zip(row["alternatives"], row["alternative_scores"], strict=True)
            if score > IMPOSSIBLE
        ]
        return {"text": row["text"].decode(), "score": float(row["score"]), "alternatives": alternatives}

    def _warn(self, row, text):
        """Say what a translation cannot be right about."""
        longest = self.preprocessor.max_sequence_length
        if row["source_tokens"] > longest:
            logger.warning(
                "Only the first %d of %d tokens are translated: split texts into sentences. Text: %.60s",
                longest,
                row["source_tokens"],
                text,
            )
        if row["unknown_share"] > FOREIGN:
            logger.warning(
                "%.0f%% of a text are in no script that the model has learned; it translates from %r. Text: %.60s",
                100 * row["unknown_share"],
                self.preprocessor.language,
                text,
            )

    def readable(self, answer):
        """Return the translation."""
        return answer["text"]
