"""The output folder of a run: a new numbered folder or the folder of an interrupted run, locked for one process."""

import os
import sys
from pathlib import Path
from typing import IO, Protocol

from kerasnlp_zoo import durable
from kerasnlp_zoo.errors import InputError

STATE = "state"  # sub-folder of the output folder for resuming; deleted when the run finishes
SEARCH = "search.json"  # the facts of a search by `kerasnlp-zoo tune`
LOCK = ".lock"  # file in the output folder, with the id of the process that uses the folder
TOKEN = ".workers"  # file by which several workers see that they share the folder
MOST_FOLDERS = 1000  # of one recipe and data set
_LOCKS: dict[Path, IO[bytes]] = {}  # the locks of this process: the system releases the lock of a file that is closed

if sys.platform == "win32":
    import msvcrt

    FAR = 2**30  # locked bytes cannot be read on Windows: the process id, at the start of the file, stays readable

    def _lock_file(file: IO[bytes]) -> None:
        os.lseek(file.fileno(), FAR, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock_file(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderOptions(Protocol):
    """The flags that select the output folder."""

    @property
    def output_dir(self) -> Path | None:
        """Output folder; None for a numbered folder."""

    @property
    def resume(self) -> bool:
        """Whether to continue an interrupted run."""

    def data_name(self) -> str:
        """Return the name of the data as part of a file name."""


def open_folder(recipe: str, config: FolderOptions) -> Path:
    """Create the output folder of a run, or with --resume find the folder of the interrupted run, and lock it.

    Of several processes that start at the same time, each gets another numbered folder.

    Args:
        recipe: name of the recipe.
        config: the flags of the run and of the data.

    Raises:
        InputError: if the folder already contains a run, another process uses it, there is no run to resume, or it
            cannot be written.
    """
    chosen = config.output_dir
    base = chosen or Path("runs", f"{recipe}_{config.data_name()}")
    numbered = [base] if chosen else [base, *(base.with_name(f"{base.name}-{n}") for n in range(2, MOST_FOLDERS))]
    try:
        return _interrupted(numbered) if config.resume else _new(numbered)
    except OSError as error:
        raise InputError(f"Cannot write to the output folder {base}: {error}. Use another --output-dir") from error


def _interrupted(folders: list[Path]) -> Path:
    """Lock and return the last of the folders that contains a run."""
    used = [folder for folder in folders if _contains_run(folder)]
    for folder in used:
        durable.remove_leftovers(folder)
    if not used or not any((used[-1] / name).exists() for name in (STATE, "fold-1", "seed-1", SEARCH)):
        raise InputError(
            f"There is no interrupted run to resume in {used[-1] if used else folders[0]}. "
            "Omit --resume, or give the folder of the run as --output-dir"
        )
    if process := lock_folder(used[-1]):
        raise InputError(
            f"The run in {used[-1]} is not interrupted: process {process} uses it. Wait until that process ends, or "
            "stop it; then --resume continues the run. Or give the folder of another run as --output-dir"
        )
    return used[-1]


def _new(folders: list[Path]) -> Path:
    """Create, lock and return the first of the folders that contains no run and that no other process uses."""
    process = None
    for folder in folders:
        if _contains_run(folder):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        process = lock_folder(folder)
        # Another process may have finished a run in the folder before it was locked.
        if process is None and not _contains_run(folder):
            return folder
    if process:
        raise InputError(
            f"The output folder {folders[-1]} is in use by process {process}. Use another --output-dir, or wait until "
            "that process ends"
        )
    raise InputError(
        f"The output folder {folders[-1]} already contains a run. Use --resume to continue it, or another --output-dir"
    )


def _contains_run(folder: Path) -> bool:
    return folder.exists() and any(path.name not in (LOCK, TOKEN) for path in folder.iterdir())


def lock_folder(folder: Path) -> str | None:
    """Lock a folder for this process, until `unlock_folder` or the end of the process.

    The system releases the lock of a process that was killed. On a file system without locks, nothing is locked.

    Returns:
        None if the folder is now locked for this process; otherwise the id of the process that uses the folder.
    """
    path = folder.resolve() / LOCK
    if path in _LOCKS:
        return None
    file = open(path, "a+b")  # noqa: SIM115, closed by unlock_folder
    try:
        _lock_file(file)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        process = file.read().decode()
        file.close()
        return process or "of unknown id"
    except OSError:
        pass
    if not _is_at(file, path):  # the process that had locked the folder has removed the file
        file.close()
        return lock_folder(folder)
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    file.flush()
    _LOCKS[path] = file
    return None


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether an open file still has this path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def unlock_folder(folder: Path) -> None:
    """Let other processes use a folder that this process has locked."""
    path = folder.resolve() / LOCK
    if path in _LOCKS:
        _LOCKS.pop(path).close()
        path.unlink(missing_ok=True)
