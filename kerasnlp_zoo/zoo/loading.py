"""Build the task of an entry's folder, or another task with the same encoder."""

import contextlib
import inspect
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from kerasnlp_zoo import models, text, weights
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.files import sha256
from kerasnlp_zoo.models.bert import bert
from kerasnlp_zoo.models.bert_heads import BERT_BUILDERS
from kerasnlp_zoo.models.lora import FACTORS, apply_factors
from kerasnlp_zoo.models.quantization import QUANTIZATION, quantize_model
from kerasnlp_zoo.models.size_limit import limited_to, require_plausible
from kerasnlp_zoo.tasks import TASKS, Task
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.zoo.argument_types import require_types
from kerasnlp_zoo.zoo.borrowed_words import completed_shapes, with_borrowed_vectors, with_borrowed_words
from kerasnlp_zoo.zoo.configs import require_unchanged, segmenter_of
from kerasnlp_zoo.zoo.folders import exact_name, find, find_needed, read_config

logger = logging.getLogger("kerasnlp_zoo")
HEAD = "logits/"  # variable paths of the layer that depends on the labels
# Layers that only some heads of an encoder have. Their weights are kept if both heads have them.
HEAD_LAYERS = ("pooler/", "mlm_transform/", "mlm_norm/", "mlm_logits/", "nsp_logits/", "projection/")


def load_entry(
    name_or_folder: FilePath,
    task_name: str | None = None,
    labels: Sequence[str] | None = None,
    dtype: str | None = None,
    preprocessing: Config | None = None,
) -> Task:
    """Build the task that an entry's config describes, with the entry's weights.

    Args:
        name_or_folder: name of an entry, or path of an entry folder.
        task_name: name of a task; None for the task of the entry.
        labels: labels of a new head; None for the labels of the entry.
        dtype: Keras dtype policy; None for the current one.
        preprocessing: arguments of the preprocessor that replace the arguments of the entry.

    Raises:
        InputError: if a file is missing, damaged or changed, the config contains something unknown, or the task or
            the labels do not fit the entry.
    """
    folder = find(name_or_folder)
    config = read_config(folder)
    for name in ("vocabulary.txt", "model.safetensors"):
        require_unchanged(folder, name, config)
    task_name = task_name or config["task"]
    require_choice("task", task_name, tuple(TASKS))
    quantization = config.get("quantization")
    require_choice("quantization", quantization, (None, QUANTIZATION))
    if quantization and (labels is not None or task_name != config["task"]):
        raise InputError(
            f"{folder.name} has {quantization} weights, which cannot be trained for other labels. "
            f"Load the entry it was made from, {config.get('quantized_from', 'with float weights')}, "
            "train it and quantize the result"
        )
    is_own = task_name == config["task"]
    is_complete = is_own and labels is None  # with the head of the entry
    builder_config = _own_builder(folder, config, labels) if is_own else _other_builder(config, task_name, labels)
    source = folder / "config.json"
    task_arguments = config.get("task_arguments", {}) if is_complete else {}
    for arguments in (config["builder_arguments"], config["preprocessing"]["config"]):
        require_plausible(arguments, source)
    require_choice("builder", builder_config["builder"], sorted(models.BUILDERS))
    require_types(models.BUILDERS[builder_config["builder"]], builder_config["arguments"], source)
    require_types(TASKS[task_name], task_arguments, source)
    try:
        with _policy(dtype):
            preprocessor = read_preprocessor(folder, config, preprocessing or {})
            with limited_to(_shapes(folder, config), source):
                model = models.build(builder_config)
                if quantization:
                    quantize_model(model)
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise InputError(f"{source} contains arguments that this kerasnlp-zoo cannot use: {error}") from error
    fresh = weights.assign_weights(
        model,
        with_borrowed_vectors(folder, config, _read_weights(folder, config, model), preprocessor.vocabulary),
        folder / "model.safetensors",
        skip=() if is_complete else (HEAD,),
        optional=() if is_own else HEAD_LAYERS,
    )
    if fresh:
        logger.warning("These weights are new and must be trained: %s", ", ".join(fresh))
    task = TASKS[task_name](model, preprocessor, config["labels"] if is_complete else labels or [], **task_arguments)
    task.entry = exact_name(name_or_folder)
    return task


def _shapes(folder: Path, config: Config) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights of an entry, with those of its base entry."""
    own = weights.weight_shapes(folder / "model.safetensors")
    if "base" not in config:
        return completed_shapes(config, own)
    return weights.weight_shapes(find_needed(config, config["base"]["name"]) / "model.safetensors") | own


def _read_weights(folder: Path, config: Config, model: keras.Model) -> dict[str, Any]:
    """Read the weights of an entry. If it contains only changes to a base entry, add them to its weights."""
    own = weights.read_weights(folder / "model.safetensors")
    return with_base(folder, config, own, model) if "base" in config else own


def with_base(folder: Path, config: Config, own: Mapping[str, Any], model: keras.Model) -> dict[str, Any]:
    """Return the weights of the base entry of an entry with its changes `own`, for the variables of `model`.

    Raises:
        InputError: if the weights of the base entry are not those that the entry was trained from.
    """
    base = find_needed(config, config["base"]["name"]) / "model.safetensors"
    if sha256(base) != config["base"]["sha256"]:
        raise InputError(
            f"{folder.name} contains changes to the entry {config['base']['name']}, but {base} is not the file "
            f"they were trained on. Expected sha256 {config['base']['sha256']}. Received: {sha256(base)}. "
            "Download or train that entry again"
        )
    merged = apply_factors(weights.read_weights(base), own)
    needed = {weight.path for weight in model.weights} | set(own)
    return {path: value for path, value in merged.items() if path in needed and not path.endswith(FACTORS)}


def _own_builder(folder: Path, config: Config, labels: Sequence[str] | None) -> Config:
    """Return the builder and arguments of an entry, for new labels if they are given."""
    arguments = dict(config["builder_arguments"])
    if labels is not None:
        if "num_classes" not in arguments:
            raise InputError(f"{folder.name}, {config['task']}, has no labels to change. Received: labels={labels!r}")
        arguments["num_classes"] = len(labels)
        if arguments.get("tags") is not None:  # they determine which tag may follow which
            arguments["tags"] = list(labels)
    return {"builder": config["builder"], "arguments": arguments}


def _other_builder(config: Config, task_name: str, labels: Sequence[str] | None) -> Config:
    """Return the builder and arguments for another task's head on the encoder of an entry."""
    if config["builder"] not in (*BERT_BUILDERS.values(), "bert_pretrainer") or task_name not in BERT_BUILDERS:
        raise InputError(
            f"{config['name']} was built for {config['task']}. Only an entry with a BERT encoder can be loaded for "
            f"another task: {', '.join(BERT_BUILDERS)}. Received: task={task_name!r}"
        )
    builder = BERT_BUILDERS[task_name]
    accepted = inspect.signature(models.BUILDERS[builder]).parameters
    own = config["builder_arguments"]
    arguments = {name: own[name] for name in inspect.signature(bert).parameters if name in own}
    if "pooling" in accepted and "pooling" in own:
        arguments["pooling"] = own["pooling"]  # an encoder that was trained with mean pooling keeps it
    if "num_classes" in accepted:
        if not labels:
            raise InputError(f"The task {task_name} needs labels: load(..., task={task_name!r}, labels=[...])")
        arguments["num_classes"] = len(labels)
    elif labels:
        raise InputError(f"The task {task_name} has no labels. Received: labels={labels!r}")
    return {"builder": builder, "arguments": arguments}


def read_preprocessor(folder: Path, config: Config, changes: Config) -> Preprocessor:
    """Build the preprocessor of an entry.

    Args:
        folder: folder with vocabulary.txt.
        config: the config of the entry.
        changes: arguments that replace those of the config.

    Raises:
        InputError: if the config or the vocabulary is not valid.
    """
    require_choice("preprocessing class", config["preprocessing"]["class"], text.PREPROCESSORS)
    preprocessor_class = getattr(text, config["preprocessing"]["class"])
    vocabulary = preprocessor_class.vocabulary_class.load(folder / "vocabulary.txt")
    arguments = {**config["preprocessing"]["config"], **changes}
    require_types(preprocessor_class, arguments, folder / "config.json")
    if segmenter := segmenter_of({**config["preprocessing"], "config": arguments}):
        find_needed(config, segmenter)
        arguments["segmenter"] = load_entry(segmenter)
    return with_borrowed_words(folder, config, preprocessor_class(vocabulary, **arguments))


@contextlib.contextmanager
def _policy(dtype: str | None) -> Iterator[None]:
    """Set the Keras dtype policy for a block of code."""
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(dtype or before)
        yield
    finally:
        keras.config.set_dtype_policy(before)
