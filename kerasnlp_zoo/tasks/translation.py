"""Translate a text into another language, or into a text of another kind, by beam search in the graph.

Shapes: N texts, S tokens of the source, T tokens of the target, V vocabulary, W beam width, A alternatives.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import beam_search, search_compiled
from kerasnlp_zoo.errors import InputError, require_choice, require_nonnegative, require_positive
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.evaluation.translation import translation_scores
from kerasnlp_zoo.layers.masking import IMPOSSIBLE, mask_scores
from kerasnlp_zoo.models import Seq2SeqSteps, TransformerSteps
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import Task, require_references
from kerasnlp_zoo.text import TranslationPreprocessor
from kerasnlp_zoo.text.translation_batches import translation_batches
from kerasnlp_zoo.vocabulary import END_ID, START_ID
from kerasnlp_zoo.weights import read_once

STEPS: dict[str, type[Seq2SeqSteps] | type[TransformerSteps]] = {
    "seq2seq": Seq2SeqSteps,
    "transformer": TransformerSteps,
}
LONGEST, LONGER = 2, 10  # a target has at most 2 S + 10 tokens
ROUNDING = 1e-4  # of logarithms
FOREIGN = 0.5  # a text with a larger share of unknown tokens is in another script

logger = logging.getLogger("kerasnlp_zoo")


class Hypothesis(TypedDict):
    """A translation and its score."""

    text: str
    score: float


class TranslationAnswer(Hypothesis, AnyAnswer):
    """The best translation of a text, and the best `num_best` translations."""

    alternatives: list[Hypothesis]


def _without_inventions(source_ids: tf.Tensor, texts: tf.Tensor, scores: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return translations [N, A] and their scores, where the only translation of a text without tokens is ""."""
    is_token = (source_ids != 0) & (source_ids != END_ID) & (source_ids != START_ID)
    is_empty = tf.logical_not(tf.reduce_any(is_token, axis=1, keepdims=True))  # [N, 1]
    only = tf.concat([tf.zeros_like(scores[:, :1]), tf.fill(tf.shape(scores[:, 1:]), IMPOSSIBLE)], axis=1)
    return tf.where(is_empty, "", texts), tf.where(is_empty, only, scores)


class Translation(Task[TranslationAnswer]):
    """Translate texts. Any task that is learned from pairs of texts is a translation, such as headlines of articles.

    Args:
        model: `keras.Model` from `transformer` or `seq2seq`.
        preprocessor: `TranslationPreprocessor`.
        labels: none.
        beam_width: W, number of hypotheses of beam search; 1 is greedy decoding.
        length_penalty: penalty >= 0 of `decoding.length_norm`; a higher one favours longer translations.
        num_best: A, number of translations to return for each text, at most W; None for W.
        jit: whether XLA compiles the search. It is then 1.2 to 4 times as fast on CPUs, after some seconds for each
            new length and number of texts, both rounded up to powers of 2.

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
    main_metric: str = "bleu"
    ranked_outputs = ("alternatives",)
    batch_size = 64
    needs_strings = True
    what_is_read = "only the beginning of each was translated. Split them into sentences"
    preprocessor: TranslationPreprocessor

    def __init__(
        self,
        model: keras.Model,
        preprocessor: TranslationPreprocessor,
        labels: Sequence[str] = (),
        beam_width: int = 4,
        length_penalty: float = 0.6,
        num_best: int | None = None,
        jit: bool = False,
    ) -> None:
        builder = getattr(model, "builder_config", {"builder": None})["builder"]
        require_choice("builder", builder, tuple(STEPS))
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"A translation model has no labels. Received: {', '.join(self.labels)}")
        size = preprocessor.vocabulary_size
        require_positive(beam_width=beam_width)
        require_nonnegative(length_penalty=length_penalty)
        if beam_width > size:
            raise InputError(f"beam_width must be at most the vocabulary size {size}. Received: {beam_width=}")
        self.beam_width = beam_width
        self.length_penalty = length_penalty
        self.jit = jit
        self.num_best = beam_width if num_best is None else num_best
        if not 1 <= self.num_best <= beam_width:
            raise InputError(f"num_best must be from 1 to beam_width={beam_width}. Received: {num_best=}")
        self.steps = STEPS[builder](model)
        # A translation contains no special token except the end.
        ids = np.arange(size)
        self.is_written = (ids >= len(preprocessor.vocabulary.special)) | (ids == END_ID)

    def with_decoding(
        self, beam_width: int = 4, length_penalty: float = 0.6, num_best: int | None = None, jit: bool = False
    ) -> "Translation":
        """Return a task with another decoding. `export` also saves this decoding."""
        return type(self)(self.model, self.preprocessor, (), beam_width, length_penalty, num_best, jit)

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[str] | None = None,
        batch_size: int = 2048,
        training: bool = False,
        seed: int = 0,
        multiple: int = 1,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` for `model.fit`.

        Args:
            texts: source texts.
            labels: a target for each source.
            batch_size: number of source tokens, and of target tokens, in a batch, including padding.
            training: whether to shuffle the pairs in each epoch.
            seed: seed of the shuffling.
            multiple: every batch is completed with padding rows to a multiple of this number, such as the number of
                replicas.

        Returns:
            Batches (inputs, labels [B, T], weights [B, T]).

        Raises:
            InputError: if there is no text, a text is not a string, or the numbers of targets and sources differ.
        """
        if labels is None or len(labels) != len(texts):
            raise InputError(
                f"Expected one target for each text. Received: {len(texts)} texts and "
                f"{'no' if labels is None else len(labels)} targets"
            )
        sources, targets = (self._features(self._checked(side))["source_ids"] for side in (texts, labels))
        return translation_batches(sources, targets, batch_size, multiple, shuffle=training, seed=seed)

    def evaluate(
        self, texts: Texts, references: Sequence[Sequence[str]] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Score translations with sacrebleu.

        Args:
            texts: source texts.
            references: a list of one or more correct translations of each text.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of score, metric ("bleu"), bleu and chrf, from 0 to 100, and their signatures.

        Raises:
            InputError: if there is no text, or the numbers of lists of references and of texts differ.
        """
        references = require_references(texts, references, "a list of translations")
        translations = [answer["text"] for answer in self.predict(texts, batch_size)]
        scores = translation_scores(translations, references, self.preprocessor.target_language)
        return with_main_score(scores, self.main_metric)

    def answer_features(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Search for the best translations of each text."""
        search = self._search_compiled if self.jit else self._search
        ids, scores = search(features["source_ids"])  # [N, A, L], [N, A]
        texts = self.preprocessor.tokenizer.detokenize(tf.reshape(ids, [-1, tf.shape(ids)[2]]))
        texts = tf.reshape(texts, tf.shape(scores))
        texts, scores = _without_inventions(features["source_ids"], texts, scores)
        return {
            "text": texts[:, 0],
            "score": scores[:, 0],
            "alternatives": texts,
            "alternative_scores": scores,
            "source_tokens": features["source_tokens"],
            "unknown_share": features["unknown_share"],
        }

    def _search(self, source_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the ids [N, A, T] of the best translations, and their scores [N, A]."""
        most = self.preprocessor.max_sequence_length - 1
        lengths = tf.reduce_sum(tf.cast(source_ids != 0, tf.int32), axis=1)
        limits = tf.minimum(LONGEST * lengths + LONGER, most)
        length = tf.minimum(LONGEST * tf.shape(source_ids)[1] + LONGER, most) + 1

        def step(state: dict[str, tf.Tensor], ids: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
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

    def _search_compiled(self, source_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Search like `_search`, compiled; both dimensions are padded to powers of 2 to compile few shapes."""
        shape = tf.shape(source_ids)
        larger = 2 ** tf.cast(tf.math.ceil(tf.math.log(tf.cast(shape, tf.float32)) / np.log(2) - ROUNDING), tf.int32)
        source_ids = tf.pad(source_ids, tf.stack([tf.zeros_like(shape), larger - shape], axis=1))
        ids, scores = search_compiled(self._search, source_ids)
        return ids[: shape[0]], scores[: shape[0]]

    def to_python(self, row: Mapping[str, Any], text: str) -> TranslationAnswer:
        """Return {"text": str, "score": float, "alternatives": [{"text": str, "score": float}, ...]}."""
        self._warn_of_another_script(row, text)
        alternatives: list[Hypothesis] = [
            {"text": alternative.decode(), "score": float(score)}
            for alternative, score in zip(row["alternatives"], row["alternative_scores"], strict=True)
            if score > IMPOSSIBLE
        ]
        return {"text": row["text"].decode(), "score": float(row["score"]), "alternatives": alternatives}

    def _warn_of_another_script(self, row: Mapping[str, Any], text: str) -> None:
        """Log a warning if a text is in a script that the model does not know."""
        if row["unknown_share"] > FOREIGN:
            logger.warning(
                "%.0f%% of the tokens of a text are unknown to the model, which translates from %r. Text: %.60s",
                100 * row["unknown_share"],
                self.preprocessor.language,
                text,
            )

    def readable(self, answer: TranslationAnswer) -> str:
        """Return the translation."""
        return answer["text"]
