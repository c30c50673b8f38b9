"""Read changed files in a process with a limit of time and of memory, and print what happens to each.

    python -m tests.bounded_process READER=COUNT ... HOLE ...

A line of the output is a JSON list: name of the reader or hole, number of the change, outcome, seconds, megabytes,
message.
"""

import contextlib
import faulthandler
import json
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from kerasnlp_zoo.errors import InputError

SECONDS = 10  # of computing, for one file
LONGEST = 300  # seconds of the clock: the machine may be busy
MEGABYTES = 400  # more than before the file was read
ADDRESSES = 2**31  # bytes of addresses, with those of the stacks of threads
REFUSED, SAME, OTHER, UNNOTICED = "refused", "same", "other, check refuses", "other"
FAULT, HANG, MEMORY = "traceback", "hang", "memory"


class Hang(BaseException):
    """A file took too long."""


def _hang(number, frame):
    raise Hang


def peak():
    """Return the peak of the memory of this process since `forget_peak`, in megabytes."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1000


def forget_peak():
    """Begin a new measurement of the peak."""
    Path("/proc/self/clear_refs").write_text("5")


@contextlib.contextmanager
def limited_addresses():
    """Limit the addresses of this process: without it, a file could take the memory of the machine."""
    now = int(re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + ADDRESSES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def measured(use):
    """Call a function under limits; return its outcome, its seconds and megabytes, and the first line of an error."""
    forget_peak()
    before, started, message = peak(), time.process_time(), ""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    faulthandler.dump_traceback_later(LONGEST, exit=True)  # a loop outside Python cannot be interrupted
    try:
        outcome = use()
    except InputError as error:
        outcome, message = REFUSED, str(error)
    except Hang:
        outcome = HANG
    except MemoryError:
        outcome = MEMORY
    except BaseException:  # noqa: BLE001, every other error is a fault of the reader
        outcome, message = FAULT, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
    more = peak() - before
    return MEMORY if more > MEGABYTES else outcome, round(time.process_time() - started, 3), round(more), message


def outcome_of(reader, path, expected):
    """Return SAME, OTHER or UNNOTICED for a file that is read."""
    is_same = reader.is_same(expected, reader.read(path))
    if reader.check is not None:
        try:
            reader.check(path)
        except InputError:
            return SAME if is_same else OTHER
    return SAME if is_same else UNNOTICED


def outcomes(name, count, folder):
    """Yield the outcome of each change of the valid file of a reader."""
    from tests.mutations import copied
    from tests.readers import READERS

    reader = READERS[name]
    valid = folder / "valid" / name
    valid.parent.mkdir()
    reader.write(valid)
    expected = reader.read(valid)
    with limited_addresses():
        for number in range(count):
            path = Path(copied(valid, folder / name))
            reader.change(path, np.random.default_rng(number))
            yield number, *measured(lambda path=path: outcome_of(reader, path, expected))
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def hole_outcomes(name, folder):
    """Yield the outcome of a file of `tests/known_holes.py`."""
    from tests.known_holes import HOLES

    write, read, _ = HOLES[name]
    write(folder / name)
    with limited_addresses():
        yield 0, *measured(lambda: read(folder / name) and UNNOTICED)


def main():
    """Print the outcomes of the readers and holes in the arguments."""
    import tensorflow as tf

    signal.signal(signal.SIGPROF, _hang)
    tf.config.run_functions_eagerly(True)  # most models answer once: tracing would take longer
    for argument in sys.argv[1:]:
        name, _, count = argument.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            found = outcomes(name, int(count), Path(folder)) if count else hole_outcomes(name, Path(folder))
            for outcome in found:
                print(json.dumps([name, *outcome]), flush=True)


if __name__ == "__main__":
    main()
