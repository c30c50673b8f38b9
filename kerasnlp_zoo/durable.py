"""Renames that survive a crash: synced before, exchanged where the system can, and recovered at the next start.

While a file or folder is written, its content is in a temporary next to it, whose name has the machine and the process
that write it. Temporaries of a process that has ended are removed when something is written beside them.
"""

import contextlib
import ctypes
import functools
import os
import platform
import re
import secrets
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"
TEMPORARY = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}-(.+)", re.DOTALL)
OLD, NEW = "old", "new"  # folders in a temporary folder
LONGEST_WRITE = 24 * 3600  # seconds; after it, a temporary of another machine is left over
NO_FOLDER = -100  # AT_FDCWD: paths are relative to the current folder
EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def temporary_beside(path: Path) -> Path:
    """Return a new path next to `path`, with the same suffix, because the suffix selects the format of a file."""
    return path.with_name(f".{MACHINE}-{os.getpid()}-{secrets.token_hex(4)}-{path.name}")


def remove_leftovers(folder: Path) -> None:
    """Remove the temporaries in `folder` that processes left when they were killed."""
    for temporary, path, is_left_over in _temporaries(folder):
        if is_left_over and (path.exists() or not (temporary / OLD).exists()):
            if temporary.is_dir():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    temporary.unlink()


def recover(path: Path) -> None:
    """Rename an old folder back to `path` if a process was killed between the two renames that replace it."""
    if path.exists() or not path.parent.is_dir():
        return
    for temporary, other, is_left_over in _temporaries(path.parent):
        if other == path and is_left_over and (temporary / OLD).exists():
            with contextlib.suppress(OSError):  # another process has recovered it
                os.rename(temporary / OLD, path)
            return


def replace_file(new: Path, path: Path) -> None:
    """Rename the file `new` to `path`, after its content is on the disk."""
    _sync(new)
    os.replace(new, path)
    _sync(path.parent)


def replace_folder(temporary: Path, path: Path) -> None:
    """Rename `temporary`/new to `path`, after its files are on the disk. What was at `path` is then in `temporary`."""
    new, old = temporary / NEW, temporary / OLD
    for folder, _, files in os.walk(new):
        for name in files:
            _sync(Path(folder, name))
        _sync(Path(folder))
    if not path.exists():
        os.rename(new, path)
    elif not _exchange(new, path):
        os.rename(path, old)
        try:
            os.rename(new, path)
        except OSError:
            os.rename(old, path)
            raise
    _sync(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder in one step: readers see the complete folder, or none."""
    temporary = temporary_beside(path)
    os.rename(path, temporary)
    try:
        _sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _temporaries(folder: Path) -> Iterator[tuple[Path, Path, bool]]:
    """Yield the temporaries in `folder`, the path that each will have, and whether the process that writes it ended."""
    for candidate in folder.glob(".*"):
        match = TEMPORARY.fullmatch(candidate.name)
        if match is None:
            continue
        with contextlib.suppress(OSError):  # it was just removed
            if match[1] == MACHINE and os.name == "posix":
                has_ended = not _is_running(int(match[2]))
            else:
                has_ended = time.time() - candidate.stat().st_mtime > LONGEST_WRITE
            yield candidate, folder / match[3], has_ended


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends no signal
    except ProcessLookupError:
        return False
    except OSError:  # it runs for another user
        pass
    return True


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Windows has no way to sync a folder."""
    if os.name == "nt" and path.is_dir():
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return whether the system can."""
    function = _exchange_function()
    if function is None:
        return False
    return function(os.fsencode(one), os.fsencode(other)) == 0


@functools.cache
def _exchange_function() -> Callable[[bytes, bytes], int] | None:
    """Return the system's function that exchanges two paths; None if it has none."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        if sys.platform == "linux":
            rename = library.renameat2
            return lambda one, other: rename(NO_FOLDER, one, NO_FOLDER, other, EXCHANGE)
        if sys.platform == "darwin":
            rename = library.renamex_np
            return lambda one, other: rename(one, other, EXCHANGE)
    return None
