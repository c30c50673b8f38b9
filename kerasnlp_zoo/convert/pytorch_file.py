"""The tensors of a PyTorch file, read without PyTorch and without running anything of the file.

torch.save writes a zip: NAME/data.pkl, a pickle that says how tensors lie in storages, and the storages
themselves, NAME/data/0, NAME/data/1, ... A pickle may name any function of Python and call it. Here it
reaches the few names that tensors need, each of which stands for an object that only takes notes; the
tensors are made from the notes afterwards.
"""

import dataclasses
import io
import math
import pickle
import zipfile

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kerasnlp_zoo.errors import InputError

BFLOAT16 = "bfloat16"  # the upper half of a float32, which NumPy does not know
DTYPES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": BFLOAT16,
    "LongStorage": "i8",
    "IntStorage": "i4",
    "BoolStorage": "?",
}
ADVICE = (
    "Save the model as safetensors where PyTorch is installed, model.save_pretrained(folder), or write the file "
    "again: torch.save(torch.load(path, weights_only=True), path)"
)


def read_pytorch(path):
    """Read a state dict that torch.save wrote, version 1.6 or later.

    Args:
        path: file, such as pytorch_model.bin.

    Returns:
        dict from names to arrays; bfloat16 becomes float32.

    Raises:
        InputError: if the file is cut short or of the older format, names anything but tensors, or a tensor
            reaches outside its storage.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return _tensors(file, path)
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{path} is no zip file: it is damaged, cut short or in the format before PyTorch 1.6, whose pickles are "
            f"not read here. {ADVICE}. ({error})"
        ) from error


def _tensors(file, path):
    """Return the tensors of an open zip file."""
    pickles = [name for name in file.namelist() if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError(f"{path} is no file of torch.save: expected one data.pkl in it. Received: {len(pickles)}")
    folder = pickles[0].removesuffix("data.pkl")
    big = f"{folder}byteorder" in file.namelist() and file.read(f"{folder}byteorder") == b"big"
    noted = _unpickled(file.read(pickles[0]), path)
    if not isinstance(noted, dict) or not all(isinstance(tensor, _Tensor) for tensor in noted.values()):
        others = [str(name) for name, value in noted.items() if not isinstance(value, _Tensor)] if noted else []
        raise InputError(
            f"{path} is no state dict: expected names and tensors, as torch.save(model.state_dict(), path) writes. "
            f"Received: {', '.join(others[:8]) or type(noted).__name__}"
        )
    storages = {}
    for tensor in noted.values():
        if tensor.storage not in storages:
            storages[tensor.storage] = _read_storage(file, folder, tensor.storage, big, path)
    return {str(name): _placed(tensor, storages[tensor.storage], name, path) for name, tensor in noted.items()}


def _unpickled(data, path):
    """Return what a pickle holds, its tensors as notes."""
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except InputError as error:
        raise InputError(f"{path} {error}") from error
    except Exception as error:  # a damaged pickle can raise anything, says Python's documentation
        raise InputError(f"{path} holds a damaged pickle. {ADVICE}. ({error!r})") from error


class _Noted:
    """An object that a pickle may hold and can do nothing to: pickles change objects by `__setstate__`."""

    def __setstate__(self, state):
        raise InputError("changes an object that tensors do not need changed; this may be an attack. Do not use it")


@dataclasses.dataclass(frozen=True)
class _Storage(_Noted):
    """The numbers of one or more tensors: a file in the zip."""

    dtype: str
    key: str
    size: int


@dataclasses.dataclass(frozen=True)
class _Tensor(_Noted):
    """Where the numbers of a tensor lie in a storage."""

    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


class _Attributed(dict):
    """A dict whose attributes are left out: state dicts carry the versions of PyTorch's modules there."""

    def __setstate__(self, state):
        pass


class _Admitted(_Noted):
    """A name that a pickle may use; what it calls is `function`."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)


class _StorageType(_Noted):
    """A name that a pickle may use but not call."""

    def __init__(self, dtype):
        self.dtype = dtype


def _note_tensor(storage, offset, shape, strides, requires_grad, hooks, metadata=None):
    numbers = (offset, *shape, *strides)
    whole = all(isinstance(number, int) and number >= 0 for number in numbers)
    if not isinstance(storage, _Storage) or not whole or len(shape) != len(strides):
        raise InputError("describes a tensor that cannot be: it is damaged or made to do harm")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _note_parameter(tensor, requires_grad, hooks):
    return tensor


GLOBALS = {
    ("torch._utils", "_rebuild_tensor_v2"): _note_tensor,
    ("torch._utils", "_rebuild_parameter"): _note_parameter,
    ("collections", "OrderedDict"): _Attributed,
}


class _Unpickler(pickle.Unpickler):
    """Admits the names of GLOBALS and DTYPES, and nothing else."""

    def find_class(self, module, name):
        """Return the object that takes notes for a name."""
        if (module, name) in GLOBALS:
            return _Admitted(GLOBALS[module, name])
        if module == "torch" and name in DTYPES:
            return _StorageType(DTYPES[name])
        raise InputError(
            f"asks for {module}.{name}, which tensors do not need, so nothing of it was run. If you trust the file: "
            f"{ADVICE[0].lower()}{ADVICE[1:]}"
        )

    def persistent_load(self, identity):
        """Return a storage: torch.save keeps it outside the pickle."""
        kind, storage_type, key, _, size = identity
        if kind != "storage" or not isinstance(storage_type, _StorageType) or not isinstance(size, int):
            raise InputError("describes a storage that cannot be: it is damaged or made to do harm")
        return _Storage(storage_type.dtype, str(key), size)


def _read_storage(file, folder, storage, big, path):
    """Return the numbers of a storage as an array [storage.size]."""
    name = f"{folder}data/{storage.key}"
    dtype = np.dtype("u2" if storage.dtype == BFLOAT16 else storage.dtype).newbyteorder(">" if big else "<")
    # torch.save compresses nothing; a compressed member could unfold into more than memory holds.
    if name not in file.namelist() or file.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise InputError(f"{path} lacks {name}, uncompressed: it is damaged")
    data = file.read(name)
    if len(data) != storage.size * dtype.itemsize:
        raise InputError(
            f"{path} is damaged: {name} should hold {storage.size} numbers of {dtype.itemsize} bytes. "
            f"Received {len(data)} bytes"
        )
    numbers = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False)
    return (numbers.astype("u4") << 16).view("f4") if storage.dtype == BFLOAT16 else numbers


def _placed(tensor, numbers, name, path):
    """Return an array of a tensor's shape whose numbers lie in `numbers`."""
    count = math.prod(tensor.shape)
    steps = [stride if size > 1 else 0 for size, stride in zip(tensor.shape, tensor.strides, strict=True)]
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, steps, strict=True))
    if last >= len(numbers) or not 0 < count <= len(numbers):
        raise InputError(
            f"{path} is damaged: {name} of the shape {list(tensor.shape)} has no {count} numbers up to place {last} in "
            f"a storage of {len(numbers)}"
        )
    strides = [step * numbers.itemsize for step in steps]
    return as_strided(numbers[tensor.offset :], tensor.shape, strides).copy()
