"""Workers wait for each other, and name those that do not start."""

import concurrent.futures
import socket
import time

import pytest

from kerasnlp_zoo.commands.launch import free_ports
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.rendezvous import meet, unreachable


def addresses(count):
    return [f"127.0.0.1:{port}" for port in free_ports(count)]


def test_workers_that_start_at_different_times_meet():
    hosts = addresses(4)

    def worker(index):
        time.sleep(0.3 * index)
        meet(hosts, index, seconds=30)
        return index

    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert list(pool.map(worker, range(4))) == [0, 1, 2, 3]


def test_a_missing_worker_is_named():
    hosts = [*addresses(2), "no-such-host.invalid:1"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        others = pool.submit(meet, hosts, 1, 2)
        with pytest.raises(InputError, match=r"1 did not answer worker 0 .*worker 2 at no-such-host.invalid:1: "):
            meet(hosts, 0, seconds=2)
        with pytest.raises(InputError, match="worker 2 at no-such-host.invalid:1"):
            others.result()


def test_another_program_at_the_address_of_a_worker_is_not_a_worker():
    hosts = addresses(2)
    with socket.create_server(("127.0.0.1", int(hosts[1].split(":")[1]))):
        with pytest.raises(InputError, match=f"worker 1 at {hosts[1]}: "):
            meet(hosts, 0, seconds=1)
        assert unreachable(hosts, 0) == []
    assert unreachable(hosts, 0) == [1]


def test_a_port_in_use_is_refused():
    hosts = addresses(2)
    with (
        socket.create_server(("", int(hosts[0].split(":")[1]))),
        pytest.raises(InputError, match="Port .* of worker 0, .*, is in use"),
    ):
        meet(hosts, 0, seconds=1)
