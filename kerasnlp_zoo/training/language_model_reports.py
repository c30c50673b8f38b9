"""Printed lines that the runs of all language models share."""

from collections.abc import Sequence

import numpy as np

from kerasnlp_zoo.datasets.corpora import TextSource
from kerasnlp_zoo.text import GenerativeVocabulary
from kerasnlp_zoo.text.language_model_text import LanguageModelText
from kerasnlp_zoo.vocabulary import END_ID, UNKNOWN_ID


def describe_text(source: TextSource, text: LanguageModelText) -> str:
    """Return a line about the size of a text, its vocabulary and its unknown tokens.

    Args:
        source: where the text comes from.
        text: the text as token ids.
    """
    unknown = 100 * (text.test == UNKNOWN_ID).mean()
    return (
        f"{source.name}: {len(text.train):,} training, {len(text.validation):,} validation and {len(text.test):,} test "
        f"tokens ({source.segmenter}), including line ends; {len(text.vocabulary) - 2:,} different tokens; "
        f"{unknown:.1f}% of the test tokens are unknown"
    )


def decode_ids(ids: Sequence[int] | np.ndarray, vocabulary: GenerativeVocabulary, unit: str | None) -> str:
    """Return token ids as a line of text, without ends of lines.

    Args:
        ids: token ids.
        vocabulary: the vocabulary of the ids.
        unit: kind of the tokens; "characters" are joined without spaces.

    Example:

    >>> from kerasnlp_zoo.text import GenerativeVocabulary
    >>> decode_ids([5, 4, 3], GenerativeVocabulary.from_counts({"tea": 2, "hot": 1}), "words")
    'hot tea'
    """
    tokens = [vocabulary.tokens[token_id] for token_id in ids if token_id != END_ID]
    return ("" if unit == "characters" else " ").join(tokens)
