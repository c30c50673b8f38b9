"""A server in a process of its own, as users start it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

TREE = Path(__file__).parents[2]
RUN = "from kerasnlp_zoo.cli import main; main()"
LONGEST = 300  # seconds: the machine may be busy


class Server:
    """A running server.

    Attributes:
        process: its process.
        url: its address.
        log: file with its standard error.
    """

    def __init__(self, process, url, log):
        self.process, self.url, self.log = process, url, log

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def megabytes(self):
        """Memory that the process uses now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self, number=signal.SIGTERM):
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST)


@contextlib.contextmanager
def serving(folder, *arguments):
    """Start `kerasnlp-zoo serve` and yield a Server when it is ready."""
    log = folder / "log.jsonl"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "serve", "--port", "0", *map(str, arguments)],
            cwd=TREE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            # Tests that run in the background ignore Ctrl-C, and their processes would, too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    killer = threading.Timer(LONGEST, process.kill)
    killer.start()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready."):
                break
        killer.cancel()
        assert lines, log.read_text()
        assert lines[-1].startswith("Ready."), log.read_text()
        yield Server(process, lines[0].partition("/v1/")[0], log)
    finally:
        killer.cancel()
        process.kill()
        process.communicate()
