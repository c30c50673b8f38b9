"""The models of the command line: `ENTRY`, `NAME=ENTRY`, or the folder of a SavedModel. It does not load TensorFlow."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.zoo.addresses import is_address, parse_address
from kerasnlp_zoo.zoo.folders import find, list_entries

SAVED_MODEL = "saved_model.pb"
FOLDERS_OF_RUNS = ("entry", "export")  # folders in the output folder of a run, which has the telling name
REMOTE = "://"

logger = logging.getLogger("kerasnlp_zoo")


@dataclasses.dataclass(frozen=True)
class Source:
    """A model to serve.

    Args:
        name: name of the model in the paths of requests.
        path: name of an entry, or a path.
        is_saved_model: whether the path is that of an exported SavedModel, not of an entry.
    """

    name: str
    path: str
    is_saved_model: bool


def sources(arguments: Sequence[str]) -> list[Source]:
    """Return the models that the arguments of the command name.

    Raises:
        InputError: if there is no such entry or folder, a name cannot be a part of a path, or two models have one name.

    Example:

    >>> [source.name for source in sources(["text_cnn_trec_en", "reviews=text_cnn_movie_reviews_en"])]
    ['text_cnn_trec_en', 'reviews']
    """
    if not arguments:
        raise InputError(
            "serve needs at least one model: the name of an entry, or the folder of an entry, of a run or of an "
            "exported SavedModel. Example: kerasnlp-zoo serve text_cnn_trec_en"
        )
    found: dict[str, Source] = {}
    for argument in arguments:
        source = _source(argument)
        if source.name in found:
            raise InputError(
                f"Two models have the name {source.name!r}: {found[source.name].path} and {source.path}. "
                f"Give one of them another name: {source.name}_2={source.path}"
            )
        found[source.name] = source
    return list(found.values())


def _source(argument: str) -> Source:
    """Return the model of an argument. A folder whose name contains "=" needs a name, or "./" before it."""
    name, separator, path = argument.partition("=")
    if not separator or "/" in name or "\\" in name:
        name, path = "", argument
    if name and not path:
        raise InputError(f"{argument!r} has no entry after the name. Expected NAME=ENTRY")
    is_remote = REMOTE in path and not is_address(path)
    is_saved_model = is_remote or (path not in list_entries() and _has_saved_model(Path(path)))
    if not is_saved_model:
        find(path)  # reports a wrong name
    name = name or _default_name(path)
    if not name or set(name) & set("/:\\") or not name.isprintable():
        raise InputError(
            f"{name!r} cannot be the name of a model: it is a part of the path of requests. Expected a name without "
            f"'/', ':' and control characters: NAME={path}"
        )
    return Source(name, path, is_saved_model)


def _has_saved_model(folder: Path) -> bool:
    """Return whether a folder, or the numbered folders in it, contain a SavedModel."""
    try:
        return (folder / SAVED_MODEL).is_file() or any(
            path.parent.name.isdecimal() for path in folder.glob(f"*/{SAVED_MODEL}")
        )
    except OSError:  # such as a name that is too long
        return False


def _default_name(path: str) -> str:
    """Return the name of a model: its folder, or the folder of the run that made it, without the number of a version.

    Example:

    >>> _default_name("text_cnn_trec_en"), _default_name("runs/reviews/export/2"), _default_name("gs://bucket/model/1")
    ('text_cnn_trec_en', 'reviews', 'model')
    >>> _default_name("hf://team/reviews@v1")
    'reviews'
    """
    if is_address(path):
        return parse_address(path).repository.rpartition("/")[2]
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if REMOTE not in path and len(parts) < 3:
        parts = list(Path(path).absolute().parts)
    if parts and parts[-1].isdecimal():
        parts.pop()
    if len(parts) > 1 and parts[-1] in FOLDERS_OF_RUNS:
        parts.pop()
    return parts[-1] if parts else ""
