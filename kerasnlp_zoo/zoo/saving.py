"""Write a task as an entry folder: config, vocabulary, weights, golden answers, metrics and card."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import keras
import numpy as np

from kerasnlp_zoo import weights
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, sha256, write_json
from kerasnlp_zoo.models.quantization import is_quantized
from kerasnlp_zoo.tasks import Task
from kerasnlp_zoo.tasks.description import describe
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.types import FilePath
from kerasnlp_zoo.versions import __version__
from kerasnlp_zoo.vocabulary import TokenList
from kerasnlp_zoo.zoo.borrowed_words import FIELD, described, own_parts
from kerasnlp_zoo.zoo.cards import card
from kerasnlp_zoo.zoo.configs import FORMAT_VERSION, write_entry_config
from kerasnlp_zoo.zoo.folders import find, megabytes
from kerasnlp_zoo.zoo.loading import load_entry


class Changes(NamedTuple):
    """What LoRA trained: the name of the entry with all other weights, and arrays by variable path."""

    base: str
    weights: Mapping[str, np.ndarray]


def save(
    task: Task,
    folder: FilePath,
    metrics: Mapping[str, Any] | None = None,
    weights_dtype: Literal["float32", "float16", "int8"] = "float32",
    pictures: Sequence[FilePath] = (),
    changes: Changes | None = None,
    **more: Any,
) -> Path:
    """Write a task as an entry folder. The folder appears only when it is complete.

    Args:
        task: task with a model from a builder.
        folder: the entry folder; an entry in it is replaced.
        metrics: measurements for metrics.json.
        weights_dtype: dtype of the stored weights; float16 needs half the size, int8 a quarter. See
            `weights.save_weights`.
        pictures: paths of PNG files for the card.
        changes: weights to write instead of all weights of the model; None for those that LoRA trained in the model,
            if it has LoRA factors.
        **more: further facts for config.json and the card, such as name, data, weights_licence, commercial_use,
            command, seed.

    Returns:
        Path of the folder.

    Raises:
        InputError: if the model does not come from a builder, or was quantized by `model.quantize()`. Loading
            repeats only `models.quantization.quantize_model`.
    """
    folder = Path(folder)
    if not hasattr(task.model, "builder_config"):
        raise InputError(
            f"An entry stores the arguments of its builder, but {task.model.name} was not made by a builder "
            "of kerasnlp_zoo.models. Save such a model with model.save('model.keras')"
        )
    quantization = getattr(task.model, "quantization", None)
    if is_quantized(task.model) and quantization is None:
        raise InputError(
            f"The model {task.model.name} was quantized by model.quantize(). Expected float weights, or weights "
            "quantized by kerasnlp_zoo.models.quantization.quantize_model(model)"
        )
    config = {
        "format_version": FORMAT_VERSION,
        "name": folder.absolute().name,
        "version": 1,
        "least_library_version": __version__,
        **describe(task),
        "parameters": task.model.count_params(),
        **({"quantization": quantization} if quantization else {}),
        **more,
    }
    with atomic_folder(folder) as new:
        words = task.preprocessor.vocabulary
        changes = changes or _changes(task.model)
        own = own_parts(task.model, words, weights_dtype)
        if words.borrowed is not None and own is not None:
            config[FIELD] = described(words, words.borrowed, weights_dtype)
            TokenList(own[1]).save(new / "vocabulary.txt")
            weights.write_weights(own[0], new / "model.safetensors", weights_dtype)
        else:
            words.save(new / "vocabulary.txt")
        if own is None and changes is None:
            weights.save_weights(task.model, new / "model.safetensors", weights_dtype)
        elif changes is not None:
            config["base"] = {"name": changes.base, "sha256": sha256(find(changes.base) / "model.safetensors")}
            weights.write_weights(changes.weights, new / "model.safetensors", weights_dtype)
        write_json(new / "metrics.json", metrics or {})
        for picture in pictures:
            shutil.copy(picture, new)
        write_entry_config(new, config)
        # The golden answers come from the loaded entry, whose weights may be rounded.
        texts = golden_texts(task)
        answers = load_entry(new).predict(texts)
        write_json(new / "golden.json", [{"text": t, "answer": a} for t, a in zip(texts, answers, strict=True)])
        (new / "README.md").write_text(card(config, metrics or {}, megabytes(new)), encoding="utf-8")
        write_entry_config(new, config)
    return folder


def _changes(model: keras.Model) -> Changes | None:
    """Return what LoRA trained in a model whose other weights are those of an entry; None for any other model."""
    base = getattr(model, "base_entry", None)
    return None if base is None else Changes(base, {w.path: np.array(w.value) for w in model.trainable_weights})
