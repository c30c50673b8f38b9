"""A write that fails or is killed at any moment leaves the old content or the new one, and the next write cleans up."""

import itertools
import os
import signal
import subprocess
import sys
import time

import pytest

from kerasnlp_zoo import durable
from kerasnlp_zoo.files import atomic_file, atomic_folder, recovered

OPERATIONS = ("replace", "rename", "fsync", "mkdir")


def content(path):
    """Return the bytes of a file, or of the files of a folder by their paths; None if nothing is there."""
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    return path.read_bytes() if path.exists() else None


def write_file(path, text):
    with atomic_file(path) as temporary:
        temporary.write_text(text)


def write_folder(path, text):
    with atomic_folder(path) as new:
        (new / "a.txt").write_text(text)
        (new / "deep").mkdir()
        (new / "deep" / "b.txt").write_text(text * 2)


WRITERS = [write_file, write_folder]


class Faults:
    """Make the operating system fail, or stop the process, at one of its operations."""

    def __init__(self, patch, place, error):
        self.place, self.error, self.count = place, error, 0
        for name in OPERATIONS:
            patch.setattr(os, name, self.counted(getattr(os, name)))

    def counted(self, function):
        def operation(*args, **kwargs):
            self.count += 1
            if self.count == self.place:
                raise self.error
            return function(*args, **kwargs)

        return operation


class Killed(BaseException):
    """The end of the process: nothing after it runs."""


def attempt(write, path, place, error):
    """Write with a fault at an operation; return whether the write succeeded, and the number of operations."""
    with pytest.MonkeyPatch.context() as patch:
        faults = Faults(patch, place, error)
        if error is Killed:  # no clean-up runs, and the process is not there any more
            patch.setattr("shutil.rmtree", lambda *args, **kwargs: None)
            patch.setattr("pathlib.Path.unlink", lambda *args, **kwargs: None)
            patch.setattr("os.getpid", lambda: 2**30)
        try:
            write(path, "new")
        except (OSError, Killed):
            return False, faults.count
    return True, faults.count


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "no"), Killed], ids=str)
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_fault_at_any_operation_leaves_the_old_or_the_new_content(
    write, before, error, can_exchange, tmp_path, monkeypatch
):
    if not can_exchange:
        monkeypatch.setattr(durable, "_exchange", lambda one, other: False)
    faulty = 0
    for place in itertools.count(1):
        path = tmp_path / f"place-{place}" / "entry"
        path.parent.mkdir()
        if before is not None:
            write(path, before)
        old = content(path)
        succeeded, count = attempt(write, path, place, error)
        after = content(recovered(path))
        write(path, "new")
        new = content(path)
        assert after in (old, new)
        assert not succeeded or after == new
        assert os.listdir(path.parent) == ["entry"]  # nothing is left over
        faulty += not succeeded
        if count < place:  # there is no such operation
            break
    assert succeeded
    assert faulty >= 3


@pytest.mark.parametrize("write", WRITERS)
def test_temporaries_of_running_processes_and_other_files_stay(write, tmp_path):
    path = tmp_path / "entry"
    running = durable.temporary_beside(path)
    running.mkdir()
    others = [tmp_path / name for name in (".entry", ".hidden-entry", f".{durable.MACHINE}-999999999-00000000-other")]
    for other in others:
        other.write_text("mine")
    left_over = tmp_path / f".{durable.MACHINE}-999999999-00000000-entry"
    left_over.write_text("half")
    elsewhere = tmp_path / ".00000000-999999999-00000000-entry"  # written by another machine
    elsewhere.write_text("half")
    write(path, "new")
    assert set(tmp_path.iterdir()) == {path, running, elsewhere, *others}
    long_ago = time.time() - 2 * durable.LONGEST_WRITE
    os.utime(elsewhere, (long_ago, long_ago))
    write(path, "new")
    assert set(tmp_path.iterdir()) == {path, running, *others}


def test_a_file_in_the_place_of_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "entry").write_text("mine")
    with pytest.raises(NotADirectoryError, match="a file has the name of the folder to write"):
        write_folder(tmp_path / "entry", "new")
    assert content(tmp_path / "entry") == b"mine"


KILLED = """
import sys
from tests.test_durable import write_file, write_folder, durable
from pathlib import Path
if sys.argv[2] == "renames":
    durable._exchange = lambda one, other: False
number = 0
print("ready", flush=True)
while True:
    number += 1
    write_file(Path(sys.argv[1], "file"), str(number) * 1000)
    write_folder(Path(sys.argv[1], "folder"), str(number) * 1000)
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", ["exchange", "renames"])
def test_a_killed_process_leaves_complete_files_and_folders(way, tmp_path, random):
    write_file(tmp_path / "file", "0" * 1000)
    write_folder(tmp_path / "folder", "0" * 1000)
    for _ in range(25):
        process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path, way], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        number = content(tmp_path / "file")[: len(content(tmp_path / "file")) // 1000]
        assert content(tmp_path / "file") == number * 1000
        folder = content(recovered(tmp_path / "folder"))
        number = folder["a.txt"][: len(folder["a.txt"]) // 1000]
        assert folder == {"a.txt": number * 1000, "deep/b.txt": number * 2000}
    write_file(tmp_path / "file", "1")
    write_folder(tmp_path / "folder", "1")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}
