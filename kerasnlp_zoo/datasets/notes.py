"""What a reader of the user's files changed or skipped, for the report before training."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from kerasnlp_zoo.errors import InputError

SKIPPED = "texts were skipped, because they cannot be read"
Item = TypeVar("Item")


class Notes:
    """Counts of findings, each with the place of the first one.

    Example:

    >>> notes = Notes()
    >>> notes.add("spans were trimmed", "a.jsonl, line 2")
    >>> notes.add("spans were trimmed", "a.jsonl, line 5")
    >>> notes.lines()
    ['2 spans were trimmed; the first: a.jsonl, line 2']
    """

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, str]] = {}  # what was found -> how often, and where first

    def add(self, what: str, first: str) -> None:
        """Count a finding; `first` is its place."""
        count, place = self.found.get(what, (0, first))
        self.found[what] = count + 1, place

    def lines(self) -> list[str]:
        """Return a line for each finding."""
        return [f"{count:,} {what}; the first: {place}" for what, (count, place) in self.found.items()]


def readable_items(attempts: Iterable[Callable[[], Item]], skip_bad: bool, notes: Notes) -> Iterator[Item]:
    """Yield the results of the functions.

    Args:
        attempts: functions that read one item each.
        skip_bad: whether to skip and count the items whose function raises InputError.
        notes: counts the skipped items.

    Raises:
        InputError: of a function, unless `skip_bad`.
    """
    for attempt in attempts:
        try:
            yield attempt()
        except InputError as error:
            if not skip_bad:
                raise
            notes.add(SKIPPED, str(error))
