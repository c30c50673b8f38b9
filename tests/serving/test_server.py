"""A real server: many clients at once, slow and lost ones, signals, memory, and errors at its start."""

import concurrent.futures
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time

import httpx2
import numpy as np
import pytest

from kerasnlp_zoo import zoo
from tests.serving.processes import LONGEST, RUN, TREE, serving

pytestmark = pytest.mark.slow
ENTRY = "text_cnn_trec_en"
PATH = f"/v1/models/{ENTRY}:predict"
WORDS = "who what where when president city film money France people write live how many is the of in a".split()
CLIENTS = 32


def questions(count, seed=0):
    draw = np.random.default_rng(seed)
    return [" ".join(draw.choice(WORDS, draw.integers(1, 20))) for _ in range(count)]


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(function, items))


def metric(server, name):
    for line in httpx2.get(server.url + "/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    raise KeyError(name)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), ENTRY, "--client-timeout", "2", "--max-delay-ms", "5") as started:
        yield started


@pytest.fixture(scope="module")
def http(server):
    with httpx2.Client(base_url=server.url, timeout=60, limits=httpx2.Limits(max_connections=CLIENTS)) as client:
        yield client


def test_many_clients_at_once_get_the_answers_of_predict(server, http):
    texts = questions(640)
    expected = zoo.load(ENTRY).predict(texts)
    answers = in_parallel(lambda text: http.post(PATH, json={"instances": [text]}), texts)
    for text, response, wanted in zip(texts, answers, expected, strict=True):
        (found,) = response.json()["predictions"]
        assert found["label"] == wanted["label"], text
        assert found["probability"] == pytest.approx(wanted["probability"], abs=1e-6)
    batches = metric(server, f'kerasnlp_zoo_batch_rows_count{{model="{ENTRY}"}}')
    assert batches < metric(server, f'kerasnlp_zoo_batch_rows_sum{{model="{ENTRY}"}}')  # some were shared


def test_a_slow_client_is_cut_off_and_others_are_answered(server, http):
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n".encode()
    with (
        socket.create_connection(("127.0.0.1", server.port)) as slow_body,
        socket.create_connection(("127.0.0.1", server.port)) as slow_head,
        socket.create_connection(("127.0.0.1", server.port)) as silent,
    ):
        slow_body.sendall(head + b'{"instances"')
        slow_head.sendall(head[:30])
        assert http.post(PATH, json={"instances": ["what"]}).status_code == 200
        for connection in (slow_body, slow_head, silent):
            connection.settimeout(LONGEST)
        answer = b"".join(iter(lambda: slow_body.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"not complete after 2 seconds" in answer
        assert received(slow_head) == received(silent) == b""
    assert http.post(PATH, json={"instances": ["what"]}).status_code == 200


def received(connection):
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def test_a_client_that_sends_a_byte_from_time_to_time_is_cut_off(server):
    with socket.create_connection(("127.0.0.1", server.port)) as connection, pytest.raises(OSError):  # noqa: PT012
        for byte in b"POST " + b"/" * 10_000:
            connection.sendall(bytes([byte]))
            time.sleep(0.2)
            if byte == ord("/") and received_now(connection) == b"":
                raise ConnectionResetError


def received_now(connection):
    """What has arrived, None if nothing has, b"" if the connection is closed."""
    connection.setblocking(False)
    try:
        return connection.recv(4096)
    except BlockingIOError:
        return None
    finally:
        connection.setblocking(True)


def test_lost_connections_harm_no_one(server, http):
    body = json.dumps({"instances": questions(50)}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for sent in (b"", head, head + body[:100], head + body, b"\x00\xff nonsense\r\n\r\n"):
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(sent)
    answers = in_parallel(lambda text: http.post(PATH, json={"instances": [text]}).status_code, questions(64))
    assert set(answers) == {200}
    deadline = time.monotonic() + LONGEST
    while metric(server, "kerasnlp_zoo_waiting_requests") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert metric(server, "kerasnlp_zoo_waiting_requests") == 0
    assert "Traceback" not in server.log.read_text()


def test_a_body_of_100_megabytes_is_refused(http):
    block = bytes(10**6)
    for response in (
        http.post(PATH, content=bytes(10**8)),
        http.post(PATH, content=(block for _ in range(100))),
    ):
        assert response.status_code == 413
        assert "larger than" in response.json()["error"]
    assert http.post(PATH, json={"instances": ["what"]}).status_code == 200


def test_the_memory_does_not_grow_with_the_number_of_requests(server, http):
    def ask(seed):
        texts = questions(1 + seed % 5, seed)
        bodies = [json.dumps({"instances": texts}).encode(), b'{"instances": [1]}', b"{" * 1000]
        return [http.post(PATH, content=body).status_code for body in bodies]

    in_parallel(ask, range(400))
    before = server.megabytes()
    answers = in_parallel(ask, range(400, 1600))
    assert all(answer == [200, 400, 400] for answer in answers)
    assert server.megabytes() - before < 30


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_requests_finish(number, tmp_path):
    with serving(tmp_path, ENTRY, "--max-delay-ms", "3000") as server:  # a request waits this long for others
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(httpx2.post, server.url + PATH, json={"instances": ["what"]}, timeout=LONGEST)
            while not metric(server, "kerasnlp_zoo_waiting_requests"):
                time.sleep(0.01)
            status = server.stop(number)
            assert running.result().json()["predictions"][0]["label"]
        assert status == {signal.SIGTERM: 143, signal.SIGINT: 130}[number]
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", server.port))
        lines = server.log.read_text().splitlines()
        assert all(line.startswith(("{", "Loading ")) for line in lines)


def test_a_signal_under_load_cuts_no_answer(tmp_path):
    with serving(tmp_path, ENTRY) as server:

        def ask_until_the_end(text):
            statuses = []
            with contextlib.suppress(httpx2.TransportError), httpx2.Client(base_url=server.url, timeout=60) as client:
                while True:
                    response = client.post(PATH, json={"instances": [text]})
                    assert response.json()["predictions"][0]["label"]
                    statuses.append(response.status_code)
            return statuses

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            asking = [pool.submit(ask_until_the_end, text) for text in questions(CLIENTS)]
            while metric(server, f'kerasnlp_zoo_batch_rows_sum{{model="{ENTRY}"}}') < 2 * CLIENTS:
                time.sleep(0.01)
            assert server.stop() == 143
            assert {status for client in asking for status in client.result()} == {200}
        answered = [json.loads(line)["status"] for line in server.log.read_text().splitlines() if line[0] == "{"]
        assert set(answered) <= {200, 499}  # 499: the connection was closed before the request was complete


def run(*arguments):
    """The exit status and the last line of standard error of a server that does not start."""
    result = subprocess.run(
        [sys.executable, "-c", RUN, "serve", *map(str, arguments)],
        cwd=TREE,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    return result.returncode, result.stderr


def test_a_port_in_use_is_reported_before_models_are_loaded(server):
    status, message = run(ENTRY, "--port", server.port)
    assert status == 1
    assert message.startswith(f"kerasnlp-zoo: Port {server.port} of 127.0.0.1 is in use")
    assert "Loading" not in message
    assert len(message.splitlines()) == 1
