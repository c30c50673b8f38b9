"""A write that fails or stops at any operation leaves the old version or the new one, and the next start cleans up."""

import builtins
import errno
import io
import itertools
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest

from kerasnlp_zoo import durable
from kerasnlp_zoo.zoo import converting
from kerasnlp_zoo.zoo import saving as zoo_saving
from tests.entry_files import small_classifier
from tests.quick_cases import one_of_each
from tests.savings import SAVINGS, Shared

OPERATIONS = ("replace", "rename", "fsync", "mkdir", "sendfile")
UNDONE = [(shutil, "rmtree"), (Path, "unlink"), (os, "unlink"), (os, "rmdir")]  # what a stopped process does not do


class Stopped(BaseException):
    """The end of the process: nothing after it runs."""


FULL, BROKEN = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error")


class Faults:
    """Make one operation of the operating system fail, or stop the process there.

    Attributes:
        count: number of operations so far.
    """

    def __init__(self, patch, place, error):
        self.place, self.error, self.count, self.is_stopped = place, error, 0, False
        for name in OPERATIONS:
            patch.setattr(os, name, self.counted(getattr(os, name)))
        for module in (builtins, io):
            patch.setattr(module, "open", self.opened(open))
        if error is Stopped:
            patch.setattr(os, "getpid", lambda: 2**30)  # the process is not there any more
            for owner, name in UNDONE:
                patch.setattr(owner, name, self.undone(getattr(owner, name)))

    def operate(self):
        self.count += 1
        if self.count == self.place:
            self.is_stopped = self.error is Stopped
            raise self.error

    def counted(self, function):
        def operation(*args, **kwargs):
            self.operate()
            return function(*args, **kwargs)

        return operation

    def undone(self, function):
        return lambda *args, **kwargs: None if self.is_stopped else function(*args, **kwargs)

    def opened(self, function):
        def operation(path, mode="r", *args, **kwargs):
            file = function(path, mode, *args, **kwargs)
            return file if "r" in mode else FaultyFile(file, self)

        return operation


class FaultyFile:
    """An open file, each of whose writes is an operation, and its end, where buffered bytes are written."""

    def __init__(self, file, faults):
        self.file, self.faults = file, faults

    def write(self, data):
        self.faults.operate()
        return self.file.write(data)

    def close(self):
        if not self.file.closed:
            self.file.close()
            self.faults.operate()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if error[0] is None:
            self.close()
        else:
            self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


def attempt(write, folder, place, error):
    """Write version 2 with a fault at an operation; return whether it succeeded, and the number of operations."""
    with pytest.MonkeyPatch.context() as patch:
        faults = Faults(patch, place, error)
        try:
            write(folder, 2)
        except (OSError, Stopped):
            return False, faults.count
    return True, faults.count


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def quick_tasks(case, monkeypatch, tmp_path_factory):
    """Entries and SavedModels are computed once. All their files are written as always."""
    if not case.startswith(("entry", "export", "converted")):
        return
    task = Shared.get(small_classifier)
    if "export" not in Shared.made:
        Shared.made["export"] = task.export(tmp_path_factory.mktemp("export"))
    monkeypatch.setattr(zoo_saving, "load_entry", lambda folder: task)
    monkeypatch.setattr(task, "predict", lambda texts: [{"label": "good"} for _ in texts])
    monkeypatch.setattr(keras.export, "ExportArchive", CopiedArchive)
    found = SimpleNamespace(builder="bert_classifier", tokens=["a"], task=lambda language: task)
    monkeypatch.setattr(converting, "read_huggingface", lambda folder: found)


class CopiedArchive:
    """A SavedModel that was made before."""

    def track(self, resource):
        pass

    def add_endpoint(self, name, function):
        pass

    def write_out(self, folder, verbose):
        shutil.copytree(Shared.made["export"], folder, dirs_exist_ok=True)


ERRORS = {"full": FULL, "broken": BROKEN, "stopped": Stopped}
QUICK = ("folder-stopped", "folder-full-renames", "metrics-full", "run-stopped")
CASES = [f"{name}-{error}" for name in SAVINGS for error in ERRORS]
CASES += [f"{name}-{error}-renames" for name in ("folder", "entry") for error in ERRORS]  # as on other systems


@pytest.mark.usefixtures("quick_tasks")
@pytest.mark.parametrize("case", one_of_each(CASES, lambda case: case if case in QUICK else None))
def test_a_fault_at_any_operation_leaves_the_old_or_the_new_version(case, tmp_path, monkeypatch):
    name, error, *renames = case.split("-")
    if renames:
        monkeypatch.setattr(durable, "_exchange", lambda one, other: False)
    saving = SAVINGS[name]
    old = 0 if saving.is_new else 1
    tidy: list[str] = []
    for place in itertools.count(1):
        folder = tmp_path / str(place) / name
        folder.mkdir(parents=True)
        if old:
            saving.write(folder, old)
        succeeded, count = attempt(saving.write, folder, place, ERRORS[error])
        after = saving.read(folder)
        assert after in (old, 2), f"operation {place} of {count}"
        assert after == 2 or not succeeded
        saving.write(folder, 2)
        assert saving.read(folder) == 2
        if count < place:  # there is no such operation
            break
        tidy = tidy or names(folder)
        assert names(folder) == tidy, f"operation {place} of {count}"  # nothing is left over
        shutil.rmtree(folder)
    assert succeeded
    assert place > 3
