"""Find the folders of entries, and read their configs.

An entry folder contains config.json, vocabulary.txt, model.safetensors, golden.json, metrics.json and README.md. This
module does not load TensorFlow.
"""

import errno
import functools
import importlib.metadata
import importlib.util
import logging
import os
from pathlib import Path

from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.files import cache_folder, recovered
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.zoo.addresses import is_address, parse_address
from kerasnlp_zoo.zoo.configs import NEEDED, needed_entries, read_entry_config
from kerasnlp_zoo.zoo.downloads import DOWNLOADS, ENTRIES_OF_EXTRA
from kerasnlp_zoo.zoo.hub import fetch
from kerasnlp_zoo.zoo.huggingface_folders import is_huggingface

logger = logging.getLogger("kerasnlp_zoo")
SHARED = "KERASNLP_ZOO_PATH"
PACKAGE, CACHE = "package", "cache"  # what a folder of entries is, if it is not one of a team
ENTRY_POINTS = "kerasnlp_zoo.entries"  # group of the entry points of packages with entries
RUN_ENTRY = "entry"  # folder of the entry in the output folder of a run


def entry_folders() -> dict[Path, str]:
    """Return the folders that contain entries, in the order in which a name is looked up, and what each of them is.

    The entries of the package come first, so that a name means the same entry on every machine. The folders of a team
    come before the downloads of one user, so that all of its members use the same entries.

    Raises:
        InputError: if KERASNLP_ZOO_PATH names something that is not a folder.
    """
    package = Path(__file__).parents[1]
    tree = package.parent
    folders = {package / "saved_models": PACKAGE}
    if (tree / "pyproject.toml").exists():
        folders[tree / "saved_models"] = PACKAGE
    folders.update(dict.fromkeys(_folders_of_packages(), PACKAGE))
    for folder in shared_folders():
        folders.setdefault(folder, str(folder))
    folders.setdefault(cache_folder() / "entries", CACHE)
    return folders


@functools.cache
def _folders_of_packages() -> tuple[Path, ...]:
    """Return the folders of installed packages of entries, such as kerasnlp-zoo-entries; none of them is imported."""
    found = []
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(point.module) if "." not in point.module else None
        found += [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    return tuple(found)


def shared_folders() -> list[Path]:
    """Return the folders in the environment variable KERASNLP_ZOO_PATH, which are separated as those in PATH.

    "~" is the home of the user. An empty part counts as not written.

    Raises:
        InputError: if a part is a relative path, or no folder.
    """
    folders = []
    for part in os.environ.get(SHARED, "").split(os.pathsep):
        if not part.strip():
            continue
        try:
            folder = Path(part.strip()).expanduser()
            is_folder = folder.is_dir()
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(f"{SHARED} contains {part!r:.300}, which is no path. {error}") from error
        if not folder.is_absolute():
            raise InputError(
                f"{SHARED} contains the relative path {part!r:.300}, so the entries would depend on the current "
                f"folder. Write the whole path, such as {folder.absolute()}"
            )
        if not is_folder:
            raise InputError(
                f"{SHARED} contains {part!r:.300}, which {'is no folder' if folder.exists() else 'does not exist'}. "
                f"Expected folders of entries, separated by {os.pathsep!r}. Mount or create it, or remove it from the "
                "variable"
            )
        if (folder / "config.json").exists():
            raise InputError(
                f"{SHARED} contains {part!r:.300}, which is an entry. Expected the folder that contains its folder: "
                f"{folder.parent}"
            )
        folders.append(folder)
    return folders


def list_entries() -> list[str]:
    """Return the names of all entries, sorted.

    Example:

    >>> "text_cnn_movie_reviews_en" in list_entries()
    True
    """
    return sorted({path.parent.name for folder in entry_folders() for path in folder.glob("*/config.json")})


def packaged_entries() -> list[str]:
    """Return the names of the entries that everyone has who installed the package, sorted."""
    folders = [folder for folder, what in entry_folders().items() if what == PACKAGE]
    return sorted({path.parent.name for folder in folders for path in folder.glob("*/config.json")})


def is_common(name: FilePath) -> bool:
    """Return whether everyone can have the entry of a name: it is in the package, to download, or on the Hub."""
    return is_address(name) or str(name) in DOWNLOADS or str(name) in packaged_entries()


def hidden_entries() -> list[tuple[Path, Path]]:
    """Return (folder of an entry, folder that is used for its name instead), if entries have the same name."""
    used: dict[str, Path] = {}
    hidden = []
    for folder in entry_folders():
        for path in sorted(folder.glob("*/config.json")):
            first = used.setdefault(path.parent.name, path.parent)
            if not first.samefile(path.parent):
                hidden.append((path.parent, first))
    return hidden


def locate(name_or_folder: FilePath) -> Path:
    """Return the folder of an entry, from its name or path or from the folder of its run, without checking its files.

    A name without "/" is the name of an entry if there is one, even if the current folder contains a folder of this
    name. The entry of an address, hf://organisation/name, is downloaded unless it is in the cache.

    Raises:
        InputError: if there is no such entry or folder, or it cannot be downloaded.
    """
    if not isinstance(name_or_folder, (str, os.PathLike)):
        raise InputError(f"Expected the name of an entry, or the path of its folder. Received: {name_or_folder!r:.80}")
    if is_address(name_or_folder):
        return fetch(name_or_folder)
    path = Path(name_or_folder)
    named = [folder / path.name for folder in entry_folders()] if is_name(name_or_folder) else []
    candidates = [candidate for candidate in [*named, path] if _is_folder(candidate)]
    folder = next(iter(candidates), None)
    if len(candidates) > 1 and path == candidates[-1]:
        _say_which(path, folder)
    if folder is not None:
        return folder / RUN_ENTRY if (folder / RUN_ENTRY).is_dir() else folder
    name = str(name_or_folder)
    if name in DOWNLOADS:
        raise InputError(
            f"The entry {name!r} is not downloaded yet ({DOWNLOADS[name].megabytes} MB). "
            f"Download it once: kerasnlp-zoo download {name}, or zoo.download({name!r})"
        )
    if name in ENTRIES_OF_EXTRA:
        raise InputError(
            f"The entry {name!r} is in the package kerasnlp-zoo-entries, which is not installed. Install it: "
            'pip install "kerasnlp-zoo[entries]"'
        )
    raise InputError(
        f"There is no entry {name!r:.300}.{did_you_mean(name, [*list_entries(), *DOWNLOADS])} "
        f"Entries: {', '.join(list_entries()) or 'none'}; to download: {', '.join(DOWNLOADS)}. "
        "Or give the path of an entry folder, such as the folder entry/ of a training run"
    )


def is_name(name_or_folder: FilePath) -> bool:
    """Return whether a string can be the name of an entry: it is not an address, and not a path with a folder in it."""
    path = Path(name_or_folder)
    return path.name == str(name_or_folder) and path.name not in ("", "..")


def exact_name(name_or_folder: FilePath) -> str:
    """Return a name as it is recorded: an address with the commit that was loaded, anything else unchanged."""
    if not is_address(name_or_folder):
        return str(name_or_folder)
    return str(parse_address(name_or_folder)._replace(revision=fetch(name_or_folder).name))


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder. No folder has a name that is longer than the system allows."""
    try:
        return recovered(path).is_dir()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def find(name_or_folder: FilePath) -> Path:
    """Return the folder of an entry, from its name, path or address. Only an address can cause a download.

    Raises:
        InputError: if there is no such entry, it cannot be downloaded, or its folder is incomplete.
    """
    folder = locate(name_or_folder)
    missing = [name for name in NEEDED if not (folder / name).exists()]
    if missing and is_huggingface(folder):
        raise InputError(
            f"{folder} is a folder from Hugging Face, not an entry. zoo.load({str(name_or_folder)!r}) converts it; "
            "kerasnlp-zoo convert writes an entry folder"
        )
    if missing and (folder / "history.csv").exists():
        raise InputError(
            f"{folder} is the output folder of a run without an entry: the run is not finished, or it is a part of a "
            "cross-validation. Finish the run with --resume, or train without --folds"
        )
    if missing:
        raise InputError(
            f"{folder} is incomplete: {', '.join(missing)} missing. An entry folder contains {', '.join(NEEDED)}. "
            "Copy or train it again"
        )
    return folder


@functools.cache  # once for each name
def _say_which(path: Path, entry: Path) -> None:
    """Log that a name is that of an entry and of a folder, and which of them is used."""
    logger.warning("%s is the entry %s. The folder of the same name is %s", path, entry, path.absolute())


def find_needed(config: Config, name: str) -> Path:
    """Return the folder of an entry without which another entry cannot answer.

    Args:
        config: config of the other entry.
        name: one of `needed_entries(config)`.

    Raises:
        InputError: as for `find`; the message also says which entry needs it.
    """
    try:
        return find(name)
    except InputError as error:
        is_fetched = name in DOWNLOADS or is_address(name)
        place = f"a folder in {SHARED}" if is_name(name) else name
        raise InputError(
            f"{config.get('name', 'This model')} needs the entry {name!r:.200}, which cannot be read. {error}"
            + ("" if is_fetched else f". Copy that entry to {place}")
        ) from error


def require_needed(name_or_folder: FilePath) -> None:
    """Raise InputError if an entry, or an entry that it needs, does not exist or is not downloaded yet."""
    folder = locate(name_or_folder)
    if is_huggingface(folder):
        return
    config = read_config(name_or_folder)
    for name in needed_entries(config):
        find_needed(config, name)


def read_config(name_or_folder: FilePath) -> Config:
    """Return the config.json of an entry as a dict.

    Raises:
        InputError: if there is no such entry, or its config cannot be read, was changed, or has another format.
    """
    return read_entry_config(find(name_or_folder))


def megabytes(folder: Path) -> float:
    """Return the size of an entry's files in megabytes (10^6 bytes)."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
