"""The limits of a server: how much a client may send, and how long others wait for it."""

import dataclasses

from kerasnlp_zoo.errors import InputError, require_nonnegative, require_positive


@dataclasses.dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Example:

    >>> Limits(max_texts=10).max_texts
    10
    """

    max_batch_size: int = 64
    """Maximum number of texts that are answered together. 1: no request shares a batch."""
    max_delay_ms: float = 1.0
    """Milliseconds that a request waits for others to share its batch, while the model is idle."""
    max_body_kb: int = 4096
    """Maximum size of the body of a request, in units of 1,024 bytes."""
    max_texts: int = 1024
    """Maximum number of texts in a request."""
    max_characters: int = 100_000
    """Maximum number of characters of a text."""
    max_waiting: int = 128
    """Maximum number of requests that are read or answered at a time. Further ones are refused with status 503."""
    client_timeout: float = 10.0
    """Seconds within which a client must have sent its request."""

    def __post_init__(self) -> None:
        """Raise InputError for a limit that is not a number above 0; only the delay can be 0."""
        names = ("max_batch_size", "max_body_kb", "max_texts", "max_characters", "max_waiting")
        require_positive(**{name: getattr(self, name) for name in names})
        require_nonnegative(max_delay_ms=self.max_delay_ms, client_timeout=self.client_timeout)
        if not self.client_timeout:
            raise InputError("client_timeout must be above 0: every client needs some time. Received: 0 seconds")

    @property
    def max_body_bytes(self) -> int:
        """Maximum size of the body of a request, in bytes."""
        return 1024 * self.max_body_kb
