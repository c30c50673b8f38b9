"""Paths and bodies of requests are read as TensorFlow Serving reads them."""

import gzip
import json

import pytest

from kerasnlp_zoo.serving import rest
from kerasnlp_zoo.serving.refusals import Refusal
from kerasnlp_zoo.serving.rest import Call


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/v1/models/text:predict", Call("predict", "text")),
        ("POST", "/V1/Models/Text/versions/12:Predict", Call("predict", "Text", 12)),
        ("POST", "/v1/models/text/labels/stable:classify", Call("classify", "text", None, "stable")),
        ("POST", "/v1/models/%E8%AF%84%E8%AE%BA%20a:regress", Call("regress", "评论 a")),
        ("GET", "/v1/models/text", Call("status", "text")),
        ("HEAD", "/v1/models/text/versions/3", Call("status", "text", 3)),
        ("GET", "/v1/models/text/metadata", Call("metadata", "text")),
        ("GET", "/v1/models/text/versions/3/metadata", Call("metadata", "text", 3)),
        ("GET", "/v1/models", Call("status", "")),
    ],
)
def test_paths_of_the_documentation_are_known(method, path, call):
    assert rest.parse_path(method, path) == call


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/foo"),
        ("POST", "/v1/foo"),
        ("POST", "/v1/models"),
        ("POST", "/v1/models/text"),
        ("GET", "/v1/models/foo:predict"),
        ("POST", "/v1/models/foo/version/50:predict"),
        ("POST", "/v1/models/foo/versions/HELLO:predict"),
        ("POST", "/v1/models/foo/versions/٣:predict"),
        ("POST", "/v1/models/foo:predict/"),
        ("PUT", "/v1/models/foo"),
        ("DELETE", "/v1/models/foo:predict"),
    ],
)
def test_other_paths_and_methods_are_malformed(method, path):
    with pytest.raises(Refusal, match="Malformed request") as refused:
        rest.parse_path(method, path)
    assert refused.value.status == 400


@pytest.mark.parametrize("version", [str(2**64), "9" * 5000])
def test_a_version_that_is_no_int64_is_refused(version):
    with pytest.raises(Refusal, match="Failed to convert version"):
        rest.parse_path("POST", f"/v1/models/foo/versions/{version}:predict")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error: Expecting value"),
        (b'{"instances": ["a"]', "JSON Parse error"),
        (b'{"instances": ["a",]}', "JSON Parse error"),
        (b'{"instances": ["a\xff"]}', "byte at offset 17 is not UTF-8"),
        (b'{"instances": ["a\nb"]}', "control character"),
        (b'["a"]', "Expected an object"),
        (b"null", "Expected an object"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"instances":' * 100_000, "nested too deeply"),
        (b'{"instances": [' + b"1" * 5000 + b"]}", "JSON Parse error"),
        ('{"instances": ["a"]}'.encode("utf-16"), "not UTF-8"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bodies_that_are_not_a_json_object_are_refused(body, message):
    with pytest.raises(Refusal, match=message) as refused:
        rest.parse_body(body)
    assert refused.value.status == 400


def test_a_body_can_begin_with_a_byte_order_mark():
    assert rest.parse_body(b'\xef\xbb\xbf{"inputs": "a"}') == {"inputs": "a"}


def test_a_request_has_one_of_two_keys():
    assert rest.request_key({"instances": 1}) == "instances"
    assert rest.request_key({"inputs": 1, "more": 2}) == "inputs"
    with pytest.raises(Refusal, match="only one of"):
        rest.request_key({"instances": 1, "inputs": 1})
    with pytest.raises(Refusal, match="Missing 'inputs' or 'instances' key"):
        rest.request_key({"instance": 1})


def test_the_name_of_the_signature_is_a_string_or_left_out():
    assert rest.signature_name({}, "serving_default") == "serving_default"
    assert rest.signature_name({"signature_name": ""}, "serving_default") == "serving_default"
    assert rest.signature_name({"signature_name": "other"}, "serving_default") == "other"
    with pytest.raises(Refusal, match="must be a string"):
        rest.signature_name({"signature_name": 1}, "serving_default")


def test_gzip_is_read_within_the_limit():
    assert rest.uncompressed(gzip.compress(b"content"), 7) == b"content"
    with pytest.raises(Refusal, match="larger than 1,000 bytes") as refused:
        rest.uncompressed(gzip.compress(bytes(10**8)), 1000)
    assert refused.value.status == 413
    for body in (b"content", gzip.compress(b"content")[:-3], b""):
        with pytest.raises(Refusal, match="gzip"):
            rest.uncompressed(body, 1000)


def test_errors_can_contain_halves_of_characters():
    assert json.loads(rest.error_body("half \ud83d")) == {"error": "half \ud83d"}
