"""Translations of the texts of programs, English and Simplified Chinese: titles, menus, messages and help.

They are in the packages of free programs. A catalogue of GNU gettext (.mo) contains pairs of a text and its
translation; Home Assistant has one JSON file per component and language, with the same keys.
"""

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from kerasnlp_zoo.datasets.packages import Package, fetch
from kerasnlp_zoo.datasets.translation_files import Pair
from kerasnlp_zoo.errors import InputError

LICENCE = "Apache-2.0 (Home Assistant), BSD-3-Clause (Django, JupyterLab, Wagtail), MIT (Spyder)"
HOME_ASSISTANT = Package(
    name="homeassistant",
    version="2026.2.3",
    kind="wheel",
    sha256="8167820cac4b8defe895fd2c36ac23402a445d1fe6028e8cde24caabb935282c",
    megabytes=51,
    tag="cp314-none-any",  # it needs a later Python than this package, but none to read its texts
)
WITH_CATALOGUES = (
    Package(
        name="jupyterlab-language-pack-zh-cn",
        version="4.5.post3",
        kind="wheel",
        sha256="47cdb0c41c6b066e795c867786c9c29fde527e2bf15aa6b3e9b2bab9929304b5",
        megabytes=1,
    ),
    Package(
        name="spyder",
        version="6.1.8",
        kind="wheel",
        sha256="4da836742a7138c93392a8a0bd1a5ff40002cf92d217ef0e7bed11b522322f90",
        megabytes=14,
        tag="cp314-none-any",
    ),
    Package(
        name="wagtail",
        version="8.0.1",
        kind="wheel",
        sha256="1e6ad5c7891a54efce1400e168298b5a2cc343b642cee89c31bf5ec30c98b26c",
        megabytes=10,
        tag="cp314-none-any",
    ),
    Package(
        name="django",
        version="6.1.3",
        kind="wheel",
        sha256="a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290",
        megabytes=8,
        tag="cp314-none-any",
    ),
)
CATALOGUE = re.compile(r"/(zh_CN|zh_Hans)/LC_MESSAGES/[^/]+\.mo$")
CHINESE_JSON, ENGLISH_JSON = "translations/zh-Hans.json", "translations/en.json"
MO_MAGIC = 0x950412DE
CONTEXT, PLURAL = "\x04", "\0"  # separators in a catalogue: a context before a text, plural forms after it

HAN, LATIN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"), re.compile("[A-Za-z]")
# Placeholders, HTML, Markdown, addresses, shortcuts of menus and texts of several lines.
NOT_PLAIN = re.compile(r"[<>{}\[\]`*|\\\n]|%[(A-Za-z0-9]|://|&\w")


def software(source: str, target: str) -> list[Pair]:
    """Return pairs of plain texts of programs, in the languages "en" and "zh", in either direction.

    Raises:
        InputError: for other languages, or if a package cannot be downloaded.
    """
    if {source, target} != {"en", "zh"}:
        raise InputError(
            f"software has translations between en and zh. Received: --source {source} --target {target}. Add "
            "--source en --target zh, or give other languages as your own file, with --train-file"
        )
    with zipfile.ZipFile(fetch(HOME_ASSISTANT)) as wheel:
        pairs = list(json_pairs(wheel))
    for package in WITH_CATALOGUES:
        with zipfile.ZipFile(fetch(package)) as wheel:
            for name in sorted(filter(CATALOGUE.search, wheel.namelist())):
                pairs += catalogue_pairs(wheel.read(name))
    plain = [(english.strip(), chinese.strip()) for english, chinese in pairs if is_plain(english.strip(), chinese)]
    return plain if source == "en" else [(chinese, english) for english, chinese in plain]


def json_pairs(wheel: zipfile.ZipFile) -> Iterator[Pair]:
    """Yield (English, Chinese) of all texts that stand under the same keys in the files of both languages."""
    for name in sorted(name for name in wheel.namelist() if name.endswith(CHINESE_JSON)):
        english = dict(_texts(json.loads(wheel.read(name.removesuffix(CHINESE_JSON) + ENGLISH_JSON))))
        for keys, chinese in _texts(json.loads(wheel.read(name))):
            if keys in english:
                yield english[keys], chinese


def _texts(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (keys, text) of all texts in nested dictionaries."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*keys, key))
    elif isinstance(value, str):
        yield keys, value


def catalogue_pairs(content: bytes) -> list[Pair]:
    """Return (text, translation) of a catalogue, without contexts, and of plural forms the first.

    Args:
        content: a little-endian .mo file in UTF-8: two tables with the length and the place of each string.

    Raises:
        InputError: if the content is not such a file.

    Reference: the manual of GNU gettext, section "The Format of GNU MO Files".
    """
    magic, _, count, *tables = struct.unpack_from("<5I", content)
    if magic != MO_MAGIC:
        raise InputError(f"Expected a catalogue that begins with {MO_MAGIC:#x}. Received: {magic:#x}")
    originals, translations = (
        [
            content[start : start + length].decode("utf-8").split(PLURAL)[0]
            for length, start in struct.iter_unpack("<2I", content[table : table + 8 * count])
        ]
        for table in tables
    )
    return [(text.split(CONTEXT)[-1], new) for text, new in zip(originals, translations, strict=True)]


def is_plain(english: str, chinese: str) -> bool:
    """Return whether both texts are plain text of one line, the first in English and the second in Simplified Chinese.

    Example:

    >>> is_plain("Delete the file", "删除文件"), is_plain("Delete {name}", "删除{name}")
    (True, False)
    >>> is_plain("Wi-Fi", "Wi-Fi"), is_plain("Open the door", "開門")
    (False, False)
    """
    han = HAN.findall(chinese)
    if not han or HAN.search(english) or not LATIN.search(english):
        return False
    return not (NOT_PLAIN.search(english) or NOT_PLAIN.search(chinese.strip())) and _is_simplified("".join(han))


def _is_simplified(han: str) -> bool:
    """Return whether GB 2312, which has no traditional characters, contains all characters."""
    try:
        han.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
