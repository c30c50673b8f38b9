import gettext
import io
import json
import struct
import zipfile

import pytest

from kerasnlp_zoo.datasets import TranslationOptions, load_translation, software_translations
from kerasnlp_zoo.datasets.software_translations import HOME_ASSISTANT, catalogue_pairs, is_plain, software
from kerasnlp_zoo.errors import InputError

ENGLISH = {"title": "Light", "config": {"step": {"title": "Turn on the light", "user": "Hello {name}"}}, "only": "Here"}
CHINESE = {"title": "Light", "config": {"step": {"title": "打开灯 ", "user": "你好{name}"}}, "other": "那里"}
TEXTS = {"": "Content-Type: text/plain; charset=UTF-8\n", "menu\x04Open": "打开", "%d file\0%d files": "%d个文件\0"}
TEXTS |= {"Close the file": "关闭文件", "&Run": "运行(&R)"}


def catalogue(texts):
    """Return a .mo file: five numbers and a zero, a table of lengths and places per side, then the strings."""
    content = b""
    tables = []
    start = 4 * 7 + 16 * len(texts)
    for strings in (texts.keys(), texts.values()):
        table = b""
        for string in strings:
            encoded = string.encode()
            table += struct.pack("<2I", len(encoded), start + len(content))
            content += encoded + b"\0"
        tables.append(table)
    head = struct.pack("<7I", 0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0)
    return head + b"".join(tables) + content


def write_wheel(path, files):
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return path


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """The packages, with a few texts each."""
    folder = "homeassistant/components/light/translations"
    languages = {f"{folder}/en.json": json.dumps(ENGLISH), f"{folder}/zh-Hans.json": json.dumps(CHINESE)}
    home_assistant = write_wheel(tmp_path / "json", languages)
    names = ("a/locale/zh_CN/LC_MESSAGES/a.mo", "a/locale/zh_TW/LC_MESSAGES/a.mo", "a/locale/zh_CN/LC_MESSAGES/a.po")
    others = write_wheel(tmp_path / "mo", {name: catalogue(TEXTS) for name in names})
    monkeypatch.setattr(
        software_translations, "fetch", lambda package: home_assistant if package == HOME_ASSISTANT else others
    )


def test_pairs_of_a_catalogue_equal_those_of_gettext():
    expected = gettext.GNUTranslations(io.BytesIO(catalogue(TEXTS)))
    pairs = dict(catalogue_pairs(catalogue(TEXTS)))
    assert pairs["Close the file"] == expected.gettext("Close the file") == "关闭文件"
    assert pairs["Open"] == expected.pgettext("menu", "Open") == "打开"
    assert pairs["%d file"] == expected.ngettext("%d file", "%d files", 1) == "%d个文件"
    assert len(pairs) == len(TEXTS)


def test_texts_of_json_and_catalogues_are_read_in_both_directions(wheels):
    pairs = software("en", "zh")
    assert pairs[:3] == [("Turn on the light", "打开灯"), ("Open", "打开"), ("Close the file", "关闭文件")]
    assert len(pairs) == 1 + 2 * len(software_translations.WITH_CATALOGUES)
    assert software("zh", "en") == [(chinese, english) for english, chinese in pairs]


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [
        ("Battery below 20%", "电量低于 20%", True),
        ("Save as…", "另存为…", True),
        ("Open", "Open", False),
        ("Open the door", "開門", False),  # traditional characters
        ("打开", "打开", False),
        ("{name}", "{name}已打开", False),
        ("%(count)s files", "%(count)s个文件", False),
        ("See <b>help</b>", "请看<b>帮助</b>", False),
        ("See https://example.org", "请看 https://example.org", False),
        ("One\ntwo", "一\n二", False),
        ("12:30", "十二点半", False),
    ],
)
def test_only_plain_pairs_in_simplified_chinese_are_kept(english, chinese, expected):
    assert is_plain(english, chinese) is expected


def test_other_languages_and_files_are_refused():
    with pytest.raises(InputError, match="between en and zh. Received: --source en --target es. Add --source en"):
        load_translation(TranslationOptions(dataset="software"))
    with pytest.raises(InputError, match="Expected a catalogue that begins with 0x950412de"):
        catalogue_pairs(bytes(28))


@pytest.mark.slow
def test_no_source_is_in_two_splits():
    data = load_translation(TranslationOptions(dataset="software", source="en", target="zh"))
    splits = [{text.casefold() for text in split.texts} for split in (data.train, data.validation, data.test)]
    assert len(set.union(*splits)) == sum(map(len, splits)) > 20_000
    assert (len(data.validation), len(data.test)) == (2000, 2000)
