"""The error for a request that is not answered. Its status codes are those of TensorFlow Serving where it has one."""

import http
from collections.abc import Mapping

BAD_REQUEST = http.HTTPStatus.BAD_REQUEST.value
NOT_FOUND = http.HTTPStatus.NOT_FOUND.value
TIMEOUT = http.HTTPStatus.REQUEST_TIMEOUT.value
TOO_LARGE = http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value
BUSY = http.HTTPStatus.SERVICE_UNAVAILABLE.value
INTERNAL = http.HTTPStatus.INTERNAL_SERVER_ERROR.value
CLIENT_LEFT = 499  # TensorFlow Serving's status for a request that its client has cancelled


class Refusal(Exception):
    """A request is not answered.

    Args:
        message: what is wrong, what was expected and what to do: the value of "error" in the answer.
        status: HTTP status code.
        headers: further headers of the answer.
    """

    def __init__(self, message: str, status: int = BAD_REQUEST, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message, self.status, self.headers = message, status, dict(headers or {})
