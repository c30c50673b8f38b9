"""The tokens of a text that a model sees, in readable form, and the model's inputs.

Shapes: T tokens.
"""

import reprlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerasnlp_zoo.vocabulary import CLASSIFICATION, CONTINUES, END, END_ID, SEPARATOR, UNKNOWN, UNKNOWN_ID

if TYPE_CHECKING:
    import tensorflow as tf

    from kerasnlp_zoo.text import (
        LanguageModelPreprocessor,
        WordPairPreprocessor,
        WordPiecePreprocessor,
        WordPreprocessor,
    )

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
    words = _written_words(preprocessor, text)
    kept = words[: preprocessor.max_sequence_length]
    return kept, len(words) - len(kept), preprocessor(strings)


def read_line(preprocessor: "LanguageModelPreprocessor", text: str) -> tuple[list[str], int, dict[str, "tf.Tensor"]]:
    """Split a line into the tokens of a language model; of a line that is too long, the last tokens.

    Args:
        preprocessor: preprocessor of the model.
        text: the text to split.

    Returns:
        As `read_words`, after [END], the end of the line before.

    Example:

    >>> from kerasnlp_zoo.text import GenerativeVocabulary, LanguageModelPreprocessor
    >>> read_line(LanguageModelPreprocessor(GenerativeVocabulary.from_counts({"a": 2, "film": 1})), "a new film")[0]
    ['[END]', 'a', 'new[?]', 'film']
    """
    import tensorflow as tf

    words = _written_words(preprocessor, text)
    kept = words[-preprocessor.max_sequence_length :]  # as the task, which continues the end of the text
    features = preprocessor([_encoded(string) for string in preprocessor.prepare([text])])
    token_ids = tf.concat([[[END_ID]], features["token_ids"][:, : len(kept)]], axis=1)
    return [END, *kept], len(words) - len(kept), {"token_ids": token_ids}


def read_word_pair(
    preprocessor: "WordPairPreprocessor", texts: Sequence[str]
) -> tuple[list[str], int, dict[str, "tf.Tensor"]]:
    """Split a pair of texts into words.

    Args:
        preprocessor: preprocessor of the model.
        texts: two texts.

    Returns:
        As `read_words`, for the words of both texts with [CLS] and [SEP]. The inputs are token_ids and segment_ids.

    Example:

    >>> from kerasnlp_zoo.text import WordPairPreprocessor
    >>> read_word_pair(WordPairPreprocessor.from_texts(["a fine film"]), ["A film", "A new film"])[0]
    ['[CLS]', 'a', 'film', '[SEP]', 'a', 'new[?]', 'film', '[SEP]']
    """
    features = preprocessor(*([_encoded(string) for string in preprocessor.prepare([text])] for text in texts))
    return *_framed([_written_words(preprocessor, text) for text in texts], features), features


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
    return *_framed([_written_pieces(preprocessor, text) for text in texts], features), features


def shortened(items: Sequence[Any]) -> str:
    """Return the repr of a list; a long list is shortened to its first 6 items.

    Example:

    >>> shortened(list("abcdefgh"))
    "['a', 'b', 'c', 'd', 'e', 'f', ...]"
    """
    return reprlib.repr(list(items))


def _framed(written: Sequence[list[str]], features: dict[str, "tf.Tensor"]) -> tuple[list[str], int]:
    """Return the tokens of one or two texts that the model sees, with special tokens, and the number of the others.

    Args:
        written: all tokens of each text.
        features: the model's inputs.
    """
    segment_ids = features["segment_ids"][0].numpy().tolist()
    tokens, num_cut = [CLASSIFICATION], 0
    for segment, of_text in enumerate(written):
        kept = segment_ids.count(segment) - (2 if segment == 0 else 1)
        tokens += [*of_text[:kept], SEPARATOR]
        num_cut += len(of_text) - kept
    return tokens, num_cut


def _written_words(preprocessor: "WordPreprocessor | LanguageModelPreprocessor", text: str) -> list[str]:
    """Return all words of a text, unknown ones marked."""
    tokens = preprocessor.tokenize([_encoded(string) for string in preprocessor.prepare([text])])[0]
    ids = preprocessor.table.lookup(tokens).numpy()
    return [
        _marked(token.decode("utf-8", "replace"), token_id == UNKNOWN_ID)
        for token, token_id in zip(tokens.numpy(), ids, strict=True)
    ]


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
