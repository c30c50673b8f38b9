"""Which n-grams made a TextCNN answer as it did.

After its ReLU, `text_cnn` is linear up to the choices that pooling makes, so a logit is the sum, over filters
and windows, of activation x gradient, plus the bias: exactly, whatever the pooling. For max pooling
only the window that won a filter's maximum has a gradient, and that gradient is the logit's weight.

Shapes: C classes, T words, W width of a window, F filters per width, K filters that fired at a window.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation.tokens import read_words

BEYOND = "·"  # stands for a place of a window before the first word or after the last


@dataclasses.dataclass(frozen=True, eq=False)
class FiredNgram:
    """A window of the sentence, and the filters that fired there and counted.

    With max pooling, a filter counts where it has its maximum; windows that share the maximum, because
    the same n-gram stands in several places, share the contribution.

    Args:
        start: int, place of the window's first word; negative if it begins before the sentence.
        words: tuple of W str, BEYOND at the places outside the sentence.
        filters: int array [K], which of the F filters of this width.
        activations: float array [K], how strongly they fired.
        filter_contributions: float array [K, C], what each added to each class's logit.
    """

    start: int
    words: tuple
    filters: np.ndarray
    activations: np.ndarray
    filter_contributions: np.ndarray

    @property
    def width(self):
        """Number of words in the window, W."""
        return len(self.words)

    @property
    def contributions(self):
        """What the window added to each class's logit, float array [C]."""
        return self.filter_contributions.sum(axis=0)


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """An answer taken apart: `logits` = `bias` + the sum of the n-grams' contributions.

    Args:
        answer: dict, what `predict` gives.
        labels: list of C str.
        words: list of T str, the words as the model read them; unknown ones end in "[?]".
        words_cut: int, words behind max_sequence_length, which the model did not see.
        ngrams: list of FiredNgram.
        logits: float array [C].
        bias: float array [C].
        separator: str, what stands between words of this language.
    """

    answer: dict
    labels: list
    words: list
    words_cut: int
    ngrams: list
    logits: np.ndarray
    bias: np.ndarray
    separator: str

    @property
    def predicted(self):
        """Id of the class that was answered."""
        return self.labels.index(self.answer["label"])

    @property
    def word_contributions(self):
        """Float array [T, C]: each n-gram's contribution, shared equally by its words; they add up to logits - bias."""
        contributions = np.zeros((len(self.words), len(self.labels)))
        for ngram in self.ngrams:
            places = slice(max(ngram.start, 0), ngram.start + ngram.width)
            contributions[places] += ngram.contributions / len(self.words[places])
        return contributions

    def strongest(self, count):
        """Return two lists of at most `count` n-grams for and against the answer, the strongest first."""
        ngrams = sorted(self.ngrams, key=lambda ngram: -ngram.contributions[self.predicted])
        speak_for = [ngram for ngram in ngrams if ngram.contributions[self.predicted] > 0]
        speak_against = [ngram for ngram in reversed(ngrams) if ngram.contributions[self.predicted] < 0]
        return speak_for[:count], speak_against[:count]


def fired_ngrams(task, text):
    """Take a TextCNN's answer apart into the n-grams that fired.

    Args:
        task: TextClassification whose model comes from `text_cnn`, with any pooling.
        text: str.

    Returns:
        Explanation.

    Raises:
        InputError: if `text` is no string, or the model comes from elsewhere.

    Example:

    >>> from kerasnlp_zoo import zoo
    >>> explanation = fired_ngrams(zoo.load("text_cnn_movie_reviews_en"), "a gripping, beautifully acted film")
    >>> speak_for, speak_against = explanation.strongest(count=1)
    >>> speak_for[0].words
    (',', 'beautifully', 'acted', 'film')
    """
    _require_text_cnn(task.model)
    answer = task.predict([text])[0]
    words, words_cut, features = read_words(task.preprocessor, text)
    logits, by_width = _window_contributions(task.model, features["token_ids"], len(task.labels))
    ngrams = []
    for width, (activations, contributions) in by_width.items():
        padded = [BEYOND] * (width - 1) + words + [BEYOND] * (width - 1)
        # Without a word there is one window all the same, of padding: pooling leaves it out.
        for window in range(len(words) + width - 1 if words else 0):
            fired = np.flatnonzero(np.any(contributions[:, window] != 0, axis=0))
            if len(fired):
                ngram = tuple(padded[window : window + width])
                shares = contributions[:, window, fired].T  # [K, C]
                ngrams.append(FiredNgram(window - width + 1, ngram, fired, activations[window, fired], shares))
    bias = keras.ops.convert_to_numpy(task.model.get_layer("logits").bias)
    separator = "" if task.preprocessor.language == "zh" else " "
    return Explanation(answer, task.labels, words, words_cut, ngrams, logits, bias, separator)


def _require_text_cnn(model):
    builder = getattr(model, "builder_config", {"builder": None})["builder"]
    if builder != "text_cnn":
        raise InputError(
            "Which n-grams fired is known of models that the builder text_cnn made, with any pooling. "
            f"Received: {model.name}, {f'made by {builder}' if builder else 'not made by a builder'}"
        )


def _window_contributions(model, token_ids, num_classes):
    """Return logits [C] and, for each width, activations [T + W - 1, F] and contributions [C, T + W - 1, F]."""
    widths = model.builder_config["arguments"]["filter_widths"]
    windows = [model.get_layer(f"convolution_{width}").output for width in widths]
    masks = [model.get_layer(f"window_mask_{width}").output for width in widths]
    below = keras.Model(model.input, [*windows, *masks])
    above = keras.Model([*windows, *masks], model.output)
    # The sentence once for each class: row c is asked what moves the logit of class c.
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
