"""The picture of an explanation: the text on coloured backgrounds, its strongest n-grams as bars."""

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, diverging_colors, save
from kerasnlp_zoo.plots.shaded_text import shaded_text, shortened

LONGEST_LABEL = 56  # characters


def fired_ngrams(explanation, path, count=6):
    """Draw a text, each word coloured by what it contributed to the answer, above bars of the strongest n-grams.

    Args:
        explanation: `explanation.Explanation`.
        path: PNG file to write.
        count: int, most n-grams for the answer, and against it.
    """
    speak_for, speak_against = explanation.strongest(count)
    ngrams = [*speak_for, *reversed(speak_against)]  # from most for to most against
    figure = shaded_text(_heading(explanation), explanation.words, _colors(explanation), len(ngrams))
    if ngrams:
        _bars(figure.subplots(), explanation, ngrams)
    save(figure, path)


def _heading(explanation):
    """Return the two lines above the words."""
    label = explanation.answer["label"]
    notes = [f"blue speaks for {label}, orange against it"]
    if any(word.endswith("[?]") for word in explanation.words):
        notes.append("[?] is not in the vocabulary")
    if explanation.words_cut:
        notes.append(f"{explanation.words_cut} more words were not read")
    answer = f"{label} {explanation.answer['probability']:.3f}"
    return [answer, "; ".join(notes)]


def _colors(explanation):
    """Return each word's background: orange against the answer, white for nothing, blue for it."""
    contributions = explanation.word_contributions[:, explanation.predicted]
    strongest = max(abs(contributions), default=0.0) or 1.0
    return diverging_colors()(0.5 + 0.5 * contributions / strongest)


def _bars(axes, explanation, ngrams):
    """Draw the contributions of n-grams as bars, the number of filters at their ends."""
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
