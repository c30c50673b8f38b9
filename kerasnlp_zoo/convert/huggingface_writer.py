"""Write a BERT or DistilBERT as a folder that Hugging Face's transformers, or sentence-transformers, can load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, TypeVar

import numpy as np
from safetensors.numpy import save

from kerasnlp_zoo.convert.bert_names import to_theirs
from kerasnlp_zoo.convert.configs import their_config
from kerasnlp_zoo.convert.families import BERT, Family, family_of
from kerasnlp_zoo.convert.huggingface import CAN_ABSTAIN
from kerasnlp_zoo.convert.scores import SEVERAL_LABELS, their_outputs
from kerasnlp_zoo.convert.sentence_modules import POOLINGS
from kerasnlp_zoo.convert.sentence_transformers import DENSE_FOLDER, modules_of
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.types import Config, FilePath

if TYPE_CHECKING:
    import keras

    from kerasnlp_zoo.tasks import Task
    from kerasnlp_zoo.text import WordPiecePreprocessor

Folder = TypeVar("Folder", bound=FilePath)
UNSUPPORTED: Config = {"score_mode": "scaled_dot", "key_dim": None, "value_dim": None, "shared_key_value": False}


def write_huggingface(task_or_model: "Task | keras.Model", folder: Folder) -> Folder:
    """Write a model of the family `bert` for transformers. The folder is written completely or not at all.

    A model without segments becomes a DistilBERT.

    `transformers.AutoModel.from_pretrained(folder)`, or the class for the head, returns a model with the same outputs.
    sentence-transformers can also load a sentence encoder.

    Args:
        task_or_model: a task, or a model of a builder. A task also has a vocabulary and labels.
        folder: folder to write: config.json and model.safetensors, and for a task vocab.txt and
            tokenizer_config.json. An existing folder is replaced.

    Returns:
        The folder.

    Raises:
        InputError: if the model is not of the family, or transformers has no such head.
    """
    preprocessor = getattr(task_or_model, "preprocessor", None)
    model: keras.Model = getattr(task_or_model, "model", task_or_model)
    built = getattr(model, "builder_config", {"builder": None, "arguments": {}})
    arguments = built["arguments"]
    family = family_of(arguments)
    _require_known(built, model, family)
    weights = {weight.path: weight.numpy() for weight in model.weights}
    tensors = to_theirs(weights, arguments["num_layers"], built["builder"] == "bert_span_predictor", family)
    if family.classes[built["builder"]].endswith("Model"):
        tensors = {name.removeprefix(f"{family.model_type}."): tensor for name, tensor in tensors.items()}
    config = {**_config(built, task_or_model, family), **_facts(built, task_or_model)}
    with atomic_folder(folder) as new:
        write_json(new / "config.json", config)
        _write_tensors(new, tensors)
        if preprocessor is not None:
            _write_tokenizer(new, preprocessor, family)
        if built["builder"] == "sentence_encoder":
            for path, content in modules_of(arguments).items():
                write_json(new / path, content)
            if arguments.get("projection_dim") is not None:
                names = {"linear.weight": weights["projection/kernel"].T, "linear.bias": weights["projection/bias"]}
                _write_tensors(new / DENSE_FOLDER, names)
    return folder


def _write_tensors(folder: Path, tensors: Mapping[str, np.ndarray]) -> None:
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    (folder / "model.safetensors").write_bytes(save(contiguous, metadata={"format": "pt"}))


def _facts(built: Config, task_or_model: "Task | keras.Model") -> Config:
    """Return what config.json says about the task."""
    if built["builder"] == "bert_span_predictor":
        return {CAN_ABSTAIN: bool(getattr(task_or_model, "labels", ()))}
    if built["builder"] != "bert_classifier":
        return {}
    arguments = built["arguments"]
    thresholds = task_or_model.arguments if _has_label_sets(task_or_model) else {}
    pairs = getattr(getattr(task_or_model, "preprocessor", None), "pairs", None)
    activation = arguments.get("score_activation", "linear")
    return {**their_outputs(arguments["num_classes"], activation, bool(thresholds), pairs), **thresholds}


def _has_label_sets(task_or_model: "Task | keras.Model") -> "TypeGuard[Task]":
    """Return whether a task assigns any number of labels to a text."""
    return getattr(task_or_model, "name", None) == SEVERAL_LABELS


def _require_known(built: Config, model: "keras.Model", family: Family) -> None:
    builder, arguments = built["builder"], built["arguments"]
    if builder not in family.classes:
        raise InputError(
            f"transformers has no class for the model {model.name}. Expected a model of one of the builders "
            f"{', '.join(family.classes)}"
        )
    pooling = arguments.get("pooling")
    possible = tuple(POOLINGS.values()) if builder == "sentence_encoder" else (family.pooling, None)
    if any(name not in possible for name in (pooling if isinstance(pooling, list) else [pooling])):
        raise InputError(
            f"{family.classes[builder]} of transformers does not have the pooling of this {builder}. Expected one of "
            f"{', '.join(map(str, possible))}. Received: pooling={pooling!r}"
        )
    received = {name: arguments.get(name, value) for name, value in UNSUPPORTED.items()}
    if received != UNSUPPORTED:
        raise InputError(f"BERT of transformers has no other attention than {UNSUPPORTED}. Received: {received}")
    fixed = {name: arguments[name] for name in family.fixed}
    if fixed != family.fixed:
        raise InputError(f"{family.model_type} of transformers always has {family.fixed}. Received: {fixed}")


def _config(built: Config, task_or_model: "Task | keras.Model", family: Family) -> Config:
    """Return the content of config.json."""
    arguments = built["arguments"]
    count = arguments.get("num_classes", 0)  # "no answer" is a place in a text, not a class
    labels: Sequence[str] = getattr(task_or_model, "labels", ()) if count else ()
    labels = labels or [f"LABEL_{index}" for index in range(count)]
    named = {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    return {
        "architectures": [family.classes[built["builder"]]],
        "model_type": family.model_type,
        "pad_token_id": 0,
        **({"position_embedding_type": "absolute"} if family is BERT else {}),
        **their_config(arguments),
        **(named if labels else {}),
    }


def _write_tokenizer(folder: Path, preprocessor: "WordPiecePreprocessor", family: Family) -> None:
    text = "".join(token + "\n" for token in preprocessor.vocabulary.tokens)
    (folder / "vocab.txt").write_bytes(text.encode())
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    config = {
        "tokenizer_class": family.tokenizers[0],
        "do_lower_case": preprocessor.lower_case,
        "model_max_length": preprocessor.max_sequence_length,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        **special,
    }
    write_json(folder / "tokenizer_config.json", config)
