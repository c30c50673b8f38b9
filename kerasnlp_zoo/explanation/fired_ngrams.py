"""The contributions of n-grams to the answer of a TextCNN.

After its activation, `text_cnn` is linear except for the choices of the pooling. A logit is therefore exactly the bias
plus the sum of activation x gradient over filters and windows, for any pooling. With max pooling, only the window with
the maximum of a filter has a gradient; it is the weight of the logit.

Shapes: C classes, T words, N windows of a width W, F filters per width, K filters that fired at a window.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation.tokens import read_words, shortened
from kerasnlp_zoo.layers.masking import num_windows
from kerasnlp_zoo.markup import bar, shaded_words
from kerasnlp_zoo.tasks import Task
from kerasnlp_zoo.tasks.text_classification import TextClassificationAnswer
from kerasnlp_zoo.text import WordPreprocessor

BEYOND = "·"  # replaces a word before the first or after the last word of the text


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class FiredNgram:
    """A window of the sentence, and the filters that fired at this window and contributed to a logit.

    With max pooling, a filter contributes at the window with its maximum. If several windows have this maximum, such as
    a repeated n-gram, they share the contribution.

    Args:
        start: position of the first word of the window; negative if the window begins before the sentence.
        words: W words, BEYOND at positions outside the sentence.
        filters: int array [K], indices of the filters of this width.
        activations: float array [K], activations of the filters.
        filter_contributions: float array [K, C], contribution of each filter to the logit of each class.
    """

    start: int
    words: tuple[str, ...]
    filters: np.ndarray
    activations: np.ndarray
    filter_contributions: np.ndarray

    def __repr__(self) -> str:
        return f"FiredNgram({' '.join(self.words)!r}, start={self.start}, filters={len(self.filters)})"

    @property
    def width(self) -> int:
        """Number of words in the window, W."""
        return len(self.words)

    @property
    def contributions(self) -> np.ndarray:
        """Contribution of the window to the logit of each class, float array [C]."""
        return self.filter_contributions.sum(axis=0)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """The contributions of n-grams to an answer: `logits` = `bias` + the sum of the contributions.

    Args:
        answer: answer of `predict`.
        labels: C labels.
        words: T words as the model read them; an unknown word ends in "[?]".
        words_cut: number of truncated words, after max_sequence_length.
        ngrams: n-grams that contributed.
        logits: float array [C].
        bias: float array [C].
        separator: separator between the words of this language.
    """

    answer: TextClassificationAnswer
    labels: list[str]
    words: list[str]
    words_cut: int
    ngrams: list[FiredNgram]
    logits: np.ndarray
    bias: np.ndarray
    separator: str

    def __repr__(self) -> str:
        return f"Explanation({self.answer['label']!r}, words={shortened(self.words)}, ngrams={len(self.ngrams)})"

    def _repr_html_(self) -> str:
        contributions = self.word_contributions[:, self.predicted]
        words = shaded_words(self.words, contributions, self.separator)
        return f"{bar(self.answer['label'], self.answer['probability'])}<p>{words}</p>"

    @property
    def predicted(self) -> int:
        """Id of the predicted class."""
        return self.labels.index(self.answer["label"])

    @property
    def word_contributions(self) -> np.ndarray:
        """Contribution of every word, float array [T, C]; an n-gram divides its contribution equally among its words.

        Their sum is logits - bias.
        """
        contributions = np.zeros((len(self.words), len(self.labels)))
        for ngram in self.ngrams:
            positions = slice(max(ngram.start, 0), ngram.start + ngram.width)
            contributions[positions] += ngram.contributions / len(self.words[positions])
        return contributions

    def strongest(self, count: int) -> tuple[list[FiredNgram], list[FiredNgram]]:
        """Return at most `count` n-grams that support the answer, and `count` that oppose it, the strongest first."""
        ngrams = sorted(self.ngrams, key=lambda ngram: -ngram.contributions[self.predicted])
        speak_for = [ngram for ngram in ngrams if ngram.contributions[self.predicted] > 0]
        speak_against = [ngram for ngram in reversed(ngrams) if ngram.contributions[self.predicted] < 0]
        return speak_for[:count], speak_against[:count]


def fired_ngrams(task: Task, text: str) -> Explanation:
    """Return the contributions of n-grams to the answer of a TextCNN.

    Args:
        task: a task with a model from `text_cnn`, with any pooling and padding.
        text: the text to answer. Of several labels, the most probable one is explained.

    Raises:
        InputError: if `text` is not a string, or the model does not come from `text_cnn`, or its convolutions are
            stacked or dilated: their windows are no n-grams.

    Example:

    >>> from kerasnlp_zoo import zoo
    >>> explanation = fired_ngrams(zoo.load("text_cnn_movie_reviews_en"), "a gripping, beautifully acted film")
    >>> speak_for, speak_against = explanation.strongest(count=1)
    >>> speak_for[0].words
    (',', 'beautifully', 'acted', 'film')
    """
    _require_text_cnn(task.model)
    answer = _answer_with_one_label(task, text)
    preprocessor = cast(WordPreprocessor, task.preprocessor)  # every text_cnn reads words
    words, words_cut, features = read_words(preprocessor, text)
    logits, by_width = _window_contributions(task.model, features["token_ids"], len(task.labels))
    padding = task.model.builder_config["arguments"]["padding"]
    ngrams = []
    for width, (activations, contributions) in by_width.items():
        edge = width - 1
        padded = [BEYOND] * edge + words + [BEYOND] * edge
        first = {"full": -edge, "same": -(edge // 2), "valid": 0}[padding]  # start of the first window
        # A text without words still has one window, of padding, which the pooling ignores.
        for window in range(num_windows(len(words), padding, edge) if words else 0):
            fired = np.flatnonzero(np.any(contributions[:, window] != 0, axis=0))
            if len(fired):
                start = first + window
                ngram = tuple(padded[start + edge : start + edge + width])
                shares = contributions[:, window, fired].T  # [K, C]
                ngrams.append(FiredNgram(start, ngram, fired, activations[window, fired], shares))
    bias = keras.ops.convert_to_numpy(task.model.get_layer("logits").bias)
    separator = "" if task.preprocessor.language == "zh" else " "
    return Explanation(answer, task.labels, words, words_cut, ngrams, logits, bias, separator)


def _answer_with_one_label(task: Task, text: str) -> TextClassificationAnswer:
    """Return the answer to explain: of several labels, the most probable one."""
    answer: Any = task.predict([text])[0]
    if "probabilities" not in answer:
        raise InputError(f"fired_ngrams explains the labels of a text. Received: a task of {task.name}")
    probabilities: dict[str, float] = answer["probabilities"]
    label = max(probabilities, key=probabilities.__getitem__)
    return {"label": label, "probability": probabilities[label], "probabilities": probabilities}


def _require_text_cnn(model: keras.Model) -> None:
    builder = getattr(model, "builder_config", {"builder": None})["builder"]
    if builder != "text_cnn":
        raise InputError(
            "fired_ngrams explains models that the builder text_cnn made, with any pooling. "
            f"Received: {model.name}, {f'made by {builder}' if builder else 'not made by a builder'}"
        )
    rates = model.builder_config["arguments"]["dilation_rates"]
    if rates != [1]:
        raise InputError(
            "fired_ngrams explains models with one convolution for each width, over neighbouring words. "
            f"Received: dilation_rates={rates}"
        )


def _window_contributions(
    model: keras.Model, token_ids: tf.Tensor, num_classes: int
) -> tuple[np.ndarray, Mapping[int, tuple[np.ndarray, np.ndarray]]]:
    """Return logits [C] and, for each width, activations [N, F] and contributions [C, N, F]."""
    widths = model.builder_config["arguments"]["filter_widths"]
    windows, masks = zip(*(model.get_layer(f"pooling_{width}").input for width in widths), strict=True)
    below = keras.Model(model.input, [*windows, *masks])
    above = keras.Model([*windows, *masks], model.output)
    # The sentence is repeated for each class: row c returns the gradient of the logit of class c.
    between = below(tf.repeat(token_ids, num_classes, axis=0))
    activations = between[: len(widths)]
    with tf.GradientTape() as tape:
        tape.watch(activations)
        logits = above(between, training=False)  # [C, C], all rows equal
        own = tf.linalg.trace(logits)
    gradients = tape.gradient(own, activations)
    activations, gradients = ([np.array(v, "float32") for v in values] for values in (activations, gradients))
    by_width = {w: (a[0], a * g) for w, a, g in zip(widths, activations, gradients, strict=True)}
    return np.array(logits[0], "float32"), by_width
