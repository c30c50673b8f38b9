"""Read the vocabulary and the settings of the tokenizer from BERT files of other libraries."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo.convert.configs import read_json
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config

TOKENIZERS = ("BertTokenizer", "BertTokenizerFast")


def read_vocabulary(path: Path) -> list[str]:
    """Return the tokens of a vocab.txt, one per line.

    Raises:
        InputError: if the file is not UTF-8.
    """
    try:
        text = path.read_text("utf-8")  # converts the line ends of Windows
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a vocabulary. Expected UTF-8 with one token per line. {error}") from error
    return text.removesuffix("\n").split("\n")


def read_tokenizer(folder: Path, arguments: Mapping[str, Any]) -> Config:
    """Read the tokenizer of a Hugging Face folder.

    Args:
        folder: folder with vocab.txt or tokenizer.json, and optionally tokenizer_config.json, which has precedence over
            tokenizer.json, and sentence_bert_config.json.
        arguments: arguments of the builder `bert`.

    Returns:
        tokens, lower_case and max_sequence_length of `ConvertedBert`.

    Raises:
        InputError: if the tokenizer is not BERT's WordPiece tokenizer, or its vocabulary size differs from the
            arguments.
    """
    tokenizer = _json_or_nothing(folder / "tokenizer.json")
    config = _json_or_nothing(folder / "tokenizer_config.json")
    sentences = _json_or_nothing(folder / "sentence_bert_config.json")
    if (folder / "vocab.txt").exists():
        tokens = read_vocabulary(folder / "vocab.txt")
    elif tokenizer:
        tokens = _tokens(tokenizer, folder / "tokenizer.json")
    else:
        raise InputError(f"{folder} contains no vocabulary. Expected vocab.txt or tokenizer.json in it")
    require_same_size(tokens, arguments, folder)
    normalizer = tokenizer.get("normalizer") or {}
    lower_case = config.get("do_lower_case", normalizer.get("lowercase", True))  # BERT's default
    _require_as_bert(config, normalizer, lower_case, folder)
    limits = (arguments["max_sequence_length"], config.get("model_max_length"), sentences.get("max_seq_length"))
    return {
        "tokens": tokens,
        "lower_case": lower_case,
        "max_sequence_length": int(min(limit for limit in limits if limit is not None)),
    }


def require_same_size(tokens: Sequence[str], arguments: Mapping[str, Any], folder: Path) -> None:
    """Raise InputError unless the vocabulary and the embedding have the same size."""
    if len(tokens) != arguments["vocabulary_size"]:
        raise InputError(
            f"{folder} has {len(tokens)} tokens in its vocabulary and vocab_size {arguments['vocabulary_size']} in its "
            "config. Expected the same number. Append the missing tokens, such as [unused1], to vocab.txt"
        )


def _require_as_bert(config: Config, normalizer: Config, lower_case: bool, folder: Path) -> None:
    """Raise InputError unless the settings are the settings of BERT's tokenizer."""
    require_choice(f"tokenizer_class in {folder}", config.get("tokenizer_class", "BertTokenizer"), TOKENIZERS)
    strip = config.get("strip_accents", normalizer.get("strip_accents"))
    require_choice(f"strip_accents in {folder}", strip, (None, lower_case))
    chinese = config.get("tokenize_chinese_chars", normalizer.get("handle_chinese_chars", True))
    require_choice(f"tokenize_chinese_chars in {folder}", chinese, (True,))


def _tokens(tokenizer: Config, path: Path) -> list[str]:
    """Return the tokens of a tokenizer.json in the order of their ids."""
    model = tokenizer.get("model", {})
    require_choice(f"model type in {path}", model.get("type"), ("WordPiece",))
    added = {token["content"]: token["id"] for token in tokenizer.get("added_tokens", ())}
    ids: dict[str, int] = {**model["vocab"], **added}
    tokens = sorted(ids, key=ids.__getitem__)
    if [ids[token] for token in tokens] != list(range(len(tokens))):
        raise InputError(f"{path} has missing or duplicate token ids. Expected 0, 1, 2, ...")
    return tokens


def _json_or_nothing(path: Path) -> Config:
    return read_json(path) if path.exists() else {}
