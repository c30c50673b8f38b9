"""Parts of the HTML that notebooks show: tables, bars, coloured spans and shaded words. All text is escaped."""

import html
from collections.abc import Sequence
from typing import Any

# Pale backgrounds on which black text is readable, different also for people who cannot tell red from green.
COLOURS = ("#cfe8ff", "#ffe3c2", "#d9f2d0", "#f6d5e5", "#e4dcf7", "#fff3b0", "#d5f0ee", "#e6e6e6")
FOR, AGAINST = "64, 140, 220", "230, 140, 50"  # red, green and blue of a word that supports an answer, or opposes it


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """Return a table.

    Args:
        rows: cells, as HTML.
        header: names of the columns, as plain text.

    Example:

    >>> table([["a", "<b>1</b>"]])
    '<table><tbody><tr><td style="text-align:left">a</td><td style="text-align:left"><b>1</b></td></tr></tbody></table>'
    """
    cell = '<td style="text-align:left">{}</td>'
    head = "".join(f'<th style="text-align:left">{html.escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(map(cell.format, row))}</tr>" for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def bar(name: str, share: float) -> str:
    """Return a name on a bar whose length shows a share from 0 to 1, and the share.

    Example:

    >>> "width:25%" in bar("positive", 0.25), "0.250" in bar("positive", 0.25)
    (True, True)
    """
    width = round(100 * min(max(share, 0.0), 1.0))
    return (
        '<div style="position:relative;min-width:12em;padding:0 .3em">'
        f'<div style="position:absolute;inset:0 auto 0 0;width:{width}%;background:rgba({FOR}, .35)"></div>'
        f'<span style="position:relative">{html.escape(name)}&ensp;{share:.3f}</span></div>'
    )


def coloured_spans(text: str, spans: Sequence[tuple[int, int, str]], labels: Sequence[str]) -> str:
    """Return a text whose spans have a background and their label.

    Args:
        text: the text.
        spans: (start, end, label) in characters, in the order of the text, without overlaps.
        labels: all labels; each has its own colour.

    Example:

    >>> coloured_spans("to <b>", [(3, 6, "LOC")], ["LOC"]).count("&lt;b&gt;")
    1
    """
    parts, place = [], 0
    for start, end, label in spans:
        colour = COLOURS[(labels.index(label) if label in labels else len(labels)) % len(COLOURS)]
        parts += [
            html.escape(text[place:start]),
            f'<mark style="background:{colour};color:black;border-radius:.3em;padding:0 .2em">'
            f"{html.escape(text[start:end])}&thinsp;<small>{html.escape(label)}</small></mark>",
        ]
        place = end
    return "".join([*parts, html.escape(text[place:])])


def shaded_words(words: Sequence[str], values: Any, separator: str = " ") -> str:
    """Return words with a background: blue for a positive value, orange for a negative one, darker if it is large.

    Args:
        words: W words.
        values: W numbers; the largest absolute value has the darkest background.
        separator: text between words.

    Example:

    >>> shaded_words(["not", "bad"], [-1.0, 0.5]).count("rgba")
    2
    """
    strongest = max((abs(float(value)) for value in values), default=0.0) or 1.0
    shaded = []
    for word, value in zip(words, values, strict=True):
        colour = FOR if value > 0 else AGAINST
        style = f"background:rgba({colour}, {abs(float(value)) / strongest:.2f})"
        shaded.append(f'<span style="{style}" title="{float(value):+.3f}">{html.escape(word)}</span>')
    return html.escape(separator).join(shaded)


def matrix(rows: Sequence[str], columns: Sequence[str], values: Any) -> str:
    """Return a table of numbers whose backgrounds show their size.

    Args:
        rows: R names.
        columns: C names.
        values: numbers from 0 to 1, [R, C].

    Example:

    >>> matrix(["el"], ["the"], [[0.5]]).count("0.50")
    2
    """
    cells = [
        [
            html.escape(name),
            *(
                f'<div style="background:rgba({FOR}, {float(value):.2f});padding:0 .3em">{float(value):.2f}</div>'
                for value in numbers
            ),
        ]
        for name, numbers in zip(rows, values, strict=True)
    ]
    return table(cells, ["", *columns])
