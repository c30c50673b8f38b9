import importlib.util
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.tasks.litert import LITERT
from kerasnlp_zoo.tasks.number_formats import check_numbers
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.training import make_strategy
from tests.small_tasks import TEXTS, text_classification


@pytest.fixture(scope="module")
def task():
    return text_classification()


@pytest.fixture(scope="module")
def exported(task, tmp_path_factory):
    return task.export(tmp_path_factory.mktemp("phone") / "litert", format="litert")


def test_an_app_needs_only_the_three_files(task, exported):
    config = json.loads((exported / "config.json").read_text("utf-8"))
    tokens = (exported / "vocabulary.txt").read_text("utf-8").splitlines()
    ids = np.array([[tokens.index(token) for token in ("a", "fine", "and", "gripping", "film")]], "int32")
    interpreter = Interpreter(str(exported / "model.tflite"))
    answers = interpreter.get_signature_runner()(**dict.fromkeys(config["inputs"], ids))
    assert set(answers) == set(config["outputs"])
    expected = task.predict(["a fine and gripping film"])[0]
    assert config["labels"][answers["probabilities"][0].argmax()] == expected["label"]
    assert list(answers["probabilities"][0]) == pytest.approx(list(expected["probabilities"].values()), abs=1e-5)


def test_examples_for_testing_an_app_equal_predict(task, exported):
    config = json.loads((exported / "config.json").read_text("utf-8"))
    assert any(example["text"] == "" for example in config["examples"])
    for example in config["examples"]:
        expected = task.predict([example["text"]])[0]
        assert example["outputs"]["probabilities"][0] == pytest.approx(list(expected["probabilities"].values()))
        assert max(max(row) for row in example["inputs"]["token_ids"]) < task.preprocessor.vocabulary_size


def test_an_export_of_another_model_is_detected(exported):
    keras.utils.set_random_seed(7)
    with pytest.raises(RuntimeError, match="returns other values for"):
        check_numbers(text_classification(), exported, TEXTS, LITERT)
    with pytest.raises(RuntimeError, match="fails in a new process"):
        check_numbers(text_classification(), exported / "nowhere", TEXTS, LITERT)


@pytest.mark.slow
def test_float16_weights_halve_the_file_size(tmp_path):
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=200, num_filters=50)
    task = TextClassification(model, preprocessor, ["negative", "positive"])
    full = task.export(tmp_path / "full", format="litert")
    model.set_weights([weight.astype("float16").astype("float32") for weight in model.get_weights()])
    half = task.export(tmp_path / "half", format="litert")
    assert (half / "model.tflite").stat().st_size < 0.6 * (full / "model.tflite").stat().st_size
    assert check_numbers(task, half, TEXTS, LITERT) <= 1e-5


@pytest.mark.slow
def test_a_mirrored_model_is_exported(tmp_path):
    with make_strategy("mirrored").scope():
        task = text_classification()
    assert check_numbers(task, task.export(tmp_path / "litert", format="litert"), TEXTS, LITERT) <= 1e-5


@pytest.mark.slow
def test_a_new_export_replaces_only_the_old_one(task, tmp_path):
    folder = text_classification().export(tmp_path / "litert", format="litert")
    assert check_numbers(task, task.export(folder, format="litert"), TEXTS, LITERT) <= 1e-5
    (tmp_path / "diary.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "diary.txt"):
        with pytest.raises(InputError, match="other files, such as (diary.txt|litert)"):
            task.export(taken, format="litert")
    assert (tmp_path / "diary.txt").read_text() == "mine"


def test_a_missing_interpreter_is_reported_with_the_install_command(task, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"ai_edge_litert, which is not installed.*kerasnlp-zoo\[litert\]"):
        task.export(tmp_path / "litert", format="litert")
    assert not list(tmp_path.iterdir())


class Strange(TextClassification):
    """Answers with an operation that LiteRT does not have."""

    def answer(self, outputs):
        return {"probabilities": tf.math.digamma(keras.ops.softmax(outputs))}


def test_an_unsupported_operation_is_named_in_the_error(task, tmp_path):
    strange = Strange(task.model, task.preprocessor, task.labels)
    with pytest.raises(InputError, match="text_cnn cannot be converted to a .tflite file: .* no Digamma.*saved_model"):
        strange.export(tmp_path / "litert", format="litert")
    assert not list(tmp_path.iterdir())


def test_half_precision_is_refused(task, tmp_path):
    half = zoo.load(zoo.save(task, tmp_path / "entry"), dtype="mixed_bfloat16")
    with pytest.raises(InputError, match="computes in bfloat16, which is not exported as LiteRT. Load it in float32"):
        half.export(tmp_path / "litert", format="litert")


def test_other_formats_are_refused(task, tmp_path):
    with pytest.raises(InputError, match="format must be one of 'saved_model', 'litert', 'onnx'"):
        task.export(tmp_path, format="pickle")


@pytest.mark.slow
def test_the_converter_prints_nothing(task, tmp_path, capfd):
    task.export(tmp_path / "litert", format="litert")
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
