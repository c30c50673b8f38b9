"""Build, run and train every builder of contracts.py on the Keras backend of this process.

test_backends.py runs it on TensorFlow and on each other backend, in a process of its own:

    KERAS_BACKEND=torch python -m tests.backend_answers FOLDER

On TensorFlow it writes the weights and the answers of each case to FOLDER. On another backend it reads them, and prints
the results as JSON.
"""

import inspect
import json
import sys
from pathlib import Path

import keras
import numpy as np

from kerasnlp_zoo import models
from kerasnlp_zoo.training import WeightedMeanLoss
from tests.contracts import BUILDERS
from tests.model_inputs import NUM_CLASSES

BATCH, TIME = 4, 6


def run(case, file):
    """Return {"difference": of the answers, "loss_difference": of a training step} compared with those in the file."""
    random = np.random.default_rng(0)
    inputs = case.inputs(random, BATCH, TIME)
    keras.utils.set_random_seed(3)
    build = models.BUILDERS[case.builder]
    without = {name: 0.0 for name in ("dropout", "recurrent_dropout") if name in inspect.signature(build).parameters}
    model = build(**{**case.arguments, **without})
    is_first = not file.exists()
    if not is_first:
        kept = np.load(file)
        for weight in model.weights:
            weight.assign(kept[weight.path])
    weights = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}
    outputs = model(inputs)
    outputs = outputs[case.output] if case.output else outputs
    answers = keras.ops.convert_to_numpy(case.read(outputs) if case.read else outputs)
    loss = train_once(case, model, inputs, random)
    if is_first:
        np.savez(file, **weights, answers=answers, loss=loss)
        return {}
    differences = {"difference": np.abs(answers - kept["answers"]).max()}
    if not case.samples_noise:  # noise words are sampled differently
        # Relative: a conditional random field gives an impossible tag, at a position of padding, a loss near -1e30.
        differences["loss_difference"] = abs(loss - kept["loss"]) / max(1, abs(kept["loss"]))
    return {name: float(difference) for name, difference in differences.items()}


def train_once(case, model, inputs, random):
    """Train one batch and return its loss; for a case without training, the loss is the mean of the outputs.

    A model without trainable weights, such as one of counts, is not trained; its loss is 0.
    """
    if not model.trainable_weights:
        return 0.0
    shape = (BATCH, TIME) if case.per_token else BATCH
    labels = case.labels(random, BATCH, TIME) if case.labels else random.integers(0, NUM_CLASSES - 1, shape)
    if case.output:
        model = keras.Model(model.input, model.output[case.output])
    before = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    loss = WeightedMeanLoss(case.loss) if case.trains else lambda _, outputs: keras.ops.mean(outputs)
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    value = float(np.asarray(model.train_on_batch(inputs, labels)))
    after = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    assert any(np.any(a != b) for a, b in zip(after, before, strict=True)), "training changed no weight"
    assert all(np.all(np.isfinite(a)) for a in after), "a weight is not finite after training"
    return value


def main(folder):
    """Run all cases; print a dict of the results, or of the error of a case."""
    results = {}
    for number, case in enumerate(BUILDERS):
        try:
            results[str(case)] = run(case, folder / f"{number}.npz")
        except Exception as error:  # each case is reported
            results[str(case)] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
