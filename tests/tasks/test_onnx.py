"""The .onnx file as a program without this package uses it."""

import json

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.number_formats import check_numbers, export_numbers
from kerasnlp_zoo.tasks.onnx import ONNX, to_onnx
from tests.small_tasks import TEXTS, text_classification


@pytest.fixture(scope="module")
def task():
    return text_classification()


@pytest.fixture(scope="module")
def exported(task, tmp_path_factory):
    return task.export(tmp_path_factory.mktemp("portable") / "onnx", format="onnx")


def test_a_program_answers_several_texts_at_once(task, exported):
    config = json.loads((exported / "config.json").read_text("utf-8"))
    assert config["inputs"]["token_ids"]["shape"] == [None, None]
    texts = ["a fine film", "dull"]
    tokens = (exported / "vocabulary.txt").read_text("utf-8").splitlines()
    ids = np.zeros((2, 3), "int32")
    for row, text in zip(ids, texts, strict=True):
        words = text.split()
        row[: len(words)] = [tokens.index(word) if word in tokens else tokens.index("[UNK]") for word in words]
    session = onnxruntime.InferenceSession(exported / "model.onnx")
    names = [output.name for output in session.get_outputs()]
    assert sorted(names) == sorted(config["outputs"])
    answers = dict(zip(names, session.run(names, {"token_ids": ids}), strict=True))
    for row, expected in zip(answers["probabilities"], task.predict(texts), strict=True):
        assert list(row) == pytest.approx(list(expected["probabilities"].values()), abs=1e-5)


def test_a_file_of_another_model_is_detected(exported):
    keras.utils.set_random_seed(7)
    with pytest.raises(RuntimeError, match="model.onnx returns other values for"):
        check_numbers(text_classification(), exported, TEXTS, ONNX)


def test_an_operation_that_onnx_lacks_is_named(task):
    def answers(features):
        return {"x": tf.linalg.eigh(tf.cast(features["token_ids"], tf.float32))[0]}

    with pytest.raises(InputError, match="cannot be converted to an .onnx file.*--format saved_model"):
        to_onnx(task.model, answers)


def test_a_missing_package_is_named_before_the_conversion(task, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "tf2onnx" else True)
    with pytest.raises(InputError, match=r"with tf2onnx, which is not installed.*kerasnlp-zoo\[onnx\]"):
        export_numbers(task, tmp_path / "onnx", ONNX)
    assert not list(tmp_path.iterdir())
