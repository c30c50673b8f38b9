"""Exports are checked in new processes that do not import the package, and failures are reported."""

import errno
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from kerasnlp_zoo.tasks import export
from kerasnlp_zoo.tasks.export import check_export
from kerasnlp_zoo.tasks.fresh_process import FreshProcess
from kerasnlp_zoo.tasks.litert import LITERT
from kerasnlp_zoo.tasks.number_formats import check_numbers
from kerasnlp_zoo.training import make_strategy
from tests.small_tasks import STRANGE, TEXTS, text_classification
from tests.task_contracts import TASKS

(CASE,) = [case for case in TASKS if case.make is text_classification]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return CASE.task.export(tmp_path_factory.mktemp("export"))


@pytest.mark.usefixtures("new_processes")
def test_every_export_is_checked_in_a_new_process(exported, tmp_path, monkeypatch):
    started = []
    start = FreshProcess.__init__

    def remember(process, *arguments, **options):
        started.append(process)
        start(process, *arguments, **options)

    monkeypatch.setattr(FreshProcess, "__init__", remember)
    assert check_export(CASE.task, exported, [*TEXTS, *STRANGE]) <= 1e-5
    assert len(started) == 1
    folder = CASE.task.export(tmp_path / "litert", format="litert")  # is also checked
    assert len(started) == 2
    assert check_numbers(CASE.task, folder, [*TEXTS, *STRANGE], LITERT) <= 1e-5
    assert len(started) == 3
    assert all(process._process.poll() is not None for process in started)  # all have ended


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (tf.errors.ResourceExhaustedError(None, None, "part-00000-of-00001; No space left on device"), errno.ENOSPC),
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"), None),
        (tf.errors.PermissionDeniedError(None, None, "variables; Permission denied"), errno.EACCES),
        (tf.errors.UnknownError(None, None, "variables; Input/output error"), None),
    ],
)
def test_an_export_that_cannot_be_written_is_an_error_of_the_system_and_leaves_nothing(
    tmp_path, monkeypatch, error, code
):
    def write_out(archive, folder, **options):
        Path(folder, "saved_model.pb").write_bytes(b"half")
        raise error

    monkeypatch.setattr(type(keras.export.ExportArchive()), "write_out", write_out)
    with pytest.raises(OSError, match="No space left|Permission denied|cannot be written") as raised:
        text_classification().export(tmp_path)
    assert raised.value.errno == code
    assert not any(tmp_path.iterdir())


def test_exports_are_numbered(exported):
    assert (exported.name, CASE.task.export(exported.parent).name) == ("1", "2")


def test_an_export_of_another_model_is_detected(exported):
    keras.utils.set_random_seed(1)
    with pytest.raises(RuntimeError, match="returns other values for"):
        check_export(text_classification(), exported, TEXTS)
    with pytest.raises(RuntimeError, match=r"nowhere fails in a new process:\n(.|\n)*does not exist"):
        check_export(CASE.task, exported / "nowhere", TEXTS)


def test_a_mirrored_model_is_exported(tmp_path):
    with make_strategy("mirrored").scope():
        task = text_classification()
    assert check_export(task, task.export(tmp_path), TEXTS) <= 1e-5


@pytest.mark.slow
def test_a_process_without_a_module_fails_to_start():
    with export.serving_process.start(("no_such_module",)) as process:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="No module named 'no_such_module'"):
                process.ask({})


def test_a_process_answers_after_an_error_and_ignores_printed_text():
    program = "def answer(request): print('noise'); return 1 / request"
    with FreshProcess(program) as process:
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            process.ask(0)
        assert process.ask(4) == 0.25


def test_a_process_that_imports_a_forbidden_package_fails():
    with (
        FreshProcess("import wave\ndef answer(request): return 1", forbidden=["wave"]) as process,
        pytest.raises(RuntimeError, match="imported"),
    ):
        process.ask(0)
