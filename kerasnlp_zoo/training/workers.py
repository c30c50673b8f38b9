"""What the workers of a run tell each other. A run without a cluster has one worker, the chief."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.rendezvous import unreachable
from kerasnlp_zoo.training.run_folder import TOKEN

Value = TypeVar("Value")

# What collectives raise when a worker has ended, or when another one has noticed it first.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnknownError,
)
CERTAINLY_LOST = LOST[:4]
ENDING_SECONDS = 5.0  # a process that ends needs some time to close its port
SHARED_SECONDS = 60.0  # a file system of several machines shows new files with a delay


class WorkerEnded(SystemExit):
    """The part of this worker in a run is over; only the chief evaluates and saves the model.

    Attributes:
        metrics: content of the chief's metrics.json.
    """

    def __init__(self, metrics: dict[str, Any]) -> None:
        super().__init__()  # code 0
        self.metrics = metrics


class LostWorkerError(InputError):
    """Another worker has ended, or cannot be reached any more."""


class Workers:
    """The workers of a strategy, and this process among them.

    Args:
        strategy: a strategy from `make_strategy`.

    Example:

    >>> workers = Workers(tf.distribute.get_strategy())
    >>> workers.count, workers.is_chief, workers.from_chief(lambda: "runs/text_cnn_trec")
    (1, True, 'runs/text_cnn_trec')
    """

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        self.strategy = strategy
        cluster = getattr(strategy, "cluster", None)
        self.addresses: tuple[str, ...] = cluster.addresses if cluster else ("",)
        self.index = cluster.index if cluster else 0
        self.count = len(self.addresses)
        self.is_chief = self.index == 0

    def exchange(self, value: Any) -> list[Any]:
        """Return the values of all workers, in order. It waits until all have called it.

        Args:
            value: anything that JSON can represent.

        Raises:
            LostWorkerError: if a worker has ended.
        """
        if self.count == 1:
            return [value]
        line = json.dumps([self.index, value]) + "\n"
        codes = tf.constant(np.frombuffer(line.encode(), "uint8").astype("int32"))
        with self.watched():
            values = self.strategy.experimental_distribute_values_from_function(lambda _: codes)
            gathered = self.strategy.gather(values, axis=0).numpy()
        lines = bytes(gathered.astype("uint8")).decode().splitlines()
        return [of_worker for _, of_worker in sorted(dict(map(json.loads, lines)).items())]

    def from_chief(self, compute: Callable[[], Value]) -> Value:
        """Return the result of a function that only the chief calls. If it raises InputError, all workers raise it."""
        if self.count == 1:
            return compute()
        result: dict[str, Any] = {}
        if self.is_chief:
            try:
                result = {"value": compute()}
            except InputError as error:
                result = {"error": str(error)}
        result = self.exchange(result)[0]
        if "error" in result:
            raise InputError(result["error"])
        value: Value = result["value"]
        return value

    def shared_folder(self, open_folder: Callable[[], Path]) -> Path:
        """Return the output folder, which only the chief opens.

        Raises:
            InputError: if a worker does not see the files of the chief.
        """
        if self.count == 1:
            return open_folder()
        token = f"{time.time_ns()}"

        def open_and_sign() -> list[str]:
            folder = open_folder().resolve()
            (folder / TOKEN).write_text(token)
            return [str(folder), token]

        path, token = self.from_chief(open_and_sign)
        folder = Path(path)
        end = time.monotonic() + SHARED_SECONDS
        while not (sees := _content(folder / TOKEN) == token) and time.monotonic() < end:
            time.sleep(0.1)
        blind = [number for number, sees in enumerate(self.exchange(sees)) if not sees]
        if self.is_chief:
            (folder / TOKEN).unlink(missing_ok=True)
        if blind:
            raise InputError(
                f"All workers must share the output folder. {self._named(blind)} does not see the files that worker 0 "
                f"writes into {folder}. Use an --output-dir on a file system that all machines share"
            )
        return folder

    def require_same(self, facts: Mapping[str, Any], of_what: str) -> None:
        """Raise InputError, on all workers, if one has other facts than the chief.

        Args:
            facts: {name: value}.
            of_what: what is compared, for the message, such as "flags".
        """
        of_chief, *others = self.exchange(dict(facts))
        for number, of_worker in enumerate(others, 1):
            different = [
                f"{name} is {of_worker.get(name, 'missing')} (worker 0: {of_chief.get(name, 'missing')})"
                for name in {**of_chief, **of_worker}
                if of_worker.get(name) != of_chief.get(name)
            ]
            if different:
                raise InputError(
                    f"All workers must have the same {of_what}. At worker {number}, {self.addresses[number]}: "
                    f"{', '.join(different)}. Start all workers with the same command, the same data and the same "
                    "versions"
                )

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Raise LostWorkerError, which names the worker, for the errors of TensorFlow when a worker is lost."""
        try:
            yield
        except LOST as error:
            if self.count == 1:
                raise
            end = time.monotonic() + ENDING_SECONDS
            while not (lost := unreachable(self.addresses, self.index)) and time.monotonic() < end:
                time.sleep(0.2)
            if not lost and not isinstance(error, CERTAINLY_LOST):
                raise
            who = self._named(lost) if lost else "Another worker"
            raise LostWorkerError(
                f"{who} has ended or cannot be reached any more, so that worker {self.index} cannot continue. Its own "
                "message says why"
            ) from error

    def _named(self, numbers: list[int]) -> str:
        return " and ".join(f"Worker {number} at {self.addresses[number]}" for number in numbers)


def _content(path: Path) -> str:
    """Return the text of a file; an empty string if it does not exist."""
    try:
        return path.read_text()
    except OSError:
        return ""
