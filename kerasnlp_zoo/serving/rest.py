"""The paths and bodies of TensorFlow Serving's REST interface: requests, answers, status and metadata as JSON.

Reference: https://www.tensorflow.org/tfx/serving/api_rest and http_rest_api_util.cc of TensorFlow Serving.
"""

import dataclasses
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from kerasnlp_zoo.serving.refusals import NOT_FOUND, TOO_LARGE, Refusal
from kerasnlp_zoo.serving.tensors import Arrays, arrays_to_outputs, arrays_to_predictions

MODEL = r"/([^/:]+)"
VERSION = r"(?:/versions/(\d+)|/labels/([^/:]+))?"
ASKED = re.compile(rf"/v1/models{MODEL}{VERSION}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
SHOWN = re.compile(rf"/v1/models(?:{MODEL})?{VERSION}(?:/(metadata))?", re.IGNORECASE | re.ASCII)
MOST_VERSION = 2**63 - 1
SIGNATURE, INSTANCES, INPUTS = "signature_name", "instances", "inputs"
GZIP_WINDOW = 31  # of zlib: the largest window, with the header of gzip


@dataclasses.dataclass(frozen=True)
class Call:
    """What a request asks for.

    Args:
        action: the last part of the path.
        model: name of the model; empty if the path has none.
        version: number of a version; None for the newest.
        label: label of a version; None if the path has none.
    """

    action: str
    model: str
    version: int | None = None
    label: str | None = None


def parse_path(method: str, path: str) -> Call:
    """Return what a request to a path, as it was sent, asks for.

    Raises:
        Refusal: if there is no such path for this method.

    Example:

    >>> parse_path("POST", "/v1/models/text/versions/1:predict")
    Call(action='predict', model='text', version=1, label=None)
    """
    match = (ASKED if method == "POST" else SHOWN).fullmatch(path) if method in ("POST", "GET", "HEAD") else None
    if match is None:
        raise Refusal(
            "Malformed request. Expected GET /v1/models/NAME, GET /v1/models/NAME/metadata or "
            "POST /v1/models/NAME:predict, also with /versions/NUMBER after the name"
        )
    name, version, label, action = match.groups()
    if version is not None and int(version[:20]) > MOST_VERSION:
        raise Refusal(f"Failed to convert version: {version:.30} to numeric")
    return Call(
        action.lower() if action else "status",
        unquote(name or ""),
        None if version is None else int(version),
        None if label is None else unquote(label),
    )


def uncompressed(body: bytes, limit: int) -> bytes:
    """Return the content of a body that was compressed with gzip.

    Raises:
        Refusal: if it is not gzip, or has more than `limit` bytes.
    """
    reader = zlib.decompressobj(GZIP_WINDOW)
    try:
        content = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refusal(f"The body is not gzip, but its header says Content-Encoding: gzip. {error}") from error
    if len(content) > limit:
        raise Refusal(f"The uncompressed body is larger than {limit:,} bytes", TOO_LARGE)
    if not reader.eof:
        raise Refusal("The body is the beginning of a gzip file. Expected a complete one")
    return content


def parse_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body.

    Raises:
        Refusal: if the body is not UTF-8, not JSON or not an object, or is nested too deeply.

    Example:

    >>> parse_body(b'{"instances": ["a film"]}')
    {'instances': ['a film']}
    """
    if not body:
        raise Refusal('JSON Parse error: The document is empty. Expected an object, such as {"instances": ["a text"]}')
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refusal(f"JSON Parse error: the byte at offset {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise Refusal("JSON Parse error: lists or objects are nested too deeply") from error
    except ValueError as error:
        raise Refusal(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise Refusal(f"The body is a JSON {type(document).__name__}. Expected an object")
    return document


def signature_name(document: Mapping[str, Any], default: str) -> str:
    """Return the name of the signature that a request asks for.

    Raises:
        Refusal: if it is not a string.
    """
    name = document.get(SIGNATURE, default)
    if not isinstance(name, str):
        raise Refusal(f"'{SIGNATURE}' key must be a string value. Received: {type(name).__name__}")
    return name or default


def request_key(document: Mapping[str, Any]) -> str:
    """Return the key of the texts: "instances" (a value for each row) or "inputs" (a tensor for each input).

    Raises:
        Refusal: unless the request has exactly one of them.
    """
    keys = [key for key in (INSTANCES, INPUTS) if key in document]
    if len(keys) == 2:
        raise Refusal(f"Expecting only one of '{INPUTS}' or '{INSTANCES}' keys to exist. Received: both")
    if not keys:
        raise Refusal(f"Missing '{INPUTS}' or '{INSTANCES}' key")
    return keys[0]


def answer_body(key: str, arrays: Arrays) -> bytes:
    """Return the body of an answer: "predictions" for "instances", "outputs" for "inputs"."""
    answer = (
        {"predictions": arrays_to_predictions(arrays)} if key == INSTANCES else {"outputs": arrays_to_outputs(arrays)}
    )
    return json.dumps(answer, ensure_ascii=False, separators=(", ", ": ")).encode()


def error_body(message: str) -> bytes:
    """Return the body of an error. Halves of characters, which UTF-8 cannot encode, are written as escapes."""
    return json.dumps({"error": message}).encode()


def status_of(version: int) -> dict[str, Any]:
    """Return the status of a model that is served in one version."""
    status = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": str(version), "state": "AVAILABLE", "status": status}]}


def metadata_of(name: str, version: int, signature_def: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a model.

    Args:
        name: name of the model.
        version: its version.
        signature_def: its signatures by name, as JSON values of TensorFlow's SignatureDef.
    """
    specification = {"name": name, "signature_name": "", "version": str(version)}
    return {"model_spec": specification, "metadata": {"signature_def": {"signature_def": dict(signature_def)}}}


def not_served(call: Call, known: str) -> Refusal:
    """Return the refusal of a request for a model or version that is not served.

    Args:
        call: the request.
        known: the models that are served, for the message.
    """
    name, version = call.model, call.version
    if call.action == "status":
        which = "any versions" if version is None else f"version {version}"
        message = f"Could not find {which} of model {name}"
    else:
        which = f"Latest({name})" if version is None else f"Specific({name}, {version})"
        message = f"Servable not found for request: {which}"
    return Refusal(f"{message}. Served: {known}", NOT_FOUND)
