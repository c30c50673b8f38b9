"""Convert the config.json of other libraries to arguments of our builder `bert`, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasnlp_zoo import files
from kerasnlp_zoo.convert.families import BERT, FAMILIES, Family, family_of
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config, FilePath

# Dropout does not change an answer. Google's code has no epsilon in its config: it is 1e-12, our default.
OPTIONAL = ("dropout", "layer_norm_epsilon")
LARGEST = 2**24  # of a size
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}


# Settings of transformers that change the numbers of a model -> the supported value; null is supported, too.
NEUTRAL = {
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "is_encoder_decoder": False,
    "pruned_heads": {},
    "quantization_config": None,
    "auto_map": None,  # code in the folder
}


def read_json(path: FilePath) -> Any:
    """Return the content of a JSON file.

    Raises:
        InputError: if the file is missing, too large or not valid JSON.
    """
    if not Path(path).exists():
        raise InputError(f"{path} is missing")
    return files.read_json(path, "valid JSON", "Copy or download it again")


def read_object(path: FilePath) -> Config:
    """Return the content of a JSON file that has an object.

    Raises:
        InputError: as `read_json`, or if the file has another value, such as null or a list.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path} must contain an object {{...}}. Received: {value!r:.80}. Copy or download it again")
    return value


def require_supported(config: Config, path: FilePath) -> Family:
    """Return the family of a model in the library transformers.

    Args:
        config: content of its config.json.
        path: path of the config, for messages.

    Raises:
        InputError: if the family, the class or a setting is not supported.
    """
    model_type = config.get("model_type", BERT.model_type)
    family = FAMILIES.get(model_type) if isinstance(model_type, str) else None
    if family is None:
        raise InputError(
            f"{path} describes a model of the type {model_type!r:.80}, which is not converted. Expected: "
            f"{', '.join(FAMILIES)}. Use a BERT or DistilBERT that was trained for the same task, or run this model "
            "with transformers"
        )
    for name, value in NEUTRAL.items():
        require_choice(f"{name} in {path}", config.get(name) or value, (value,))
    architectures = config.get("architectures") or []
    if not isinstance(architectures, list):
        raise InputError(f"{path}: architectures must be a list. Received: {architectures!r:.80}")
    classes = tuple(dict.fromkeys(family.classes.values()))
    for architecture in architectures:
        require_choice(f"architecture in {path}", architecture, classes)
    return family


def builder_arguments(
    config: Config, source: FilePath, activations: Mapping[str, str] | None = None, family: Family = BERT
) -> Config:
    """Return the arguments of the builder `bert`.

    Args:
        config: content of their config.json.
        source: path of the config, for messages.
        activations: their names of activations -> our names; None for Hugging Face's names.
        family: the family of the model.

    Raises:
        InputError: if the config is not for a model of the family, or the activation is not supported.
    """
    activations = ACTIVATIONS if activations is None else activations
    table = family.arguments
    needed = [*(theirs for ours, theirs in table.items() if ours not in OPTIONAL), family.activation]
    if missing := [theirs for theirs in needed if theirs not in config]:
        raise InputError(
            f"{source} lacks {', '.join(missing)}. Expected the config of a {family.model_type} model. Copy or "
            "download it again"
        )
    wrong = [theirs for ours, theirs in table.items() if theirs in config and not _is_valid(ours, config[theirs])]
    if wrong:
        shown = ", ".join(f"{name} {config[name]!r:.40}" for name in wrong)
        raise InputError(f"{source} has sizes of another type or out of range: {shown}. Copy or download it again")
    activation = config[family.activation]
    require_choice(f"{family.activation} in {source}", activation, tuple(activations))
    arguments = {ours: config[theirs] for ours, theirs in table.items() if theirs in config}
    return {**arguments, **family.fixed, "activation": activations[activation]}


def _is_valid(name: str, value: Any) -> bool:
    """Return whether a value can be an argument of the builder."""
    if name in OPTIONAL:
        return type(value) in (int, float) and 0 <= value < 1
    return type(value) is int and 1 <= value <= LARGEST


def their_config(arguments: Mapping[str, Any]) -> Config:
    """Return the config of Hugging Face's BERT or DistilBERT, the inverse of `builder_arguments`.

    Example:

    >>> their_config({"vocabulary_size": 100, "dropout": 0.1, "activation": "gelu_tanh"})["hidden_act"]
    'gelu_new'
    """
    family = family_of(arguments)
    name_of = {ours: theirs for theirs, ours in reversed(ACTIVATIONS.items())}  # the older name wins
    return {
        **{theirs: arguments[ours] for ours, theirs in family.arguments.items() if ours in arguments},
        **dict.fromkeys(family.other_dropouts, arguments["dropout"]),
        family.activation: name_of[arguments["activation"]],
    }
