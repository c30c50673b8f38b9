"""How probable a text is, what may follow it, and how it could go on.

Shapes: N texts, T tokens, V vocabulary, K next words, L longest continuation.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.decoding import generate, greedy
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.layers.masking import mask_scores
from kerasnlp_zoo.models.output_projection import OutputProjection
from kerasnlp_zoo.models.rnn_language_model import with_state, zero_state
from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.text import bucketed_batches
from kerasnlp_zoo.text.detokenization import detokenize
from kerasnlp_zoo.vocabulary import END_ID

SEGMENT = 32  # tokens whose logits over the whole vocabulary are in memory at a time
NEXT_WORDS = 10  # K


class LanguageModeling(Task):
    """Score texts and go on with them, each as a line of its own.

    The log-probability of a text is that of a line that begins with it; `evaluate` is the perplexity of lines that
    follow each other. Continuations end where the model ends the line, and hold no `[UNK]`.

    Args:
        model: `keras.Model` from `rnn_language_model`.
        preprocessor: `LanguageModelPreprocessor`.
        labels: none.
        choose: `greedy`, or a `decoding.Sampling`, how a continuation is made.
        max_new_tokens: int, L.

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
    main_score = "perplexity", 1
    batch_size = 64
    needs_strings = True

    def __init__(self, model, preprocessor, labels=(), choose=greedy, max_new_tokens=20):
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"A language model has no labels. Received: {', '.join(self.labels)}")
        require_positive(max_new_tokens=max_new_tokens)
        self.choose = choose
        self.max_new_tokens = max_new_tokens
        self.stepwise, self.table = with_state(model), OutputProjection(model)
        # What no continuation holds: all special tokens but the end.
        places = np.arange(preprocessor.vocabulary_size)
        self.is_written = (places >= len(preprocessor.vocabulary.special)) | (places == END_ID)

    def generating(self, choose=greedy, max_new_tokens=20):
        """Return the task that goes on with texts in another way: `Sampling(top_p=0.9)`, say; it exports so, too."""
        return type(self)(self.model, self.preprocessor, (), choose, max_new_tokens)

    def dataset(self, texts, labels=None, batch_size=32, training=False, seed=0):
        """Make a tf.data set of lines, each read from nothing, for `model.fit`: labels are the words that follow.

        Args:
            texts: list of str, a line each.
            labels: none; the texts are what is learned.
            batch_size: int, rows of every batch.
            training: bool, whether each epoch has its own order.
            seed: int, decides those orders.

        Returns:
            `tf.data.Dataset` of (token_ids [B, T], words [B, T], weights [B, T]).

        Raises:
            InputError: if there is no text, or a text is no string.
        """
        ids = self._features(self._checked(texts))["token_ids"]
        ends = tf.fill([ids.nrows(), 1], END_ID)
        inputs, words = tf.concat([ends, ids], axis=1), tf.concat([ids, ends], axis=1)
        dataset = bucketed_batches({"token_ids": inputs}, words, batch_size, shuffle=training, seed=seed)
        return dataset.map(lambda features, *rest: (self._model_inputs(features), *rest))

    def evaluate(self, texts, labels=None):
        """Return the exact perplexity of lines that follow each other, the end of each a token, too.

        Args:
            texts: list of str, a line each; a blank one is a line.
            labels: none.

        Returns:
            dict of perplexity, log_probability and tokens.

        Raises:
            InputError: if there is no text, or a text is no string.
        """
        ids = self.preprocessor.token_ids(*self.columns(self._checked(texts)))
        stream = tf.concat([ids, tf.fill([ids.nrows(), 1], END_ID)], axis=1).flat_values.numpy()
        log_probabilities = text_log_probabilities(self.model, stream)
        return {
            "perplexity": perplexity(log_probabilities),
            "log_probability": float(log_probabilities.sum(dtype="float64")),
            "tokens": len(stream),
        }

    def next_words(self, texts):
        """Return what may follow each text.

        Args:
            texts: list of str.

        Returns:
            list of lists of {"text": str, "probability": float}, the most probable first; `[END]` is the end of
            the line.
        """
        outputs = self.outputs(texts)
        return [
            [{"text": word.decode(), "probability": float(p)} for word, p in zip(words, probabilities, strict=True)]
            for words, probabilities in zip(outputs["next_words"], outputs["next_probabilities"], strict=True)
        ]

    def answer_features(self, features):
        """Score the texts segment by segment, then go on from where each ends."""
        ids = features["token_ids"]  # [N, T]
        lengths = tf.reduce_sum(tf.cast(ids != 0, tf.int32), axis=1)
        ends = tf.fill([tf.shape(ids)[0], 1], END_ID)
        # A line follows the end of another; its last token is left for `step` to read.
        before = tf.where(ids != 0, tf.concat([ends, ids[:, :-1]], axis=1), 0)
        log_probability, state = self._score(before, ids)
        last = tf.gather(tf.concat([ends, ids], axis=1), lengths, batch_dims=1)  # [N]
        state = self.start(state)
        return {
            "log_probability": log_probability,
            "perplexity": tf.exp(tf.math.divide_no_nan(-log_probability, tf.cast(lengths, tf.float32))),
            **self._next(last, state),
            "continuation": self._continuation(last, state),
        }

    def _score(self, before, words):
        """Return the log-probability of each row of words, and the state: `before` is what they follow."""
        rows, time = tf.shape(words)[0], tf.shape(words)[1]
        filling = [[0, 0], [0, -time % SEGMENT]]
        before, words = tf.pad(before, filling), tf.pad(words, filling)

        def segment(start, total, state):
            inputs, targets = before[:, start : start + SEGMENT], words[:, start : start + SEGMENT]
            outputs = self.stepwise({"token_ids": inputs, **state}, training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, tf.cast(outputs["logits"], tf.float32))
            total -= tf.reduce_sum(tf.where(targets != 0, losses, 0.0), axis=1)
            return (
                start + SEGMENT,
                total,
                {name: tf.ensure_shape(outputs[name], old.shape) for name, old in state.items()},
            )

        start = (tf.constant(0), tf.zeros([rows]), zero_state(self.model, rows))
        _, total, state = tf.while_loop(lambda start, *_: start < time, segment, start)
        return total, state

    def start(self, state):
        """Return what `step` begins with: a recurrent state, as from `zero_state`, and the table of the words."""
        return {**state, "table": self.table.turned(tf.shape(next(iter(state.values())))[0])}

    def step(self, state, ids):
        """Read one more token of every text: what `decoding.generate` needs."""
        recurrent = {name: part for name, part in state.items() if name != "table"}
        outputs = self.stepwise({"token_ids": ids[:, None], **recurrent}, training=False)
        logits = self.table.logits(outputs["hidden"][:, 0], state["table"])
        return logits, {**state, **{name: outputs[name] for name in recurrent}}

    def _next(self, last, state):
        """Return the most probable next tokens and their probabilities, [N, K]."""
        logits, _ = self.step(state, last)
        probabilities, ids = tf.math.top_k(tf.nn.softmax(logits), min(NEXT_WORDS, self.preprocessor.vocabulary_size))
        return {"next_words": tf.gather(self._tokens(), ids), "next_probabilities": probabilities}

    def _continuation(self, last, state):
        """Return what is written after each text: string [N], words separated by spaces."""

        def choose(logits, place):
            return self.choose(mask_scores(logits, self.is_written), place)

        ids = generate(self.step, state, last, choose, self.max_new_tokens, END_ID)  # [N, L]
        words = tf.ragged.boolean_mask(tf.gather(self._tokens(), ids), ids != 0)
        separator = "" if self.preprocessor.unit == "characters" else " "
        return tf.strings.reduce_join(words, axis=1, separator=separator)

    def _tokens(self):
        return tf.constant(self.preprocessor.vocabulary.tokens)

    def to_python(self, row, text):
        """Return {"log_probability": float, "perplexity": float, "continuation": str}."""
        continuation = row["continuation"].decode()
        return {
            "log_probability": float(row["log_probability"]),
            "perplexity": float(row["perplexity"]),
            "continuation": continuation if self.preprocessor.unit == "characters" else detokenize(continuation),
        }

    def readable(self, answer):
        """Return the perplexity, and the continuation."""
        return f"perplexity {answer['perplexity']:.1f} ... {answer['continuation']}"
