"""The promises of every layer and every builder; test_task_contracts.py has those of every task.

A promise that costs seconds to prove is proven quickly for one model of each family; `-m slow` proves it for all cases.
"""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras.src.testing import TestCase

from kerasnlp_zoo import layers, models
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.quantization import quantize_model
from kerasnlp_zoo.tasks.litert import to_litert
from kerasnlp_zoo.training import (
    EpochBackup,
    EpochSeed,
    HistoryFile,
    KeepBest,
    LazyAdam,
    WeightedMeanLoss,
    classification_metrics,
    cross_entropy,
    make_strategy,
)
from tests.contracts import BUILDERS
from tests.layer_contracts import LAYERS
from tests.model_inputs import NUM_CLASSES
from tests.quick_cases import first_is_quick, one_of_each

builders = pytest.mark.parametrize("case", BUILDERS, ids=str)
one_of_each_builder = pytest.mark.parametrize("case", one_of_each(BUILDERS, lambda case: case.builder))
one_of_each_output = pytest.mark.parametrize(
    "case", one_of_each(BUILDERS, lambda case: (case.family, case.per_token))
)  # one model per text and one per token of each family
one_of_each_family = pytest.mark.parametrize(
    "case", one_of_each([case for case in BUILDERS if case.trains], lambda case: case.family)
)
one_of_each_family_without_noise = pytest.mark.parametrize(
    "case",
    one_of_each([case for case in BUILDERS if case.trains and not case.samples_noise], lambda case: case.family),
)


def build(case, **arguments):
    keras.utils.set_random_seed(3)
    return models.BUILDERS[case.builder](**{**case.arguments, **arguments})


def answers(case, model, inputs):
    """Return the output of a model that the case tests."""
    outputs = model(inputs)
    outputs = outputs[case.output] if case.output else outputs
    return case.read(outputs) if case.read else outputs


def padded(inputs, count):
    """Return token ids with `count` more zeros; rows of numbers have no length, and are unchanged."""

    def longer(ids):
        return ids if ids.dtype.kind == "f" else np.pad(ids, [(0, 0), (0, count), *[(0, 0)] * (ids.ndim - 2)])

    return tf.nest.map_structure(longer, inputs)


def close(actual, expected, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(actual, "float32"), np.asarray(expected, "float32"), atol=tolerance, rtol=0)


def test_every_layer_and_builder_has_a_case():
    assert {case.layer.__name__ for case in LAYERS} == set(layers.__all__)
    assert {case.builder for case in BUILDERS} == set(models.BUILDERS)


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_every_layer_passes_run_layer_test_of_keras(case):
    TestCase().run_layer_test(case.layer, case.arguments, **case.checks)


@one_of_each_builder
def test_additional_padding_does_not_change_the_answer(case, random):
    model, inputs = build(case), case.inputs(random, batch=5, time=7)
    for count in (1, 6, 30):
        output = answers(case, model, padded(inputs, count))
        close(output[:, :7] if case.per_token else output, answers(case, model, inputs), 1e-6)


@one_of_each_builder
def test_the_answer_to_a_text_does_not_depend_on_its_batch(case, random):
    model, inputs = build(case), case.inputs(random, batch=5, time=7)
    output = np.asarray(answers(case, model, inputs))
    order = random.permutation(5)
    close(answers(case, model, tf.nest.map_structure(lambda ids: ids[order], inputs)), output[order])
    close(answers(case, model, tf.nest.map_structure(lambda ids: ids[2:3], inputs)), output[2:3])


@one_of_each_builder
def test_the_answer_to_an_empty_text_is_finite(case, random):
    model, inputs = build(case), case.inputs(random, batch=2, time=3)
    assert np.all(np.isfinite(answers(case, model, tf.nest.map_structure(np.zeros_like, inputs))))


@one_of_each_output
@pytest.mark.parametrize("policy", first_is_quick(["mixed_float16", "mixed_bfloat16"]))
def test_half_precision_is_close_and_keeps_float32_weights(case, policy, random):
    inputs = case.inputs(random, batch=5, time=7)
    expected = answers(case, build(case), inputs)
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model = build(case)
    finally:
        keras.config.set_dtype_policy(before)
    close(answers(case, model, inputs), expected, 0.05)
    close(answers(case, model, padded(inputs, 9))[:, :7], answers(case, model, inputs)[:, :7], 1e-3)
    assert {weight.dtype for weight in model.weights if "int" not in weight.dtype} == {"float32"}


@one_of_each_output
def test_a_keras_file_keeps_the_model(case, random, tmp_path):
    model, inputs = build(case), case.inputs(random, batch=3, time=6)
    model.save(tmp_path / "model.keras")
    close(answers(case, keras.saving.load_model(tmp_path / "model.keras"), inputs), answers(case, model, inputs), 0)


@builders
def test_builder_config_builds_the_same_variables_again(case):
    model = build(case)
    again = models.build(json.loads(json.dumps(model.builder_config)))
    assert [(w.path, w.shape) for w in again.weights] == [(w.path, w.shape) for w in model.weights]
    assert len({w.path for w in model.weights}) == len(model.weights)
    assert model.layers[-1].name == case.head
    assert not hasattr(model, "optimizer") or model.optimizer is None


@pytest.mark.parametrize(
    "case",
    one_of_each([case for case in BUILDERS if case.quantizable], lambda case: (case.family, case.per_token)),
)
def test_int8_weights_keep_the_answers_and_the_promises(case, random):
    model, inputs = build(case), case.inputs(random, batch=5, time=7)
    expected = np.asarray(answers(case, model, inputs))
    quantize_model(model)
    output = np.asarray(answers(case, model, inputs))
    close(output, expected, 0.03 * max(1.0, np.abs(expected).max()))
    longer = answers(case, model, padded(inputs, 30))
    close(longer[:, :7] if case.per_token else longer, output)
    close(answers(case, model, tf.nest.map_structure(lambda ids: ids[2:3], inputs)), output[2:3])


@pytest.mark.parametrize("case", [case for case in BUILDERS if not case.quantizable], ids=str)
def test_a_model_without_quantizable_layers_is_refused(case):
    with pytest.raises(InputError, match="nothing that can be quantized"):
        quantize_model(build(case))


@pytest.mark.parametrize("case", one_of_each(BUILDERS, lambda case: case.family))
def test_litert_returns_the_same_answers_at_every_length(case, random):
    model = build(case)
    names = [tensor.name for tensor in model.inputs]

    def answer(features):
        return {"output": answers(case, model, features if isinstance(model.input, dict) else features[names[0]])}

    if not case.is_mobile:
        with pytest.raises(InputError, match="LiteRT's interpreter has no .*saved_model"):
            to_litert(model, answer)
        return
    interpreter = Interpreter(model_content=to_litert(model, answer))
    run = interpreter.get_signature_runner()
    for time in (1, 7, 3, 100):
        inputs = case.inputs(random, batch=1, time=time)
        received = run(**(inputs if isinstance(inputs, dict) else {names[0]: inputs}))
        close(received["output"], answers(case, model, inputs))
    empty = tf.nest.map_structure(np.zeros_like, case.inputs(random, batch=1, time=2))
    close(run(**(empty if isinstance(empty, dict) else {names[0]: empty}))["output"], answers(case, model, empty))


def training_batches(case, count, size=8):
    """Return batches; every fifth is only partly filled, and its empty rows have weight 0."""
    random = np.random.default_rng(5)
    batches = []
    for number in range(count):
        inputs = case.inputs(random, size, time=6)
        shape = (size, 6) if case.per_token else size
        labels = case.labels(random, size, 6) if case.labels else random.integers(0, NUM_CLASSES - 1, shape)
        weights = np.ones(labels.shape, "float32")
        if number % 5 == 4:
            inputs = tf.nest.map_structure(lambda ids: np.append(ids[:3], np.zeros_like(ids[3:]), axis=0), inputs)
            weights[3:] = 0
        batches.append((inputs, labels, weights))
    stacked = [
        tf.nest.map_structure(lambda *values: np.concatenate(values), *part) for part in zip(*batches, strict=True)
    ]
    return tf.data.Dataset.from_tensor_slices(tuple(stacked)).batch(size, drop_remainder=True)


def compiled(case, **arguments):
    model = build(case, **arguments)
    if case.output:
        model = keras.Model(model.input, model.output[case.output])
    metrics = classification_metrics() if case.loss is cross_entropy else None
    # The gradient of the bias of attention keys is only rounding error, which Adam would amplify.
    model.compile(LazyAdam(epsilon=1e-4), WeightedMeanLoss(case.loss), weighted_metrics=metrics)
    return model


@one_of_each_family_without_noise
def test_two_replicas_train_the_same_weights_as_one(case):
    batches = training_batches(case, count=20)
    one, two = make_strategy("none"), make_strategy("mirrored")
    models_, histories = [], []
    for strategy in (one, two):
        with strategy.scope():
            models_.append(compiled(case))
    for model in models_:
        histories.append(model.fit(batches, shuffle=False, verbose=0).history)
    for single, mirrored in zip(*(model.get_weights() for model in models_), strict=True):
        close(mirrored, single)
    for name, values in histories[0].items():
        close(histories[1][name], values, 1e-4)


class CopyOfKilledRun(keras.callbacks.Callback):
    """Copies the folder of a run in the middle of its third epoch: the files that a killed process leaves."""

    def __init__(self, folder, copy):
        super().__init__()
        self.folder, self.copy, self.epoch = folder, copy, None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (2, 2):
            shutil.copytree(self.folder, self.copy)


@one_of_each_family
def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(case, tmp_path):
    has_dropout = {**case.arguments, "dropout": 0.5} if "dropout" in case.arguments else case.arguments
    batches = training_batches(case, count=6)

    def fit(folder, *more):
        model = compiled(case, **has_dropout)
        history, backup = HistoryFile(folder / "history.csv"), EpochBackup(folder)
        monitor = "val_cross_entropy" if case.loss is cross_entropy else "val_loss"
        best = KeepBest(history, folder / "best.safetensors", monitor, patience=9)
        callbacks = [EpochSeed(7), history, best, backup, *more]
        first = backup.restore(model)
        model.fit(
            batches,
            validation_data=batches,
            epochs=4,
            initial_epoch=first,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
        return model, first

    complete, killed = tmp_path / "complete", tmp_path / "killed"
    uninterrupted, _ = fit(complete, CopyOfKilledRun(complete, killed))
    resumed, first = fit(killed)
    assert first == 2
    for expected, actual in zip(uninterrupted.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert (killed / "history.csv").read_text() == (complete / "history.csv").read_text()
