"""Push an entry to the Hugging Face Hub."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.files import json_text
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.versions import __version__
from kerasnlp_zoo.zoo.addresses import Address, parse_address
from kerasnlp_zoo.zoo.cards import read_metrics
from kerasnlp_zoo.zoo.configs import CONFIG, DIGEST, needed_entries, with_digest
from kerasnlp_zoo.zoo.entries import check
from kerasnlp_zoo.zoo.folders import find, is_common, read_config
from kerasnlp_zoo.zoo.hub import LIBRARY, entry_files, explained, forget
from kerasnlp_zoo.zoo.hub_cards import hub_card

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD = "README.md"


class Pushed(NamedTuple):
    """What `push` wrote: the address of the version, and its commit."""

    address: str
    commit: str


def push(
    name_or_folder: FilePath,
    address: str,
    public: bool = False,
    version: int | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Pushed:
    """Push an entry to a repository on the Hugging Face Hub, with a card that the Hub can search.

    Only the files that the config of the entry names are pushed. A new repository is private. The commit gets the tag
    v1, or that of another version; a version that was pushed does not change.

    Args:
        name_or_folder: name or folder of the entry.
        address: hf://organisation/name.
        public: whether everyone may read the repository.
        version: version of the entry, at least 1; None for the version in its config.
        report: is called with lines for the user: what is uploaded, and where.

    Returns:
        The address with the tag, and the commit.

    Raises:
        InputError: if the entry does not pass `check` or needs an entry that others cannot load, the address is not
            valid, its version was pushed with other files, the repository exists and `public` does not say what it is,
            or the Hub cannot be reached or does not allow it.
    """
    target = parse_address(address)
    if target.revision is not None:
        raise InputError(
            f"push writes the next commit of a repository, so its address has no revision. Received: {address}. Use "
            f"hf://{target.repository}, and --version for the number of the version"
        )
    if version is not None:
        require_positive(version=version)
    folder = find(name_or_folder)
    config, metrics = read_config(folder), read_metrics(folder)
    _require_portable(config)
    check(name_or_folder)
    config = {**config, "version": version or config.get("version", 1)}
    tag = f"v{config['version']}"
    files = _files(folder, config, metrics, target._replace(revision=tag))

    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(library_name=LIBRARY, library_version=__version__)
    exists, commit = _pushed_before(api, target, tag, files, public)
    if commit is not None:
        report(f"{target}@{tag} has these files already, as the commit {commit}")
        return Pushed(f"{target}@{tag}", commit)
    report(_description(folder, files, target, public))
    operations = [CommitOperationAdd(name, content) for name, content in files.items()]
    with explained(target, "write"):
        if not exists:
            api.create_repo(target.repository, private=not public)
        message = f"{config['name']}, version {config['version']}"
        commit = str(api.create_commit(target.repository, operations, commit_message=message).oid)
        api.create_tag(target.repository, tag=tag, revision=commit)
    forget()
    return Pushed(f"{target}@{tag}", commit)


def _require_portable(config: Config) -> None:
    """Raise InputError if an entry needs an entry that is only on this machine."""
    for needed in needed_entries(config):
        if not is_common(needed):
            raise InputError(
                f"{config['name']} needs the entry {needed}, which others do not have. Expected an entry of the "
                "package, or on the Hub. Push that entry first, and train this one from its address; or save all "
                "weights in one entry: zoo.save(zoo.load(ENTRY), FOLDER)"
            )


def _files(folder: Path, config: Config, metrics: Mapping[str, Any], address: Address) -> dict[str, Path | bytes]:
    """Return what is pushed: the files of the entry by name, with the card of the Hub and a config with its sha256."""
    files: dict[str, Path | bytes] = {name: folder / name for name in entry_files(folder)}
    size = sum((folder / name).stat().st_size for name in files) / 1e6
    files[CARD] = text = hub_card(config, metrics, size, address).encode()
    hashes = {**config["sha256"], CARD: hashlib.sha256(text).hexdigest()}
    files[CONFIG] = json_text(with_digest({**config, "sha256": hashes})).encode()
    return files


def _pushed_before(
    api: "HfApi", target: Address, tag: str, files: Mapping[str, Path | bytes], public: bool
) -> tuple[bool, str | None]:
    """Return whether the repository exists, and the commit of the version if it has the same files.

    Raises:
        InputError: if the version has other files, or the repository exists and `public` does not say what it is.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

    with explained(target, "read"):
        try:
            info = api.repo_info(target.repository)
        except GatedRepoError:
            raise
        except RepositoryNotFoundError:
            return False, None
        tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(target.repository).tags}
    if info.private and public:
        raise InputError(
            f"{target} is private, and push does not change that. Leave out --public, or make the repository public in "
            "its settings"
        )
    if not info.private and not public:
        raise InputError(
            f"{target} is public: everyone could read the entry. Add --public if that is intended, or make the "
            "repository private in its settings"
        )
    if tag not in tags:
        return True, None
    with explained(target, "read"):
        try:
            pushed = hf_hub_download(
                target.repository, CONFIG, revision=tags[tag], library_name=LIBRARY, library_version=__version__
            )
            digest = json.loads(Path(pushed).read_bytes()).get(DIGEST)
        except EntryNotFoundError:  # someone else made the tag
            digest = None
    if digest == json.loads(bytes(files[CONFIG]))[DIGEST]:
        return True, tags[tag]
    raise InputError(
        f"{target}@{tag} was pushed before with other files. A version does not change, because others rely on it. "
        f"Give this one a new number: --version {_next(tags)}"
    )


def _next(tags: Mapping[str, str]) -> int:
    """Return the number after the largest version among tags."""
    return max(int(tag[1:]) for tag in tags if tag[:1] == "v" and tag[1:].isdecimal()) + 1


def _description(folder: Path, files: Mapping[str, Path | bytes], target: Address, public: bool) -> str:
    """Return the lines for the user: what is uploaded where, how large it is, and what is not uploaded."""
    sizes = {
        name: len(content) if isinstance(content, bytes) else content.stat().st_size for name, content in files.items()
    }
    lines = [f"{'Public' if public else 'Private'} repository {target}: {sum(sizes.values()) / 1e6:.1f} MB"]
    lines += [f"  {name}  {size:,} bytes" for name, size in sorted(sizes.items())]
    if others := sorted(path.name for path in folder.iterdir() if path.name not in files):
        lines.append(f"Not pushed, because the entry does not name them: {', '.join(others)[:300]}")
    return "\n".join(lines)
