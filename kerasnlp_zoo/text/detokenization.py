"""From words that stand apart to text as people write it."""

import re

# Han, kana and full-width characters stand without spaces; so do these marks among themselves.
WIDE = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
MARKS = "·—‘’“”…"
# Applied in this order; each takes spaces away.
RULES = [
    (re.compile(r" @([-.,])@ "), r"\1"),  # as WikiText writes what stands without spaces
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


def detokenize(text):
    """Take out the spaces that tokenisation put between words and punctuation or Chinese characters.

    What the spaces were cannot always be known: ` - ` becomes a hyphen, and dashes suffer.

    Args:
        text: str, tokens separated by a space.

    Returns:
        str.

    Example:

    >>> detokenize("it ' s 3 . 5 miles ( or more ) , isn ' t it ?")
    "it's 3.5 miles (or more), isn't it?"
    >>> detokenize("买 了 2 件 ， 谢 谢 ！")
    '买了2件，谢谢！'
    """
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text
