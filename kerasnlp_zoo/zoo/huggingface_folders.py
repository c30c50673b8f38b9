"""BERT folders of Hugging Face: how they are recognized, and which of their files the converter reads."""

import glob
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import read_json

DESCRIPTIONS = ("config.json", "modules.json")  # they show what a folder contains
FILES = (
    *DESCRIPTIONS,
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "sentence_distilbert_config.json",
    "vocab.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
SAFETENSORS = ("model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors")
PYTORCH = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin")
WITH_WEIGHTS = ("Transformer", "Dense")  # classes of modules of sentence-transformers


def is_huggingface(folder: Path) -> bool:
    """Return whether a folder contains a model of transformers or sentence-transformers."""
    if (folder / "modules.json").exists():
        return True
    try:
        config = read_json(folder / "config.json", "a config", "")
    except InputError:
        return False
    return isinstance(config, dict) and "model_type" in config


def patterns(folder: Path) -> list[str]:
    """Return glob patterns of the files that the converter reads, except PyTorch files.

    Args:
        folder: a folder with config.json, modules.json or both; other files may be missing.
    """
    return [glob.escape(part) + name for part in _parts(folder) for name in (*FILES, *SAFETENSORS)]


def pytorch_patterns(folder: Path) -> list[str]:
    """Return glob patterns of the PyTorch files that the converter reads, because there are no safetensors.

    Args:
        folder: a folder with all files of `patterns` that exist.
    """
    return [
        glob.escape(part) + name
        for part, has_weights in _parts(folder).items()
        if has_weights and not any((folder / part / name).exists() for name in SAFETENSORS)
        for name in PYTORCH
    ]


def _parts(folder: Path) -> dict[str, bool]:
    """Return the folders of a model, relative and with "/" at the end, and whether they contain weights."""
    parts = {"": True}
    try:
        modules = read_json(folder / "modules.json", "modules", "")
    except InputError:  # there is none, or the converter will report it
        return parts
    for module in modules if isinstance(modules, list) else []:
        path, kind = (module.get("path"), str(module.get("type"))) if isinstance(module, dict) else (None, "")
        if not isinstance(path, str) or Path(path).is_absolute() or ".." in Path(path).parts or not path.strip("/"):
            continue
        parts[path.strip("/") + "/"] = kind.endswith(WITH_WEIGHTS)
        if kind.endswith("Transformer"):
            parts[""] = False  # the encoder of an old folder is in 0_Transformer
    return parts
