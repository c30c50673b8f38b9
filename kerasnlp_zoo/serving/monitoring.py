"""What a server tells about its requests: Prometheus' metrics, and a JSON object in the log for each request.

Neither contains anything that a client has written: no text, no path and no name of an unknown model.
"""

import dataclasses
import datetime
import json
import logging
import sys
import time
import traceback
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PREFIX = "kerasnlp_zoo"
MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

logger = logging.getLogger("kerasnlp_zoo.requests")


@dataclasses.dataclass
class Record:
    """The facts about a request, which are logged when it is answered.

    Args:
        action: what it asked for, such as "predict"; "unknown" for a path that does not exist.
        model: name of a model that is served; empty if there is none.
        version: number of its version.
        texts: number of texts or rows.
        request_bytes: size of its body, as far as it was read.
        status: status of the answer.
        response_bytes: size of the body of the answer.
        error: class and place of an error of this program.
    """

    action: str = "unknown"
    model: str = ""
    version: int | None = None
    texts: int | None = None
    request_bytes: int = 0
    status: int = 0
    response_bytes: int = 0
    error: str | None = None
    started: float = dataclasses.field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Seconds since the request arrived."""
        return time.perf_counter() - self.started

    def fail(self, error: Exception) -> None:
        """Keep the class and the place of an error, without its message, which can contain a text."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
        self.error = f"{type(error).__name__}{place}"

    def as_json(self) -> str:
        """Return the line of the log."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        facts = {name: value for name, value in dataclasses.asdict(self).items() if value not in (None, "")}
        del facts["started"]
        return json.dumps({"time": now, **facts, "milliseconds": round(1000 * self.seconds, 3)})


def log_to_standard_error() -> None:
    """Write a line to standard error for each request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


class Metrics:
    """The metrics of a server.

    Example:

    >>> metrics = Metrics()
    >>> metrics.batch("text_cnn_trec_en", 32)
    >>> b'batch_rows_sum{model="text_cnn_trec_en"} 32.0' in metrics.page()
    True
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            f"{PREFIX}_requests", "Requests", ["model", "action", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            f"{PREFIX}_request_seconds",
            "Time from the head of a request to its answer",
            ["model", "action"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self.rows = Histogram(
            f"{PREFIX}_batch_rows", "Rows that were answered together", ["model"], buckets=ROWS, registry=self._registry
        )
        self.waiting = Gauge(
            f"{PREFIX}_waiting_requests", "Requests that are read or answered now", registry=self._registry
        )

    def request(self, record: Record) -> None:
        """Count a request that was answered."""
        self.requests.labels(record.model, record.action, record.status).inc()
        self.seconds.labels(record.model, record.action).observe(record.seconds)

    def batch(self, model: str, rows: int) -> None:
        """Count a batch of a model."""
        self.rows.labels(model).observe(rows)

    def page(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
