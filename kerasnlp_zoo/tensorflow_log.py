"""Hide the log that TensorFlow writes to standard error when it is imported."""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # 0 shows all messages, 1 hides information, 2 also warnings, 3 also errors


def import_tensorflow_silently() -> None:
    """Make the first import of TensorFlow silent, in any module.

    TensorFlow writes its first messages before it reads TF_CPP_MIN_LOG_LEVEL. They are shown only if the user sets
    that variable to 0. An ImportError is still visible: Python reports it after the import.
    """
    if os.environ.get(LEVEL) != "0" and "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _SilentTensorFlow())


class _SilentTensorFlow(importlib.abc.MetaPathFinder):
    """A finder that finds TensorFlow as Python does, and discards standard error while TensorFlow is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of TensorFlow with a silent loader; None for any other module."""
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_silently(module: ModuleType) -> None:
                with closed_standard_error():
                    load(module)

            # mypy rejects the assignment to a method. Here it changes only this one loader.
            spec.loader.exec_module = load_silently  # type: ignore[method-assign]
        return spec


@contextlib.contextmanager
def closed_standard_error() -> Iterator[None]:
    """Discard standard error inside the block, at the file descriptor, because C++ code also writes to it."""
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
