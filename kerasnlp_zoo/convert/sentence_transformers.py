"""The parts of a sentence-transformers folder: the encoder and the modules after it, or a CrossEncoder."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasnlp_zoo.convert.configs import read_json, read_object
from kerasnlp_zoo.convert.sentence_modules import dense_config, pooling_config, read_dense, read_pooling
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Config

if TYPE_CHECKING:
    import numpy as np

MODULES = "modules.json"
SETTINGS = "config_sentence_transformers.json"
PACKAGE = "sentence_transformers."
ENCODERS = [["Transformer", "Pooling", *dense, *unit] for dense in ([], ["Dense"]) for unit in ([], ["Normalize"])]
DENSE_FOLDER = "2_Dense"  # of a folder that is written
CROSS_ENCODER = ["Transformer"]
COSINE = ("cosine", None)


class SentenceParts(NamedTuple):
    """What modules.json describes.

    Attributes:
        encoder: folder of the encoder.
        head: arguments of the builder `sentence_encoder` in addition to those of `bert`; empty for a CrossEncoder.
        weights: our variable paths -> float32 arrays, of the dense layer after the pooling.
        cross_encoder: the settings of a CrossEncoder; None for a sentence encoder.
    """

    encoder: Path
    head: Config
    weights: "dict[str, np.ndarray]"
    cross_encoder: Config | None


def read_modules(folder: Path) -> SentenceParts:
    """Read modules.json, and the configs and weights of the modules after the encoder.

    Raises:
        InputError: if a module or a setting is not supported, or a file is missing or damaged.
    """
    path = folder / MODULES
    modules = read_json(path)
    if not isinstance(modules, list) or not all(map(_is_module, modules)):
        raise InputError(
            f'{path} is damaged: expected a list of objects {{"type", "path"}}, with paths inside the folder. Copy or '
            "download it again"
        )
    kinds = [_kind(module["type"]) for module in modules]
    folders = {kind: folder / module["path"] for kind, module in zip(kinds, modules, strict=True)}
    settings = read_object(folder / SETTINGS) if (folder / SETTINGS).exists() else {}
    _require_no_prompt(settings, folder / SETTINGS)
    if kinds == CROSS_ENCODER and settings.get("model_type") == "CrossEncoder":
        return SentenceParts(folders["Transformer"], {}, {}, settings)
    if kinds not in ENCODERS:
        raise InputError(
            f"{path} has unsupported modules. Expected: Transformer, Pooling, optionally Dense and optionally "
            f"Normalize, in this order; or the Transformer of a CrossEncoder. Received: {', '.join(kinds) or 'none'}. "
            "Use sentence-transformers for this model"
        )
    normalize = "Normalize" in kinds
    _require_same_vectors(settings, normalize, folder / SETTINGS)
    head: Config = {"pooling": read_pooling(folders["Pooling"] / "config.json"), "normalize": normalize}
    projection, weights = read_dense(folders["Dense"]) if "Dense" in kinds else ({}, {})
    return SentenceParts(folders["Transformer"], {**head, **projection}, weights, None)


def _is_module(module: Any) -> bool:
    """Return whether a value describes a module in a sub-folder, or in the folder itself."""
    if not isinstance(module, dict) or not all(isinstance(module.get(name), str) for name in ("type", "path")):
        return False
    return not Path(module["path"]).is_absolute() and ".." not in Path(module["path"]).parts


def _kind(name: str) -> str:
    """Return the name of a class of sentence-transformers without its module; the whole name of another class."""
    return name.split(".")[-1] if name.startswith(PACKAGE) else name


def _require_no_prompt(settings: Config, path: Path) -> None:
    """Raise InputError if a text is put before every input, which a task here does not do."""
    name, prompts = settings.get("default_prompt_name"), settings.get("prompts")
    if isinstance(name, str) and isinstance(prompts, dict) and prompts.get(name):
        raise InputError(
            f"{path} puts the prompt {prompts[name]!r:.80} before every text, which is not supported. Remove "
            "default_prompt_name there, and write the prompt into your texts"
        )


def _require_same_vectors(settings: Config, normalize: bool, path: Path) -> None:
    """Raise InputError if vectors are shortened, or compared by another similarity than the cosine."""
    if settings.get("truncate_dim") is not None:
        raise InputError(
            f"{path} shortens the vectors to truncate_dim, which is not supported. Remove it there, and shorten the "
            f"vectors yourself. Received: {settings['truncate_dim']!r:.40}"
        )
    similarity = settings.get("similarity_fn_name")
    # The dot product of vectors of length 1 is their cosine.
    if similarity not in (*COSINE, "dot") if normalize else similarity not in COSINE:
        raise InputError(
            f"{path} compares vectors by {similarity!r:.40}. Tasks here compare them by their cosine. If you need only "
            "the vectors, remove similarity_fn_name there, and compare them yourself"
        )


def modules_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files that make a folder one of sentence-transformers, by their paths.

    Args:
        arguments: arguments of the builder `sentence_encoder`.
    """
    after = [("Pooling", pooling_config(arguments))]
    after += [("Dense", dense_config(arguments))] if arguments.get("projection_dim") else []
    after += [("Normalize", {})] if arguments["normalize"] else []
    paths = {f"{number}_{kind}": kind for number, (kind, _) in enumerate(after, start=1)}
    rows: list[Config] = [
        {"idx": index, "name": str(index), "path": path, "type": f"{PACKAGE}models.{kind}"}
        for index, (path, kind) in enumerate({"": "Transformer", **paths}.items())
    ]
    configs = {f"{number}_{kind}/config.json": config for number, (kind, config) in enumerate(after, start=1) if config}
    return {MODULES: rows, **configs}
