"""Which words of a source a translator looked at for each word it wrote.

Shapes: L layers, H heads, S words of the source, T words of the translation.

References: Bahdanau et al. 2015, section 5.2.1; Vaswani et al. 2017, section 3.2.3.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation.attention import choose_heads
from kerasnlp_zoo.explanation.tokens import CONTINUES
from kerasnlp_zoo.vocabulary import START_ID

SPACE = "▁"  # how a piece is written that begins a word


@dataclasses.dataclass(frozen=True, eq=False)
class Alignment:
    """The attention of a translation to its source.

    Attributes:
        source: list of S str, words and marks, `[END]` last.
        target: list of T str, likewise.
        weights: float32 array [L, H, T, S]: row t tells how the attention for word t was shared out, and adds up to 1.
    """

    source: list
    target: list
    weights: np.ndarray

    def choose(self, layers=None, heads=None):
        """Check numbers of layers and heads; see `explanation.attention.choose_heads`."""
        return choose_heads(self.weights, layers, heads)


def alignment_weights(task, text, translation=None):
    """Tell which words of a text each word of its translation looked at, in every layer and head.

    The pieces of a word count together: what it looked at is their mean, what it was looked at their sum.

    Args:
        task: `Translation`.
        text: str.
        translation: str to look at; None for the one that the task gives.

    Returns:
        Alignment.

    Raises:
        InputError: if the task is no translation, or the model has no attention.

    Example:

    >>> from kerasnlp_zoo.models import seq2seq
    >>> from kerasnlp_zoo.tasks import Translation
    >>> from kerasnlp_zoo.text import TranslationPreprocessor
    >>> from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
    >>> vocabulary = learn_piece_vocabulary(["a cup of tea", "una taza de té"], size=60)
    >>> task = Translation(seq2seq(len(vocabulary), 8, 8), TranslationPreprocessor(vocabulary))
    >>> alignment = alignment_weights(task, "a cup", "una taza")
    >>> alignment.source, alignment.target, alignment.weights.shape
    (['a', 'cup', '[END]'], ['una', 'taza', '[END]'], (1, 1, 3, 3))
    """
    if task.name != "translation":
        raise InputError(f"Only a translation is aligned with its source. Received a task of {task.name}")
    if task.model.builder_config["arguments"].get("attention", "soft") is None:
        raise InputError(f"The model {task.model.name} was built without attention")
    translation = task.predict([text])[0]["text"] if translation is None else translation
    ids = [task.preprocessor.features([side])["source_ids"].to_tensor() for side in (text, translation)]
    before = tf.concat([[[START_ID]], ids[1][:, :-1]], axis=1)
    weights = np.asarray(task.steps.alignments(ids[0], before))[0]  # [L, H, pieces, pieces]
    (source, source_words), (target, target_words) = (
        _words([task.preprocessor.vocabulary.tokens[place] for place in side[0].numpy()]) for side in ids
    )
    weights = np.stack([weights[..., pieces].sum(axis=-1) for pieces in source_words], axis=-1)
    weights = np.stack([weights[..., pieces, :].mean(axis=-2) for pieces in target_words], axis=-2)
    return Alignment(source, target, weights)


def _words(pieces):
    """Put pieces of words together.

    Returns:
        (list of str, list of lists of places of the pieces of each).
    """
    words, places = [], []
    for place, piece in enumerate(pieces):
        if piece.startswith(CONTINUES) and words:
            words[-1] += piece.removeprefix(CONTINUES)
            places[-1].append(place)
        else:
            words.append(piece.removeprefix(SPACE))
            places.append([place])
    return words, places
