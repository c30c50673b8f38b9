"""Addresses of repositories on the Hugging Face Hub: hf://organisation/name@revision."""

import re
from typing import NamedTuple

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath

SCHEME = "hf:"
FORM = "hf://organisation/name, or hf://organisation/name@revision with a tag, a branch or a commit"
REVISION = re.compile(r"\w[\w./+-]{,254}")
INSTALL = 'The Hugging Face Hub needs the package huggingface_hub. Install it: pip install "kerasnlp-zoo[hub]"'


class Address(NamedTuple):
    """A repository of a model, and the revision to read: a branch, a tag or a commit; None for the default branch."""

    repository: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"hf://{self.repository}" + ("" if self.revision is None else f"@{self.revision.replace('/', '%2F')}")


def is_address(name: FilePath) -> bool:
    """Return whether a name is meant to be an address, be it valid or not.

    Example:

    >>> is_address("hf://organisation/name"), is_address("text_cnn_trec_en"), is_address("./hf:folder")
    (True, False, False)
    """
    return str(name).startswith(SCHEME)


def parse_address(name: FilePath) -> Address:
    """Return the parts of an address. Nothing is sent over the network.

    Raises:
        InputError: if the address is not valid, or huggingface_hub is not installed.

    Example:

    >>> parse_address("hf://team/text_cnn_reviews@v1")
    Address(repository='team/text_cnn_reviews', revision='v1')
    """
    require_library()
    from huggingface_hub import parse_hf_uri
    from huggingface_hub.errors import HfUriError

    try:
        uri = parse_hf_uri(str(name))
    except HfUriError as error:
        raise _invalid(name, str(error)) from error
    if uri.type != "model":
        raise _invalid(name, f"It names a {uri.type}, not a model")
    if uri.path_in_repo:
        raise _invalid(name, "It names a file. In the name of a branch, write / as %2F")
    if uri.revision is not None and (not REVISION.fullmatch(uri.revision) or ".." in uri.revision):
        raise _invalid(name, "Its revision is no name of a tag, branch or commit")
    return Address(uri.id, uri.revision)


def require_library() -> None:
    """Raise InputError if huggingface_hub is not installed."""
    try:
        import huggingface_hub  # noqa: F401
    except ImportError as error:
        raise InputError(INSTALL) from error


def _invalid(name: FilePath, reason: str) -> InputError:
    return InputError(f"{str(name)!r:.200} is no address of an entry. Expected {FORM}. {reason[:300]}")
