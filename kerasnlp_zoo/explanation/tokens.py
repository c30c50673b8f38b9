"""The tokens a model sees of a text, as a reader knows them, beside what goes into the model.

Shapes: T tokens.
"""

from kerasnlp_zoo.vocabulary import CLASSIFICATION, SEPARATOR, UNKNOWN

CONTINUES = "##"  # before a piece that goes on a word
NOT_KNOWN = "[?]"  # behind a token that is not in the vocabulary
UNKNOWN_ID = 1  # of a word; pieces have their vocabulary's


def read_words(preprocessor, text):
    """Cut a text into words.

    Args:
        preprocessor: `WordPreprocessor`.
        text: str.

    Returns:
        list of T str, the words the model sees, unknown ones with "[?]"; int, words it does not see; dict of
        int32 [1, T], at least one column: the model's inputs.

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


def read_pieces(preprocessor, texts):
    """Cut a text, or a pair of texts, into the pieces of BERT.

    Args:
        preprocessor: `WordPiecePreprocessor`; whether it was made for pairs does not matter.
        texts: list of one or two str.

    Returns:
        list of T str, the pieces as they are written in the text, those that go on a word with "##", unknown
        ones with "[?]", between [CLS] and [SEP]; int, pieces the model does not see; dict of int32 [1, T]:
        token_ids and segment_ids.

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


def _written_pieces(preprocessor, text):
    """Return all pieces of a text, in the characters of the text."""
    pieces = {name: values[0].numpy().tolist() for name, values in preprocessor.pieces([_encoded(text)]).items()}
    unknown_id = preprocessor.vocabulary.ids[UNKNOWN]
    return [
        ("" if is_start else CONTINUES) + _marked(text[start:end], token_id == unknown_id)
        for token_id, start, end, is_start in zip(
            *(pieces[name] for name in ("token_ids", "starts", "ends", "is_word_start")), strict=True
        )
    ]


def _marked(token, is_unknown):
    return token + NOT_KNOWN if is_unknown else token


def _encoded(string):
    return string.encode("utf-8", "surrogatepass")
