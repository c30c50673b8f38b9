"""A progress bar on standard error."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
WIDTH = 30
SECONDS = 0.2  # between two drawings


def with_progress(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Yield the items, and draw on standard error how many of `total` items have been taken.

    Example:

    >>> list(with_progress("ab", 2))
    ['a', 'b']
    """
    start = drawn = time.monotonic()
    for number, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - drawn >= SECONDS or number == total:
            drawn = now
            full = WIDTH * number // total
            left = (now - start) / number * (total - number)
            bar = "#" * full + "." * (WIDTH - full)
            print(f"\r{number:,} of {total:,} [{bar}] {left:,.0f} s left ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
