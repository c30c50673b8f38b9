"""The config.json of an entry: written with a digest, and validated when it is read.

The config has the sha256 of every other file of the entry, and `config_sha256`, the digest of all its other fields.
Together they show every change, but they are no signature: whoever changes a file can also compute new digests.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import read_json, sha256, write_json
from kerasnlp_zoo.types import Config

FORMAT_VERSION = 1
CONFIG = "config.json"
DIGEST = "config_sha256"
SPLIT_AT_SPACES = "spaces"  # as in text.preprocessors.tokens, which loads TensorFlow
NEEDED = (CONFIG, "vocabulary.txt", "model.safetensors")  # to load an entry
HASHED = ("vocabulary.txt", "model.safetensors", "golden.json", "metrics.json", "README.md")  # every entry has them
DTYPES = ("float32", "float16", "int8")  # of stored weights
HEXADECIMAL = frozenset("0123456789abcdef")


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_preprocessing(value: Any) -> bool:
    return _is_table(value) and _is_string(value.get("class")) and _is_table(value.get("config"))


def _are_labels(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_string, value))


def are_digests(value: Any) -> bool:
    """Return whether a value is an object of strings -> sha256."""
    return _is_table(value) and all(map(_is_sha256, value.values()))


def _are_hashes(value: Any) -> bool:
    return are_digests(value) and all(map(_is_plain, value))


def _is_plain(name: str) -> bool:
    """Return whether a name is the name of a file inside the folder, and no path to another place."""
    return bool(name) and name not in (".", "..") and not any(mark in name for mark in "/\\:\0")


def _is_sha256(value: Any) -> bool:
    return _is_string(value) and len(value) == 64 and set(value) <= HEXADECIMAL


def _is_data(value: Any) -> bool:
    return _is_table(value) and all(_is_string(value.get(name, "")) for name in ("name", "licence", "fingerprint"))


def _is_base(value: Any) -> bool:
    return _is_table(value) and _is_string(value.get("name")) and _is_sha256(value.get("sha256"))


def _are_borrowed_words(value: Any) -> bool:
    if not (_is_table(value) and _is_string(value.get("name")) and are_digests(value.get("sha256"))):
        return False
    counts = all(type(value.get(name)) is int and value[name] >= 0 for name in ("own", "limit", "count"))
    return (
        counts
        and type(value.get("scale")) is float
        and value.get("dtype") in DTYPES
        and set(value["sha256"]) == {"model.safetensors", "vocabulary.txt"}
    )


# Field -> (function that returns whether the value is valid, description of valid values).
FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_string, "a string"),
    "task": (_is_string, "the name of a task"),
    "labels": (_are_labels, "a list of strings"),
    "language": (_is_string, "the code of a language"),
    "builder": (_is_string, "the name of a builder"),
    "builder_arguments": (_is_table, "an object"),
    "preprocessing": (_is_preprocessing, 'an object {"class": ..., "config": {...}}'),
    "parameters": (lambda value: type(value) is int and value >= 0, "a number of at least 0"),
    "sha256": (_are_hashes, "an object with the sha256 of files in the entry's folder, by their names"),
}
OPTIONAL: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data": (_is_data, 'an object {"name": ..., "licence": ..., "fingerprint": ...}'),
    "task_arguments": (_is_table, "an object"),
    "version": (lambda value: type(value) is int and value >= 1, "a number of at least 1"),
    "base": (_is_base, 'an object {"name": ..., "sha256": ...}'),
    "borrowed_words": (_are_borrowed_words, "an object with name, own, limit, count, scale, dtype and sha256"),
    **dict.fromkeys(
        ("weights_licence", "commercial_use", "command", "quantized_from", "least_library_version"),
        (_is_string, "a string"),
    ),
}


def read_entry_config(folder: Path) -> Config:
    """Return the config.json of an entry's folder.

    Raises:
        InputError: if it cannot be read, a field is missing or has another type, it was changed after it was saved,
            or its format is unknown to this version.
    """
    path = folder / CONFIG
    config = read_json(path, "the config of an entry", "Copy or train the entry again")
    if not _is_table(config) or "format_version" not in config:
        raise InputError(
            f"{path} does not contain the config of an entry: it has no format_version. Copy or train the entry again"
        )
    if config["format_version"] != FORMAT_VERSION:
        raise InputError(
            f"{path} has format_version {config['format_version']}, but this kerasnlp-zoo reads {FORMAT_VERSION}. "
            f"Install kerasnlp-zoo {config.get('least_library_version', 'of another version')}"
        )
    for name, (is_valid, expected) in {**FIELDS, **OPTIONAL}.items():
        if name in config and not is_valid(config[name]):
            raise InputError(
                f"{path} is damaged: {name} must be {expected}. Received: {config[name]!r:.80}. Copy or train the "
                "entry again"
            )
    if missing := [name for name in (*FIELDS, DIGEST) if name not in config]:
        raise InputError(f"{path} is incomplete: {', '.join(missing)} missing. Copy or train the entry again")
    if config[DIGEST] != config_digest(config):
        raise InputError(
            f"{path} was changed or damaged after the entry was saved. Expected {DIGEST} {config[DIGEST]!r:.80}. "
            f"Received: {config_digest(config)}. Copy or train the entry again; zoo.save writes a changed entry"
        )
    return config


def needed_entries(config: Config) -> list[str]:
    """Return the names of the entries without which an entry cannot answer.

    They are the entry whose weights LoRA changed, the entry of word vectors whose words it borrows, and the entry that
    finds Chinese words.
    """
    others = [config[field]["name"] for field in ("base", "borrowed_words") if field in config]
    segmenter = segmenter_of(config["preprocessing"])
    return others if segmenter is None else [*others, segmenter]


def segmenter_of(preprocessing: Config) -> str | None:
    """Return the name of the entry that splits the texts of another entry into words; None if there is none."""
    segmenter = preprocessing["config"].get("segmenter")
    is_entry = preprocessing["class"] == "TokenPreprocessor" and segmenter not in (None, SPLIT_AT_SPACES)
    return segmenter if is_entry else None


def write_entry_config(folder: Path, config: Config) -> None:
    """Write config.json with the sha256 of every other file in the folder, and with its own digest."""
    others = sorted(path for path in folder.iterdir() if path.name != CONFIG)
    write_json(folder / CONFIG, with_digest({**config, "sha256": {path.name: sha256(path) for path in others}}))


def with_digest(config: Config) -> Config:
    """Return a config with its own digest."""
    return {**config, DIGEST: config_digest(config)}


def config_digest(config: Config) -> str:
    """Return the sha256 of all fields of a config except the digest itself.

    Example:

    >>> config_digest({"name": "a", "labels": []}) == config_digest({"labels": [], "name": "a", "config_sha256": "0"})
    True
    """
    fields = {name: value for name, value in config.items() if name != DIGEST}
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def require_unchanged(folder: Path, name: str, config: Config) -> None:
    """Raise InputError unless the file `name` of an entry's folder has the sha256 in the entry's config."""
    path = folder / name
    if not path.exists():
        raise InputError(f"{folder} is incomplete: {name} is missing")
    if not path.is_file():
        raise InputError(f"{path} is not a file. Copy or train the entry again")
    expected = config["sha256"].get(name, "none")
    received = sha256(path)
    if received != expected:
        raise InputError(
            f"{path} was changed or damaged after the entry was saved. Expected sha256 {expected}. "
            f"Received: {received}. Copy or train the entry again"
        )


def require_all_unchanged(folder: Path, config: Config) -> None:
    """Raise InputError unless every file that the config names, and every file that an entry needs, is unchanged."""
    for name in sorted({*HASHED, *config["sha256"]}):
        require_unchanged(folder, name, config)
