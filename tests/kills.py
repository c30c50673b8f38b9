"""Kill processes that save, at random moments, and check what they leave.

    python -m tests.kills [COUNT] [KIND ...]

COUNT processes are killed in turn over the kinds of `tests/savings.py`.
A process that has imported everything is copied for each kill, because the imports take seconds.
"""

import collections
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.savings import SAVINGS

LONGEST = 1.0  # seconds from the first write to the kill
GOOD, BAD = 0, 1


def in_copy(function):
    """Call a function in a copy of this process; return its process id. TensorFlow must not have started here."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    code = BAD
    try:
        function()
        code = GOOD
    except BaseException:  # noqa: BLE001, the copy must end here
        traceback.print_exc()
    finally:
        os._exit(code)


def succeeds(function):
    """Return whether a function succeeds in a copy of this process."""
    return os.waitstatus_to_exitcode(os.waitpid(in_copy(function), 0)[1]) == GOOD


def save_forever(saving, folder):
    """Write both versions in turn. After the first write, the folder `started` exists."""
    saving.write(folder, 1)
    (folder.parent / "started").mkdir()
    while True:
        for version in (2,) if saving.is_new else (2, 1):
            saving.write(folder, version)


def kill(saving, folder, wait):
    """Kill a process that saves, after `wait` seconds."""
    process = in_copy(lambda: save_forever(saving, folder))
    try:
        while not (folder.parent / "started").exists() and not saving.is_new:
            if os.waitpid(process, os.WNOHANG)[0]:
                raise RuntimeError("the process ended before it was killed")
            time.sleep(0.01)
        time.sleep(wait)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def leftovers(folder):
    return [path for path in folder.rglob(".*") if path.name != ".lock"]


def kill_and_check(saving, folder, wait):
    """Return whether temporaries were left. Fail if what is left cannot be read, or the next start leaves some."""
    kill(saving, folder, wait)
    before = bool(leftovers(folder))
    if not succeeds(lambda: saving.read(folder)):
        raise AssertionError("what the killed process left cannot be read")
    if not succeeds(lambda: saving.write(folder, max(2, saving.read(folder)))):
        raise AssertionError("the next start fails")
    if not succeeds(lambda: saving.read(folder)) or leftovers(folder):
        raise AssertionError(f"the next start left {leftovers(folder)}")
    return before


def kills(count, names, seed):
    """Kill `count` processes over the kinds of saving; return a table {(kind, outcome): number}."""
    dice, table = random.Random(seed), collections.Counter()
    for number in range(count):
        name = names[number % len(names)]
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent, name)
            folder.mkdir()
            try:
                left = kill_and_check(SAVINGS[name], folder, dice.uniform(0, LONGEST))
                table[name, "temporaries were left" if left else "nothing was left"] += 1
            except (AssertionError, RuntimeError) as error:
                table[name, f"FAILED: {error}"] += 1
    return table


def main():
    """Print the table."""
    count, *names = sys.argv[1:] or ["100"]
    for (name, outcome), number in sorted(kills(int(count), names or list(SAVINGS), seed=0).items()):
        print(f"{name:12} {outcome:24} {number}", flush=True)


if __name__ == "__main__":
    main()
