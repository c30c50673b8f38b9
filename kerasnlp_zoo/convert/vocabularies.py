"""What files of BERT elsewhere say of strings: the vocabulary, and how texts are cut into its pieces."""

from kerasnlp_zoo.convert.configs import read_json
from kerasnlp_zoo.errors import InputError, require_choice

TOKENIZERS = ("BertTokenizer", "BertTokenizerFast")


def read_vocabulary(path):
    """Return the tokens of a vocab.txt, one a line.

    Raises:
        InputError: if it is not UTF-8.
    """
    try:
        text = path.read_text("utf-8")  # of Windows' line ends, too
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no vocabulary: expected UTF-8, one token per line. {error}") from error
    return text.removesuffix("\n").split("\n")


def read_tokenizer(folder, arguments):
    """Read the tokenizer of a Hugging Face folder.

    Args:
        folder: Path with vocab.txt or tokenizer.json, and perhaps tokenizer_config.json, whose word counts
            where the two differ, and sentence_bert_config.json.
        arguments: dict, arguments of the builder `bert`.

    Returns:
        dict of tokens, lower_case and max_sequence_length, as `ConvertedBert` has them.

    Raises:
        InputError: if the files do not describe a WordPiece tokenizer as BERT's that fits the arguments.
    """
    whole = _json_or_nothing(folder / "tokenizer.json")
    said = _json_or_nothing(folder / "tokenizer_config.json")
    sentences = _json_or_nothing(folder / "sentence_bert_config.json")
    if (folder / "vocab.txt").exists():
        tokens = read_vocabulary(folder / "vocab.txt")
    elif whole:
        tokens = _tokens(whole, folder / "tokenizer.json")
    else:
        raise InputError(f"{folder} holds no vocabulary: expected vocab.txt or tokenizer.json in it")
    require_same_size(tokens, arguments, folder)
    normalizer = whole.get("normalizer") or {}
    lower_case = said.get("do_lower_case", normalizer.get("lowercase", True))  # BERT's default
    _require_as_bert(said, normalizer, lower_case, folder)
    limits = (arguments["max_sequence_length"], said.get("model_max_length"), sentences.get("max_seq_length"))
    return {
        "tokens": tokens,
        "lower_case": lower_case,
        "max_sequence_length": int(min(limit for limit in limits if limit is not None)),
    }


def require_same_size(tokens, arguments, folder):
    """Raise InputError unless there is a row of the embedding for each token."""
    if len(tokens) != arguments["vocabulary_size"]:
        raise InputError(
            f"{folder} has {len(tokens)} tokens in its vocabulary and vocab_size {arguments['vocabulary_size']} in its "
            "config. Expected the same number: append the missing tokens, such as [unused1], to vocab.txt"
        )


def _require_as_bert(said, normalizer, lower_case, folder):
    require_choice(f"tokenizer_class in {folder}", said.get("tokenizer_class", "BertTokenizer"), TOKENIZERS)
    strip = said.get("strip_accents", normalizer.get("strip_accents"))
    require_choice(f"strip_accents in {folder}", strip, (None, lower_case))
    chinese = said.get("tokenize_chinese_chars", normalizer.get("handle_chinese_chars", True))
    require_choice(f"tokenize_chinese_chars in {folder}", chinese, (True,))


def _tokens(tokenizer, path):
    """Return the tokens of a tokenizer.json in the order of their ids."""
    model = tokenizer.get("model", {})
    require_choice(f"model type in {path}", model.get("type"), ("WordPiece",))
    added = {token["content"]: token["id"] for token in tokenizer.get("added_tokens", ())}
    places = {**model["vocab"], **added}
    tokens = sorted(places, key=places.get)
    if [places[token] for token in tokens] != list(range(len(tokens))):
        raise InputError(f"{path} leaves out ids of tokens or gives one twice. Expected 0, 1, 2, ...")
    return tokens


def _json_or_nothing(path):
    return read_json(path) if path.exists() else {}
