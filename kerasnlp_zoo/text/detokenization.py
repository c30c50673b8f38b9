"""Detokenization: from tokens separated by spaces to ordinary text."""

import re

# No spaces are next to Han, kana and full-width characters, or between two of these marks.
WIDE = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
MARKS = "·—‘’“”…"
# The rules are applied in this order. Each removes spaces.
RULES = [
    (re.compile(r" @([-.,])@ "), r"\1"),  # WikiText's notation for - . , inside a word or number
    (re.compile(rf"(?<=[{WIDE}]) | (?=[{WIDE}])|(?<=[{MARKS}]) (?=[{MARKS}])"), ""),
    (re.compile(r'(?<!\S)" ([^"]+) "(?!\S)'), r'"\1"'),
    (re.compile(r" (?=[.,!?;:%)\]}”…])"), ""),
    (re.compile(r"(?<=[(\[{“$£€#]) "), ""),
    (re.compile(r"(?<=s) (['’]) (?!(?:s|t|m|d|re|ve|ll)\b)(?=\w)"), r"\1 "),  # the ladies' choice
    (re.compile(r"(?<=\w) (['’/-]) (?=\w)"), r"\1"),  # don't, and/or, well-known
    (re.compile(r"(?<=\d)([.:]) (?=\d)"), r"\1"),  # 3.5, 10:30
    (re.compile(r"((?<!\d)\d{1,3}), (?=\d{3}(?!\d))"), r"\1,"),  # 1,000,000, but May 7, 2010
    (re.compile(r"(?<=\b\w)\. (?=\w\.)"), "."),  # p.m.
]


def detokenize(text: str) -> str:
    """Remove the spaces that tokenization added around punctuation and between Chinese characters.

    Some spaces are ambiguous: ` - ` always becomes a hyphen, also where it was a dash.

    Args:
        text: tokens separated by a space.

    Example:

    >>> detokenize("it ' s 3 . 5 miles ( or more ) , isn ' t it ?")
    "it's 3.5 miles (or more), isn't it?"
    >>> detokenize("买 了 2 件 ， 谢 谢 ！")
    '买了2件，谢谢！'
    """
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text
