"""The web application: it reads requests within limits, has models answer them, and counts and logs them."""

import asyncio
import contextlib
import http
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kerasnlp_zoo.serving import rest
from kerasnlp_zoo.serving.batching import Batcher
from kerasnlp_zoo.serving.limits import Limits
from kerasnlp_zoo.serving.monitoring import MEDIA_TYPE, Metrics, Record, logger
from kerasnlp_zoo.serving.refusals import BUSY, CLIENT_LEFT, INTERNAL, TIMEOUT, TOO_LARGE, Refusal
from kerasnlp_zoo.serving.rows import num_rows
from kerasnlp_zoo.serving.signatures import ServedModel
from kerasnlp_zoo.serving.tensors import STRING, Arrays, Fields, inputs_to_arrays, instances_to_arrays

DEFAULT_SIGNATURE = "serving_default"
METHODS = [method.value for method in http.HTTPMethod]
RECORD = "kerasnlp_zoo.record"  # key of the Record in the scope of a request
JSON = "application/json"
RETRY = {"Retry-After": "1"}
CLOSE = {"Connection": "close"}


def make_app(models: Sequence[ServedModel], limits: Limits, cors_origins: Sequence[str] = ()) -> FastAPI:
    """Return the application that serves models.

    Args:
        models: models with different names.
        limits: how much clients may send.
        cors_origins: origins of web pages whose scripts may read the answers, such as https://example.com.
    """
    service = Service(models, limits)
    app = FastAPI(lifespan=service.lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.is_stopping = False
    app.add_route("/v1/{rest:path}", service.answer, METHODS)
    app.add_route("/health", service.health, ["GET"])
    app.add_route("/metrics", service.metrics_page, ["GET"])
    app.add_exception_handler(HTTPException, _no_such_path)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=cors_origins, allow_methods=["GET", "POST"], allow_headers=["Content-Type"]
        )
    app.add_middleware(Recorder, metrics=service.metrics)
    return app


class Service:
    """The functions of the application. Arguments are those of `make_app`."""

    def __init__(self, models: Sequence[ServedModel], limits: Limits) -> None:
        self.models = {model.name: model for model in models}
        self.limits = limits
        self.metrics = Metrics()
        self._batchers: dict[tuple[str, str], Batcher] = {}
        self._num_waiting = 0

    @contextlib.asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Start and end the queues of the models."""
        async with contextlib.AsyncExitStack() as stack:
            for model in self.models.values():
                for name, signature in model.signatures.items():

                    def observe(rows: int, model: str = model.name) -> None:
                        self.metrics.batch(model, rows)

                    batcher = Batcher(signature, self.limits.max_batch_size, self.limits.max_delay_ms / 1000, observe)
                    self._batchers[model.name, name] = await stack.enter_async_context(batcher)
            yield

    async def health(self, request: Request) -> Response:
        """Say that the server answers, and what it serves."""
        request.scope[RECORD].action = "health"
        versions = {name: model.version for name, model in self.models.items()}
        return _json_response({"status": "ok", "models": versions})

    async def metrics_page(self, request: Request) -> Response:
        """Return the metrics in Prometheus' text format."""
        request.scope[RECORD].action = "metrics"
        return Response(self.metrics.page(), media_type=MEDIA_TYPE)

    async def answer(self, request: Request) -> Response:
        """Answer a request of TensorFlow Serving's interface. Every error becomes an answer."""
        record: Record = request.scope[RECORD]
        try:
            return await self._answer(request, record)
        except Refusal as refusal:
            return Response(rest.error_body(refusal.message), refusal.status, refusal.headers, JSON)
        except ClientDisconnect:
            return Response(rest.error_body("The client has closed the connection"), CLIENT_LEFT, media_type=JSON)
        except Exception as error:  # a fault of this program or of a model: the server goes on
            record.fail(error)
            message = f"Internal error: {type(error).__name__}. The log of the server says where"
            return Response(rest.error_body(message), INTERNAL, media_type=JSON)

    async def _answer(self, request: Request, record: Record) -> Response:
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        call = rest.parse_path(request.method, path)
        model = self._model(call)
        record.action, record.model, record.version = call.action, model.name, model.version
        if call.action == "status":
            return _json_response(rest.status_of(model.version))
        if call.action == "metadata":
            return _json_response(rest.metadata_of(model.name, model.version, model.metadata))
        if call.action != "predict":
            raise Refusal(
                f"Expected a signature with the method tensorflow/serving/{call.action}. The signatures of "
                f"{model.name} have the method tensorflow/serving/predict: POST /v1/models/{model.name}:predict"
            )
        with self._place():
            return await self._predict(model, await self._body(request, record), record)

    def _model(self, call: rest.Call) -> ServedModel:
        """Return the model of a call.

        Raises:
            Refusal: if it is not served in this version.
        """
        if not call.model:
            raise Refusal("Missing model name in request. Expected GET /v1/models/NAME")
        model = self.models.get(call.model)
        if model is None or call.version not in (None, model.version):
            known = ", ".join(f"{name} (version {known.version})" for name, known in self.models.items())
            raise rest.not_served(call, known)
        if call.label is not None:
            raise Refusal(f"Unrecognized servable version label: {call.label:.40}. Models have no labels here")
        return model

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """Take one of the places for requests that are read or answered.

        Raises:
            Refusal: if there is none.
        """
        if self._num_waiting >= self.limits.max_waiting:
            raise Refusal(
                f"The server is busy: it reads or answers {self.limits.max_waiting} requests already. Repeat the "
                "request after a second. The limit is the server's flag --max-waiting",
                BUSY,
                RETRY,
            )
        self._num_waiting += 1
        self.metrics.waiting.inc()
        try:
            yield
        finally:
            self._num_waiting -= 1
            self.metrics.waiting.dec()

    async def _body(self, request: Request, record: Record) -> bytes:
        """Read the body of a request within the limits of size and time.

        Raises:
            Refusal: if it is too large or too slow, or its encoding is unknown.
        """
        most, seconds = self.limits.max_body_bytes, self.limits.client_timeout
        too_large = Refusal(
            f"The body is larger than {most:,} bytes. Send fewer texts in a request. The limit is the server's flag "
            "--max-body-kb",
            TOO_LARGE,
        )
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise Refusal(f"Content-Encoding: {encoding:.40} is unknown. Expected gzip, or none", 415)
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > most:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                async for chunk in request.stream():
                    body += chunk
                    record.request_bytes = len(body)
                    if len(body) > most:
                        raise too_large
        except TimeoutError:
            raise Refusal(
                f"The request was not complete after {seconds:g} seconds. The limit is the server's flag "
                "--client-timeout",
                TIMEOUT,
                CLOSE,
            ) from None
        return rest.uncompressed(bytes(body), most) if encoding == "gzip" else bytes(body)

    async def _predict(self, model: ServedModel, body: bytes, record: Record) -> Response:
        """Answer the texts of a body."""
        document = rest.parse_body(body)
        name = rest.signature_name(document, DEFAULT_SIGNATURE)
        if name not in model.signatures:
            known = ", ".join(model.signatures)
            raise Refusal(f'Serving signature name: "{name:.40}" not found in signature def. Expected: {known}')
        key = rest.request_key(document)
        fields = model.signatures[name].inputs
        to_arrays = instances_to_arrays if key == rest.INSTANCES else inputs_to_arrays
        self._require_few_rows(document[key])  # before the conversion, which takes time for each of them
        arrays = to_arrays(document[key], fields)
        record.texts = num_rows(arrays)
        self._require_short_texts(arrays, fields)
        if model.prepare is not None:
            arrays = await asyncio.to_thread(model.prepare, arrays)
        return Response(rest.answer_body(key, await self._batchers[model.name, name].answer(arrays)), media_type=JSON)

    def _require_few_rows(self, value: Any) -> None:
        """Raise Refusal if the value of "instances" or "inputs" has too many rows."""
        columns = value.values() if isinstance(value, dict) else [value]
        count = max((len(column) for column in columns if isinstance(column, list)), default=0)
        if count > self.limits.max_texts:
            raise Refusal(
                f"The request has {count:,} texts. Expected at most {self.limits.max_texts:,}: send several requests. "
                "The limit is the server's flag --max-texts"
            )

    def _require_short_texts(self, arrays: Arrays, fields: Fields) -> None:
        """Raise Refusal if a text is too long."""
        most = self.limits.max_characters
        for name, field in fields.items():
            for row, text in enumerate(arrays[name].flat if field.dtype == STRING else ()):
                if len(text) > most and len(text.decode(errors="replace")) > most:
                    raise Refusal(
                        f"Text {row} of {name!r} is too long. Expected at most {most:,} characters. The limit is the "
                        "server's flag --max-characters"
                    )


class Recorder:
    """Middleware that counts and logs every request, and tells clients when the server stops.

    Args:
        app: the application.
        metrics: the metrics to count in.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and record it when it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = scope[RECORD] = Record()

        async def send_and_record(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["app"].state.is_stopping:
                # Without it, a client sends its next request on this connection, and loses it.
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            record.status = message.get("status", record.status)
            record.response_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        finally:
            self.metrics.request(record)
            logger.info(record.as_json())


async def _no_such_path(request: Request, error: Exception) -> Response:
    """Answer a request for a path or method that does not exist."""
    status = error.status_code if isinstance(error, HTTPException) else INTERNAL
    message = "There is no such path or method. Expected GET /v1/models/NAME, POST /v1/models/NAME:predict, "
    return Response(rest.error_body(f"{message}GET /health or GET /metrics"), status, media_type=JSON)


def _json_response(value: Mapping[str, Any]) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, indent=1), media_type=JSON)
