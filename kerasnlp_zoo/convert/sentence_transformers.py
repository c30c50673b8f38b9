"""The parts of a sentence-transformers folder: the encoder, the pooling of its vectors, and their length."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kerasnlp_zoo.convert.configs import read_json, read_object
from kerasnlp_zoo.convert.converted import Pooling
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Config

MODULES = "modules.json"
# Their name of a pooling, in folders of version 5.4 and later -> ours.
POOLINGS: dict[str, Pooling] = {"mean": "mean", "cls": "first", "max": "max"}
# Their flag of a pooling in older folders -> their name.
FLAGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


class SentenceParts(NamedTuple):
    """What modules.json describes.

    Attributes:
        encoder: folder of the encoder.
        pooling: how the vectors of the tokens become one vector.
        normalize: whether the vectors have length 1.
    """

    encoder: Path
    pooling: Pooling
    normalize: bool


def read_modules(folder: Path) -> SentenceParts:
    """Read modules.json and the config of the pooling.

    Raises:
        InputError: if a module or pooling is not supported, or a file is missing or damaged.
    """
    path = folder / MODULES
    modules = read_json(path)
    if not isinstance(modules, list) or not all(map(_is_module, modules)):
        raise InputError(
            f'{path} is damaged: expected a list of objects {{"type", "path"}}, with paths inside the folder. Copy or '
            "download it again"
        )
    kinds = [module["type"].split(".")[-1] for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise InputError(
            f"{path} has unsupported modules. Expected: Transformer, Pooling and optionally Normalize. "
            f"Received: {', '.join(kinds) or 'none'}"
        )
    _require_no_prompt(folder / "config_sentence_transformers.json")
    pooling = _pooling(folder / modules[1]["path"] / "config.json")
    return SentenceParts(folder / modules[0]["path"], pooling, "Normalize" in kinds)


def _is_module(module: Any) -> bool:
    """Return whether a value describes a module in a sub-folder, or in the folder itself."""
    if not isinstance(module, dict) or not all(isinstance(module.get(name), str) for name in ("type", "path")):
        return False
    return not Path(module["path"]).is_absolute() and ".." not in Path(module["path"]).parts


def _pooling(path: Path) -> Pooling:
    """Return the pooling that the config of a module selects."""
    config = read_object(path)
    modes = [name for flag, name in FLAGS.items() if config.get(flag) is True]
    if isinstance(config.get("pooling_mode"), str):
        modes = [config["pooling_mode"]]
    if len(modes) != 1 or modes[0] not in POOLINGS:
        raise InputError(
            f"{path} must select one pooling of {', '.join(POOLINGS)}. Received: {', '.join(modes) or 'none'}"
        )
    return POOLINGS[modes[0]]


def _require_no_prompt(path: Path) -> None:
    """Raise InputError if a text is put before every input, which a task here does not do."""
    config = read_object(path) if path.exists() else {}
    name, prompts = config.get("default_prompt_name"), config.get("prompts")
    if name is not None and isinstance(prompts, dict) and prompts.get(name):
        raise InputError(
            f"{path} puts the prompt {prompts[name]!r:.80} before every text, which is not supported. Remove "
            "default_prompt_name there, and write the prompt into your texts"
        )


def modules_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files that make a folder one of sentence-transformers, by their paths.

    Args:
        arguments: arguments of the builder `sentence_encoder`.
    """
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules += [("2_Normalize", "Normalize")] if arguments["normalize"] else []
    rows: list[Config] = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (path, kind) in enumerate(modules)
    ]
    modes = {flag: POOLINGS.get(name) == arguments["pooling"] for flag, name in FLAGS.items()}
    return {
        MODULES: rows,
        "1_Pooling/config.json": {"word_embedding_dimension": arguments["hidden_dim"], **modes},
    }
