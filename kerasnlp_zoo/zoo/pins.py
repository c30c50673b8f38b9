"""The lock file: names of entries and the sha256 of their files. `load` refuses an entry that differs from it.

    {"format_version": 1, "entries": {"text_cnn_trec_en": {"sha256": {"config.json": "...", ...}}, ...}}

An entry on the Hub also has its "commit", for the message if its branch or tag has moved. The entries that an entry
needs are in the file, too. This module does not load TensorFlow.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import read_json, sha256, write_json
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.zoo.addresses import is_address
from kerasnlp_zoo.zoo.configs import are_digests, needed_entries, read_entry_config, require_all_unchanged
from kerasnlp_zoo.zoo.folders import is_name, list_entries, locate
from kerasnlp_zoo.zoo.hub import fetched_files
from kerasnlp_zoo.zoo.huggingface_folders import is_huggingface

LOCK = "KERASNLP_ZOO_LOCK"
DEFAULT = "zoo.lock.json"
FORMAT_VERSION = 1
IRREGULAR = "no regular file"  # in place of a sha256: what a link leads to can change, and a pipe has no end


def pin(*names: FilePath, lock: FilePath | None = None) -> Path:
    """Write the sha256 of all files of entries, and of the entries that they need, into a lock file.

    Entries that are already in the file are replaced, if they are named, or kept.

    Args:
        *names: names, addresses or folders of entries, or of BERT folders of Hugging Face.
        lock: the lock file; None for the environment variable KERASNLP_ZOO_LOCK, or zoo.lock.json.

    Returns:
        Path of the lock file.

    Raises:
        InputError: if an entry does not exist, was changed after it was saved, or contains a link; or if the lock file
            is damaged.

    Example:

    >>> import tempfile
    >>> from kerasnlp_zoo import zoo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lock = pin("text_cnn_trec_en", lock=Path(folder, "zoo.lock.json"))
    ...     zoo.load("text_cnn_trec_en", lock=lock).name
    'text_classification'
    """
    if not names:
        raise InputError("pin needs the name of at least one entry. Received: none")
    path = _chosen(lock) or Path(DEFAULT)
    entries = _read(path) if path.exists() else {}
    for name in _closure(names):
        folder = locate(name)
        if not is_huggingface(folder):
            require_all_unchanged(folder, read_entry_config(folder))
        digests = _digests(name, folder)
        if irregular := [file for file, digest in digests.items() if digest == IRREGULAR]:
            raise InputError(
                f"{folder} contains links or other files that are {IRREGULAR}: {', '.join(irregular)[:300]}. Copy the "
                "files themselves into the folder"
            )
        commit = {"commit": folder.name} if is_address(name) else {}
        entries[_key(name, path)] = {**commit, "sha256": digests}
    write_json(path, {"format_version": FORMAT_VERSION, "entries": dict(sorted(entries.items()))})
    return path


def require_pinned(name: FilePath, lock: FilePath | None = None) -> None:
    """Raise InputError if there is a lock file, and an entry differs from it.

    Args:
        name: name, address or folder.
        lock: the lock file; None for the environment variable KERASNLP_ZOO_LOCK. Without both, nothing is compared.

    Raises:
        InputError: if a file of the entry, or of an entry that it needs, differs from the lock file, or the lock file
            does not contain the entry.
    """
    path = _chosen(lock)
    if path is None:
        return
    entries = _read(path)
    for each in _closure([name]):
        key, advice = _key(each, path), f"If it is meant to be so: kerasnlp-zoo pin {name} --lock {path}"
        if key not in entries:
            raise InputError(
                f"The lock file {path} does not contain the entry {key!r:.300}. It contains: "
                f"{', '.join(entries)[:500] or 'none'}. {advice}"
            )
        folder = locate(each)
        if differences := _differences(entries[key]["sha256"], _digests(each, folder)):
            commit = entries[key].get("commit")
            moved = "" if commit in (None, folder.name) else f"{each} has moved from the commit {commit} to another. "
            raise InputError(
                f"{folder} differs from the lock file {path}: {', '.join(differences)[:500]}. {moved}Restore the files "
                f"or name the pinned entry. {advice}"
            )


def _differences(expected: dict[str, str], received: dict[str, str]) -> list[str]:
    """Return descriptions of the files that differ."""
    found = []
    for file in sorted(expected.keys() | received.keys()):
        if expected.get(file) == received.get(file):
            continue
        if received.get(file) == IRREGULAR:
            found.append(f"{file} is {IRREGULAR}, such as a link")
        else:
            what = "was added" if file not in expected else "is missing" if file not in received else "was changed"
            found.append(f"{file} {what}")
    return found


def _closure(names: Sequence[FilePath]) -> Iterator[FilePath]:
    """Yield names of entries, and of all entries that they need, each once."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop(0)
        if str(name) in seen:
            continue
        seen.add(str(name))
        yield name
        folder = locate(name)
        if not is_huggingface(folder):
            waiting += needed_entries(read_entry_config(folder))


def _digests(name: FilePath, folder: Path) -> dict[str, str]:
    """Return the sha256 of all files of an entry by their paths in its folder.

    In the cache of huggingface_hub, where all files are links, only the files that are loaded count.
    """
    if is_address(name):
        return {path.relative_to(folder).as_posix(): sha256(path) for path in fetched_files(folder) if path.is_file()}
    return {
        path.relative_to(folder).as_posix(): sha256(path) if path.is_file() and not path.is_symlink() else IRREGULAR
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def _key(name: FilePath, path: Path) -> str:
    """Return the name of an entry in a lock file: a folder is relative to that of the file, if it is below it."""
    if is_address(name) or (is_name(name) and str(name) in list_entries()):
        return str(name)
    folder, start = locate(name).absolute().resolve(), path.absolute().parent.resolve()
    return (folder.relative_to(start) if folder.is_relative_to(start) else folder).as_posix()


def _chosen(lock: FilePath | None) -> Path | None:
    """Return the path of the lock file of the argument, or of the environment variable; None without both."""
    chosen = os.environ.get(LOCK, "").strip() if lock is None else str(lock)
    if lock is None and not chosen:
        return None
    try:
        return Path(chosen).expanduser()
    except RuntimeError as error:
        raise InputError(f"{chosen} is no path of a lock file: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    """Return the entries of a lock file."""
    advice = f"Write it with: kerasnlp-zoo pin ENTRY... --lock {path}"
    content = read_json(path, "a lock file", advice)
    if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
        raise InputError(f"{path} is no lock file of format_version {FORMAT_VERSION}. {advice}")
    entries = content.get("entries")
    if not isinstance(entries, dict) or not all(_is_record(name, record) for name, record in entries.items()):
        raise InputError(f"{path} is damaged: expected the sha256 of files for every entry. Delete it. {advice}")
    return entries


def _is_record(name: str, record: Any) -> bool:
    """Return whether a value describes an entry in a lock file."""
    if not isinstance(record, dict) or not are_digests(record.get("sha256")):
        return False
    return isinstance(record.get("commit"), str) == is_address(name)
