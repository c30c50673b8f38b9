"""Load an exported SavedModel as a task: it has the answers of `predict`, computed by the SavedModel."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from kerasnlp_zoo import models
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.files import read_json
from kerasnlp_zoo.models.size_limit import limited_to, require_plausible
from kerasnlp_zoo.tasks import TASKS, Task
from kerasnlp_zoo.tasks.description import DESCRIPTION, EXTRA, VOCABULARY
from kerasnlp_zoo.zoo.argument_types import require_types
from kerasnlp_zoo.zoo.loading import read_preprocessor

SAVED_MODEL = "saved_model.pb"
DEFAULT_SIGNATURE = "serving_default"


def load_served(folder: str) -> Task:
    """Return a task whose answers are computed by a SavedModel that `task.export` wrote.

    Its model has no trained weights: it can predict, but not be evaluated by Keras, trained or saved.

    Args:
        folder: the folder that `export` was given, or a numbered folder in it; also a path such as gs://bucket/model.

    Raises:
        InputError: if there is no SavedModel, it cannot be read, or `task.export` did not write it.

    Example:

    >>> from kerasnlp_zoo import zoo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = zoo.load("text_cnn_movie_reviews_en").export(folder)
    ...     load_served(folder).predict(["a gripping, beautifully acted film"])[0]["label"]
    'positive'
    """
    version = find_saved_model(folder)
    task = described_task(version)
    signature = load_signatures(version, task.preprocessor.modules)[DEFAULT_SIGNATURE]
    task.__dict__["serve"] = _named(signature, task.preprocessor.inputs)
    return task


def load_signatures(version: str, modules: Sequence[str]) -> Mapping[str, Callable[..., Any]]:
    """Return the functions of a SavedModel by the names of their signatures.

    Args:
        version: folder of the SavedModel, whose description `described_task` has checked.
        modules: modules with operations of the graph.

    Raises:
        InputError: if the SavedModel cannot be read, or has no signature serving_default.
    """
    for module in modules:
        __import__(module)
    try:
        signatures = tf.saved_model.load(version).signatures
        return {name: signatures[name] for name in (DEFAULT_SIGNATURE, *signatures)}
    except Exception as error:  # TensorFlow raises errors of many classes for a damaged file
        raise InputError(f"{version} is not a readable SavedModel. Export the entry again. {error}") from error


def find_saved_model(folder: str) -> str:
    """Return the folder of a SavedModel: `folder`, or the folder with the highest number in it.

    Raises:
        InputError: if there is none.
    """
    if tf.io.gfile.exists(f"{folder}/{SAVED_MODEL}"):
        return folder
    names = [name.rstrip("/") for name in (tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else [])]
    versions = sorted((name for name in names if name.isdecimal()), key=int)
    if versions and tf.io.gfile.exists(f"{folder}/{versions[-1]}/{SAVED_MODEL}"):
        return f"{folder}/{versions[-1]}"
    what = "contains no SavedModel" if tf.io.gfile.isdir(folder) else "is not a folder"
    raise InputError(f"{folder} {what}. Expected a folder from: kerasnlp-zoo export ENTRY {folder}")


def described_task(version: str) -> Task:
    """Return the task that the description in a SavedModel names, without trained weights.

    Raises:
        InputError: if there is no description, or this package cannot use it.
    """
    with tempfile.TemporaryDirectory() as local:
        for name in (DESCRIPTION, VOCABULARY):
            source = f"{version}/{EXTRA}/{name}"
            if not tf.io.gfile.exists(source):
                raise InputError(
                    f"{version} does not contain {EXTRA}/{name}: it was exported by an earlier version of kerasnlp-zoo "
                    "or by another program. Export the entry again"
                )
            tf.io.gfile.copy(source, str(Path(local, name)))
        config = read_json(Path(local, DESCRIPTION), "the description of a task", "Export the entry again")
        source = f"{version}/{EXTRA}/{DESCRIPTION}"
        try:
            require_choice("task", config["task"], tuple(TASKS))
            require_choice("builder", config["builder"], sorted(models.BUILDERS))
            for arguments in (config["builder_arguments"], config["preprocessing"]["config"]):
                require_plausible(arguments, source)
            require_types(models.BUILDERS[config["builder"]], config["builder_arguments"], source)
            preprocessor = read_preprocessor(Path(local), config, {})
            with limited_to(_shapes(version), source):
                model = models.build({"builder": config["builder"], "arguments": config["builder_arguments"]})
            labels, arguments = config["labels"], config.get("task_arguments", {})
            task = TASKS[config["task"]](model, preprocessor, labels, **arguments)
        except InputError:
            raise
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise InputError(f"{source} cannot be used by this kerasnlp-zoo: {error}") from error
    return task.with_windows() if config.get("windows") else task


def _shapes(version: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the variables of a SavedModel; an empty dict if it has none, or they cannot be read."""
    try:
        reader = tf.train.load_checkpoint(f"{version}/variables/variables")
    except (tf.errors.OpError, ValueError):
        return {}
    return {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}


def _named(signature: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """Return a signature, which takes tensors by name, as a function of tensors in the order of `names`."""
    return lambda *columns: signature(**dict(zip(names, columns, strict=True)))
