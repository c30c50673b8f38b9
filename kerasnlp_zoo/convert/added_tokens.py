"""Refuse tokens that the original tokenizer matches whole in a text, before it normalizes and splits the text.

BERT's five special tokens are known. Any other token would give other ids here, and so would other flags of the five.
"""

from pathlib import Path
from typing import Any

from kerasnlp_zoo.convert.configs import read_object
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# Keys of tokenizer_config.json and special_tokens_map.json with several tokens, in version 4 and in version 5.
LISTS = ("additional_special_tokens", "extra_special_tokens")
FLAGS = ("single_word", "normalized")  # of a special token; lstrip and rstrip have no effect, because BERT drops spaces
# Settings of tokenizer_config.json that change how a text is split -> the values that BERT has.
SETTINGS: dict[str, tuple[Any, ...]] = {
    "never_split": (None, []),
    "do_basic_tokenize": (True,),
    "split_special_tokens": (False,),
}


def require_no_added_tokens(tokenizer: Config, config: Config, folder: Path) -> None:
    """Raise InputError if the special tokens of a folder differ from BERT's, or if it has other added tokens.

    Args:
        tokenizer: content of tokenizer.json; empty if there is none.
        config: content of tokenizer_config.json; empty if there is none.
        folder: the folder, for its other files and for messages.
    """
    special = object_or_nothing(folder / "special_tokens_map.json")
    tokens = [
        *_tokens_in(tokenizer, "added_tokens", list, folder),
        *_tokens_in(config, "added_tokens_decoder", dict, folder),
        *(token for settings in (config, special) for name in LISTS for token in _listed(settings, name, folder)),
    ]
    for settings in (special, config):
        tokens += [
            value for key, value in settings.items() if key.endswith("_token") and isinstance(value, (str, dict))
        ]
        for name in SPECIAL:
            key = f"{name.strip('[]').lower()}_token"
            require_choice(f"{key} in {folder}", _content(settings.get(key, name)), (name,))
    names = {_content(token) for token in tokens} | set(object_or_nothing(folder / "added_tokens.json"))
    if others := sorted(map(str, names - set(SPECIAL))):
        raise InputError(
            f"{folder} has added tokens, which its tokenizer matches before it splits a text, and which are not "
            f"supported: {', '.join(others[:8])[:200]}. Use a model without them"
        )
    for token in tokens:
        for flag in FLAGS:
            if isinstance(token, dict) and token.get(flag):
                raise InputError(
                    f"{folder} matches the token {_content(token)} with {flag}={token[flag]!r:.40}, which is not "
                    "supported. Expected false"
                )
    for name, values in SETTINGS.items():
        require_choice(f"{name} in {folder}", config.get(name, values[0]), values)


def object_or_nothing(path: Path) -> Config:
    """Return the object in a JSON file, or an empty one if the file does not exist."""
    return read_object(path) if path.exists() else {}


def _tokens_in(settings: Config, name: str, kind: type, folder: Path) -> list[Config]:
    """Return the tokens in a list or dict of objects."""
    given = settings.get(name) or kind()
    values = list(given.values()) if isinstance(given, dict) else given
    is_valid = isinstance(given, kind) and all(isinstance(token, dict) and "content" in token for token in values)
    if not is_valid:
        what = "a list" if kind is list else "an object"
        raise InputError(f'{folder}: {name} must be {what} of objects with a "content". Received: {given!r:.80}')
    return list(values)


def _listed(settings: Config, name: str, folder: Path) -> list[Any]:
    """Return the tokens under a key, which has a list of tokens or an object of their roles."""
    given = settings.get(name) or []
    if not isinstance(given, (list, dict)):
        raise InputError(f"{folder}: {name} must be a list of tokens. Received: {given!r:.80}")
    return list(given.values() if isinstance(given, dict) else given)


def _content(token: Any) -> Any:
    """Return the spelling of a token: a string, or the object that describes it."""
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else repr(content)
