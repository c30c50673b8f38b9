"""PyTorch's files: the tensors of torch.save are read, and a pickle cannot do anything else.

The files are written here by hand, so that these tests need no PyTorch: opcodes as in Python's pickletools.
"""

import collections
import pickle
import struct
import zipfile

import numpy as np
import pytest

from kerasnlp_zoo.convert import read_pytorch
from kerasnlp_zoo.errors import InputError
from tests.convert import golden

NUMBERS = np.arange(12, dtype="float32")


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def number(value):
    return b"J" + struct.pack("<i", value) if abs(value) < 2**31 else b"\x8a\x0b" + value.to_bytes(11, "little")


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind="FloatStorage", key="0", size=12):
    return b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu") + number(size) + b"tQ"


def tensor(shape=(3, 4), strides=(4, 1), offset=0, stored=None):
    hooks = name("collections", "OrderedDict") + b")R"
    arguments = (stored or storage()) + number(offset) + numbers(shape) + numbers(strides) + b"\x89" + hooks
    return name("torch._utils", "_rebuild_tensor_v2") + b"(" + arguments + b"tR"


def state_dict(**values):
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in values.items()) + b"u."


def write(path, data, stored=None, byteorder=None, compression=zipfile.ZIP_STORED):
    """Write a file as torch.save does."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", data)
        for key, values in ({"0": NUMBERS} if stored is None else stored).items():
            file.writestr(f"archive/data/{key}", values.tobytes())
        if byteorder:
            file.writestr("archive/byteorder", byteorder)
    return path


def refused(path, data, message, **more):
    with pytest.raises(InputError, match=message):
        read_pytorch(write(path, data, **more))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pytorch_model.bin"


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "expected"),
    [
        ((3, 4), (4, 1), 0, NUMBERS.reshape(3, 4)),
        ((4, 3), (1, 4), 0, NUMBERS.reshape(3, 4).T),
        ((2, 2), (4, 2), 1, [[1, 3], [5, 7]]),
        ((3,), (1,), 9, [9, 10, 11]),
        ((2, 3), (0, 1), 9, [[9, 10, 11]] * 2),
        ((1, 12), (999, 1), 0, NUMBERS[None]),
        ((), (), 5, 5.0),
    ],
)
def test_tensors_are_read_by_their_strides(path, shape, strides, offset, expected):
    found = read_pytorch(write(path, state_dict(weight=tensor(shape, strides, offset))))["weight"]
    assert found.shape == shape
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("FloatStorage", "f4"),
        ("DoubleStorage", "f8"),
        ("HalfStorage", "f2"),
        ("LongStorage", "i8"),
        ("IntStorage", "i4"),
        ("BoolStorage", "?"),
    ],
)
@pytest.mark.parametrize(("byteorder", "mark"), [("little", "<"), ("big", ">")])
def test_every_type_is_read_in_both_byte_orders(path, kind, dtype, byteorder, mark):
    data = state_dict(weight=tensor((12,), (1,), stored=storage(kind)))
    values = NUMBERS.astype(dtype)
    found = read_pytorch(write(path, data, {"0": values.astype(np.dtype(dtype).newbyteorder(mark))}, byteorder))
    assert found["weight"].dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found["weight"], values)


def test_bfloat16_becomes_float32(path):
    halves = (NUMBERS.view("u4") >> 16).astype("u2")  # small integers are exact
    found = read_pytorch(write(path, state_dict(weight=tensor(stored=storage("BFloat16Storage"))), {"0": halves}))
    assert found["weight"].dtype == np.float32
    np.testing.assert_array_equal(found["weight"], NUMBERS.reshape(3, 4))


def test_attributes_of_a_state_dict_are_ignored(path):
    ordered = name("collections", "OrderedDict") + b")R(" + text("weight") + tensor() + b"u"
    data = b"\x80\x02" + ordered + b"}(" + text("_metadata") + b"}" + text("items") + b"Nub."
    assert read_pytorch(write(path, data)).keys() == {"weight"}


def test_a_parameter_is_read_as_its_tensor(path):
    hooks = name("collections", "OrderedDict") + b")R"
    parameter = name("torch._utils", "_rebuild_parameter") + b"(" + tensor() + b"\x88" + hooks + b"tR"
    np.testing.assert_array_equal(read_pytorch(write(path, state_dict(w=parameter)))["w"], NUMBERS.reshape(3, 4))


@pytest.mark.parametrize(
    ("module", "attribute"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("__builtin__", "exec"),  # the name in Python 2, which pickle translates
        ("torch", "load"),
        ("torch.FloatStorage", "__init__"),
        ("torch._utils", "_rebuild_tensor_v2.__globals__"),
        ("collections", "OrderedDict.__init__"),
        ("collections", "_sys.modules"),
        ("kerasnlp_zoo.convert.pytorch_file", "pickle"),
    ],
)
@pytest.mark.parametrize("spelling", ["GLOBAL", "STACK_GLOBAL", "INST"])
def test_a_pickle_can_use_only_the_names_that_tensors_need(path, tmp_path, module, attribute, spelling):
    command = text(f"touch {tmp_path / 'attacked'}")
    call = {
        "GLOBAL": name(module, attribute) + b"(" + command + b"tR",
        "STACK_GLOBAL": text(module) + text(attribute) + b"\x93(" + command + b"tR",
        "INST": b"(" + command + f"i{module}\n{attribute}\n".encode(),
    }[spelling]
    version = b"\x80\x04" if spelling == "STACK_GLOBAL" else b"\x80\x02"
    refused(path, version + call + b".", f"asks for {module}.{attribute}, which tensors do not need")
    assert not (tmp_path / "attacked").exists()


def test_a_pickled_object_that_runs_a_command_is_refused(path, tmp_path):
    class Attack:
        def __reduce__(self):
            import os

            return os.system, (f"touch {tmp_path / 'attacked'}",)

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refused(path, pickle.dumps({"weight": Attack()}, protocol), "None of its code was run")
        refused(path, pickle.dumps(collections.OrderedDict(weight=Attack()), protocol), "None of its code was run")
    assert not (tmp_path / "attacked").exists()


BUILDABLE = {
    "a function": name("torch._utils", "_rebuild_tensor_v2"),
    "a storage type": name("torch", "FloatStorage"),
    "a class of Python": name("collections", "OrderedDict"),
    "a tensor": tensor(),
    "a storage": storage(),
}


@pytest.mark.parametrize("what", BUILDABLE)
@pytest.mark.parametrize("slots", [False, True])
def test_no_object_is_changed_by_a_pickle(path, what, slots):
    state = b"}" + text("function") + b"Ns"
    state = b"N" + state + b"\x86" if slots else state  # setattr(object, "function", None)
    refused(path, b"\x80\x02" + BUILDABLE[what] + state + b"b.", "may be an attack")
    read_pytorch(write(path, state_dict(weight=tensor())))  # the reader still works


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02" + name("torch", "FloatStorage") + b")R.",  # calls a storage type
        b"\x80\x02" + name("collections", "OrderedDict") + b")\x81.",  # makes an object of a class, NEWOBJ
        b"\x80\x02" + tensor() + b")R.",  # calls a tensor
        b"\x80\x02" + name("torch._utils", "_rebuild_tensor_v2") + b")R.",  # too few arguments
        b"\x80\x02\x82\x01.",  # an extension's code
        b"\x80\x02}X\xff\xff\xff\x7f",  # a text longer than the file
        b"\x80\x02(((",
        b"",
    ],
)
def test_a_damaged_pickle_is_refused(path, data):
    refused(path, data, "contains a damaged pickle|asks for")


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (tensor((3, 5), (5, 1)), r"needs 15 numbers, up to index 14, but its storage has 12"),
        (tensor((3, 4), (4, 1), offset=1), "up to index 12"),
        (tensor((2,), (12,)), "up to index 12"),
        (tensor((2,), (2**70,)), "up to index"),
        (tensor((2**40,), (0,)), "its tensors need 1,099,511,627,776 numbers"),  # would fill all memory
        (tensor((0, 2**70), (1, 1)), "needs 0 numbers"),
        (tensor((2,), (-1,), offset=5), "impossible tensor"),
        (tensor((2,), (1,), offset=-1), "impossible tensor"),
        (tensor((3, 4), (1,)), "impossible tensor"),
        (tensor(stored=b"N"), "impossible tensor"),
        (tensor(stored=storage(size=13)), "must contain 13 numbers of 4 bytes. Received: 48 bytes"),
        (tensor(stored=storage("DoubleStorage")), "must contain 12 numbers of 8 bytes"),
        (tensor(stored=storage(key="../data.pkl")), r"has no uncompressed file archive/data/../data.pkl"),
        (tensor(stored=storage(key="7")), "has no uncompressed file archive/data/7"),
        (tensor(stored=b"(" + text("storage") + b"NNNNtQ"), "impossible storage"),
        (number(3), "not a state dict.*Received: weight"),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(path, weight, message):
    refused(path, state_dict(weight=weight), message)


def nested(count):
    """A tuple that contains the tuple before twice, and so on: 2^count elements if it is printed or hashed."""
    return text("a") + b"q\x00" + b"".join(b"h\x00h\x00\x86q\x00" for _ in range(count))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80\x02Nr" + struct.pack("<I", 2**28) + b".", "is not a state dict"),  # a memo of 4 GB
        (b"\x80\x02}" + nested(40) + tensor() + b"s.", "nested tuples"),  # as a name
        (b"\x80\x02" + nested(40) + b".", "nested tuples"),
        (b"\x80\x02)" + b"\x85" * 10**6 + b".", "nested tuples"),  # deeper than the stack of the process
        (b"\x80\x02" + b"]" * 10**5 + b"a" * (10**5 - 1) + b".", "is not a state dict"),
        (b"\x80\x02}K\x01" + tensor() + b"s.", "names of its tensors must be strings"),
        (state_dict(weight=tensor((1,) * 70, (1,) * 70)), "impossible tensor"),
        (state_dict(weight=tensor().replace(numbers((3, 4)), b"\x88K\x04\x86")), "impossible tensor"),  # (True, 4)
        (b"\x80\x02I" + b"9" * 5000 + b"\n.", "damaged pickle"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "damaged pickle"),  # a number of 2 GB
    ],
    ids=["memo", "name", "shared", "deep", "lists", "number", "axes", "bool", "digits", "long"],
)
def test_a_pickle_cannot_use_more_time_or_memory_than_it_is_worth(path, data, message):
    refused(path, data, message)


def test_a_pickle_with_random_changes_is_read_or_refused(path, random):
    """Any other error, and any code that runs, fails."""
    data = state_dict(one=tensor(), two=tensor((12,), (1,)))
    outcomes = {"read": 0, "refused": 0}
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(random.integers(1, 5)):
            place = int(random.integers(len(changed)))
            way = random.integers(3)
            new = bytes(random.integers(0, 256, random.integers(1, 4)).astype("u1"))
            changed[place : place + (len(new), 0, 3)[way]] = (new, new, b"")[way]
        try:
            read_pytorch(write(path, bytes(changed)))
            outcomes["read"] += 1
        except InputError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0


def test_thousands_of_views_of_one_storage_are_refused(path):
    values = {f"w{number}": tensor((1000,), (1,), stored=storage(size=1000)) for number in range(500)}
    refused(path, state_dict(**values), "but its tensors need 500,000 numbers", stored={"0": np.zeros(1000, "float32")})


@pytest.mark.parametrize("member", ["archive/data.pkl", "archive/data/0"])
@pytest.mark.parametrize(("offset", "value"), [(8, 1), (10, 99)], ids=["encrypted", "unknown compression"])
def test_members_that_cannot_be_read_are_refused(path, member, offset, value):
    """The header of a member in the directory has a bit for encryption and the number of the compression."""
    data = bytearray(write(path, state_dict(weight=tensor())).read_bytes())
    place = data.index(member.encode(), data.index(b"PK\x01\x02")) - 46
    data[place + offset] = value
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_pytorch(path)


def test_a_compressed_storage_is_refused_before_it_is_decompressed(path):
    refused(path, state_dict(weight=tensor()), "uncompressed", compression=zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",  # how files before PyTorch 1.6 begin
        b"PK\x03\x04 cut short",
        b"",
    ],
)
def test_older_and_damaged_files_are_refused_with_advice(path, data):
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"in the format of PyTorch before 1.6.*save_pretrained"):
        read_pytorch(path)


def test_a_storage_with_flipped_bits_is_refused(path):
    data = bytearray(write(path, state_dict(weight=tensor())).read_bytes())
    data[data.index(NUMBERS.tobytes()) + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_pytorch(path)


@pytest.mark.peers
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64", "int64", "bool"])
def test_tensors_saved_by_torch_are_read_unchanged(path, dtype):
    torch = pytest.importorskip("torch", reason=golden.PEERS)
    complete = torch.arange(24).reshape(4, 6).to(getattr(torch, dtype))
    saved = {
        "complete": complete,
        "transposed": complete.T,
        "part": complete[1:3, ::2],
        "parameter": torch.nn.Parameter(complete, requires_grad=complete.is_floating_point()),
    }
    torch.save(saved, path)
    found = read_pytorch(path)
    assert found.keys() == saved.keys()
    for key, values in saved.items():
        values = values.detach()
        np.testing.assert_array_equal(found[key], (values.float() if dtype == "bfloat16" else values).numpy())


@pytest.mark.peers
def test_a_state_dict_is_read_and_a_pickled_module_is_refused(path):
    torch = pytest.importorskip("torch", reason=golden.PEERS)
    module = torch.nn.Linear(3, 2)
    torch.save(module.state_dict(), path)
    np.testing.assert_array_equal(read_pytorch(path)["weight"], module.weight.detach().numpy())
    torch.save(module, path)
    with pytest.raises(InputError, match=r"asks for torch\.nn\.modules"):
        read_pytorch(path)
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match=r"PyTorch before 1.6"):
        read_pytorch(path)
