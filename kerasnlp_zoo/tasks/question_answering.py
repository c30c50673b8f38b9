"""The part of a passage that answers a question.

Shapes: N questions, W windows of all passages, T tokens of a window, K best answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.evaluation.question_answering import question_answering_scores
from kerasnlp_zoo.layers.masking import LOWEST
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import CHUNK, Task, Texts, require_references
from kerasnlp_zoo.text import WordPiecePreprocessor
from kerasnlp_zoo.text.question_windows import LONGEST_QUESTION, question_windows

ANSWERS = 5  # K
CANDIDATES = 20  # number of the best start and end positions of a window
LONGEST_ANSWER = 30  # pieces
NO_ANSWER = "no_answer"
NOT_POSSIBLE = LOWEST["float32"] / 4  # below any score; the sum of two is finite


class FoundAnswer(TypedDict):
    """An answer, its characters in the passage and its probability; "" at -1 means that there is no answer."""

    answer: str
    start: int
    end: int
    probability: float


class QuestionAnsweringAnswer(FoundAnswer, AnyAnswer):
    """The best answer to a question, and the next best ones."""

    alternatives: list[FoundAnswer]


class QuestionAnswering(Task[QuestionAnsweringAnswer]):
    """Find the answer to a question in a passage of any length.

    A passage that is too long for the model is split into overlapping windows; the best answer of all windows is
    returned.

    Args:
        model: `keras.Model` -> logits [W, T, 2], such as one from `bert_span_predictor`.
        preprocessor: `WordPiecePreprocessor` with pairs=True, for question and passage.
        labels: none; or ["no_answer"] if the model may answer that the passage contains no answer.

    Raises:
        InputError: for other labels, or a preprocessor that does not take pairs.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert_span_predictor
    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] who met anna paul".split())
    >>> model = bert_span_predictor(vocabulary_size=len(vocabulary), **BERT_SIZES["tiny"])
    >>> task = QuestionAnswering(model, WordPiecePreprocessor(vocabulary, pairs=True))
    >>> answer = task.predict([("Who met Anna?", "Paul met Anna.")])[0]
    >>> answer["answer"] == "Paul met Anna."[answer["start"] : answer["end"]]
    True

    Reference: Devlin et al. 2019, sections 4.2 and 4.3.
    """

    name = "question_answering"
    main_metric: str = "f1"
    needs_strings = True
    batch_size = 16
    limit = f"the {LONGEST_QUESTION} pieces of a question"
    what_is_read = "only the beginning of each question was read"
    preprocessor: WordPiecePreprocessor

    def __init__(self, model: keras.Model, preprocessor: WordPiecePreprocessor, labels: Sequence[str] = ()) -> None:
        super().__init__(model, preprocessor, labels)
        if self.labels not in ([], [NO_ANSWER]):
            raise InputError(f"Expected labels=[] or [{NO_ANSWER!r}]. Received: {', '.join(self.labels)}")
        if len(preprocessor.inputs) != 2:
            raise InputError(
                "QuestionAnswering takes pairs of question and passage. "
                f"Received: a preprocessor of {len(preprocessor.inputs)} text. Make it with pairs=True"
            )

    def with_windows(self) -> "QuestionAnswering":
        """Return the task itself: it always reads a long passage in windows."""
        return self

    @property
    def can_abstain(self) -> bool:
        """Whether the model may answer that the passage contains no answer."""
        return bool(self.labels)

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[tuple[int, int] | None] | None = None,
        batch_size: int = 32,
        training: bool = False,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` of windows for `model.fit` or `model.evaluate`.

        Args:
            texts: pairs (question, passage).
            labels: for each pair the characters (start, end) of the answer in the passage, or None if it contains no
                answer; None for all None. A window without the complete answer counts as one without an answer.
            batch_size: number of rows in a batch.
            training: whether to shuffle the windows in each epoch.
            seed: seed of the shuffling.

        Returns:
            Batches (inputs, positions of the first and the last piece int [B, 2], weights [B, 1]).

        Raises:
            InputError: if there is no question, or the numbers of answers and questions differ.
        """
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        answers = [None] * len(texts) if labels is None else list(labels)
        if not texts or len(answers) != len(texts):
            raise InputError(f"Expected questions, and an answer for each. Received: {len(texts)} and {len(answers)}")
        windows = self._windows(texts)
        positions = answer_places(windows, answers)
        features = {name: windows[name] for name in self.model.input}
        weights = np.ones((len(positions), 1), "float32")
        return self._batches(features, positions, batch_size, training, seed, weights)

    def num_windows(self, texts: Texts) -> int:
        """Return the number of windows of pairs (question, passage), which is the number of rows of an epoch."""
        return len(self._windows(self._checked(texts))["example"])

    def _windows(self, texts: list[Any]) -> dict[str, Any]:
        """Return the windows of all questions, made in chunks."""
        chunks = []
        for start in range(0, len(texts), CHUNK):
            questions, passages = self.columns(texts[start : start + CHUNK])
            windows = question_windows(self.preprocessor, questions, passages)
            chunks.append({**windows, "example": windows["example"] + start})
        return {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}

    def _strings_to_answers(self, *strings: tf.Tensor) -> dict[str, tf.Tensor]:
        question, passage = strings
        windows = question_windows(self.preprocessor, question, passage)
        dense = {name: rows.to_tensor() for name, rows in windows.items() if isinstance(rows, tf.RaggedTensor)}
        logits = self.model({name: dense[name] for name in self.model.input}, training=False)
        answers = self.answer({**dense, "logits": logits, "example": windows["example"], "passage": passage})
        return {**answers, "truncated": windows["truncated"]}

    def answer(self, outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the best answers to each question.

        Returns:
            dict of count [N], the number of answers; answers string [N, K]; starts and ends [N, K], in characters
            of the passage; probabilities [N, K]. They are padded with "", -1 and 0. The answer "" at -1 means that the
            passage contains no answer.
        """
        scores, starts, ends = _best_of_windows(outputs)  # [W, K] each
        count = tf.size(outputs["passage"])
        scores, starts, ends = (
            _by_question(values, outputs["example"], count, filler)
            for values, filler in ((scores, NOT_POSSIBLE), (starts, -1), (ends, -1))
        )
        if self.can_abstain:
            # A passage contains no answer only if no window contains one: the lowest score of a window decides.
            first = tf.cast(outputs["logits"][:, 0], tf.float32)
            none = tf.math.segment_min(tf.reduce_sum(first, axis=-1), outputs["example"])[:, None]  # [N, 1]
            nowhere = tf.fill(tf.shape(none), -1)
            scores, starts, ends = (
                tf.concat(pair, axis=1) for pair in ((scores, none), (starts, nowhere), (ends, nowhere))
            )
        scores, order = tf.math.top_k(scores, ANSWERS)
        starts, ends = (tf.gather(values, order, batch_dims=1) for values in (starts, ends))
        is_answer = scores > NOT_POSSIBLE / 2
        starts, ends = tf.where(is_answer, starts, -1), tf.where(is_answer, ends, -1)
        passages = tf.repeat(outputs["passage"][:, None], ANSWERS, axis=1)
        from_start, sizes = tf.maximum(starts, 0), tf.maximum(ends - starts, 0)
        return {
            "count": tf.reduce_sum(tf.cast(is_answer, tf.int32), axis=1),
            "answers": tf.strings.substr(passages, from_start, sizes, unit="UTF8_CHAR"),
            "starts": starts,
            "ends": ends,
            "probabilities": tf.where(is_answer, tf.nn.softmax(scores), 0.0),
        }

    def to_python(self, row: Mapping[str, Any], text: tuple[str, str]) -> QuestionAnsweringAnswer:
        """Return {"answer", "start", "end", "probability", "alternatives": [the same without alternatives]}."""
        found: list[FoundAnswer] = [
            {
                "answer": text[1][start:end] if start >= 0 else "",
                "start": int(start),
                "end": int(end),
                "probability": float(probability),
            }
            for start, end, probability in zip(row["starts"], row["ends"], row["probabilities"], strict=True)
        ]
        found = found[: row["count"]]
        best: FoundAnswer = found[0] if found else {"answer": "", "start": -1, "end": -1, "probability": 0.0}
        return {**best, "alternatives": found[1:]}

    def readable(self, answer: QuestionAnsweringAnswer) -> str:
        """Return the answer and its probability."""
        return f"{answer['answer'] or '(no answer)'} {answer['probability']:.3f}"

    def evaluate(
        self, texts: Texts, references: Sequence[Sequence[str]] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Score the task with the metrics of SQuAD.

        Args:
            texts: pairs (question, passage).
            references: a list of the correct answers to each question; an empty list if there is none.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of score, metric ("f1"), and exact_match, f1, ... from `evaluation.question_answering_scores`.

        Raises:
            InputError: if there is no question, or the numbers of lists and questions differ.
        """
        references = require_references(texts, references, "a list of answers")
        found = [answer["answer"] for answer in self.predict(texts, batch_size)]
        scores = question_answering_scores(found, references, self.preprocessor.language)
        return with_main_score(scores, self.main_metric)


def answer_places(windows: Mapping[str, Any], answers: Sequence[tuple[int, int] | None]) -> np.ndarray:
    """Find the first and the last piece of each answer in every window.

    Args:
        windows: windows from `question_windows`.
        answers: characters (start, end) of the answer in the passage of each question, or None.

    Returns:
        int array [W, 2] of positions in the window; (0, 0) if it does not contain the complete answer.
    """
    positions = np.zeros((len(windows["example"]), 2), "int64")
    starts, ends = (windows[name].to_tensor(-1).numpy() for name in ("starts", "ends"))
    for window, example in enumerate(windows["example"].numpy()):
        answer = answers[example]
        if answer is None:
            continue
        start, end = answer
        inside = np.flatnonzero((starts[window] >= 0) & (ends[window] > start) & (starts[window] < end))
        if len(inside) and starts[window][inside[0]] <= start and ends[window][inside[-1]] >= end:
            positions[window] = inside[0], inside[-1]
    return positions


def _best_of_windows(outputs: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return scores, starts and ends of the best answers of every window, [W, K] each."""
    logits = tf.where(outputs["starts"][..., None] >= 0, tf.cast(outputs["logits"], tf.float32), NOT_POSSIBLE)
    most = tf.minimum(CANDIDATES, tf.shape(logits)[1])
    (start_scores, first), (end_scores, last) = (tf.math.top_k(logits[..., side], most) for side in (0, 1))
    size = last[:, None, :] - first[:, :, None]  # [W, candidates, candidates]
    pairs = start_scores[:, :, None] + end_scores[:, None, :]
    pairs = tf.where((size >= 0) & (size < LONGEST_ANSWER), pairs, 2 * NOT_POSSIBLE)
    flat = tf.reshape(pairs, [tf.shape(pairs)[0], most * most])
    scores, order = tf.math.top_k(flat, tf.minimum(ANSWERS, most * most))
    first, last = tf.gather(first, order // most, batch_dims=1), tf.gather(last, order % most, batch_dims=1)
    starts = tf.gather(outputs["starts"], first, batch_dims=1)
    return scores, starts, tf.gather(outputs["ends"], last, batch_dims=1)


def _by_question(values: tf.Tensor, example: tf.Tensor, count: tf.Tensor, filler: float) -> tf.Tensor:
    """Concatenate the rows of the windows of each question: [W, K] -> [N, at least K]."""
    rows = tf.RaggedTensor.from_value_rowids(values, tf.cast(example, tf.int64), tf.cast(count, tf.int64))
    dense = rows.to_tensor(tf.cast(filler, values.dtype))  # [N, windows, K]
    flat = tf.reshape(dense, [count, tf.shape(dense)[1] * tf.shape(dense)[2]])
    return tf.pad(flat, [[0, 0], [0, ANSWERS]], constant_values=tf.cast(filler, values.dtype))
