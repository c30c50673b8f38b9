"""What workers tell each other, with threads as workers."""

import concurrent.futures
import threading
from types import SimpleNamespace

import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import workers as workers_module
from kerasnlp_zoo.training.workers import LostWorkerError, Workers

ADDRESSES = ("first:1", "second:2", "third:3")


class ThreadWorkers(Workers):
    """Workers that exchange values through memory."""

    def __init__(self, index, meeting):
        cluster = SimpleNamespace(addresses=ADDRESSES, index=index)
        super().__init__(SimpleNamespace(cluster=cluster))
        self.meeting = meeting

    def exchange(self, value):
        barrier, values = self.meeting
        values[self.index] = value
        barrier.wait(30)
        found = [values[index] for index in range(self.count)]
        barrier.wait(30)
        return found


def at_all(function):
    """Call a function with each worker, in a thread each; return the results or errors."""
    meeting = threading.Barrier(len(ADDRESSES)), {}

    def call(index):
        try:
            return function(ThreadWorkers(index, meeting))
        except InputError as error:
            return str(error)

    with concurrent.futures.ThreadPoolExecutor(len(ADDRESSES)) as pool:
        return list(pool.map(call, range(len(ADDRESSES))))


def test_only_the_chief_decides():
    assert at_all(lambda workers: workers.from_chief(lambda: f"by {workers.index}")) == ["by 0"] * 3


def test_a_mistake_at_the_chief_is_reported_by_all():
    def refuse():
        raise InputError("The folder already contains a run")

    assert at_all(lambda workers: workers.from_chief(refuse)) == ["The folder already contains a run"] * 3


def test_equal_facts_are_accepted():
    assert at_all(lambda workers: workers.require_same({"--seed": "1"}, "flags")) == [None] * 3


@pytest.mark.parametrize(
    ("different", "message"),
    [
        ({"--seed": "2"}, "At worker 2, third:3: --seed is 2 (worker 0: 1)"),
        ({}, "--seed is missing (worker 0: 1)"),
        ({"--seed": "1", "labels": ["a"]}, "labels is ['a'] (worker 0: missing)"),
    ],
)
def test_other_facts_are_named_at_all_workers(different, message):
    facts = [{"--seed": "1"}, {"--seed": "1"}, different]
    for error in at_all(lambda workers: workers.require_same(facts[workers.index], "flags")):
        assert "All workers must have the same flags" in error
        assert message in error


def test_the_chief_opens_the_shared_folder(tmp_path):
    def folder(workers):
        def open_folder():
            assert workers.is_chief
            (tmp_path / "run").mkdir()
            return tmp_path / "run"

        return workers.shared_folder(open_folder)

    assert at_all(folder) == [tmp_path / "run"] * 3
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_that_one_does_not_see_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workers_module, "SHARED_SECONDS", 0.2)
    seen = workers_module._content
    monkeypatch.setattr(
        workers_module, "_content", lambda path: "" if threading.current_thread().name == "blind" else seen(path)
    )

    def folder(workers):
        threading.current_thread().name = "blind" if workers.index == 1 else "seeing"
        return workers.shared_folder(lambda: tmp_path)

    for error in at_all(folder):
        assert "All workers must share the output folder. Worker 1 at second:2 does not see" in error


def test_a_lost_worker_is_named(monkeypatch):
    monkeypatch.setattr(workers_module, "unreachable", lambda addresses, index: [1])
    worker = ThreadWorkers(0, None)
    with pytest.raises(LostWorkerError, match="Worker 1 at second:2 has ended"), worker.watched():
        raise tf.errors.UnavailableError(None, None, "connection reset by peer")


def test_an_error_of_this_worker_is_not_taken_for_a_lost_one(monkeypatch):
    monkeypatch.setattr(workers_module, "unreachable", lambda addresses, index: [])
    monkeypatch.setattr(workers_module, "ENDING_SECONDS", 0.0)
    with pytest.raises(tf.errors.InternalError), ThreadWorkers(0, None).watched():
        raise tf.errors.InternalError(None, None, "a kernel failed")
    with pytest.raises(LostWorkerError, match="Another worker"), ThreadWorkers(0, None).watched():
        raise tf.errors.UnavailableError(None, None, "connection reset by peer")
