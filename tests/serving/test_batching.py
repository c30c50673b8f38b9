"""Requests that arrive together share batches, and get the answers that they would get alone."""

import asyncio
import random

import numpy as np
import pytest

from kerasnlp_zoo.serving.batching import Batcher
from kerasnlp_zoo.serving.signatures import Signature
from kerasnlp_zoo.serving.tensors import Field
from tests.serving.fake_models import LISTS, TEXT, WordModel

LONG = 60.0  # seconds: a batch starts only when it is full


def column(*texts):
    return {"text": np.array([text.encode() for text in texts], object)}


def answers(signature, requests, max_rows=64, max_delay=0.0):
    """The answers to requests that arrive at the same time; an exception for a request that fails."""

    async def ask():
        async with Batcher(signature, max_rows, max_delay) as batcher:
            return await asyncio.gather(*map(batcher.answer, requests), return_exceptions=True)

    return asyncio.run(ask())


def require_own_answers(found, requests):
    for answer, request in zip(found, requests, strict=True):
        for name, values in WordModel()(request).items():
            np.testing.assert_array_equal(answer[name], values)


def test_requests_that_arrive_together_share_a_batch():
    model, requests = WordModel(), [column("a b"), column("c", "d e f"), column("")]
    require_own_answers(answers(model.signature, requests), requests)
    assert model.batches == [4]


def test_a_full_batch_does_not_wait():
    model, requests = WordModel(), [column("a")] * 8
    require_own_answers(answers(model.signature, requests, max_rows=4, max_delay=LONG), requests)
    assert model.batches == [4, 4]


def test_a_request_waits_for_others():
    model = WordModel()

    async def ask():
        async with Batcher(model.signature, 2, LONG) as batcher:
            first = asyncio.create_task(batcher.answer(column("a")))
            await asyncio.sleep(0.01)
            assert model.batches == []
            second = asyncio.create_task(batcher.answer(column("b c")))
            return await first, await second

    require_own_answers(asyncio.run(ask()), [column("a"), column("b c")])
    assert model.batches == [2]


def test_requests_that_arrive_while_a_batch_is_computed_share_the_next_one():
    model = WordModel()
    model.open.clear()

    async def ask():
        async with Batcher(model.signature, 64, 0.0) as batcher:
            first = asyncio.create_task(batcher.answer(column("a")))
            while not model.batches:
                await asyncio.sleep(0.001)
            others = [asyncio.create_task(batcher.answer(column(text))) for text in "bcd"]
            await asyncio.sleep(0.01)
            model.open.set()
            await asyncio.gather(first, *others)

    asyncio.run(ask())
    assert model.batches == [1, 3]


def test_a_long_request_is_answered_in_several_batches_as_in_one():
    model, request = WordModel(), column(*("w " * length for length in range(10)))
    require_own_answers(answers(model.signature, [request], max_rows=4), [request])
    assert model.batches == [4, 4, 2]


def test_a_request_without_rows_has_an_answer_without_rows():
    model, requests = WordModel(), [column(), column("a b")]
    require_own_answers(answers(model.signature, requests), requests)


def test_random_requests_get_their_own_answers():
    draw = random.Random(0)
    requests = [
        column(*(" ".join("ab"[: draw.randint(0, 2)] * draw.randint(0, 5)) for _ in range(draw.randint(1, 6))))
        for _ in range(200)
    ]
    for max_rows in (1, 3, 64):
        require_own_answers(answers(WordModel().signature, requests, max_rows), requests)


def test_a_request_that_fails_harms_no_other():
    model, requests = WordModel(), [column("a b"), column("fail"), column("c", "d")]
    found = answers(model.signature, requests)
    assert isinstance(found[1], ZeroDivisionError)
    require_own_answers([found[0], found[2]], [requests[0], requests[2]])


def test_rows_of_different_shapes_are_not_joined():
    signature = Signature(
        {"x": Field("float32", (None, None))},
        {"sum": Field("float32", (None,))},
        lambda arrays: {"sum": arrays["x"].sum(axis=1)},
    )
    requests = [{"x": np.ones((rows, width), "float32")} for rows, width in ((1, 2), (2, 3), (1, 2), (3, 3))]
    for answer, request in zip(answers(signature, requests), requests, strict=True):
        np.testing.assert_array_equal(answer["sum"], request["x"].sum(axis=1))


def test_requests_whose_answers_cannot_be_divided_share_no_batch():
    model = WordModel()
    outputs = {name: field for name, field in LISTS.items() if name != "count"}
    signature = Signature(TEXT, outputs, lambda arrays: {name: model(arrays)[name] for name in outputs})
    requests = [column("a b c"), column("d")]
    for answer, request in zip(answers(signature, requests), requests, strict=True):
        np.testing.assert_array_equal(answer["words"], WordModel()(request)["words"])


@pytest.mark.parametrize("fails", [False, True])
def test_a_request_that_is_cancelled_harms_no_other(fails):
    model = WordModel()
    model.open.clear()

    async def ask():
        async with Batcher(model.signature, 64, 0.0) as batcher:
            first = asyncio.create_task(batcher.answer(column("fail" if fails else "a")))
            while not model.batches:
                await asyncio.sleep(0.001)
            first.cancel()
            second = asyncio.create_task(batcher.answer(column("b")))
            model.open.set()
            return await second

    require_own_answers([asyncio.run(ask())], [column("b")])
