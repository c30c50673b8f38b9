"""Files and folders that are written completely or not at all, and JSON files that are validated."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasnlp_zoo import durable
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath

MAX_JSON = 2**26  # bytes; the config of an entry has a few thousand


@contextlib.contextmanager
def atomic_file(path: FilePath) -> Iterator[Path]:
    """Yield a temporary path next to `path`; rename it to `path` if the block succeeds.

    Readers see the old file or the complete new one, even if the process is killed or the disk is full.

    Args:
        path: file to write or replace; missing parent folders are created.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(Path(folder, "scores.txt")) as temporary:
    ...         _ = temporary.write_text("0.75")
    ...     os.listdir(folder)
    ['scores.txt']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.remove_leftovers(path.parent)
    temporary = durable.temporary_beside(path)
    try:
        yield temporary
        durable.replace_file(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: FilePath) -> Iterator[Path]:
    """Yield a temporary folder next to `path`; rename it to `path` if the block succeeds.

    An existing folder at `path` is replaced only if the block succeeds. Readers see the old folder or the complete new
    one. On a system that cannot exchange two folders, they see none for a moment; if the process is killed in it,
    `recovered` brings the old folder back.

    Args:
        path: folder to write or replace.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with atomic_folder(Path(parent, "entry")) as temporary:
    ...         _ = (temporary / "config.json").write_text("{}")
    ...     os.listdir(parent)
    ['entry']
    """
    path = Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.recover(path)
    durable.remove_leftovers(path.parent)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "a file has the name of the folder to write", str(path))
    temporary = durable.temporary_beside(path)
    new = temporary / durable.NEW
    try:
        new.mkdir(parents=True)
        yield new
        durable.replace_folder(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def recovered(path: FilePath) -> Path:
    """Return the path of a folder that is read, after a process that was killed while it replaced the folder."""
    durable.recover(Path(path).absolute())
    return Path(path)


@contextlib.contextmanager
def readable(path: FilePath, what: str, advice: str) -> Iterator[None]:
    """Raise InputError instead of the errors that a missing or damaged file causes in the block.

    Args:
        path: folder or file that the block reads.
        what: the expected content, such as "a complete corpus".
        advice: what the user can do, such as "Encode it again".

    Example:

    >>> with readable("entry", "the config of an entry", "Copy it again"):
    ...     json.loads("{")
    Traceback (most recent call last):
    kerasnlp_zoo.errors.InputError: entry does not contain the config of an entry. Copy it again. JSONDecodeError: ...
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        cause = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise InputError(f"{path} does not contain {what}. {advice}. {cause}") from error


def read_json(path: FilePath, what: str, advice: str) -> Any:
    """Return the content of a JSON file.

    Args:
        path: the file, in UTF-8.
        what, advice: as for `readable`.

    Raises:
        InputError: if the file is missing, no regular file, larger than MAX_JSON bytes, not valid JSON, or nested too
            deeply.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "deep.json").write_text("[" * 10**6)
    ...     read_json(Path(folder, "deep.json"), "the metrics of an entry", "Copy it again")
    Traceback (most recent call last):
    kerasnlp_zoo.errors.InputError: ...deep.json does not contain the metrics of an entry. Copy it again. ...
    """
    with readable(path, what, advice):
        return json.loads(read_text(path))


def read_text(path: FilePath) -> str:
    """Return the content of a short file in UTF-8.

    Raises:
        InputError: if the path is a pipe or a device, which may never end, or the file is larger than MAX_JSON bytes.
        OSError, UnicodeDecodeError: if the file cannot be read. `readable` gives them a message.
    """
    require_regular(path)
    size = os.path.getsize(path)
    if size > MAX_JSON:
        raise InputError(f"{path} has {size:,} bytes. Expected at most {MAX_JSON:,}")
    return Path(path).read_text("utf-8")


def require_regular(path: FilePath) -> None:
    """Raise InputError if a path is not a file with an end: a folder, a pipe or a device, or a link to one.

    Example:

    >>> require_regular("/dev/zero")
    Traceback (most recent call last):
    kerasnlp_zoo.errors.InputError: /dev/zero is not a regular file. Copy the file itself to this place
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"{path} is not a regular file. Copy the file itself to this place")


def no_file(path: FilePath) -> str:
    """Return what a path is instead of a file that can be read, for a message.

    Example:

    >>> no_file("/dev/null"), no_file("missing.csv")
    ('is a pipe or a device, which cannot be read twice', 'does not exist')
    """
    if os.path.isdir(path):
        return "is a folder"
    return "is a pipe or a device, which cannot be read twice" if os.path.exists(path) else "does not exist"


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error says that the disk is full. TensorFlow's own error has the text of the system's error.

    Example:

    >>> is_disk_full(RuntimeError("shard-0; No space left on device")), is_disk_full(RuntimeError("out of memory"))
    (True, False)
    """
    return os.strerror(errno.ENOSPC) in str(error)


def write_json(path: FilePath, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(json_text(value), encoding="utf-8")


def json_text(value: Any) -> str:
    """Return `value` as indented JSON, as `write_json` writes it."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def sha256(path: FilePath) -> str:
    """Return the sha256 of a file as hexadecimal digits.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "empty").write_bytes(b"")
    ...     sha256(Path(folder, "empty"))[:8]
    'e3b0c442'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Return the folder for downloads: the environment variable KERASNLP_ZOO_CACHE, or the user cache of the system.

    An empty variable counts as not set, and so does a relative path of the system. Otherwise the downloads would be in
    the current folder.

    Raises:
        InputError: if no variable is set, and the user has no home.
    """
    try:
        if own := os.environ.get("KERASNLP_ZOO_CACHE", "").strip():
            return Path(own).expanduser()
        windows = os.name == "nt"
        users = Path(os.environ.get("LOCALAPPDATA" if windows else "XDG_CACHE_HOME", "").strip())
        if not users.is_absolute():
            users = Path.home() / "AppData" / "Local" if windows else Path.home() / ".cache"
    except RuntimeError as error:
        raise InputError(
            "There is no folder for downloads, because the user has no home folder. Set the environment variable "
            f"KERASNLP_ZOO_CACHE to a folder. {error}"
        ) from error
    return users / "kerasnlp_zoo"
