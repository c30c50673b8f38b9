"""Models that compute in Python, and clients of a server with them."""

import contextlib
import threading

import numpy as np
from fastapi.testclient import TestClient

from kerasnlp_zoo.serving.app import make_app
from kerasnlp_zoo.serving.limits import Limits
from kerasnlp_zoo.serving.signatures import ServedModel, Signature
from kerasnlp_zoo.serving.tensors import Field

TEXT = {"text": Field("string", (None,))}
LISTS = {
    "count": Field("int32", (None,)),
    "words": Field("string", (None, None)),
    "label": Field("string", (None,)),
    "scores": Field("float32", (None, 2)),
}


class WordModel:
    """Split texts at spaces. It keeps the number of rows of each batch, fails on "fail", and waits while closed."""

    def __init__(self):
        self.batches = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, arrays):
        texts = [text.decode() for text in arrays["text"]]
        self.batches.append(len(texts))
        assert self.open.wait(30)
        if "fail" in texts:
            raise ZeroDivisionError("secret text")
        words = [text.split() for text in texts]
        longest = max(map(len, words), default=0)
        padded = np.full((len(texts), longest), b"", object)
        for row, own in enumerate(words):
            padded[row, : len(own)] = [word.encode() for word in own]
        return {
            "count": np.array([len(own) for own in words], "int32"),
            "words": padded,
            "label": np.array([text.upper().encode() for text in texts], object),
            "scores": np.array([[len(text), 0.1] for text in texts], "float32").reshape(-1, 2),
        }

    @property
    def signature(self):
        return Signature(TEXT, LISTS, self)


def half_plus_three():
    """The model of TensorFlow Serving's documentation."""
    return Signature(
        {"x": Field("float32", (None,))}, {"y": Field("float32", (None,))}, lambda arrays: {"y": arrays["x"] / 2 + 3}
    )


def served(name, signature, version=1, **facts):
    return ServedModel(name, version, {"serving_default": signature}, {"serving_default": {}}, **facts)


@contextlib.contextmanager
def client(*models, cors_origins=(), **limits):
    """Yield a client of a server in this process. An error of the server that is no answer is raised here."""
    with TestClient(make_app(models, Limits(**limits), cors_origins), base_url="http://127.0.0.1") as test_client:
        yield test_client
