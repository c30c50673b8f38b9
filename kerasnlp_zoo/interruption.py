"""End a process by SIGTERM as by Ctrl-C. Schedulers send it before they take a machine away."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM. It ends as after Ctrl-C."""


@contextlib.contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Raise `Terminated` in the block when the process receives SIGTERM.

    Outside the main thread, where Python takes no signals, the block is unchanged.

    Example:

    >>> import os
    >>> with contextlib.suppress(Terminated), sigterm_interrupts():
    ...     os.kill(os.getpid(), signal.SIGTERM)
    """

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
