"""Convert the config.json of other libraries to arguments of our builder `bert`, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config, FilePath

ARGUMENTS = {
    "vocabulary_size": "vocab_size",
    "hidden_dim": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "intermediate_dim": "intermediate_size",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob",  # in all BERT models, the dropout of attention weights has the same rate
    "layer_norm_epsilon": "layer_norm_eps",
}
# Dropout does not change an answer. Google's code has no epsilon in its config: it is 1e-12, our default.
OPTIONAL = ("dropout", "layer_norm_epsilon")
LARGEST = 2**24  # of a size
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}


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


def builder_arguments(config: Config, source: FilePath, activations: Mapping[str, str] | None = None) -> Config:
    """Return the arguments of the builder `bert`.

    Args:
        config: content of their config.json.
        source: path of the config, for messages.
        activations: their names of activations -> our names; None for Hugging Face's names.

    Raises:
        InputError: if the config is not for a BERT model, or the activation is not supported.
    """
    activations = ACTIVATIONS if activations is None else activations
    missing = [theirs for ours, theirs in ARGUMENTS.items() if theirs not in config and ours not in OPTIONAL]
    if missing or "hidden_act" not in config:
        raise InputError(f"{source} lacks {', '.join(missing or ['hidden_act'])}. Expected the config of a BERT model")
    wrong = [theirs for ours, theirs in ARGUMENTS.items() if theirs in config and not _is_valid(ours, config[theirs])]
    if wrong:
        shown = ", ".join(f"{name} {config[name]!r:.40}" for name in wrong)
        raise InputError(f"{source} has sizes of another type or out of range: {shown}. Copy or download it again")
    require_choice(f"hidden_act in {source}", config["hidden_act"], tuple(activations))
    arguments = {ours: config[theirs] for ours, theirs in ARGUMENTS.items() if theirs in config}
    return {**arguments, "activation": activations[config["hidden_act"]]}


def _is_valid(name: str, value: Any) -> bool:
    """Return whether a value can be an argument of the builder."""
    if name in OPTIONAL:
        return type(value) in (int, float) and 0 <= value < 1
    return type(value) is int and 1 <= value <= LARGEST


def their_config(arguments: Mapping[str, Any]) -> Config:
    """Return the config of Hugging Face's BERT, the inverse of `builder_arguments`.

    Example:

    >>> their_config({"vocabulary_size": 100, "dropout": 0.1, "activation": "gelu_tanh"})["hidden_act"]
    'gelu_new'
    """
    config = {theirs: arguments[ours] for ours, theirs in ARGUMENTS.items() if ours in arguments}
    name_of = {ours: theirs for theirs, ours in reversed(ACTIVATIONS.items())}  # the older name wins
    return {
        **config,
        "attention_probs_dropout_prob": arguments["dropout"],
        "hidden_act": name_of[arguments["activation"]],
    }
