"""Read the vocabulary and the settings of the tokenizer from BERT files of other libraries."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo.convert.added_tokens import object_or_nothing, require_no_added_tokens
from kerasnlp_zoo.convert.families import Family, family_of
from kerasnlp_zoo.convert.sentence_settings import read_sentence_settings
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.files import read_text
from kerasnlp_zoo.types import Config

MOST_PADDING = 1024  # rows of an embedding without a token
WORD_PIECE = {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
TEMPLATES = {  # of post_processor: (token or text, segment)
    "single": [("[CLS]", 0), ("A", 0), ("[SEP]", 0)],
    "pair": [("[CLS]", 0), ("A", 0), ("[SEP]", 0), ("B", 1), ("[SEP]", 1)],
}


def read_vocabulary(path: Path) -> list[str]:
    """Return the tokens of a vocab.txt, one per line.

    Raises:
        InputError: if the file cannot be read, is not UTF-8, or has more than 64 MiB.
    """
    try:
        text = read_text(path)  # converts the line ends of Windows
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a vocabulary. Expected UTF-8 with one token per line. {error}") from error
    return text.removesuffix("\n").split("\n")


def read_tokenizer(folder: Path, arguments: Mapping[str, Any]) -> Config:
    """Read the tokenizer of a Hugging Face folder.

    Args:
        folder: folder with vocab.txt or tokenizer.json, and optionally tokenizer_config.json, which has precedence over
            tokenizer.json, and sentence_bert_config.json, whose length has precedence over both.
        arguments: arguments of the builder `bert`.

    Returns:
        tokens, lower_case and max_sequence_length of `ConvertedBert`.

    Raises:
        InputError: if the tokenizer differs from BERT's WordPiece tokenizer, or its vocabulary is larger than the
            embedding.
    """
    tokenizer = object_or_nothing(folder / "tokenizer.json")
    config = object_or_nothing(folder / "tokenizer_config.json")
    sentences = read_sentence_settings(folder)
    require_no_added_tokens(tokenizer, config, folder)
    tokens = padded(_vocabulary(folder, tokenizer), arguments, folder)
    _require_bert_pipeline(tokenizer, folder / "tokenizer.json")
    normalizer = tokenizer.get("normalizer") or {}
    if not isinstance(normalizer, dict):
        raise InputError(f"{folder / 'tokenizer.json'}: normalizer must be an object. Received: {normalizer!r:.80}")
    lower_case = config.get("do_lower_case", True)  # the default of transformers, whatever tokenizer.json says
    if "do_lower_case" not in config and normalizer.get("lowercase", True) is not True:
        raise InputError(
            f"{folder}: tokenizer.json keeps upper case, but transformers converts texts to lower case unless "
            'tokenizer_config.json has "do_lower_case": false. Write the right setting there'
        )
    _require_as_bert(config, normalizer, lower_case, folder)
    _require_sides(tokenizer, config, folder)
    _require_inputs(config, family_of(arguments), folder)
    _require_flag(f"do_lower_case in sentence_bert_config.json of {folder}", sentences.get("do_lower_case") or False)
    if sentences.get("do_lower_case") and not lower_case:
        raise InputError(
            f"{folder / 'sentence_bert_config.json'} converts texts to lower case for a tokenizer that keeps case and "
            "accents, which is not supported. Set do_lower_case to false there, and convert your texts"
        )
    given = sentences.get("max_seq_length")
    limits = (arguments["max_sequence_length"], config.get("model_max_length") if given is None else given)
    numbers = [limit for limit in limits if limit is not None]
    if not all(type(limit) in (int, float) and limit >= 1 for limit in numbers):
        raise InputError(f"{folder}: the maximum length of a text must be a number of at least 1. Received: {numbers}")
    return {"tokens": tokens, "lower_case": lower_case, "max_sequence_length": int(min(numbers))}


def _vocabulary(folder: Path, tokenizer: Config) -> list[str]:
    """Return the tokens of a folder, from vocab.txt or tokenizer.json."""
    described = tokenizer.get("model") is not None
    if not (folder / "vocab.txt").exists():
        if not tokenizer:
            raise InputError(f"{folder} contains no vocabulary. Expected vocab.txt or tokenizer.json in it")
        return _tokens(tokenizer, folder / "tokenizer.json")
    tokens = read_vocabulary(folder / "vocab.txt")
    if described and tokens != _tokens(tokenizer, folder / "tokenizer.json"):
        raise InputError(
            f"{folder} has different vocabularies in vocab.txt and tokenizer.json. transformers reads tokenizer.json. "
            "Remove vocab.txt if tokenizer.json belongs to the weights, otherwise tokenizer.json"
        )
    return tokens


def padded(tokens: Sequence[str], arguments: Mapping[str, Any], folder: Path) -> list[str]:
    """Return the tokens, and a placeholder for each row of the embedding without a token.

    No text contains a placeholder, because the tokenizer splits its brackets from its words.

    Embeddings are often padded to a multiple of 64 rows.

    Raises:
        InputError: if the vocabulary is larger than the embedding, or much smaller.
    """
    size = arguments["vocabulary_size"]
    if not size - MOST_PADDING <= len(tokens) <= size:
        raise InputError(
            f"{folder} has {len(tokens)} tokens in its vocabulary and vocab_size {size} in its config. Expected the "
            f"same number, or up to {MOST_PADDING} tokens less. Copy or download it again"
        )
    return [*tokens, *(f"[padding {row}]" for row in range(len(tokens), size))]


def _require_as_bert(config: Config, normalizer: Config, lower_case: bool, folder: Path) -> None:
    """Raise InputError unless the settings are the settings of BERT's tokenizer."""
    strip = config.get("strip_accents", normalizer.get("strip_accents"))
    require_choice(f"strip_accents in {folder}", strip, (None, lower_case))
    chinese = config.get("tokenize_chinese_chars", normalizer.get("handle_chinese_chars", True))
    require_choice(f"tokenize_chinese_chars in {folder}", chinese, (True,))

    _require_flag(f"do_lower_case in {folder}", lower_case)


def _require_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InputError(f"{name} must be one of True, False. Received: {value!r:.80}")


def _require_sides(tokenizer: Config, config: Config, folder: Path) -> None:
    """Raise InputError if texts are padded or truncated on the left, which changes the positions of their tokens."""
    for name in ("padding", "truncation"):
        section = tokenizer.get(name)
        direction = section.get("direction") if isinstance(section, dict) else None
        side = config.get(f"{name}_side", direction or "right")
        require_choice(f"{name}_side in {folder}", str(side).lower(), ("right",))


def _require_inputs(config: Config, family: Family, folder: Path) -> None:
    """Raise InputError unless the tokenizer makes the inputs of the family: BERT without segments has other numbers."""
    name = config.get("tokenizer_class") or family.tokenizers[0]
    require_choice(f"tokenizer_class in {folder}", name, family.tokenizers)
    needed = {"input_ids", "attention_mask", *(["token_type_ids"] if "num_segments" in family.arguments else [])}
    inputs = config.get("model_input_names", sorted(needed))
    if not isinstance(inputs, list) or needed - set(map(str, inputs)):
        raise InputError(
            f"{folder}: model_input_names of tokenizer_config.json must contain {', '.join(sorted(needed))}. "
            f"Received: {inputs!r:.80}. Remove it there if the model was trained with all of them"
        )


def _require_bert_pipeline(tokenizer: Config, path: Path) -> None:
    """Raise InputError unless the steps of a tokenizer.json are those of BERT's tokenizer."""
    model = tokenizer.get("model")
    if model is None:  # only tokenizer_config.json describes the tokenizer
        return
    expected = {
        "model": ("WordPiece",),
        "normalizer": ("BertNormalizer",),
        "pre_tokenizer": ("BertPreTokenizer",),
        "post_processor": ("TemplateProcessing", "BertProcessing"),
    }
    for step, kinds in expected.items():
        found = tokenizer.get(step)
        require_choice(f"{step} type in {path}", found.get("type") if isinstance(found, dict) else found, kinds)
    for name, value in WORD_PIECE.items():
        require_choice(f"{name} in {path}", model.get(name, value), (value,))
    processor = tokenizer["post_processor"]
    for name, template in TEMPLATES.items():
        if processor["type"] == "TemplateProcessing" and _template(processor.get(name)) != template:
            raise InputError(
                f"{path}: the template {name!r} of post_processor differs from BERT's, {' '.join(map(str, template))}"
            )
    normalizer = tokenizer["normalizer"]
    require_choice(f"clean_text in {path}", normalizer.get("clean_text", True), (True,))


def _template(items: Any) -> list[tuple[str, int]]:
    """Return the tokens and sequences of a template, each with its segment; empty if it is malformed."""
    try:
        parts = [next(iter(item.values())) for item in items]
        return [(part["id"], part["type_id"]) for part in parts]
    except (AttributeError, KeyError, StopIteration, TypeError):
        return []


def _tokens(tokenizer: Config, path: Path) -> list[str]:
    """Return the tokens of a tokenizer.json in the order of their ids."""
    model, added = tokenizer.get("model"), tokenizer.get("added_tokens") or []
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(vocabulary, dict) or not all(type(id_) is int for id_ in vocabulary.values()):
        raise InputError(f"{path} has no vocabulary of word pieces. Expected model.vocab, an object of tokens and ids")
    known = [token for token in added if isinstance(token, dict) and type(token.get("id")) is int]
    ids: dict[str, int] = {**vocabulary, **{str(token.get("content")): token["id"] for token in known}}
    tokens = sorted(ids, key=ids.__getitem__)
    if [ids[token] for token in tokens] != list(range(len(tokens))):
        raise InputError(f"{path} has missing or duplicate token ids. Expected 0, 1, 2, ...")
    return tokens
