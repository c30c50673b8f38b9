"""The part of a passage that answers a question.

Shapes: N questions, W windows of all passages, T tokens of a window, K best answers.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.question_answering import question_answering_scores
from kerasnlp_zoo.layers.masking import LOWEST
from kerasnlp_zoo.tasks.task import CHUNK, Task
from kerasnlp_zoo.text import bucketed_batches
from kerasnlp_zoo.text.question_windows import question_windows

ANSWERS = 5  # K
CANDIDATES = 20  # places that an answer of a window may begin or end at: the best ones
LONGEST_ANSWER = 30  # pieces
NO_ANSWER = "no_answer"
NOT_POSSIBLE = LOWEST["float32"] / 4  # below any score, and no infinity when two are added


class QuestionAnswering(Task):
    """Point at the answer to a question in a passage of any length.

    Passages longer than the model reads are cut into windows that overlap; the best answer of all windows
    counts.

    Args:
        model: `keras.Model` -> logits [W, T, 2], such as `bert_span_predictor` makes.
        preprocessor: `WordPiecePreprocessor` that takes pairs: question and passage.
        labels: none, or ["no_answer"] if the model may say that the passage holds no answer.

    Raises:
        InputError: for other labels, or a preprocessor that takes no pairs.

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
    main_score = "f1", 100
    needs_strings = True
    batch_size = 16

    def __init__(self, model, preprocessor, labels=()):
        super().__init__(model, preprocessor, labels)
        if self.labels not in ([], [NO_ANSWER]):
            raise InputError(f"Expected labels=[] or [{NO_ANSWER!r}]. Received: {', '.join(self.labels)}")
        if len(preprocessor.inputs) != 2:
            raise InputError("Questions come with passages: make the preprocessor with pairs=True")

    @property
    def can_abstain(self):
        """Whether an answer may be that there is none."""
        return bool(self.labels)

    def dataset(self, texts, labels=None, batch_size=32, training=False, seed=0):
        """Make a tf.data set of windows for `model.fit` or `model.evaluate`.

        Args:
            texts: list of (question, passage).
            labels: for each a pair (start, end) of characters of the passage, or None where it holds no
                answer; None for all. A window without the whole answer is taught that it has none.
            batch_size: int, rows of every batch.
            training: bool, whether each epoch has its own order.
            seed: int, decides those orders.

        Returns:
            `tf.data.Dataset` of (inputs, places int [B, 2] of first and last piece, weights [B, 1]).

        Raises:
            InputError: if there is no question, or not an answer for each.
        """
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        answers = [None] * len(texts) if labels is None else list(labels)
        if not texts or len(answers) != len(texts):
            raise InputError(f"Expected questions, and an answer for each. Received: {len(texts)} and {len(answers)}")
        windows = self._windows(texts)
        places = answer_places(windows, answers)
        features = {name: windows[name] for name in self.model.input}
        weights = np.ones((len(places), 1), "float32")
        return bucketed_batches(features, places, batch_size, shuffle=training, seed=seed, weights=weights)

    def num_windows(self, texts):
        """Return how many windows a list of (question, passage) is read in: the rows of an epoch."""
        return len(self._windows(self._checked(texts))["example"])

    def _windows(self, texts):
        """Return the windows of all questions, made in chunks."""
        chunks = []
        for start in range(0, len(texts), CHUNK):
            windows = question_windows(self.preprocessor, *self.columns(texts[start : start + CHUNK]))
            chunks.append({**windows, "example": windows["example"] + start})
        return {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}

    def _strings_to_answers(self, question, passage):
        windows = question_windows(self.preprocessor, question, passage)
        dense = {name: values.to_tensor() for name, values in windows.items() if name != "example"}
        logits = self.model({name: dense[name] for name in self.model.input}, training=False)
        return self.answer({**dense, "logits": logits, "example": windows["example"], "passage": passage})

    def answer(self, outputs):
        """Return the best answers to each question.

        Returns:
            dict of count [N], how many there are; answers string [N, K], their starts and ends in characters
            of the passage and their probabilities; filled up with "", -1 and 0. The answer "" at -1 says
            that there is none.
        """
        scores, starts, ends = _best_of_windows(outputs)  # [W, K] each
        count = tf.size(outputs["passage"])
        scores, starts, ends = (
            _by_question(values, outputs["example"], count, filler)
            for values, filler in ((scores, NOT_POSSIBLE), (starts, -1), (ends, -1))
        )
        if self.can_abstain:
            # A passage holds no answer if no window does: the least sure window decides.
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

    def to_python(self, row, text):
        """Return {"answer", "start", "end", "probability", "alternatives": [the same without alternatives]}."""
        found = [
            {
                "answer": text[1][start:end] if start >= 0 else "",
                "start": int(start),
                "end": int(end),
                "probability": float(probability),
            }
            for start, end, probability in zip(row["starts"], row["ends"], row["probabilities"], strict=True)
        ][: row["count"]]
        best = found[0] if found else {"answer": "", "start": -1, "end": -1, "probability": 0.0}
        return {**best, "alternatives": found[1:]}

    def readable(self, answer):
        """Return the answer and its probability."""
        return f"{answer['answer'] or '(no answer)'} {answer['probability']:.3f}"

    def evaluate(self, texts, answers, batch_size=None):
        """Score the task as SQuAD does.

        Args:
            texts: list of (question, passage).
            answers: for each a list of str, the right answers; empty where there is none.
            batch_size: int.

        Returns:
            dict of exact_match, f1, ... as `evaluation.question_answering` gives them.
        """
        found = [answer["answer"] for answer in self.predict(texts, batch_size)]
        return question_answering_scores(found, answers, self.preprocessor.language)


def answer_places(windows, answers):
    """Find the first and the last piece of each answer in every window.

    Args:
        windows: dict of `question_windows`.
        answers: list of (start, end) in characters of the passage, or None.

    Returns:
        int array [W, 2], places in the window; (0, 0) where it does not hold the whole answer.
    """
    places = np.zeros((len(windows["example"]), 2), "int64")
    starts, ends = (windows[name].to_tensor(-1).numpy() for name in ("starts", "ends"))
    for window, example in enumerate(windows["example"].numpy()):
        if answers[example] is None:
            continue
        start, end = answers[example]
        inside = np.flatnonzero((starts[window] >= 0) & (ends[window] > start) & (starts[window] < end))
        if len(inside) and starts[window][inside[0]] <= start and ends[window][inside[-1]] >= end:
            places[window] = inside[0], inside[-1]
    return places


def _best_of_windows(outputs):
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


def _by_question(values, example, count, filler):
    """Put what belongs to the windows of a question side by side: [W, K] -> [N, at least K]."""
    rows = tf.RaggedTensor.from_value_rowids(values, tf.cast(example, tf.int64), tf.cast(count, tf.int64))
    dense = rows.to_tensor(tf.cast(filler, values.dtype))  # [N, windows, K]
    flat = tf.reshape(dense, [count, tf.shape(dense)[1] * tf.shape(dense)[2]])
    return tf.pad(flat, [[0, 0], [0, ANSWERS]], constant_values=tf.cast(filler, values.dtype))
