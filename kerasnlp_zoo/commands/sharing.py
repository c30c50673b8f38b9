"""`kerasnlp-zoo push` and `pin`: entries that a team shares."""

from pathlib import Path
from typing import Annotated

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import Entry
from kerasnlp_zoo.printable import printable
from kerasnlp_zoo.zoo.addresses import parse_address

To = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="hf://ORGANISATION/NAME")]


def push(entry: Entry, to: To, public: bool = False, version: int | None = None) -> None:
    """Push an entry to a repository on the Hugging Face Hub, from which others load it by the same address.

    Only files that the entry names are pushed, after the entry passed `kerasnlp-zoo check`. The repository is made if
    it does not exist.

    Args:
        to: The repository.
        public: Let everyone read the entry. Without this flag a new repository is private, and a public one is refused.
        version: Number of this version, the tag v1, v2, ... of the commit. By default the number in the entry. A
            version that was pushed does not change.
    """
    zoo.find(entry)
    parse_address(to)  # a wrong name is reported before TensorFlow is loaded
    pushed = zoo.push(entry, to, public, version, report=lambda lines: print(printable(lines)))
    print(f'{pushed.address} is the commit {pushed.commit}. Load it: zoo.load("{pushed.address}")')


def pin(
    entries: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="ENTRY")],
    lock: Path | None = None,
) -> None:
    """Write the sha256 of all files of entries into a lock file; loading refuses an entry that differs from it.

    The lock file is used if the environment variable KERASNLP_ZOO_LOCK names it, or by zoo.load(..., lock=FILE). Other
    entries that are already in the file are kept.

    Args:
        entries: Names, addresses or folders.
        lock: The lock file; by default that of KERASNLP_ZOO_LOCK, or zoo.lock.json.
    """
    path = zoo.pin(*entries, lock=lock)
    print(f"{path} pins {printable(', '.join(entries))}. Use it: export KERASNLP_ZOO_LOCK={path.absolute()}")
