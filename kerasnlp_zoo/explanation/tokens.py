"""The tokens of a text that a model sees, in readable form, and the model's inputs.

Shapes: T tokens.
"""

import reprlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerasnlp_zoo.vocabulary import CLASSIFICATION, CONTINUES, SEPARATOR, UNKNOWN, UNKNOWN_ID

if TYPE_CHECKING:
    import tensorflow as tf

    from kerasnlp_zoo.text import WordPiecePreprocessor, WordPreprocessor

NOT_KNOWN = "[?]"  # suffix of a token that is not in the vocabulary


def read_words(preprocessor: "WordPreprocessor", text: str) -> tuple[list[str], int, dict[str, "tf.Tensor"]]:
    """Split a text into words.

    Args:
        preprocessor: preprocessor of the model.
        text: the text to split.

    Returns:
        (words, number of truncated words, inputs): T words that the model sees, unknown ones with "[?]"; the model's
        inputs, int32 [1, T], with at least one column.

    Example:

    >>> from kerasnlp_zoo.text import WordPreprocessor
    >>> read_words(WordPreprocessor.from_texts(["a fine film"]), "A new film")[0]
    ['a', 'new[?]', 'film']
    """
    strings = [_encoded(string) for string in preprocessor.prepare([text])]
    tokens = preprocessor.tokenize(strings)[0].numpy()
    features = preprocessor(strings)
    words = [token.decode("utf-8", "replace") for token in tokens[: preprocessor.max_sequence_length]]
    ids = features["token_ids"][0].numpy()[: len(words)]
    words = [_marked(word, token_id == UNKNOWN_ID) for word, token_id in zip(words, ids, strict=True)]
    return words, len(tokens) - len(words), features


def read_pieces(
    preprocessor: "WordPiecePreprocessor", texts: Sequence[str]
) -> tuple[list[str], int, dict[str, "tf.Tensor"]]:
    """Split a text, or a pair of texts, into the pieces of BERT.

    Args:
        preprocessor: preprocessor of the model, made for single texts or for pairs.
        texts: one or two texts.

    Returns:
        (pieces, number of truncated pieces, inputs): T pieces that the model sees, in the characters of the text,
        with [CLS] and [SEP]; a piece that continues a word begins with "##", an unknown one ends in "[?]". The inputs
        are token_ids and segment_ids, int32 [1, T].

    Example:

    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] play ##ing".split())
    >>> read_pieces(WordPiecePreprocessor(vocabulary), ["Playing chess"])[0]
    ['[CLS]', 'Play', '##ing', 'chess[?]', '[SEP]']
    """
    if len(preprocessor.inputs) != len(texts):
        config = {**preprocessor.get_config(), "pairs": len(texts) == 2}
        preprocessor = type(preprocessor)(preprocessor.vocabulary, **config)
    features = preprocessor(*([_encoded(text)] for text in texts))
    segment_ids = features["segment_ids"][0].numpy().tolist()
    tokens, num_cut = [CLASSIFICATION], 0
    for segment, text in enumerate(texts):
        written = _written_pieces(preprocessor, text)
        kept = segment_ids.count(segment) - (2 if segment == 0 else 1)
        tokens += [*written[:kept], SEPARATOR]
        num_cut += len(written) - kept
    return tokens, num_cut, features


def shortened(items: Sequence[Any]) -> str:
    """Return the repr of a list; a long list is shortened to its first 6 items.

    Example:

    >>> shortened(list("abcdefgh"))
    "['a', 'b', 'c', 'd', 'e', 'f', ...]"
    """
    return reprlib.repr(list(items))


def _written_pieces(preprocessor: "WordPiecePreprocessor", text: str) -> list[str]:
    """Return all pieces of a text, in the characters of the text."""
    pieces = {name: values[0].numpy().tolist() for name, values in preprocessor.pieces([_encoded(text)]).items()}
    unknown_id = preprocessor.vocabulary.ids[UNKNOWN]
    return [
        ("" if is_start else CONTINUES) + _marked(text[start:end], token_id == unknown_id)
        for token_id, start, end, is_start in zip(
            *(pieces[name] for name in ("token_ids", "starts", "ends", "is_word_start")), strict=True
        )
    ]


def _marked(token: str, is_unknown: bool) -> str:
    return token + NOT_KNOWN if is_unknown else token


def _encoded(string: str) -> bytes:
    return string.encode("utf-8", "surrogatepass")
