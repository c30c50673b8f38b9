"""A server in this process: the interface of TensorFlow Serving, and an answer to every bad request."""

import asyncio
import gzip
import json
import logging
import threading

import pytest

from kerasnlp_zoo.serving.monitoring import logger
from tests.serving.fake_models import WordModel, client, half_plus_three, served

HALF = "/v1/models/half_plus_three"
WORDS = "/v1/models/words:predict"


@pytest.fixture(scope="module")
def server():
    with client(
        served("half_plus_three", half_plus_three(), 123),
        served("words", WordModel().signature),
        max_texts=100,
        max_characters=1000,
        max_body_kb=16,
    ) as test_client:
        yield test_client


def error(response, status):
    """The message of an answer that is an error of this status, in TensorFlow Serving's form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert list(answer) == ["error"]
    return answer["error"]


def test_requests_of_the_documentation_have_its_answers(server):
    status = {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert server.get(HALF).json() == {"model_version_status": [status]}
    assert server.get(f"{HALF}/versions/123").json() == {"model_version_status": [status]}
    for path in (f"{HALF}:predict", f"{HALF}/versions/123:predict"):
        assert server.post(path, json={"instances": [1.0, 2.0, 5.0]}).json() == {"predictions": [3.5, 4.0, 5.5]}
        request = {"signature_name": "serving_default", "inputs": [3.0, 4.0]}
        assert server.post(path, json=request).json() == {"outputs": [4.5, 5.0]}
    metadata = server.get(f"{HALF}/metadata").json()
    assert metadata["model_spec"] == {"name": "half_plus_three", "signature_name": "", "version": "123"}
    assert list(metadata["metadata"]["signature_def"]["signature_def"]) == ["serving_default"]


def test_several_outputs_are_objects_by_row(server):
    answer = server.post(WORDS, json={"instances": ["a b", "c"]}).json()
    assert [row["words"] for row in answer["predictions"]] == [["a", "b"], ["c", ""]]
    assert answer["predictions"][1]["label"] == "C"


def test_numbers_that_are_not_finite_are_written_as_tensorflow_serving_writes_them(server):
    response = server.post(f"{HALF}:predict", content=b'{"instances": [NaN, -Infinity]}')
    assert response.text == '{"predictions": [NaN, -Infinity]}'


def test_a_body_can_be_compressed(server):
    content = gzip.compress(b'{"instances": [1.0]}')
    response = server.post(f"{HALF}:predict", content=content, headers={"Content-Encoding": "gzip"})
    assert response.json() == {"predictions": [3.5]}
    assert "gzip" in error(server.post(f"{HALF}:predict", content=b"1", headers={"Content-Encoding": "gzip"}), 400)
    assert "unknown" in error(server.post(f"{HALF}:predict", content=b"1", headers={"Content-Encoding": "br"}), 415)


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/nix:predict", 404, "Servable not found for request: Latest(nix)"),
        ("POST", f"{HALF}/versions/99:predict", 404, "Servable not found for request: Specific(half_plus_three, 99)"),
        ("POST", f"{HALF}/labels/stable:predict", 400, "Unrecognized servable version label: stable"),
        ("POST", f"{HALF}:classify", 400, "tensorflow/serving/classify"),
        ("POST", f"{HALF}:regress", 400, "tensorflow/serving/regress"),
        ("GET", "/v1/models/nix", 404, "Could not find any versions of model nix"),
        ("GET", "/v1/models/half_plus_three/versions/99", 404, "Could not find version 99 of model half_plus_three"),
        ("GET", "/v1/models/nix/metadata", 404, "Servable not found for request: Latest(nix)"),
        ("GET", "/v1/models/%F0%9F/metadata", 404, "Served: half_plus_three (version 123), words (version 1)"),
        ("GET", "/v1/models", 400, "Missing model name in request"),
        ("GET", "/v1/foo", 400, "Malformed request"),
        ("PUT", HALF, 400, "Malformed request"),
        ("OPTIONS", HALF, 400, "Malformed request"),
        ("GET", f"{HALF}:predict", 400, "Malformed request"),
        ("GET", "/", 404, "There is no such path"),
        ("GET", "/docs", 404, "There is no such path"),
        ("GET", "/openapi.json", 404, "There is no such path"),
        ("POST", "/health", 405, "There is no such path or method"),
    ],
)
def test_paths_that_do_not_exist_have_the_errors_of_tensorflow_serving(server, method, path, status, message):
    assert message in error(server.request(method, path), status)


TEXT = "a text of the user"
BAD_BODIES = {
    "empty": (b"", 400, "The document is empty"),
    "no JSON": (b"instances", 400, "JSON Parse error"),
    "cut JSON": (b'{"instances": ["a', 400, "JSON Parse error"),
    "no object": (b'["a"]', 400, "Expected an object"),
    "nested": (b'{"instances": ' + b"[" * 7000 + b"]" * 7000 + b"}", 400, "nested too deeply"),
    "nested less": (b'{"instances": ' + b"[" * 400 + b"]" * 400 + b"}", 400, "Array"),
    "no key": (b"{}", 400, "Missing 'inputs' or 'instances' key"),
    "both keys": (b'{"inputs": ["a"], "instances": ["a"]}', 400, "only one of"),
    "wrong name": (b'{"instances": [{"texts": "a"}]}', 400, "must only have the keys text"),
    "missing name": (b'{"inputs": {"texts": ["a"]}}', 400, "Missing named input: text"),
    "wrong signature": (b'{"signature_name": "other", "instances": ["a"]}', 400, '"other" not found in signature def'),
    "signature of a number": (b'{"signature_name": 1, "instances": ["a"]}', 400, "must be a string"),
    "empty list": (b'{"instances": []}', 400, "No values in 'instances'"),
    "no list": (b'{"instances": "a"}', 400, "to be a list"),
    "null": (b'{"instances": [null]}', 400, "Null is not of expected type: string"),
    "number": (b'{"instances": [1]}', 400, "Number is not of expected type: string"),
    "NaN": (b'{"instances": [NaN]}', 400, "is not of expected type: string"),
    "Infinity": (b'{"inputs": [Infinity]}', 400, "is not of expected type: string"),
    "invalid UTF-8": (b'{"instances": ["\xe8\xaf"]}', 400, "is not UTF-8"),
    "half of a character": (b'{"instances": ["a \\ud83d b"]}', 400, "half of a character"),
    "half in a key": (b'{"instances": [{"\\ud83d": "a"}]}', 400, "must only have the keys"),
    "half in a name": (b'{"signature_name": "\\ud83d", "instances": ["a"]}', 400, "not found in signature def"),
    "no base64": (b'{"instances": [{"b64": "*"}]}', 400, "base64"),
    "many texts": (json.dumps({"instances": ["a"] * 101}).encode(), 400, "at most 100"),
    "many numbers": (json.dumps({"instances": [1] * 101}).encode(), 400, "at most 100"),
    "many named rows": (json.dumps({"inputs": {"text": ["a"] * 101}}).encode(), 400, "at most 100"),
    "many rows": (json.dumps({"inputs": ["a"] * 101}).encode(), 400, "at most 100"),
    "long text": (json.dumps({"instances": ["a", "好" * 1001]}).encode(), 400, "Text 1 of 'text' is too long"),
    "large body": (b" " * (2**14 + 1), 413, "larger than 16,384 bytes"),
}


@pytest.mark.parametrize(("body", "status", "message"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_every_bad_body_is_answered_with_what_is_wrong(server, body, status, message):
    assert message in error(server.post(WORDS, content=body), status)
    if status == 413:  # also if the size is not announced
        assert message in error(server.post(WORDS, content=iter([body])), status)
    assert server.post(WORDS, content=b'{"inputs": ["a"]}').json()["outputs"]["words"] == [["a"]]  # it goes on


def test_limits_allow_what_they_say(server):
    request = {"inputs": ["a"] * 99 + ["好" * 1000]}
    assert len(server.post(WORDS, json=request).json()["outputs"]["label"]) == 100


def test_an_error_of_a_model_is_an_answer_without_the_text(server):
    message = error(server.post(WORDS, json={"instances": ["fail"]}), 500)
    assert "ZeroDivisionError" in message
    assert "secret" not in message


def test_health_lists_the_models(server):
    assert server.get("/health").json() == {"status": "ok", "models": {"half_plus_three": 123, "words": 1}}


def test_metrics_count_requests_errors_and_batches_by_model():
    with client(served("words", WordModel().signature)) as server:
        for body in ({"instances": ["a", "b"]}, {"instances": ["a"]}, {"instances": []}):
            server.post(WORDS, json=body)
        server.post(f"/v1/models/{TEXT}:predict")
        response = server.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    for line in (
        'kerasnlp_zoo_requests_total{action="predict",model="words",status="200"} 2.0',
        'kerasnlp_zoo_requests_total{action="predict",model="words",status="400"} 1.0',
        'kerasnlp_zoo_requests_total{action="unknown",model="",status="404"} 1.0',
        'kerasnlp_zoo_request_seconds_count{action="predict",model="words"} 3.0',
        'kerasnlp_zoo_batch_rows_count{model="words"} 2.0',
        'kerasnlp_zoo_batch_rows_sum{model="words"} 3.0',
        "kerasnlp_zoo_waiting_requests 0.0",
    ):
        assert line in response.text.splitlines()


def test_the_log_has_an_object_for_each_request_and_no_text_of_the_user(caplog):
    with client(served("words", WordModel().signature)) as server, caplog.at_level(logging.INFO, logger.name):
        server.post(WORDS, json={"instances": [TEXT, "b"]})
        server.post(WORDS, json={"instances": ["fail", TEXT]})
        server.post(WORDS, json={"instances": [{TEXT: TEXT}], "signature_name": TEXT})
        server.post(f"/v1/models/{TEXT}:predict?{TEXT}", content=TEXT.encode(), headers={"X-Text": TEXT})
        server.get(f"/{TEXT}")
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == logger.name]
    assert [line["status"] for line in lines] == [200, 500, 400, 404, 404]
    assert [line["action"] for line in lines] == ["predict"] * 3 + ["unknown"] * 2
    assert lines[0]["model"] == "words"
    assert lines[0]["texts"] == 2
    assert lines[1]["error"].startswith("ZeroDivisionError in fake_models.py, line ")
    assert not {"user", "secret"} & set(caplog.text.replace('"', " ").split())


def test_further_requests_are_refused_while_the_server_is_busy():
    model = WordModel()
    model.open.clear()
    with client(served("words", model.signature), max_waiting=2) as server:
        waiting = [
            threading.Thread(target=lambda: server.post(WORDS, json={"instances": ["a"]}), daemon=True) for _ in "ab"
        ]
        for thread in waiting:
            thread.start()
        while "kerasnlp_zoo_waiting_requests 2.0" not in server.get("/metrics").text:
            pass
        response = server.post(WORDS, json={"instances": ["a"]})
        assert "Repeat the request" in error(response, 503)
        assert response.headers["retry-after"] == "1"
        assert server.get("/health").status_code == 200
        model.open.set()
        for thread in waiting:
            thread.join()
        assert server.post(WORDS, json={"instances": ["a"]}).status_code == 200


def test_a_slow_body_is_refused():
    async def slow():
        yield b'{"instances": '
        await asyncio.sleep(30)

    with client(served("words", WordModel().signature), client_timeout=0.05) as server:

        async def ask():
            """Ask as a server does: the test client itself sends a body only when it is complete."""
            sent = []
            parts = slow()

            async def receive():
                return {"type": "http.request", "body": await anext(parts), "more_body": True}

            async def send(message):
                sent.append(message)

            scope = {"type": "http", "method": "POST", "path": WORDS, "raw_path": WORDS.encode(), "headers": []}
            await server.app({**scope, "query_string": b"", "root_path": ""}, receive, send)
            return sent

        start, body = server.portal.call(ask)
    assert start["status"] == 408
    assert (b"connection", b"close") in [(name.lower(), value) for name, value in start["headers"]]
    assert "not complete after 0.05 seconds" in json.loads(body["body"])["error"]


def test_pages_of_other_sites_may_read_answers_only_if_they_are_named():
    origin = {"Origin": "https://example.com"}
    preflight = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    model = served("words", WordModel().signature)
    with client(model) as server:
        for response in (server.options(WORDS, headers=preflight), server.get("/health", headers=origin)):
            assert not [name for name in response.headers if name.startswith("access-control")]
    with client(model, cors_origins=["https://example.com"]) as server:
        response = server.options(WORDS, headers=preflight)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "https://example.com"
        response = server.post(WORDS, json={"instances": ["a"]}, headers=origin)
        assert response.headers["access-control-allow-origin"] == "https://example.com"
        other = server.post(WORDS, json={"instances": ["a"]}, headers={"Origin": "https://example.org"})
        assert "access-control-allow-origin" not in other.headers


def test_texts_are_prepared_before_the_graph_reads_them():
    def prepare(arrays):
        return {"text": arrays["text"] + b" more"}

    with client(served("words", WordModel().signature, prepare=prepare)) as server:
        assert server.post(WORDS, json={"instances": ["a"]}).json()["predictions"][0]["words"] == ["a", "more"]


def test_clients_are_told_to_close_their_connections_when_the_server_stops():
    with client(served("words", WordModel().signature)) as server:
        assert "connection" not in server.get("/health").headers
        server.app.state.is_stopping = True
        assert server.post(WORDS, json={"instances": ["a"]}).headers["connection"] == "close"
