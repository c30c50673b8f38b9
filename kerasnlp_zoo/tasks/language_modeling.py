"""The probability of a text, its most probable next words, and a continuation.

Shapes: N texts, T tokens, V vocabulary, K next words, L longest continuation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import generate, greedy
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.layers.masking import mask_scores
from kerasnlp_zoo.models.language_model_state import with_state, zero_state
from kerasnlp_zoo.models.output_projection import OutputProjection
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import Task, refuse_references
from kerasnlp_zoo.text import LanguageModelPreprocessor, bucketed_batches
from kerasnlp_zoo.text.detokenization import detokenize
from kerasnlp_zoo.vocabulary import END_ID
from kerasnlp_zoo.weights import read_once

SEGMENT = 32  # tokens whose logits are in memory at a time
NEXT_WORDS = 10  # K
WRITTEN_UNITS = ("characters", "pieces")  # units that contain the spaces of the text

State: TypeAlias = dict[str, tf.Tensor]  # the state of the model and the output projection
Choose: TypeAlias = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (logits [N, V], number of tokens before) -> ids [N]


class NextWord(TypedDict):
    """A word and the probability that it is next."""

    text: str
    probability: float


class LanguageModelingAnswer(AnyAnswer):
    """The log-probability and perplexity of a text, and a continuation."""

    log_probability: float
    perplexity: float
    continuation: str


class LanguageModeling(Task[LanguageModelingAnswer]):
    """Score texts and continue them; each text is the beginning of a line.

    Of a text that is longer than max_sequence_length, the last tokens are scored and continued.

    The log-probability of a text is the log-probability that a line begins with it. `evaluate` returns the perplexity
    of consecutive lines. A continuation stops where the model ends the line, and never contains `[UNK]`.

    Args:
        model: a language model, such as one from `rnn_language_model`.
        preprocessor: `LanguageModelPreprocessor`.
        labels: none.
        choose: how to choose the tokens of a continuation: `greedy`, or a `decoding.Sampling`.
        max_new_tokens: L (>= 1).
        jit: whether XLA compiles the continuation. A Transformer then needs about two thirds of the time for it, after
            one or two seconds for each new number of texts in a batch. Sampling draws other tokens than without XLA.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> from kerasnlp_zoo.text import GenerativeVocabulary, LanguageModelPreprocessor
    >>> vocabulary = GenerativeVocabulary.from_counts({"tea": 3, "with": 2, "milk": 1})
    >>> model = rnn_language_model(len(vocabulary), embedding_dim=4, num_layers=1)
    >>> answer = LanguageModeling(model, LanguageModelPreprocessor(vocabulary)).predict(["tea with"])[0]
    >>> list(answer)
    ['log_probability', 'perplexity', 'continuation']
    """

    name = "language_modeling"
    main_metric: str = "perplexity"
    batch_size = 64
    needs_strings = True
    what_is_read = "only the end of each was read and continued"
    preprocessor: LanguageModelPreprocessor

    def __init__(
        self,
        model: keras.Model,
        preprocessor: LanguageModelPreprocessor,
        labels: Sequence[str] = (),
        choose: Choose = greedy,
        max_new_tokens: int = 20,
        jit: bool = False,
    ) -> None:
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"A language model has no labels. Received: {', '.join(self.labels)}")
        require_positive(max_new_tokens=max_new_tokens)
        self.choose = choose
        self.max_new_tokens = max_new_tokens
        self.jit = jit
        self.stepwise = with_state(model)
        self.output_projection = OutputProjection(model) if OutputProjection.fits(model) else None
        # A continuation contains no special token except the end.
        ids = np.arange(preprocessor.vocabulary_size)
        self.is_written = (ids >= len(preprocessor.vocabulary.special)) | (ids == END_ID)

    def with_decoding(self, choose: Choose = greedy, max_new_tokens: int = 20, jit: bool = False) -> "LanguageModeling":
        """Return a task with another decoding, such as `Sampling(top_p=0.9)`. `export` also saves this decoding."""
        return type(self)(self.model, self.preprocessor, (), choose, max_new_tokens, jit)

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[Any] | None = None,
        batch_size: int = 32,
        training: bool = False,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` of lines for `model.fit`; every line starts with a zero state.

        Args:
            texts: lines.
            labels: none; the labels are the next words.
            batch_size: number of rows in a batch.
            training: whether to shuffle the lines in each epoch.
            seed: seed of the shuffling.

        Returns:
            Batches (token_ids [B, T], next words [B, T], weights [B, T]).

        Raises:
            InputError: if there is no text, or a text is not a string.
        """
        ids = self._features(self._checked(texts))["token_ids"]
        ends = tf.fill([ids.nrows(), 1], END_ID)
        inputs, words = tf.concat([ends, ids], axis=1), tf.concat([ids, ends], axis=1)
        dataset = bucketed_batches({"token_ids": inputs}, words, batch_size, shuffle=training, seed=seed)
        return dataset.map(lambda features, *rest: (self._model_inputs(features), *rest))

    def evaluate(
        self, texts: Sequence[str], references: Sequence[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Return the exact perplexity of consecutive lines; the end of a line counts as a token.

        Args:
            texts: lines; an empty string is also a line.
            references: none; the references are the next words.
            batch_size: not used; the model reads the lines one after the other.

        Returns:
            dict of score, metric ("perplexity"), perplexity, log_probability and tokens.

        Raises:
            InputError: if there is no text, a text is not a string, or there are references.
        """
        log_probabilities, lengths = self._line_probabilities(texts, references)
        scores = {
            "perplexity": perplexity(log_probabilities),
            "log_probability": float(log_probabilities.sum(dtype="float64")),
            "tokens": int(lengths.sum()),
        }
        return with_main_score(scores, self.main_metric)

    def line_scores(self, texts: Sequence[str], references: Sequence[Any] | None = None) -> np.ndarray:
        """Return the log probability and the number of tokens of each of consecutive lines, float64 [N, 2].

        The arguments and the errors are those of `evaluate`.
        """
        log_probabilities, lengths = self._line_probabilities(texts, references)
        sums = np.add.reduceat(log_probabilities.astype("float64"), np.cumsum(lengths) - lengths)
        return np.stack([sums, lengths], axis=1)

    def _line_probabilities(
        self, texts: Sequence[str], references: Sequence[Any] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the log probabilities of all tokens, float32 [T], and the number of tokens of each line, int [N]."""
        refuse_references(references, "The references of a language model are the next words of the texts.")
        ids = self.preprocessor.token_ids(*self.columns(self._checked(texts)))
        lines = tf.concat([ids, tf.fill([ids.nrows(), 1], END_ID)], axis=1)
        return text_log_probabilities(self.model, lines.flat_values.numpy()), lines.row_lengths().numpy()

    def next_words(self, texts: Sequence[str]) -> list[list[NextWord]]:
        """Return the most probable next words of each text, the best first; `[END]` is the end of the line."""
        outputs = self.outputs(texts)
        return [
            [{"text": word.decode(), "probability": float(p)} for word, p in zip(words, probabilities, strict=True)]
            for words, probabilities in zip(outputs["next_words"], outputs["next_probabilities"], strict=True)
        ]

    def answer_features(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Score the texts segment by segment, then continue each from its last state."""
        ids = features["token_ids"]  # [N, T]
        lengths = tf.reduce_sum(tf.cast(ids != 0, tf.int32), axis=1)
        ends = tf.fill([tf.shape(ids)[0], 1], END_ID)
        # Every line follows the end of another. Its last token is not read here: `step` reads it.
        before = tf.where(ids != 0, tf.concat([ends, ids[:, :-1]], axis=1), 0)
        last = tf.gather(tf.concat([ends, ids], axis=1), lengths, batch_dims=1)  # [N]
        with read_once(self.model):
            log_probability, state = self._score(before, ids)
            state = self.start(state)
            return {
                "log_probability": log_probability,
                "perplexity": tf.exp(tf.math.divide_no_nan(-log_probability, tf.cast(lengths, tf.float32))),
                **self._next(last, state),
                "continuation": self._continuation(last, state),
            }

    def _score(self, before: tf.Tensor, words: tf.Tensor) -> tuple[tf.Tensor, State]:
        """Return the log-probability of each row of words [N, T] after the tokens `before` [N, T], and the state."""
        rows, time = tf.shape(words)[0], tf.shape(words)[1]
        size = tf.clip_by_value(time, 1, SEGMENT)
        filling = [[0, 0], [0, -time % size]]
        before, words = tf.pad(before, filling), tf.pad(words, filling)

        def segment(start: tf.Tensor, total: tf.Tensor, state: State) -> tuple[tf.Tensor, tf.Tensor, State]:
            inputs, targets = before[:, start : start + size], words[:, start : start + size]
            outputs = self.stepwise({"token_ids": inputs, **state}, training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, tf.cast(outputs["logits"], tf.float32))
            total -= tf.reduce_sum(tf.where(targets != 0, losses, 0.0), axis=1)
            return (
                start + size,
                total,
                {name: tf.ensure_shape(outputs[name], old.shape) for name, old in state.items()},
            )

        start = (tf.constant(0), tf.zeros([rows]), zero_state(self.model, rows))
        _, total, state = tf.while_loop(lambda start, *_: start < time, segment, start)
        return total, state

    def start(self, state: State) -> State:
        """Return the first state for `step`: a state of the model, such as `zero_state`, and the output projection."""
        if self.output_projection is None:
            return state
        return {**state, "table": self.output_projection.prepared(tf.shape(next(iter(state.values())))[0])}

    def step(self, state: State, ids: tf.Tensor) -> tuple[tf.Tensor, State]:
        """Read one more token of every text, ids [N]; return logits [N, V] and the state, for `decoding.generate`."""
        before = {name: part for name, part in state.items() if name != "table"}
        outputs = self.stepwise({"token_ids": ids[:, None], **before}, training=False)
        if self.output_projection is None:
            logits = tf.cast(outputs["logits"][:, 0], tf.float32)
        else:
            logits = self.output_projection.logits(outputs["hidden"][:, 0], state["table"])
        return logits, {**state, **{name: outputs[name] for name in before}}

    def _next(self, last: tf.Tensor, state: State) -> dict[str, tf.Tensor]:
        """Return the most probable next tokens and their probabilities, [N, K]."""
        logits, _ = self.step(state, last)
        probabilities, ids = tf.math.top_k(tf.nn.softmax(logits), min(NEXT_WORDS, self.preprocessor.vocabulary_size))
        words = tf.gather(tf.constant(self.preprocessor.vocabulary.tokens), ids)
        return {"next_words": words, "next_probabilities": probabilities}

    def _continuation(self, last: tf.Tensor, state: State) -> tf.Tensor:
        """Return the continuation of each text: string [N]."""

        def choose(logits: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
            return self.choose(mask_scores(logits, self.is_written), position)

        def continued(last: tf.Tensor, state: State) -> tf.Tensor:
            return generate(self.step, state, last, choose, self.max_new_tokens, END_ID)  # [N, L]

        continued = tf.function(continued, jit_compile=True, autograph=False) if self.jit else continued
        return self.preprocessor.join(continued(last, state))

    def to_python(self, row: Mapping[str, Any], text: Any) -> LanguageModelingAnswer:
        """Return {"log_probability": float, "perplexity": float, "continuation": str}."""
        continuation = row["continuation"].decode()
        return {
            "log_probability": float(row["log_probability"]),
            "perplexity": float(row["perplexity"]),
            "continuation": continuation if self.preprocessor.unit in WRITTEN_UNITS else detokenize(continuation),
        }

    def readable(self, answer: LanguageModelingAnswer) -> str:
        """Return the perplexity and the continuation."""
        return f"perplexity {answer['perplexity']:.1f} ... {answer['continuation']}"
