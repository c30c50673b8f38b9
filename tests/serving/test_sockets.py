"""An address that cannot be used is reported with what to do."""

import errno
import os
import socket

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.serving.sockets import bound_socket


def test_port_0_is_any_free_port():
    with bound_socket("localhost", 0) as first, bound_socket("127.0.0.1", 0) as second:
        assert 0 < first.getsockname()[1] != second.getsockname()[1] > 0


def test_a_port_in_use_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} of 127.0.0.1 is in use.*--port {port + 1}"):
            bound_socket("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("no.such.host.invalid", 8501, "There is no host 'no.such.host.invalid'"),
        ("a" * 300, 8501, "There is no host"),
        ("", 70000, "from 0 to 65535"),
        ("127.0.0.1", -1, "from 0 to 65535"),
        ("203.0.113.7", 8501, "is not an address of this machine"),
    ],
)
def test_hosts_and_ports_that_do_not_exist_are_refused(host, port, message):
    with pytest.raises(InputError, match=message):
        bound_socket(host, port)


def test_a_privileged_port_is_refused(monkeypatch):
    """The system allows every port to the administrator, as who the tests may run."""

    class Forbidden(socket.socket):
        def bind(self, address):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(socket, "socket", Forbidden)
    with pytest.raises(InputError, match="Port 80 needs rights of the administrator.*--port 8501"):
        bound_socket("127.0.0.1", 80)
