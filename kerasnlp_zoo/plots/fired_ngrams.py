"""The picture of an explanation: the text on coloured backgrounds, its strongest n-grams as bars."""

from kerasnlp_zoo.plots.figure import BLUE, GREY, ORANGE, new_figure, save

WIDTH = 9.0  # of the picture; all measures in inches
MARGIN, LINE, PADDING, BAR = 0.2, 0.3, 0.05, 0.27
LONGEST_WORD, LONGEST_LABEL = 40, 56  # characters; what is longer is not language, and would leave no room


def fired_ngrams(explanation, path, count=6):
    """Draw a text, each word coloured by what it contributed to the answer, above bars of the strongest n-grams.

    Args:
        explanation: `explanation.Explanation`.
        path: PNG file to write.
        count: int, most n-grams for the answer, and against it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = new_figure(WIDTH, 1)
    renderer = FigureCanvasAgg(figure).get_renderer()
    heading = _heading(explanation)
    words = [_word(figure, *word) for word in zip(explanation.words, _colors(explanation), strict=True)]
    widths = [word.get_window_extent(renderer).width / figure.dpi + 2 * PADDING for word in words]
    places, num_lines = _wrap(widths)
    speak_for, speak_against = explanation.strongest(count)
    ngrams = [*speak_for, *reversed(speak_against)]  # from most for to most against
    top = (len(heading) + num_lines) * LINE + MARGIN
    height = top + (len(ngrams) * BAR + 0.8 if ngrams else 0)
    figure.set_size_inches(WIDTH, height)
    for line, (text, style) in enumerate(heading):
        figure.text(MARGIN / WIDTH, 1 - (line + 0.7) * LINE / height, text, va="center", parse_math=False, **style)
    for word, (x, line) in zip(words, places, strict=True):
        word.set_position(((MARGIN + x + PADDING) / WIDTH, 1 - (len(heading) + line + 0.6) * LINE / height))
    if ngrams:
        figure.get_layout_engine().set(rect=(0, 0, 1, 1 - top / height), w_pad=MARGIN / 2)
        _bars(figure.subplots(), explanation, ngrams)
    save(figure, path)


def _heading(explanation):
    """Return the lines above the words, each with its style."""
    label = explanation.answer["label"]
    notes = [f"blue speaks for {label}, orange against it"]
    if any(word.endswith("[?]") for word in explanation.words):
        notes.append("[?] is not in the vocabulary")
    if explanation.words_cut:
        notes.append(f"{explanation.words_cut} more words were not read")
    answer = f"{label} {explanation.answer['probability']:.3f}"
    return [(answer, {"fontsize": 13}), ("; ".join(notes), {"fontsize": 9, "color": GREY})]


def _colors(explanation):
    """Return each word's background: orange against the answer, white for nothing, blue for it."""
    from matplotlib.colors import LinearSegmentedColormap

    contributions = explanation.word_contributions[:, explanation.predicted]
    strongest = max(abs(contributions), default=0.0) or 1.0
    return LinearSegmentedColormap.from_list("for and against", [ORANGE, "white", BLUE])(
        0.5 + 0.5 * contributions / strongest
    )


def _word(figure, word, background):
    """Put a word on its background into the figure, its place to be set."""
    luminance = background[:3] @ (0.299, 0.587, 0.114)
    return figure.text(
        0,
        0,
        _shortened(word, LONGEST_WORD),
        fontsize=11,
        va="center_baseline",
        color="white" if luminance < 0.5 else "black",
        bbox={"facecolor": background, "edgecolor": "none", "boxstyle": "square,pad=0.22"},
        parse_math=False,  # a $ is a word like any other
    )


def _wrap(widths):
    """Set words of these widths into lines; return the (x, line) of each, and the number of lines."""
    places, x, line = [], 0.0, 0
    for width in widths:
        if x and x + width > WIDTH - 2 * MARGIN:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += width
    return places, line + 1


def _bars(axes, explanation, ngrams):
    """Draw the contributions of n-grams as bars, the number of filters at their ends."""
    values = [ngram.contributions[explanation.predicted] for ngram in ngrams]
    labels = [_shortened(explanation.separator.join(ngram.words), LONGEST_LABEL) for ngram in ngrams]
    bars = axes.barh(range(len(ngrams)), values, color=[BLUE if value > 0 else ORANGE for value in values])
    counts = [f"{len(ngram.filters)} filter{'s' if len(ngram.filters) > 1 else ''}" for ngram in ngrams]
    axes.bar_label(bars, counts, padding=3, fontsize=8, color=GREY)
    axes.set_yticks(range(len(ngrams)), labels, parse_math=False, fontsize=9)
    axes.invert_yaxis()
    axes.axvline(0, color="black", lw=0.8)
    axes.margins(x=0.15)
    axes.set_xlabel(f"contribution to the logit of {explanation.answer['label']}", parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _shortened(text, longest):
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
