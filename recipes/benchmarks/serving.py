"""`kerasnlp-zoo serve`: clients at once, whose requests share batches, compared with one request at a time.

    python -m recipes.benchmarks.serving --output serving.json

The server is a process of its own. The clients are threads of this process and use the same cores, so a server with a
machine to itself answers more. Every request has one text of the test split of TREC, on a connection that stays open.
"""

import contextlib
import dataclasses
import http.client
import itertools
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tyro

from kerasnlp_zoo.datasets import DataOptions, load_text_classification
from kerasnlp_zoo.errors import InputError
from recipes.benchmarks.comparison import Row, report, row

RUN = "from kerasnlp_zoo.cli import main; main()"
ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)(/v1/models/.+:predict)")
ALONE = ("--max-batch-size", "1", "--max-delay-ms", "0")  # no request shares a batch, or waits for others


@dataclasses.dataclass
class Config:
    """Measure the server with many clients at once; it takes about four minutes."""

    entry: str = "text_cnn_trec_en"
    """Entry to serve. It takes single English texts."""
    clients: int = 32
    """Number of clients at once."""
    seconds: float = 60.0
    """Duration of each measurement."""
    output: Path | None = None
    """JSON file for the rows."""
    smoke: bool = False
    """Try it for a second; the results are meaningless."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """The speed of a server.

    Args:
        rate: requests per second.
        median: median of the time of a request, in milliseconds.
        slow: the time that 99% of the requests do not exceed, in milliseconds.
    """

    rate: float
    median: float
    slow: float


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    seconds = 1.0 if config.smoke else config.seconds
    texts = load_text_classification(DataOptions(dataset="trec")).test.texts
    bodies = [json.dumps({"instances": [text]}).encode() for text in texts]
    with running(config.entry, *ALONE) as (address, path):
        one_by_one = measure(address, path, bodies, 1, seconds)
        alone = measure(address, path, bodies, config.clients, seconds)
    with running(config.entry) as (address, path):
        shared = measure(address, path, bodies, config.clients, seconds)
    rows = []
    for peer, name in ((one_by_one, "one client, no shared batches"), (alone, "as many clients, no shared batches")):
        rows += [
            row(f"{config.clients} clients, requests", "requests/s", shared.rate, peer.rate, peer_name=name),
            row(f"{config.clients} clients, median time", "ms", shared.median, peer.median, peer_name=name),
            row(f"{config.clients} clients, 99% within", "ms", shared.slow, peer.slow, peer_name=name),
        ]
    report(rows, config.output)
    return rows


@contextlib.contextmanager
def running(entry: str, *flags: str) -> Iterator[tuple[str, str]]:
    """Start a server, and yield its address and the path of its model."""
    command = [sys.executable, "-c", RUN, "serve", entry, "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        lines = list(itertools.takewhile(lambda line: not line.startswith("Ready"), process.stdout))
        match = ADDRESS.match("".join(lines))
        if match is None:
            raise InputError(f"The server did not start. See why: kerasnlp-zoo serve {entry} --port 0")
        yield match[1], match[2]
    finally:
        process.terminate()
        process.communicate()


def measure(address: str, path: str, bodies: Sequence[bytes], clients: int, seconds: float) -> Measured:
    """Send requests from a number of clients for some seconds, after a tenth of that to warm up.

    Raises:
        RuntimeError: if a request is not answered with status 200.
    """
    measured: list[float] = []
    failures: list[str] = []
    start = time.perf_counter() + seconds / 10
    end = start + seconds

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(address)
        for body in itertools.islice(itertools.cycle(bodies), number * 7, None):
            began = time.perf_counter()
            if began > end:
                break
            connection.request("POST", path, body)
            response = connection.getresponse()
            content = response.read()
            if response.status != http.HTTPStatus.OK:
                failures.append(f"{response.status} {content[:200]!r}")
                break
            if began > start:
                measured.append(1000 * (time.perf_counter() - began))
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures or not measured:
        raise RuntimeError(f"The server did not answer: {failures[:1] or 'no request was answered in this time'}")
    median, slow = np.percentile(measured, [50, 99])
    return Measured(len(measured) / seconds, float(median), float(slow))


if __name__ == "__main__":
    main(tyro.cli(Config))
