"""Changes of files, as damage and attackers make them. The same random generator makes the same changes."""

import json
import re
import shutil
import zipfile

ODD_BYTES = (b"", b"\0" * 4, b"\xff" * 8, b"\x7f" * 4, b"-1", b"9" * 20, b"1e999", b"nan", b"\n", b'"', b"[" * 2000)
ODD_NUMBERS = (b"-1", b"0", b"4294967296", b"9" * 30, b"9" * 5000, b"1e308", b"NaN")
NUMBER = re.compile(rb"\d+")
# Values that json.dumps cannot write are written as these strings first.
TEXTS = {'"@deep"': "[" * 10_000 + "]" * 10_000, '"@digits"': "9" * 5000, '"@nan"': "NaN", '"@infinite"': "-Infinity"}
ODD_VALUES = (None, True, -1, 0, 1, 2, 7, 2.5, 10**6, 10**9, 10**30, "", "x" * 999, "../x", [], {}, [[]], ["x"])
ODD_VALUES += (*(text.strip('"') for text in TEXTS), [3] * 300, {"x": None}, "\ud800", "en", "max", 1e-9)


def changed_bytes(data, random):
    """Return bytes with one bit, a few bytes, a number or the end changed."""
    place = int(random.integers(len(data))) if data else 0
    odd = ODD_BYTES[random.integers(len(ODD_BYTES))]
    way = random.integers(7)
    if way == 0 and data:
        return data[:place] + bytes([data[place] ^ 1 << int(random.integers(8))]) + data[place + 1 :]
    if way == 1:
        return data[:place]
    if way == 2:
        return data[:place] + odd + data[place + len(odd) :]
    if way == 3:
        return data[:place] + data[place + int(random.integers(1, 9)) :]
    if way == 4 and (numbers := list(NUMBER.finditer(data))):
        start, end = numbers[random.integers(len(numbers))].span()
        return data[:start] + ODD_NUMBERS[random.integers(len(ODD_NUMBERS))] + data[end:]
    return data[:place] + odd + data[place:]


def changed_json(text, random):
    """Return a JSON text in which one value is replaced or removed."""
    value = json.loads(text)
    places = [*_places({"": value})][1:]
    if not places:  # a number or an empty object
        return text + "x"
    container, key = places[random.integers(len(places))]
    if random.integers(4):
        container[key] = ODD_VALUES[random.integers(len(ODD_VALUES))]
    else:
        del container[key]
    text = json.dumps(value)
    for written, odd in TEXTS.items():
        text = text.replace(written, odd)
    return text


def _places(value):
    """Yield (list or dict, index or key) of every value inside a value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def change_file(path, random):
    """Change a file: its values if it is JSON or has a header in JSON, otherwise its bytes."""
    data = path.read_bytes()
    if path.suffix == ".json" and random.integers(3):
        path.write_text(changed_json(data.decode(), random), "utf-8", "surrogatepass")
    elif path.suffix == ".safetensors" and random.integers(2):
        end = 8 + int.from_bytes(data[:8], "little")
        header = changed_json(data[8:end].decode(), random).encode("utf-8", "surrogatepass")
        path.write_bytes(len(header).to_bytes(8, "little") + header + data[end:])
    else:
        path.write_bytes(changed_bytes(data, random))


def change_member(path, random):
    """Change a file inside a zip file, whose checksums are correct again."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    name = list(members)[random.integers(len(members))]
    members[name] = changed_bytes(members[name], random)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


def change(path, random):
    """Change a file, or a file of a folder. It may also be missing, or be a folder."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        path = files[random.integers(len(files))]
    way = random.integers(40)
    if way == 0:
        path.unlink()
    elif way == 1:
        path.unlink()
        path.mkdir()
    else:
        change_file(path, random)


def copied(source, target):
    """Copy a file or folder to a new path, and return the path."""
    return shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
