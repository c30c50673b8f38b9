"""The attention of a translation model from each word of the translation to the words of the source.

Shapes: L layers, H heads, S words of the source, T words of the translation.

References: Bahdanau et al. 2015, section 5.2.1; Vaswani et al. 2017, section 3.2.3.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation.attention import choose_heads
from kerasnlp_zoo.explanation.tokens import shortened
from kerasnlp_zoo.markup import matrix
from kerasnlp_zoo.tasks import Task, Translation
from kerasnlp_zoo.vocabulary import CONTINUES, START_ID

SPACE = "▁"  # prefix of a piece that begins a word


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """The attention of a translation to its source.

    Attributes:
        source: S words and punctuation marks, `[END]` last.
        target: T words and punctuation marks, `[END]` last.
        weights: float32 array [L, H, T, S]. Row t has the attention weights of target word t; its sum is 1.
    """

    source: list[str]
    target: list[str]
    weights: np.ndarray

    def __repr__(self) -> str:
        layers, heads = self.weights.shape[:2]
        source, target = shortened(self.source), shortened(self.target)
        return f"Alignment(source={source}, target={target}, layers={layers}, heads={heads})"

    def _repr_html_(self) -> str:
        """Show the mean of the weights over layers and heads."""
        return matrix(self.target, self.source, self.weights.mean(axis=(0, 1)))

    def choose(
        self, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None
    ) -> tuple[list[int], list[int]]:
        """Validate indices of layers and heads; see `explanation.attention.choose_heads`."""
        return choose_heads(self.weights, layers, heads)


def alignment_weights(task: Task, text: str, translation: str | None = None) -> Alignment:
    """Return the attention from each word of a translation to the words of its source, in every layer and head.

    For a word of several pieces, the attention to its pieces is summed, and the attention from its pieces is averaged.

    Args:
        task: translation task.
        text: source text.
        translation: translation to explain; None for the answer of the task.

    Raises:
        InputError: if the task is not a translation, or the model has no attention.

    Example:

    >>> from kerasnlp_zoo.models import seq2seq
    >>> from kerasnlp_zoo.text import TranslationPreprocessor
    >>> from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
    >>> vocabulary = learn_piece_vocabulary(["a cup of tea", "una taza de té"], size=60)
    >>> task = Translation(seq2seq(len(vocabulary), embedding_dim=8, hidden_dim=8), TranslationPreprocessor(vocabulary))
    >>> alignment = alignment_weights(task, "a cup", "una taza")
    >>> alignment.source, alignment.target, alignment.weights.shape
    (['a', 'cup', '[END]'], ['una', 'taza', '[END]'], (1, 1, 3, 3))
    """
    if not isinstance(task, Translation):
        raise InputError(f"alignment_weights needs a task of translation. Received: a task of {task.name}")
    if task.model.builder_config["arguments"].get("attention", "soft") is None:
        raise InputError(
            f"The model {task.model.name} was built without attention. Train one with attention to see an alignment"
        )
    translation = task.predict([text])[0]["text"] if translation is None else translation
    ids = [task.preprocessor.features([side])["source_ids"].to_tensor() for side in (text, translation)]
    before = tf.concat([[[START_ID]], ids[1][:, :-1]], axis=1)
    weights = np.asarray(task.steps.alignments(ids[0], before))[0]  # [L, H, pieces, pieces]
    (source, source_words), (target, target_words) = (
        _words([task.preprocessor.vocabulary.tokens[id_] for id_ in side[0].numpy()]) for side in ids
    )
    weights = np.stack([weights[..., pieces].sum(axis=-1) for pieces in source_words], axis=-1)
    weights = np.stack([weights[..., pieces, :].mean(axis=-2) for pieces in target_words], axis=-2)
    return Alignment(source, target, weights)


def _words(pieces: Sequence[str]) -> tuple[list[str], list[list[int]]]:
    """Join pieces to words; return the words, and the positions of the pieces of each word."""
    words: list[str] = []
    positions: list[list[int]] = []
    for position, piece in enumerate(pieces):
        if piece.startswith(CONTINUES) and words:
            words[-1] += piece.removeprefix(CONTINUES)
            positions[-1].append(position)
        else:
            words.append(piece.removeprefix(SPACE))
            positions.append([position])
    return words, positions
