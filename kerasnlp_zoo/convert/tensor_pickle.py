"""Read the pickle in a PyTorch file: a description of tensors, and nothing else.

A pickle is a program for a small stack machine. Python's own machine can call any function, and it can be made to fill
the memory. This one has only the instructions and the names that torch.save needs; it calls nothing, and it creates
only dicts, lists, strings, numbers and records of tensors.
"""

import dataclasses
import io
import pickletools
from collections.abc import Callable, Iterator
from typing import Any

from kerasnlp_zoo.errors import InputError

BFLOAT16 = "bfloat16"  # the upper half of a float32; NumPy does not support it
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
    "With PyTorch, save the model as safetensors, model.save_pretrained(folder), or write the file again: "
    "torch.save(torch.load(path, weights_only=True), path)"
)
MOST_AXES = 16  # of a tensor, and values of a tuple
DEEPEST_TUPLE = 2  # the arguments of a tensor, and its shape
MARK = object()
# What a damaged program ends in: an unknown instruction, an empty stack, an unknown index, a value of another type.
DAMAGES = (ValueError, LookupError, TypeError, AttributeError, OverflowError)


@dataclasses.dataclass(frozen=True)
class Storage:
    """The numbers of one or more tensors: a file in the zip file.

    Attributes:
        dtype: a value of DTYPES.
        key: name of the file.
        size: number of numbers.
    """

    dtype: str
    key: str
    size: int


@dataclasses.dataclass(frozen=True)
class Tensor:
    """The shape of a tensor, and the position of its numbers in a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class _Name:
    """A name that a pickle may use. A call of it runs `function`; None if it may not be called."""

    name: str
    function: Callable[..., Any] | None


def read_pickle(data: bytes) -> Any:
    """Return the content of a pickle, with a `Tensor` for each tensor.

    Raises:
        InputError: if the pickle is damaged, or uses an instruction or a name that tensors do not need. The message
            continues a sentence that begins with the name of the file.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(io.BytesIO(data)):
            machine.run(opcode.name, argument)
        return machine.pop()
    except InputError:
        raise
    except DAMAGES as error:
        raise InputError(f"contains a damaged pickle. {ADVICE}. ({error!r:.200})") from error


class _Machine:
    """The stack and the memo of a pickle that is read."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}  # a dict: an index of 2^28 does not allocate 2^28 places

    def pop(self) -> Any:
        """Remove and return the top of the stack."""
        value = self.stack.pop()
        if value is MARK:
            raise ValueError("a mark instead of a value")
        return value

    def pop_to_mark(self) -> list[Any]:
        """Remove and return the values above the last mark, and remove the mark."""
        place = len(self.stack) - 1
        while self.stack[place] is not MARK:
            place -= 1
            if place < 0:
                raise ValueError("no mark")
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def run(self, instruction: str, argument: Any) -> None:
        """Run one instruction, by its name in pickletools."""
        if instruction in VALUES:
            self.stack.append(argument)
        elif instruction in CONSTANTS:
            self.stack.append(CONSTANTS[instruction]())
        elif instruction in TUPLES:
            size = TUPLES[instruction]
            values = [self.pop() for _ in range(size)][::-1] if size else self.pop_to_mark()
            self.stack.append(_shallow(tuple(values)))
        elif instruction in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            self.memo[len(self.memo) if argument is None else int(argument)] = self.stack[-1]
        elif instruction in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memo[int(argument)])
        elif instruction in ("GLOBAL", "INST"):
            self.stack.append(_named(*argument.split(" ", 1)))
        elif instruction == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            self.stack.append(_named(str(module), str(attribute)))
        elif instruction in ("SETITEM", "SETITEMS"):
            values = self.pop_to_mark() if instruction == "SETITEMS" else [self.pop(), self.pop()][::-1]
            self._set_items(values)
        elif instruction == "DICT":
            values = self.pop_to_mark()
            self.stack.append({})
            self._set_items(values)
        elif instruction in ("APPEND", "APPENDS"):
            values = self.pop_to_mark() if instruction == "APPENDS" else [self.pop()]
            self._top(list).extend(values)
        elif instruction == "BINPERSID":
            self.stack.append(_storage(self.pop()))
        elif instruction == "REDUCE":
            arguments, name = self.pop(), self.pop()
            if not isinstance(name, _Name) or name.function is None or not isinstance(arguments, tuple):
                raise ValueError("a call of something that is no function")
            self.stack.append(name.function(*arguments))
        elif instruction == "BUILD":
            self.pop()
            if not isinstance(self.stack[-1], dict):
                raise InputError("changes an object, which tensors do not need; this may be an attack. Do not use it")
        elif instruction not in IGNORED:
            raise InputError(
                f"contains a damaged pickle: the instruction {instruction}, which tensors do not need. {ADVICE}"
            )

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise ValueError(f"{type(self.stack[-1]).__name__} instead of {kind.__name__}")
        return self.stack[-1]

    def _set_items(self, values: list[Any]) -> None:
        target = self._top(dict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str):
                raise InputError(f"is not a state dict: the names of its tensors must be strings. {ADVICE}")
            target[key] = value


def _shallow(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a tuple. Nested tuples that are shared would need exponential time, and deep ones end the process.

    A long tuple that thousands of others contain would need quadratic time.
    """

    def depth(value: Any) -> int:
        return 1 + max(map(depth, value), default=0) if isinstance(value, tuple) else 0

    if len(values) > MOST_AXES:
        raise InputError(
            f"describes an impossible tensor, with a tuple of {len(values):,} values: it is damaged or malicious. Do "
            "not use the file"
        )
    if depth(values) > DEEPEST_TUPLE:
        raise InputError(f"contains a damaged pickle: nested tuples, which tensors do not need. {ADVICE}")
    return values


def _are_sizes(values: Any) -> bool:
    """Return whether a value is a tuple of integers of at least 0; True and False are none."""
    return isinstance(values, tuple) and all(type(value) is int and value >= 0 for value in values)


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Tensor:
    are_valid = _are_sizes((offset,)) and _are_sizes(shape) and _are_sizes(strides) and len(rest) in (2, 3)
    if not isinstance(storage, Storage) or not are_valid or len(shape) != len(strides) or len(shape) > MOST_AXES:
        raise InputError("describes an impossible tensor: it is damaged or malicious. Do not use the file")
    return Tensor(storage, offset, shape, strides)


def _parameter(tensor: Any, requires_grad: Any, hooks: Any) -> Any:
    return tensor


def _ordered(*items: Any) -> dict[str, Any]:
    if items:
        raise ValueError("an OrderedDict with arguments")
    return {}


def _storage(identity: Any) -> Storage:
    """Return the storage with an identity: torch.save writes its numbers outside the pickle."""
    kind, storage_type, key, _, size = identity
    is_type = isinstance(storage_type, _Name) and storage_type.name in DTYPES
    if kind != "storage" or not is_type or not isinstance(key, str) or not _are_sizes((size,)):
        raise InputError("describes an impossible storage: it is damaged or malicious. Do not use the file")
    return Storage(DTYPES[storage_type.name], key, size)


def _named(module: str, name: str) -> _Name:
    """Return what replaces a name of a Python module."""
    if (module, name) in FUNCTIONS:
        return _Name(name, FUNCTIONS[module, name])
    if module == "torch" and name in DTYPES:
        return _Name(name, None)
    raise InputError(
        f"asks for {module}.{name}, which tensors do not need. None of its code was run. If you trust the file: "
        f"{ADVICE[0].lower()}{ADVICE[1:]}"
    )


FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): _ordered,
}
VALUES = {
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "UNICODE",
    "BININT",
    "BININT1",
    "BININT2",
    "INT",
    "LONG1",
    "BINFLOAT",
}
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: MARK,
}
TUPLES = {"TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}  # 0: down to the mark
IGNORED = {"PROTO", "FRAME", "STOP"}


def tensors_of(content: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the names and tensors of a state dict.

    Raises:
        InputError: if the content of the pickle is not a state dict. The message continues a sentence that begins with
            the name of the file.
    """
    is_dict = isinstance(content, dict)
    others = [name for name, value in content.items() if not isinstance(value, Tensor)] if is_dict else []
    if not is_dict or others:
        raise InputError(
            "is not a state dict. Expected: names and tensors, as torch.save(model.state_dict(), path) writes. "
            f"Received: {', '.join(others[:8])[:200] or type(content).__name__}"
        )
    yield from content.items()
