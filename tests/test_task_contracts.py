"""The promises of every task. The slow tests prove the expensive ones for all tasks instead of one of each family."""

import functools
import inspect
import json

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo import models, tasks, zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.quantization import quantize_model
from kerasnlp_zoo.tasks.export import check_export
from kerasnlp_zoo.tasks.litert import LITERT
from kerasnlp_zoo.tasks.number_formats import check_numbers
from kerasnlp_zoo.tasks.onnx import ONNX
from kerasnlp_zoo.tasks.text_contributions import text_contributions
from tests.memory import freeze_objects
from tests.quick_cases import one_of_each
from tests.task_contracts import TASKS

all_tasks = pytest.mark.parametrize("case", TASKS, ids=str)
one_of_each_task = pytest.mark.parametrize("case", one_of_each(TASKS, lambda case: case.type, lambda case: case.family))
NOT_IN_LITERT = {"ngram_language_model"}  # it has 16-bit integers, which an operation of LiteRT lacks
QUANTIZABLE = [case for case in TASKS if case.quantizable]
one_of_each_family = pytest.mark.parametrize("case", one_of_each(QUANTIZABLE, lambda case: case.family))


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    return tmp_path_factory.mktemp("entries")


@pytest.fixture
def entry(case, entries):
    """The entry folder of the case's task, which the tests share."""
    folder = entries / str(case)
    return folder if folder.exists() else zoo.save(case.task, folder)


def test_every_task_has_a_case():
    assert {case.type.name for case in TASKS} == set(tasks.TASKS)
    for case in TASKS:
        assert type(case.task) is case.type
        builder = case.task.model.builder_config["builder"]
        assert models.BUILDERS[builder].__module__.endswith(f".{case.module}")


@one_of_each_task
def test_predictions_do_not_depend_on_batches_or_order(case):
    answers = case.task.predict(list(case.texts))
    assert json.loads(json.dumps(answers)) == answers
    backwards = case.task.predict(list(case.texts)[::-1], batch_size=3)[::-1]
    assert zoo.difference(answers, backwards) <= 1e-6


@one_of_each_task
def test_evaluate_has_one_signature_and_a_score_in_the_usual_unit(case):
    task = case.task
    parameters = inspect.signature(task.evaluate).parameters.values()
    assert [(parameter.name, parameter.default) for parameter in parameters] == [
        ("texts", inspect.Parameter.empty),
        ("references", None),
        ("batch_size", None),
    ]
    texts = list(case.evaluated or case.texts)
    if task.name == "fill_mask":
        with pytest.raises(InputError, match="fill_mask has no score"):
            task.evaluate(texts)
        return
    scores = task.evaluate(texts, case.references)
    assert json.loads(json.dumps(scores)) == scores
    figure = functools.reduce(dict.get, scores["metric"].split(), scores)
    points = scores["metric"] in ("bleu", "perplexity")
    assert scores["score"] == (figure if points else 100 * figure)
    assert task.main_metric in (scores["metric"], None)
    np.testing.assert_equal(task.evaluate(texts, references=case.references, batch_size=3).keys(), scores.keys())
    wrong = ["a reference"] if case.references is None else None
    with pytest.raises(InputError, match="references"):
        task.evaluate(texts, wrong)
    if task.name == "word_embedding":  # is scored on whole sets of word pairs
        with pytest.raises(InputError, match="word_embedding cannot be compared"):
            text_contributions(task, texts, case.references)
        return
    contributions = text_contributions(task, texts, case.references)
    assert contributions.metric == scores["metric"]
    assert len(contributions.values) == len(texts)
    np.testing.assert_allclose(contributions.score(contributions.values), scores["score"], rtol=1e-9)


@pytest.mark.parametrize("case", [case for case in TASKS if case.labels], ids=str)
def test_dataset_contains_every_text_once_in_full_batches(case):
    dataset = case.task.dataset(list(case.texts), list(case.labels), batch_size=4, training=True)
    batches = list(dataset)
    assert len(batches) == len(dataset)
    assert all(weights.shape[0] == 4 for _, _, weights in batches)
    rows = [np.any(np.reshape(weights, (4, -1)) > 0, axis=1) for _, _, weights in batches]
    assert np.sum(rows) == len(case.texts)


@one_of_each_task
def test_a_saved_entry_has_the_same_answers(case, entry):
    texts = list(case.texts)
    loaded = zoo.load(entry)
    assert loaded.predict(texts) == case.task.predict(texts)
    golden = json.loads((entry / "golden.json").read_text("utf-8"))
    answers = loaded.predict([example["text"] for example in golden])
    assert golden
    assert zoo.difference([example["answer"] for example in golden], answers) <= 1e-6


@pytest.mark.slow
@all_tasks
def test_a_saved_entry_passes_its_check(case, entry):
    assert zoo.check(entry)["answers"] > 0


@pytest.mark.parametrize("case", [case for case in TASKS if not case.labels], ids=str)
def test_labels_for_a_task_without_labels_are_refused(case, entry):
    with pytest.raises(InputError, match="no labels.*Received"):
        zoo.load(entry, labels=["a", "b"])
    with pytest.raises(InputError, match="no labels. Received: a, b"):
        type(case.task)(case.task.model, case.task.preprocessor, ["a", "b"])


@pytest.mark.parametrize("case", [case for case in TASKS if case.other_labels], ids=str)
def test_new_labels_keep_the_encoder_and_replace_the_output_layer(case, entry, caplog):
    other = zoo.load(entry, labels=list(case.other_labels))
    assert other.labels == list(case.other_labels)
    assert "logits/kernel" in caplog.text
    new = {weight.path: weight for weight in other.model.weights}
    for weight in case.task.model.weights:
        if not weight.path.startswith("logits/"):
            np.testing.assert_array_equal(np.asarray(weight), np.asarray(new[weight.path]))


@one_of_each_task
def test_export_returns_the_same_answers_in_a_process_that_imports_only_tensorflow(case, tmp_path):
    assert check_export(case.task, case.task.export(tmp_path), [*case.texts, *case.strange]) <= 1e-5


@one_of_each_task
def test_a_batch_without_texts_is_answered_by_the_graph(case):
    empty = [tf.zeros([0, *spec.shape[1:]], spec.dtype) for spec in case.task.preprocessor.signature]
    answers = case.task.serve(*empty)
    assert {name: values.shape[0] for name, values in answers.items()} == dict.fromkeys(answers, 0)


def check_format(task, folder, texts, form):
    """Export a task as numbers and compare its answers, or check that the export is refused for a good reason."""
    known = task.preprocessor(*task.columns(list(texts[:1])))
    name = form.name.lower()
    if not {tensor.name for tensor in task.model.inputs} <= set(known):
        with pytest.raises(InputError, match=f"{form.name} has no strings and no search.*saved_model"):
            task.export(folder, format=name)
    elif form is LITERT and task.model.name in NOT_IN_LITERT:
        with pytest.raises(InputError, match="LiteRT.*saved_model"):
            task.export(folder, format=name)
    else:
        assert check_numbers(task, task.export(folder, format=name), texts, form) <= 1e-5


@pytest.mark.parametrize("case", one_of_each(TASKS, lambda case: case.family))
def test_litert_returns_the_same_answers_in_a_process_without_tensorflow(case, tmp_path):
    check_format(case.task, tmp_path / "litert", [*case.texts, *case.strange], LITERT)


@pytest.mark.slow
@pytest.mark.parametrize("case", TASKS, ids=str)
def test_onnx_returns_the_same_answers_in_a_process_without_tensorflow(case, tmp_path):
    check_format(case.task, tmp_path / "onnx", [*case.texts, *case.strange], ONNX)


def quantized(case):
    """Return a new task with the shared task's weights as int8."""
    task = case.make()
    task.model.set_weights(case.task.model.get_weights())
    freeze_objects()
    quantize_model(task.model)
    return task


@one_of_each_family
def test_int8_entry_keeps_the_weights_exactly(case, tmp_path):
    task = quantized(case)
    loaded = zoo.load(zoo.save(task, tmp_path / "entry"))
    for weight, expected in zip(loaded.model.get_weights(), task.model.get_weights(), strict=True):
        assert weight.dtype == expected.dtype
        np.testing.assert_array_equal(weight, expected)
    assert any(weight.dtype == "int8" for weight in loaded.model.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize("case", QUANTIZABLE, ids=str)
def test_int8_entry_keeps_the_answers_passes_its_check_and_is_exported(case, tmp_path):
    task, texts = quantized(case), list(case.texts)
    numbers, expected = (each.outputs(texts)[case.numbers] for each in (task, case.task))
    np.testing.assert_allclose(numbers, expected, atol=0.02, rtol=0)
    loaded = zoo.load(zoo.save(task, tmp_path / "entry"))
    assert loaded.predict(texts) == task.predict(texts)
    assert zoo.check(tmp_path / "entry")["answers"] > 0
    assert check_export(loaded, loaded.export(tmp_path / "served"), [*texts, *case.strange]) <= 1e-5
    check_format(loaded, tmp_path / "litert", texts, LITERT)
