"""The socket of a server: errors of address and port are reported before models are loaded."""

import errno
import os
import socket

from kerasnlp_zoo.errors import InputError

MOST_PORT = 2**16 - 1


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address, without listening.

    Args:
        host: name or address of a network interface of this machine; 0.0.0.0 for all.
        port: number of the port; 0 for any that is free.

    Raises:
        InputError: if there is no such host or port, or it cannot be used.

    Example:

    >>> with bound_socket("127.0.0.1", 0) as first:
    ...     first.getsockname()[0]
    '127.0.0.1'
    """
    if not 0 <= port <= MOST_PORT:
        raise InputError(f"--port must be a number from 0 to {MOST_PORT}. Received: {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise InputError(
            f"There is no host {host!r:.100}. Expected a name or address of this machine, such as 127.0.0.1, or "
            f"0.0.0.0 for all its addresses. {error}"
        ) from error
    opened = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # on Windows, the option would let two servers share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError as error:
        opened.close()
        raise InputError(_reason(error, host, port)) from error
    return opened


def _reason(error: OSError, host: str, port: int) -> str:
    """Return why an address cannot be used, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use. Stop the other program, or choose another port: --port {port + 1}"
    if error.errno == errno.EACCES:
        return (
            f"Port {port} needs rights of the administrator. Choose a port above 1023, such as --port 8501, behind a "
            "proxy if it must be reached at another one"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine. Expected one of its addresses, or 0.0.0.0 for all"
    return f"The server cannot use {host}, port {port}: {error.strerror}"
