"""Fetch entries and BERT folders from the Hugging Face Hub, through the cache of huggingface_hub.

The files are in the cache that all programs with huggingface_hub share, `$HF_HUB_CACHE`. What is there is not
downloaded again. This module does not load TensorFlow.
"""

import contextlib
import functools
import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import is_disk_full, read_json
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.versions import __version__
from kerasnlp_zoo.zoo.addresses import Address, parse_address
from kerasnlp_zoo.zoo.configs import CONFIG, read_entry_config
from kerasnlp_zoo.zoo.huggingface_folders import DESCRIPTIONS, is_huggingface, patterns, pytorch_patterns

LIBRARY = "kerasnlp_zoo"  # in the header User-Agent
LOG_IN = "Log in with `hf auth login`, or set HF_TOKEN to a token that may do this"
REPEAT = "Repeat the command: files that arrived completely are kept"


def fetch(name: FilePath) -> Path:
    """Return the folder of an entry or of a BERT from the Hub. Download what is not in the cache.

    Only the files that the entry names are downloaded, or those of a BERT that the converter reads.

    Args:
        name: address such as hf://organisation/name@revision.

    Returns:
        Folder whose name is the commit that the revision has now.

    Raises:
        InputError: if the address is not valid, the repository or the revision does not exist or may not be read, the
            network is needed and not available, the disk is full, or there is neither an entry nor a BERT.
    """
    return _fetch(parse_address(name))


@functools.cache  # one process reads one commit, also if the branch moves
def _fetch(address: Address) -> Path:
    folder = _download(address, DESCRIPTIONS)
    commit = Address(address.repository, folder.name)
    if _is_entry(folder):
        _complete(commit, folder, [glob.escape(name) for name in entry_files(folder)])
        return folder
    if not is_huggingface(folder):
        raise InputError(
            f"{address} contains no entry and no BERT: it has no config.json of one. Push an entry with: "
            f"kerasnlp-zoo push ENTRY hf://{address.repository}"
        )
    _complete(commit, folder, patterns(folder))
    _complete(commit, folder, pytorch_patterns(folder))
    return folder


def _complete(commit: Address, folder: Path, wanted: Sequence[str]) -> None:
    """Download the files of a commit that match the patterns, if one of them is not in the cache."""
    if wanted and not _is_cached(commit, folder, wanted):
        _download(commit, wanted)


def forget() -> None:
    """Let `fetch` ask the Hub again which commit a branch has, after this process changed it."""
    _fetch.cache_clear()


def fetched_files(folder: Path) -> list[Path]:
    """Return the files in a folder of `fetch` that are read, without what other programs have put there."""
    if _is_entry(folder):
        return [folder / name for name in entry_files(folder)]
    wanted = [*patterns(folder), *pytorch_patterns(folder)]
    return sorted({path for pattern in wanted for path in folder.glob(pattern)})


def entry_files(folder: Path) -> list[str]:
    """Return the names of the files of an entry: its config, and all files that the config names.

    Raises:
        InputError: if the config is not valid.
    """
    return sorted([CONFIG, *read_entry_config(folder)["sha256"]])


@contextlib.contextmanager
def explained(address: Address, action: str) -> Iterator[None]:
    """Raise InputError instead of the errors of huggingface_hub in the block.

    Args:
        address: the repository.
        action: what the block does, "read" or "write".
    """
    import httpx2
    from huggingface_hub import errors

    page = f"hf://{address.repository}"
    try:
        yield
    except errors.RevisionNotFoundError as error:
        raise InputError(
            f"{page} has no revision {address.revision!r}. Expected a tag, a branch or a commit of the repository, or "
            f"no revision for its default branch"
        ) from error
    except errors.GatedRepoError as error:
        raise InputError(
            f"{page} can be read only by people whom its owner has accepted. Ask for access on its page. {LOG_IN}"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise InputError(
            f"There is no repository {page}, or you may not {action} it. Check the name. If it is private: {LOG_IN}"
        ) from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, httpx2.HTTPError, ConnectionError) as error:
        cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) else error
        if isinstance(cause, errors.HfHubHTTPError):
            raise InputError(_refused(page, action, cause)) from error
        lost = f"the cache does not contain all files of {address}" if action == "read" else "the push is not finished"
        raise InputError(
            f"The Hugging Face Hub cannot be reached, and {lost}. Check the network, HF_ENDPOINT and HF_HUB_OFFLINE. "
            f"{REPEAT}. {_line(cause or error)}"
        ) from error
    except OSError as error:
        if is_disk_full(error):
            raise InputError(
                f"The disk is full, so {address} is not complete in the cache. Free some space, or set HF_HOME to a "
                f"folder on another disk. {REPEAT}"
            ) from error
        if error.errno is not None:
            raise
        raise InputError(f"A file of {address} did not arrive completely. {REPEAT}. {_line(error)}") from error
    except (ValueError, RuntimeError, KeyError, TypeError, AssertionError) as error:
        raise InputError(
            f"{page}: what was received is not the answer of a Hugging Face Hub, or a transfer failed. Check "
            f"HF_ENDPOINT and the proxy. {REPEAT}. {_line(error)}"
        ) from error


def _refused(page: str, action: str, error: Exception) -> str:
    """Return the message for an answer with an HTTP status of an error."""
    status = error.response.status_code  # type: ignore[attr-defined]
    if status == 401:
        return f"The Hugging Face Hub does not know you, so you may not {action} {page}. {LOG_IN}. {_line(error)}"
    if status == 403:
        return f"You may not {action} {page}. Ask its organisation for access. {LOG_IN}. {_line(error)}"
    return f"The Hugging Face Hub could not {action} {page}: HTTP status {status}. Repeat it later. {_line(error)}"


def _line(error: BaseException) -> str:
    """Return the class and the text of an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _is_entry(folder: Path) -> bool:
    """Return whether the config in a folder is that of an entry."""
    try:
        config = read_json(folder / CONFIG, "the config of an entry", "")
    except InputError:
        return False
    return isinstance(config, dict) and "format_version" in config


def _download(address: Address, allowed: Sequence[str]) -> Path:
    """Return the folder of a commit in the cache, after the files of the patterns were downloaded."""
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError
    from huggingface_hub.utils import tqdm

    class Silent(tqdm):
        """No progress bar, because the small files that show what a repository contains are quick."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "disable": True})

    def snapshot(local_files_only: bool) -> Path:
        folder = snapshot_download(
            address.repository,
            revision=address.revision,
            allow_patterns=list(allowed),
            local_files_only=local_files_only,
            library_name=LIBRARY,
            library_version=__version__,
            tqdm_class=Silent if allowed == DESCRIPTIONS else None,
        )
        return Path(folder)

    with explained(address, "read"):
        try:
            return snapshot(local_files_only=False)
        except httpx2.TransportError:  # of a proxy, or a broken connection; otherwise it reads the cache by itself
            with contextlib.suppress(LocalEntryNotFoundError):
                return snapshot(local_files_only=True)
            raise


def _is_cached(commit: Address, folder: Path, wanted: Sequence[str]) -> bool:
    """Return whether all files of a commit that match the patterns are in its folder in the cache."""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError
    from huggingface_hub.utils import filter_repo_objects

    try:
        tree = get_cached_repo_tree(commit.repository, revision=commit.revision)
    except CachedRepoTreeNotFoundError:  # another program has downloaded the files
        return False
    names = filter_repo_objects([file.path for file in tree], allow_patterns=list(wanted))
    return all((folder / name).exists() for name in names)
