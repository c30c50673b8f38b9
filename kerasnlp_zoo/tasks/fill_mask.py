"""The most probable words for the [MASK] of a text.

Shapes: N texts, T tokens, V vocabulary, K candidates.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import keras
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.text import WordPiecePreprocessor
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.windows import windows_around
from kerasnlp_zoo.vocabulary import MASK

CANDIDATES = 10  # K


class Candidate(TypedDict):
    """A word and its probability."""

    text: str
    probability: float


class FillMaskAnswer(AnyAnswer):
    """The most probable words for the [MASK], the best first."""

    candidates: list[Candidate]


class FillMask(Task[FillMaskAnswer]):
    """Predict the word at the [MASK] of each text.

    Args:
        model: `keras.Model` from `bert_masked_language_model` or `bert_pretrainer`.
        preprocessor: `WordPiecePreprocessor`.
        labels: none.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert_masked_language_model
    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] a fine film".split())
    >>> model = bert_masked_language_model(vocabulary_size=len(vocabulary), **BERT_SIZES["tiny"])
    >>> len(FillMask(model, WordPiecePreprocessor(vocabulary)).predict(["a [MASK] film"])[0]["candidates"])
    8
    """

    name = "fill_mask"
    has_windows = True
    needs_strings = True
    preprocessor: WordPiecePreprocessor

    def __init__(self, model: keras.Model, preprocessor: WordPiecePreprocessor, labels: Sequence[str] = ()) -> None:
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"A masked language model has no labels. Received: {', '.join(self.labels)}")

    def predict(self, texts: Texts, batch_size: int | None = None) -> list[FillMaskAnswer]:
        """Return the answer to every text; each text must have one [MASK].

        Raises:
            InputError: if a text has no [MASK], or several; or its [MASK] is after the tokens that the model reads.
        """
        texts = self._checked(texts)
        for index, text in enumerate(texts):
            if text.count(MASK) != 1:
                raise InputError(
                    f"Expected one {MASK} in each text. Received {text.count(MASK)} in text {index}: {text!r:.80}"
                )
        return super().predict(texts, batch_size)

    def _strings_to_answers(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answer texts; with windows, the part of a long text around its [MASK]. Without one, the words are ""."""
        complete = self.preprocessor.complete_features(text)
        if self.windows:
            place, _ = self._mask(padded(complete))
            windows = windows_around(complete["token_ids"].row_lengths(), self.preprocessor.room, place)
            features, cut = padded(self.preprocessor.framed(windows.of(complete))), {}
        else:
            features = padded(self.preprocessor.fitted(complete))
            cut = {"truncated": self.preprocessor.are_truncated(complete)}
        place, has_mask = self._mask(features)
        answer = self.answer_features({**features, "masked_positions": tf.cast(place[:, None], tf.int32)})
        return {
            "candidates": tf.where(has_mask[:, None], answer["candidates"], ""),
            "probabilities": tf.where(has_mask[:, None], answer["probabilities"], 0.0),
            "has_mask": has_mask,
            **cut,
        }

    @property
    def _empty(self) -> str:
        """A text that can be answered."""
        return MASK

    def _mask(self, features: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the position of the first [MASK] of each text, int64 [N], and whether there is one, bool [N]."""
        is_mask = tf.equal(features["token_ids"], self.preprocessor.vocabulary.ids[MASK])
        return tf.argmax(tf.cast(is_mask, tf.int32), axis=1), tf.reduce_any(is_mask, axis=1)

    def answer(self, outputs: tf.Tensor | dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return candidates string [N, K] and probabilities [N, K], the best first."""
        logits = outputs["mlm_logits"] if isinstance(outputs, dict) else outputs  # bert_pretrainer has two outputs
        probabilities = tf.nn.softmax(tf.cast(logits[:, 0], tf.float32))  # [N, V]
        most = min(CANDIDATES, self.preprocessor.vocabulary_size)
        probabilities, ids = tf.math.top_k(probabilities, most)
        return {
            "candidates": tf.gather(tf.constant(self.preprocessor.vocabulary.tokens), ids),
            "probabilities": probabilities,
        }

    def to_python(self, row: Mapping[str, Any], text: Any) -> FillMaskAnswer:
        """Return {"candidates": [{"text": str, "probability": float}]}."""
        if not row["has_mask"]:
            raise InputError(
                f"No {MASK} was read: it is after the first {self.preprocessor.room} tokens of the text. Read the "
                f"tokens around it: with_windows() in Python, --windows in the command. Text: {text!r:.80}"
            )
        pairs = zip(row["candidates"], row["probabilities"], strict=True)
        return {"candidates": [{"text": word.decode(), "probability": float(p)} for word, p in pairs]}

    def readable(self, answer: FillMaskAnswer) -> str:
        """Return the best candidates and their probabilities."""
        return ", ".join(f"{found['text']} {found['probability']:.3f}" for found in answer["candidates"][:5])
