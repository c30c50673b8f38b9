"""Run the application with uvicorn: slow clients are cut off, and a signal lets running requests finish."""

import asyncio
import gc
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from kerasnlp_zoo.serving.limits import Limits

KEEP_ALIVE_SECONDS = 30  # of a connection without requests
STOP_SECONDS = 30  # for running requests, after a signal
GRACE_SECONDS = 1.0  # for the answer that a request was too slow, before the connection is closed


def run(app: FastAPI, opened: socket.socket, limits: Limits, on_ready: Callable[[], None]) -> None:
    """Serve until the process receives SIGTERM or SIGINT. Running requests are answered, new ones are refused.

    Args:
        app: the application.
        opened: socket that is bound to an address.
        limits: limits of the clients.
        on_ready: function that is called when the server listens.
    """

    class Protocol(TimedProtocol):
        seconds = limits.client_timeout + GRACE_SECONDS

    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    gc.collect()
    gc.freeze()  # a collection then skips the objects of TensorFlow: it took seconds while a large body was read
    Server(config, app, on_ready).run(sockets=[opened])


class Server(uvicorn.Server):
    """A uvicorn server that says when it listens, and tells the application when it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.app, self.on_ready = app, on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer running requests, and close their connections."""
        self.app.state.is_stopping = True
        await super().shutdown(sockets)


class TimedProtocol(H11Protocol):
    """A connection that is closed if a request is not received within some seconds.

    uvicorn itself limits only the time between two requests. The application limits the time for the body, and answers
    that it was too slow; this also limits the time for the head, and for the rest of a body that was refused.

    Attributes:
        seconds: time from the first byte of a request, or from the connection, to its last byte.
    """

    seconds: float
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Expect the first request."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Stop the clock when a request is complete, and start it when the next one begins."""
        super().data_received(data)
        self._update()

    def on_response_complete(self) -> None:
        """Expect the rest of a request that was answered early."""
        super().on_response_complete()
        self._update()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def _update(self) -> None:
        is_in_head = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if self.conn.their_state is h11.SEND_BODY or is_in_head:
            self._start()
        else:
            self._stop()

    def _start(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self.seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
