"""How well training scales: the time that replicas need to exchange their gradients, in comparison with a step.

Shapes: N replicas.
"""

import dataclasses

from kerasnlp_zoo.errors import InputError, require_positive


@dataclasses.dataclass(frozen=True)
class Link:
    """The connection between two replicas.

    Attributes:
        bytes_per_second: bandwidth in one direction (> 0).
        latency: seconds until a message arrives (>= 0).
    """

    bytes_per_second: float
    latency: float = 50e-6

    def __post_init__(self) -> None:
        if self.bytes_per_second <= 0 or self.latency < 0:
            raise InputError(
                "A link needs a positive bandwidth and a latency of at least 0. Received: "
                f"bytes_per_second={self.bytes_per_second}, latency={self.latency}"
            )


def exchange_seconds(dense_bytes: float, sparse_bytes: float, replicas: int, link: Link) -> float:
    """Return the seconds in which N replicas exchange the gradients of a step, in a ring.

    Dense gradients are summed: each replica sends 2 (N - 1) parts of 1 / N of them. The rows of word vectors are not
    summed but gathered, so that each replica receives the rows of all others.

    Args:
        dense_bytes: bytes of the dense gradients of a replica.
        sparse_bytes: bytes of the rows of word vectors, with their indices, of a replica.
        replicas: N (>= 1).
        link: the slowest connection of the ring.

    Raises:
        InputError: if `replicas` is not positive.

    Example:

    >>> round(exchange_seconds(100e6, 0, replicas=2, link=Link(1e9, latency=0)), 3)
    0.1
    >>> round(exchange_seconds(0, 1e6, replicas=11, link=Link(1e9, latency=0)), 3)
    0.01

    Reference: Patarasuk and Yuan 2009, "Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations", section
    3.
    """
    require_positive(replicas=replicas)
    others = replicas - 1
    seconds = 0.0
    if dense_bytes:
        seconds += 2 * others * (dense_bytes / replicas / link.bytes_per_second + link.latency)
    if sparse_bytes:
        seconds += others * (sparse_bytes / link.bytes_per_second + link.latency)
    return seconds


def efficiency(step_seconds: float, dense_bytes: float, sparse_bytes: float, replicas: int, link: Link) -> float:
    """Return the share of the time in which replicas compute: 1 if N replicas are N times as fast as one.

    Every replica has its own batch of the same size, and exchanges gradients after its step: nothing is done at the
    same time. TensorFlow can do some of it at the same time, so this is a lower limit.

    Args:
        step_seconds: seconds of a step of one replica, without the exchange (> 0).
        dense_bytes, sparse_bytes, replicas, link: as for `exchange_seconds`.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> round(efficiency(0.1, 100e6, 0, replicas=2, link=Link(1e9, latency=0)), 3)
    0.5
    """
    if step_seconds <= 0:
        raise InputError(f"A step must take more than 0 seconds. Received: step_seconds={step_seconds}")
    return step_seconds / (step_seconds + exchange_seconds(dense_bytes, sparse_bytes, replicas, link))
