"""Plot of an explanation: the text on coloured backgrounds, and its strongest n-grams as bars."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, diverging_colors, save
from kerasnlp_zoo.plots.shaded_text import shaded_text, shortened
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kerasnlp_zoo.explanation import Explanation
    from kerasnlp_zoo.explanation.fired_ngrams import FiredNgram

LONGEST_LABEL = 56  # characters


def fired_ngrams(explanation: "Explanation", path: FilePath, count: int = 6) -> None:
    """Draw a text with each word coloured by its contribution to the answer, and bars of the strongest n-grams.

    Args:
        explanation: explanation of an answer.
        path: PNG file to write.
        count: maximum number of n-grams with a positive contribution, and with a negative one.
    """
    positive, negative = explanation.strongest(count)
    ngrams = [*positive, *reversed(negative)]  # from the largest contribution to the smallest
    figure = shaded_text(_heading(explanation), explanation.words, _colors(explanation), len(ngrams))
    if ngrams:
        _bars(figure.subplots(), explanation, ngrams)
    save(figure, path)


def _heading(explanation: "Explanation") -> list[str]:
    """Return the two lines above the words."""
    label = explanation.answer["label"]
    notes = [f"blue: for {label}; orange: against {label}"]
    if any(word.endswith("[?]") for word in explanation.words):
        notes.append("[?]: not in the vocabulary")
    if explanation.words_cut:
        notes.append(f"the model did not read {explanation.words_cut} more words")
    answer = f"{label} {explanation.answer['probability']:.3f}"
    return [answer, "; ".join(notes)]


def _colors(explanation: "Explanation") -> np.ndarray:
    """Return the background of each word: blue for a positive contribution, white for 0, orange for a negative one."""
    contributions = explanation.word_contributions[:, explanation.predicted]
    strongest = max(abs(contributions), default=0.0) or 1.0
    return diverging_colors()(0.5 + 0.5 * contributions / strongest)


def _bars(axes: "Axes", explanation: "Explanation", ngrams: "Sequence[FiredNgram]") -> None:
    """Draw the contributions of n-grams as bars, with the number of filters at their ends."""
    values = [ngram.contributions[explanation.predicted] for ngram in ngrams]
    labels = [shortened(explanation.separator.join(ngram.words), LONGEST_LABEL) for ngram in ngrams]
    bars = axes.barh(range(len(ngrams)), values, color=[BLUE if value > 0 else ORANGE for value in values])
    counts = [f"{len(ngram.filters)} filter{'s' if len(ngram.filters) > 1 else ''}" for ngram in ngrams]
    axes.bar_label(bars, counts, padding=3, fontsize=8, color=GREY)
    axes.set_yticks(range(len(ngrams)), labels, parse_math=False, fontsize=9)
    axes.invert_yaxis()
    axes.axvline(0, color="black", lw=0.8)
    axes.margins(x=0.15)
    axes.set_xlabel(f"contribution to the logit of {explanation.answer['label']}", parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
