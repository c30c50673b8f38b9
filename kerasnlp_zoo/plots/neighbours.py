"""Plot of the nearest neighbours of words in several sets of word vectors, side by side."""

from collections.abc import Mapping, Sequence

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.plots.figure import BLUE, ORANGE, new_figure, save
from kerasnlp_zoo.plots.shaded_text import shortened
from kerasnlp_zoo.types import FilePath

# Lengths are in inches.
PANEL_WIDTH, ROW, HEADING = 3.4, 0.24, 0.9
MOST_PANELS = 60  # a larger figure cannot be read
LONGEST_WORD = 24  # characters


def neighbours(
    found: Mapping[str, Sequence[Sequence[tuple[str, float]]]], titles: Sequence[str], path: FilePath
) -> None:
    """Draw the neighbours of words: a row of panels for each word, with a panel for each set of vectors.

    The length of a bar is the cosine. A neighbour that only one set of vectors has is orange.

    Args:
        found: word -> for each set of vectors the pairs (neighbour, cosine), the closest first.
        titles: title of each set of vectors.
        path: PNG file to write.

    Raises:
        InputError: if there is no word, or the plot would have too many panels.

    Example:

    >>> import pathlib, tempfile
    >>> found = {"cat": [[("dog", 0.9), ("puppy", 0.5)], [("dog", 0.8), ("milk", 0.7)]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "neighbours.png")
    ...     neighbours(found, ["window 2", "window 10"], path)
    ...     path.read_bytes()[:4]
    b'\\x89PNG'
    """
    if not 1 <= len(found) * len(titles) <= MOST_PANELS:
        raise InputError(
            f"A plot has 1 to {MOST_PANELS} lists of neighbours. Received: {len(found)} words and {len(titles)} sets "
            "of word vectors"
        )
    longest = max(len(pairs) for lists in found.values() for pairs in lists)
    figure = new_figure(PANEL_WIDTH * len(titles), len(found) * (longest * ROW + HEADING))
    panels = figure.subplots(len(found), len(titles), squeeze=False)
    for row, (word, lists) in zip(panels, found.items(), strict=True):
        words = [[neighbour for neighbour, _ in pairs] for pairs in lists]
        for axes, title, pairs in zip(row, titles, lists, strict=True):
            names = [neighbour for neighbour, _ in pairs]
            is_shared = [len(words) == 1 or sum(name in others for others in words) > 1 for name in names]
            axes.barh(
                range(len(pairs)),
                [cosine for _, cosine in pairs],
                color=[BLUE if shared else ORANGE for shared in is_shared],
                height=0.7,
            )
            labels = [shortened(name, LONGEST_WORD) for name in names]
            axes.set_yticks(range(len(pairs)), labels, fontsize=9, parse_math=False)
            axes.set_ylim(longest - 0.4, -0.6)
            axes.set_xlim(0, 1)
            axes.set_title(f"{shortened(word, LONGEST_WORD)} in {title}", fontsize=10, parse_math=False)
            axes.tick_params(axis="y", length=0)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_xlabel("cosine")
    save(figure, path, "Orange: only in this list" if len(titles) > 1 else "")
