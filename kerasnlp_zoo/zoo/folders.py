"""Find the folders of entries, and read their configs.

An entry folder contains config.json, vocabulary.txt, model.safetensors, golden.json, metrics.json and README.md. This
module does not load TensorFlow.
"""

import errno
import functools
import logging
import os
from pathlib import Path

from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.files import cache_folder, read_json, recovered
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.zoo.configs import NEEDED, read_entry_config
from kerasnlp_zoo.zoo.downloads import DOWNLOADS

logger = logging.getLogger("kerasnlp_zoo")
RUN_ENTRY = "entry"  # folder of the entry in the output folder of a run


def entry_folders() -> list[Path]:
    """Return the folders that contain entries: in the installed package, in the source tree, and in the cache."""
    package = Path(__file__).parents[1]
    tree = package.parent
    folders = [package / "saved_models", cache_folder() / "entries"]
    if (tree / "pyproject.toml").exists():
        folders.insert(1, tree / "saved_models")
    return folders


def list_entries() -> list[str]:
    """Return the names of all entries, sorted.

    Example:

    >>> "text_cnn_movie_reviews_en" in list_entries()
    True
    """
    return sorted({path.parent.name for folder in entry_folders() for path in folder.glob("*/config.json")})


def locate(name_or_folder: FilePath) -> Path:
    """Return the folder of an entry, from its name or path or from the folder of its run, without checking its files.

    A name without "/" is the name of an entry if there is one, even if the current folder contains a folder of this
    name.

    Raises:
        InputError: if there is no such entry or folder.
    """
    if not isinstance(name_or_folder, (str, os.PathLike)):
        raise InputError(f"Expected the name of an entry, or the path of its folder. Received: {name_or_folder!r:.80}")
    path, named = Path(name_or_folder), [folder / str(name_or_folder) for folder in entry_folders()]
    is_name = path.name == str(name_or_folder) and path.name not in ("", "..")
    candidates = [candidate for candidate in ([*named, path] if is_name else [path]) if _is_folder(candidate)]
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
    raise InputError(
        f"There is no entry {name!r:.300}.{did_you_mean(name, [*list_entries(), *DOWNLOADS])} "
        f"Entries: {', '.join(list_entries()) or 'none'}; to download: {', '.join(DOWNLOADS)}. "
        "Or give the path of an entry folder, such as the folder entry/ of a training run"
    )


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder. No folder has a name that is longer than the system allows."""
    try:
        return recovered(path).is_dir()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def find(name_or_folder: FilePath) -> Path:
    """Return the folder of an entry, from its name or path. Nothing is written.

    Raises:
        InputError: if there is no such entry, or its folder is incomplete.
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


def is_huggingface(folder: Path) -> bool:
    """Return whether a folder contains a model of transformers or sentence-transformers."""
    if (folder / "modules.json").exists():
        return True
    try:
        config = read_json(folder / "config.json", "a config", "")
    except InputError:
        return False
    return isinstance(config, dict) and "model_type" in config


def read_config(name_or_folder: FilePath) -> Config:
    """Return the config.json of an entry as a dict.

    Raises:
        InputError: if there is no such entry, or its config cannot be read, was changed, or has another format.
    """
    return read_entry_config(find(name_or_folder))


def megabytes(folder: Path) -> float:
    """Return the size of an entry's files in megabytes (10^6 bytes)."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
