"""Sentence splitting by a simple rule."""

import re

LONGEST = 400  # characters; a longer sentence is split at a space
# The end of a sentence: a mark, closing quotes and brackets, and spaces, which Chinese text does not have.
ENDS = re.compile(r"""([.!?…]["'”’)\]]*)\s+|([。！？][”’」』）]*)""")
PARTS = re.compile(rf".{{1,{LONGEST}}}(?:\s+|$)|.{{{LONGEST}}}")


def split_sentences(paragraph: str) -> list[str]:
    """Split a paragraph after full stops, question marks and exclamation marks.

    An abbreviation also ends a sentence. For exact sentences, write one sentence per line.

    Args:
        paragraph: text without line breaks.

    Returns:
        sentences of at most 400 characters; [""] for a blank line.

    Example:

    >>> split_sentences('He said "No." Why not?')
    ['He said "No."', 'Why not?']
    >>> split_sentences("你好！再见。")
    ['你好！', '再见。']
    """
    sentences = ENDS.sub(r"\1\2\n", paragraph).split("\n")
    parts = [part.strip() for sentence in sentences for part in PARTS.findall(sentence)]
    return [part for part in parts if part] or [""]
