"""Workers wait for each other before TensorFlow connects them.

TensorFlow waits for a missing worker without a limit and without a message. Here each worker listens at its own address
and calls the others, until it has met all of them.
"""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Iterator, Sequence

from kerasnlp_zoo.errors import InputError

SECONDS = 45.0  # for all workers to start; a missing worker must be named within a minute
PAUSE = 0.2  # seconds between two calls
CALL_SECONDS = 2.0  # for one call
HELLO = b"kerasnlp-zoo %d\n"


def meet(addresses: Sequence[str], index: int, seconds: float = SECONDS) -> None:
    """Return when this worker has met all others.

    Args:
        addresses: host:port of each worker.
        index: index of this worker.
        seconds: time limit.

    Raises:
        InputError: if a worker does not answer in time, or the own port is in use.

    Example:

    >>> meet(["127.0.0.1:0"], index=0)
    """
    missing = {number: "no answer" for number in range(len(addresses)) if number != index}
    with _listener(addresses, index, missing):
        end = time.monotonic() + seconds
        while missing and time.monotonic() < end:
            for number in list(missing):
                _call(addresses[number], index, number, missing)
            if missing:
                time.sleep(PAUSE)
    if missing:
        names = "; ".join(f"worker {number} at {addresses[number]}: {why}" for number, why in sorted(missing.items()))
        raise InputError(
            f"Of {len(addresses)} workers, {len(missing)} did not answer worker {index} within {seconds:.0f} seconds. "
            f"{names}. Start every worker within this time, and check the addresses and the firewall"
        )


@contextlib.contextmanager
def _listener(addresses: Sequence[str], index: int, missing: dict[int, str]) -> Iterator[None]:
    """Answer the calls of others in a thread, and remove those who call from `missing`."""
    port = int(addresses[index].rpartition(":")[2])
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("", port))
    except OSError as error:
        server.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise InputError(
            f"Port {port} of worker {index}, {addresses[index]}, is in use by another process. Use another port, or "
            "end that process"
        ) from error
    server.listen(len(addresses))
    server.settimeout(PAUSE)
    is_over = threading.Event()

    def answer() -> None:
        while not is_over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(CALL_SECONDS)
                    words = connection.makefile("rb").readline().split()
                    if len(words) == 2 and words[0] == HELLO.split()[0]:
                        connection.sendall(HELLO % index)
                        missing.pop(int(words[1]), None)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        server.close()


def _call(address: str, index: int, number: int, missing: dict[int, str]) -> None:
    """Call worker `number`; remove it from `missing` if it answers."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), CALL_SECONDS) as connection:
            connection.sendall(HELLO % index)
            if connection.makefile("rb").readline() == HELLO % number:
                missing.pop(number, None)
    except OSError as error:
        if number in missing:
            missing[number] = str(error)


def unreachable(addresses: Sequence[str], index: int) -> list[int]:
    """Return the other workers whose address takes no connections.

    Example:

    >>> unreachable(["127.0.0.1:1", "127.0.0.1:2"], index=0)
    [1]
    """
    lost = []
    for number, address in enumerate(addresses):
        if number == index:
            continue
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), CALL_SECONDS).close()
        except OSError:
            lost.append(number)
    return lost
