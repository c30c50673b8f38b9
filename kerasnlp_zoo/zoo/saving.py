"""Write a task as an entry folder: config, vocabulary, weights, golden answers, metrics and card."""

import shutil
from pathlib import Path

from kerasnlp_zoo import weights
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, sha256, write_json
from kerasnlp_zoo.models.quantization import is_quantized
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.versions import __version__
from kerasnlp_zoo.zoo.cards import card
from kerasnlp_zoo.zoo.folders import FORMAT_VERSION, find, megabytes
from kerasnlp_zoo.zoo.loading import load_entry


def save(task, folder, metrics=None, weights_dtype="float32", pictures=(), **more):
    """Write a task as an entry folder, whole or not at all.

    Args:
        task: Task whose model comes from a builder.
        folder: the entry folder; an entry already there is replaced.
        metrics: dict of measured figures for metrics.json.
        weights_dtype: "float32", "float16" for half the size, or "int8" for a quarter; see `weights.save_weights`.
        pictures: paths of PNG files for the card.
        **more: what else config.json and the card say, such as name, data, weights_licence,
            commercial_use, command, seed.

    Returns:
        Path of the folder.

    Raises:
        InputError: if the model does not come from a builder, or Keras quantized it in another way than
            `models.quantization.quantize_model`, which loading repeats.
    """
    folder = Path(folder)
    if not hasattr(task.model, "builder_config"):
        raise InputError(
            f"An entry is built again from its builder's arguments, and {task.model.name} was not made by a builder "
            "of kerasnlp_zoo.models. Save such a model with model.save('model.keras')"
        )
    quantization = getattr(task.model, "quantization", None)
    if is_quantized(task.model) and quantization is None:
        raise InputError(
            f"The model {task.model.name} was quantized by model.quantize(). Expected float weights, or those of "
            "kerasnlp_zoo.models.quantization.quantize_model(model)"
        )
    config = {
        "format_version": FORMAT_VERSION,
        "name": folder.absolute().name,
        "version": 1,
        "least_library_version": __version__,
        "task": task.name,
        "labels": task.labels,
        "language": task.preprocessor.language,
        "builder": task.model.builder_config["builder"],
        "builder_arguments": dict(task.model.builder_config["arguments"]),
        "preprocessing": {"class": type(task.preprocessor).__name__, "config": task.preprocessor.get_config()},
        "parameters": task.model.count_params(),
        **({"quantization": quantization} if quantization else {}),
        **more,
    }
    with atomic_folder(folder) as new:
        task.preprocessor.vocabulary.save(new / "vocabulary.txt")
        base = getattr(task.model, "base_entry", None)
        if base is not None:
            config["base"] = {"name": base, "sha256": sha256(find(base) / "model.safetensors")}
        changed = None if base is None else task.model.trainable_weights
        weights.save_weights(task.model, new / "model.safetensors", weights_dtype, changed)
        write_json(new / "metrics.json", metrics or {})
        for picture in pictures:
            shutil.copy(picture, new)
        _write_config(new, config)
        # The golden answers are those of the entry as it will be loaded, rounded weights included.
        texts = golden_texts(task)
        answers = load_entry(new).predict(texts)
        write_json(new / "golden.json", [{"text": t, "answer": a} for t, a in zip(texts, answers, strict=True)])
        (new / "README.md").write_text(card(config, metrics or {}, megabytes(new)), encoding="utf-8")
        _write_config(new, config)
    return folder


def _write_config(folder, config):
    """Write config.json with the sha256 of every other file."""
    others = sorted(path for path in folder.iterdir() if path.name != "config.json")
    write_json(folder / "config.json", {**config, "sha256": {path.name: sha256(path) for path in others}})
