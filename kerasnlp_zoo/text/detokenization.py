"""From words that stand apart to text as people write it."""

import re

# Han, kana and full-width characters with their punctuation: written without spaces.
FULL = (
    "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
    "\u00b7\u2014\u2018\u2019\u201c\u201d\u2026"
)
# Applied in this order; each takes away a space.
RULES = [
    (re.compile(rf"(?<=[{FULL}]) (?=[{FULL}])"), ""),
    (re.compile(r" (?=[.,!?;:%)\]}])"), ""),
    (re.compile(r"(?<=[(\[{$£€#]) "), ""),
    (re.compile(r"(?<=\w) (['’/-]) (?=\w)"), r"\1"),  # don't, and/or, well-known
    (re.compile(r"(?<=\d)([.,:]) (?=\d)"), r"\1"),  # 3.5, 1,000, 10:30
]


def joined_words(text):
    """Take out the spaces that tokenisation put between words and punctuation or Chinese characters.

    Args:
        text: str, tokens separated by a space.

    Returns:
        str.

    Example:

    >>> joined_words("it ' s 3 . 5 miles ( or more ) , isn ' t it ?")
    "it's 3.5 miles (or more), isn't it?"
    >>> joined_words("好 的 ， 谢 谢 ！")
    '好的，谢谢！'
    """
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text
