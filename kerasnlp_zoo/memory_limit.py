"""The maximum memory for reading a file: by default half of the machine's memory."""

import functools
import os
import re
from pathlib import Path

from kerasnlp_zoo.errors import InputError

VARIABLE = "KERASNLP_ZOO_MAX_MEMORY"
FLAG = "--max-memory"
CHARACTER = 8  # bytes of memory for a character, in two copies of a text with characters beyond U+FFFF
UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9}
SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?) ?(kB|MB|GB)", re.IGNORECASE)
UNKNOWN = 8 * 10**9  # bytes, where the system does not tell its memory
CONTAINER = Path("/sys/fs/cgroup/memory.max")  # the limit of a Linux container; "max" if there is none


def memory_limit() -> int:
    """Return the maximum memory for reading a file, in bytes.

    It is the value of the environment variable KERASNLP_ZOO_MAX_MEMORY. Without it, half of the machine's memory.

    Raises:
        InputError: if the variable is not a size.
    """
    given = os.environ.get(VARIABLE)
    return parse_size(given) if given else machine_memory() // 2


@functools.cache
def parse_size(text: str) -> int:
    """Return a number of bytes from its spelling.

    Raises:
        InputError: unless it is a number above 0 with the unit kB, MB or GB.

    Example:

    >>> parse_size("1.5GB"), parse_size("500 mb")
    (1500000000, 500000000)
    """
    match = SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * UNITS[match[2].lower()]) if match else 0
    if not size:
        raise InputError(f"{FLAG} is a size such as 4GB or 500MB, in units of 1000. Received: {text!r:.40}")
    return size


@functools.cache
def machine_memory() -> int:
    """Return the memory of the machine, or of the container in which this process runs, in bytes."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return UNKNOWN
    try:
        return min(memory, int(CONTAINER.read_text("ascii")))
    except (OSError, ValueError):
        return memory


def require_memory(size: int, source: object) -> None:
    """Raise InputError if reading a file needs more memory than `memory_limit` returns.

    Args:
        size: bytes that are needed, as far as is known.
        source: the file, for the message.

    Example:

    >>> require_memory(10**15, "vectors.txt")
    Traceback (most recent call last):
    kerasnlp_zoo.errors.InputError: vectors.txt needs at least 1,000,000,000 MB of memory. Allowed: ...
    """
    limit = memory_limit()
    if size > limit:
        raise InputError(
            f"{source} needs at least {size / 1e6:,.0f} MB of memory. Allowed: {limit / 1e6:,.0f} MB, by default half "
            f"of the machine's. If you trust the file, allow more: {FLAG} 16GB, or the environment variable {VARIABLE}"
        )


def take_flag(arguments: list[str]) -> list[str]:
    """Set the limit if the arguments of a command contain --max-memory. Return the other arguments.

    Raises:
        InputError: if the flag has no valid value.

    Example:

    >>> take_flag(["check", "my_entry"])
    ['check', 'my_entry']
    """
    others = list(arguments)
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == FLAG or argument.startswith(f"{FLAG}="):
            end = index + (1 if "=" in argument else 2)
            value = argument.partition("=")[2] or " ".join(arguments[index + 1 : end])
            parse_size(value)
            os.environ[VARIABLE] = value
            del others[index:end]
            break
    return others
