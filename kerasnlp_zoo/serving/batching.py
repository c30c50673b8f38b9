"""Requests that arrive together are answered in one batch, in a thread of the model.

While a batch is computed, further requests wait, and the next batch takes them together. While the model is idle, the
first request waits a short time for others.
"""

import asyncio
import collections
import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kerasnlp_zoo.serving.rows import can_share, joined, num_rows, own_part, part
from kerasnlp_zoo.serving.signatures import Signature
from kerasnlp_zoo.serving.tensors import Arrays


@dataclasses.dataclass(frozen=True)
class _Waiting:
    """Rows of a request, of which no part is answered yet. Rows with one key can be in one batch."""

    inputs: Arrays
    key: Any
    since: float
    answer: "asyncio.Future[Arrays]"


class Batcher:
    """The queue of a signature, and the task that answers it. An asynchronous context manager, which ends the task.

    Args:
        signature: the function of the model.
        max_rows: maximum number of rows in a batch.
        max_delay: seconds that a request waits for others while the model is idle.
        observe: function that is called with the number of rows of each batch.
    """

    def __init__(
        self,
        signature: Signature,
        max_rows: int,
        max_delay: float,
        observe: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self.signature, self.max_rows, self.max_delay, self.observe = signature, max_rows, max_delay, observe
        self._waiting: collections.deque[_Waiting] = collections.deque()
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "model")

    async def answer(self, inputs: Arrays) -> Arrays:
        """Return the outputs for the rows of a request: those of the model for these rows alone.

        More than `max_rows` rows are answered in several batches.

        Raises:
            Exception: the error of the model for these rows. Rows of other requests do not cause it.
        """
        count, now = num_rows(inputs), asyncio.get_running_loop().time()
        starts = range(0, max(count, 1), self.max_rows)
        parts = [part(inputs, start, start + self.max_rows) for start in starts]
        shares = can_share(self.signature.outputs) and count > 0
        added = []
        for rows in parts:
            key = tuple(values.shape[1:] for values in rows.values()) if shares else object()
            added.append(_Waiting(rows, key, now, asyncio.get_running_loop().create_future()))
        self._waiting.extend(added)
        self._arrived.set()
        answers = await asyncio.gather(*(waiting.answer for waiting in added), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return joined([answer for answer in answers if isinstance(answer, dict)])

    async def __aenter__(self) -> "Batcher":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        """Answer batches, one after the other."""
        loop = asyncio.get_running_loop()
        while True:
            self._arrived.clear()
            if not self._waiting:
                await self._arrived.wait()
                continue
            left = self._waiting[0].since + self.max_delay - loop.time()
            if left > 0 and sum(num_rows(waiting.inputs) for waiting in self._waiting) < self.max_rows:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), left)
                continue
            batch = self._take()
            await loop.run_in_executor(self._thread, self._compute, batch, loop)

    def _take(self) -> list[_Waiting]:
        """Remove the first request from the queue, with later ones that fit into its batch."""
        batch, others = [self._waiting.popleft()], []
        rows = num_rows(batch[0].inputs)
        for waiting in self._waiting:
            if waiting.key == batch[0].key and rows + num_rows(waiting.inputs) <= self.max_rows:
                batch.append(waiting)
                rows += num_rows(waiting.inputs)
            else:
                others.append(waiting)
        self._waiting = collections.deque(others)
        return batch

    def _compute(self, batch: Sequence[_Waiting], loop: asyncio.AbstractEventLoop) -> None:
        """Compute the answers of a batch, in the thread. If it fails, compute each request alone."""
        try:
            self.observe(sum(num_rows(waiting.inputs) for waiting in batch))
            outputs = self.signature.compute(joined([waiting.inputs for waiting in batch]))
            answers, start = [], 0
            for waiting in batch:
                stop = start + num_rows(waiting.inputs)
                answers.append(own_part(outputs, self.signature.outputs, start, stop))
                start = stop
        except Exception as error:  # of the model, which can fail on an input in any way
            if len(batch) > 1:
                for waiting in batch:
                    self._compute([waiting], loop)
            else:
                loop.call_soon_threadsafe(_fail, batch[0].answer, error)
            return
        for waiting, answer in zip(batch, answers, strict=True):
            loop.call_soon_threadsafe(_succeed, waiting.answer, answer)


def _succeed(future: "asyncio.Future[Arrays]", answer: Arrays) -> None:
    if not future.done():  # the request may have been cancelled
        future.set_result(answer)


def _fail(future: "asyncio.Future[Arrays]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
