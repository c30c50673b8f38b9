"""Read the tensors of a folder of Hugging Face, in one file of weights or in several."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from kerasnlp_zoo.convert.configs import read_object
from kerasnlp_zoo.convert.pytorch_file import read_pytorch
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.weights import listed, read_weights

INDEX = ".index.json"  # suffix of the file that lists the parts of weights in several files


def read_tensors(folder: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a folder by name, from the first kind of file that exists.

    Raises:
        InputError: if there is no file of weights, or a file is missing or damaged.
    """
    for name, read in READERS.items():
        if (folder / name).exists():
            return read(folder / name)
        if (folder / (name + INDEX)).exists():
            return _read_parts(folder / (name + INDEX), read)
    raise InputError(f"{folder} contains no weights. Expected {' or '.join(READERS)} in it")


def _read_parts(index: Path, read: Callable[[Path], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the tensors of all files that an index lists."""
    paths = [index.parent / name for name in _parts(index)]
    require_memory(sum(path.stat().st_size for path in paths), index)
    tensors: dict[str, np.ndarray] = {}
    for path in paths:
        part = read(path)
        if twice := sorted(tensors.keys() & part.keys()):
            raise InputError(
                f"{path} has tensors that another file of {index} has, too: {listed(twice)}. Copy or download the "
                "folder again"
            )
        tensors |= part
    return tensors


def _parts(path: Path) -> list[str]:
    """Return the names of the files that an index lists."""
    table = read_object(path).get("weight_map")
    names = {str(name) for name in table.values()} if isinstance(table, dict) else set()
    missing = sorted(name for name in names if Path(name).name != name or not (path.parent / name).is_file())
    if not names or missing:
        raise InputError(
            f"{path} must list files of weights beside it. Missing: {', '.join(missing)[:200] or 'all'}. Copy or "
            "download the folder again"
        )
    return sorted(names)


# File of weights -> function that reads it.
READERS: dict[str, Callable[[Path], dict[str, np.ndarray]]] = {
    "model.safetensors": read_weights,
    "pytorch_model.bin": read_pytorch,
}
