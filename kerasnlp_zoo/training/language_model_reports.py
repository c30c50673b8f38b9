"""What runs of language models share: what is said of the text, and how drawn words are written."""

from kerasnlp_zoo.vocabulary import END_ID, UNKNOWN_ID


def describe_text(corpus, text):
    """Return what a text holds, in a line.

    Args:
        corpus: TextSource.
        text: `text.language_model_text.LanguageModelText`.

    Returns:
        str.
    """
    unknown = 100 * (text.test == UNKNOWN_ID).mean()
    return (
        f"{corpus.name}: {len(text.train):,} tokens ({corpus.segmenter}) to train on, {len(text.validation):,} to "
        f"validate, {len(text.test):,} to test, ends of lines included; {len(text.vocabulary) - 2:,} different ones; "
        f"{unknown:.1f}% of the test tokens are unknown"
    )


def decode_ids(ids, vocabulary, unit):
    """Return ids as a line of text.

    Args:
        ids: sequence of int.
        vocabulary: `GenerativeVocabulary`.
        unit: str, "characters" or what else the tokens are: see `text.language_model_text.split_lines`.

    Returns:
        str.

    Example:

    >>> from kerasnlp_zoo.text import GenerativeVocabulary
    >>> decode_ids([5, 4, 3], GenerativeVocabulary.from_counts({"tea": 2, "hot": 1}), "words")
    'hot tea'
    """
    tokens = [vocabulary.tokens[place] for place in ids if place != END_ID]
    return ("" if unit == "characters" else " ").join(tokens)
