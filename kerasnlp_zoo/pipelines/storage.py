"""Files on this machine, on a shared file system or in a bucket, and output folders that appear when complete.

A path such as gs://bucket/texts is opened by Apache Beam, any other path by Python.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from kerasnlp_zoo import durable
from kerasnlp_zoo.datasets.text_files import ENDINGS, text_files
from kerasnlp_zoo.errors import InputError

REMOTE = "://"
PARTS = "parts"  # folder of files that are no part of the output


def is_remote(path: str) -> bool:
    """Return whether Apache Beam opens a path.

    Example:

    >>> is_remote("gs://bucket/texts"), is_remote("texts")
    (True, False)
    """
    return REMOTE in path


def absolute(path: str) -> str:
    """Return the path that all workers understand: they may run in another folder."""
    return path.rstrip("/") if is_remote(path) else os.path.abspath(path)


def find_texts(path: str) -> list[tuple[str, int]]:
    """Return the files of a corpus with their sizes in bytes: a file, or all text files below a folder, sorted.

    Raises:
        InputError: if there is none.
    """
    if not is_remote(path):
        return [(str(file), file.stat().st_size) for file in text_files(path)]
    below = _matches(f"{path}/**")
    named = [(name.split("/"), name, size) for name, size in below if name.lower().endswith(ENDINGS)]
    found = [(name, size) for parts, name, size in sorted(named) if not parts[-1].startswith(".")]
    if not below:
        found = _matches(path)
    if not found:
        raise InputError(f"{path} contains no .txt file, compressed or not. Expected a text file, or a folder of them")
    return found


def _matches(pattern: str) -> list[tuple[str, int]]:
    """Return the paths and sizes of the remote files that a pattern matches."""
    return [(found.path, found.size_in_bytes) for found in _beam_files().match([pattern])[0].metadata_list]


def _beam_files() -> Any:
    from apache_beam.io.filesystems import FileSystems

    return FileSystems


def open_file(path: str) -> BinaryIO:
    """Open a file for reading, without decompressing it."""
    if not is_remote(path):
        return open(path, "rb")
    from apache_beam.io.filesystem import CompressionTypes

    return _beam_files().open(path, compression_type=CompressionTypes.UNCOMPRESSED)


@contextlib.contextmanager
def local_file(path: str) -> Iterator[Path]:
    """Yield a path on this machine with the content of a file, as a context manager."""
    if not is_remote(path):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        with open_file(path) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield copy


@contextlib.contextmanager
def new_file(path: str) -> Iterator[Path]:
    """Yield a path on this machine to write; then rename or upload the file to `path`, as a context manager.

    A runner may run a task twice, also at the same time. The result is the same, so the last file may stay.
    """
    if not is_remote(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(f"{path}.{secrets.token_hex(4)}")
        yield temporary
        os.replace(temporary, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield (new := Path(folder, "new"))
        _upload(new, f"{path}.{secrets.token_hex(4)}", path)


def _upload(source: Path, temporary: str, path: str) -> None:
    """Copy a file of this machine to a remote path; the file appears there when it is complete."""
    files = _beam_files()
    with source.open("rb") as local, files.create(temporary, mime_type="application/octet-stream") as remote:
        shutil.copyfileobj(local, remote)
    if files.exists(path):
        files.delete([path])
    files.rename([temporary], [path])


def require_new(output: str) -> None:
    """Raise InputError if the output folder exists."""
    exists = bool(_matches(f"{output}/**")) if is_remote(output) else os.path.lexists(output)
    if exists:
        raise InputError(f"{output} already exists, and is not replaced. Choose another folder, or remove it")


@contextlib.contextmanager
def working_folder(output: str) -> Iterator[str]:
    """Yield a new folder next to the output folder, which all workers can write; remove it at the end.

    Raises:
        InputError: if the output folder exists.
    """
    require_new(output)
    if is_remote(output):
        work = f"{output}.unfinished-{secrets.token_hex(4)}"
        try:
            yield work
        finally:
            if paths := [path for path, _ in _matches(f"{work}/**")]:
                _beam_files().delete(paths)
        return
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.remove_leftovers(path.parent)
    temporary = durable.temporary_beside(path)
    temporary.mkdir()
    try:
        yield str(temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def local_result(work: str, output: str, last: str) -> Iterator[Path]:
    """Yield the path of a folder to make on this machine; then it becomes the output folder.

    Args:
        work: folder from `working_folder`.
        output: the output folder.
        last: name of the file that is uploaded last, if the output folder is remote: it is complete with this file.
    """
    if not is_remote(output):
        yield Path(work, durable.NEW)
        require_new(output)
        durable.replace_folder(Path(work), Path(output))
        return
    with tempfile.TemporaryDirectory() as parent:
        yield (new := Path(parent, durable.NEW))
        for path in sorted(new.iterdir(), key=lambda path: path.name == last):
            _upload(path, f"{work}/{path.name}", f"{output}/{path.name}")


def result_file(work: str, name: str) -> str:
    """Return the path at which a worker writes a file of the output folder."""
    return f"{work}/{durable.NEW}/{name}"


def publish(work: str, output: str, names: Sequence[str], last: str) -> None:
    """Make the output folder of files that workers wrote at `result_file`.

    Args:
        work: folder from `working_folder`.
        output: the output folder.
        names: names of the files.
        last: the file that is renamed last, if the output folder is remote: it is complete with this file.
    """
    if not is_remote(output):
        require_new(output)
        for path in Path(work, durable.NEW).iterdir():
            if path.name not in {*names, last}:  # of a task that was killed and repeated
                path.unlink()
        durable.replace_folder(Path(work), Path(output))
        return
    for name in [*names, last]:
        _beam_files().rename([result_file(work, name)], [f"{output}/{name}"])
