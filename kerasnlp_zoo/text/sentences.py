"""Paragraphs cut into sentences, by a simple rule."""

import re

LONGEST = 400  # characters; texts without punctuation are cut at a space
# What ends a sentence, with the quotes and brackets that close after it; Chinese has no space there.
ENDS = re.compile(r"""([.!?…]["'”’)\]]*)\s+|([。！？][”’」』）]*)""")
PARTS = re.compile(rf".{{1,{LONGEST}}}(?:\s+|$)|.{{{LONGEST}}}")


def split_sentences(paragraph):
    """Cut a paragraph after full stops, question and exclamation marks.

    An abbreviation ends a sentence too: whoever needs better writes a sentence a line.

    Args:
        paragraph: str without line breaks.

    Returns:
        list of str, each at most 400 characters; [""] for a blank line.

    Example:

    >>> split_sentences('He said "No." Why not?')
    ['He said "No."', 'Why not?']
    >>> split_sentences("你好！再见。")
    ['你好！', '再见。']
    """
    sentences = ENDS.sub(r"\1\2\n", paragraph).split("\n")
    parts = [part.strip() for sentence in sentences for part in PARTS.findall(sentence)]
    return [part for part in parts if part] or [""]
