"""The config.json of a BERT elsewhere: the arguments of our builder by other names, in both directions."""

import json
from pathlib import Path

from kerasnlp_zoo.errors import InputError, require_choice

ARGUMENTS = {
    "vocabulary_size": "vocab_size",
    "hidden_dim": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "intermediate_dim": "intermediate_size",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob",  # theirs has another one for attention weights: the same in all BERTs
    "layer_norm_epsilon": "layer_norm_eps",
}
OPTIONAL = ("dropout", "layer_norm_epsilon")  # changes no answer; Google's code has 1e-12, our default
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}


def read_json(path):
    """Return what a JSON file holds, a dict or a list.

    Raises:
        InputError: if it is missing or no JSON.
    """
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing") from error
    except ValueError as error:
        raise InputError(f"{path} cannot be read: expected JSON. {error}") from error


def builder_arguments(config, source, activations=None):
    """Return the arguments of the builder `bert`.

    Args:
        config: dict, their config.json.
        source: where it stands, for messages.
        activations: dict from their names of activations to ours; None for Hugging Face's.

    Returns:
        dict.

    Raises:
        InputError: if the config is not that of a BERT, or asks for what is not supported.
    """
    activations = ACTIVATIONS if activations is None else activations
    missing = [theirs for ours, theirs in ARGUMENTS.items() if theirs not in config and ours not in OPTIONAL]
    if missing or "hidden_act" not in config:
        raise InputError(f"{source} lacks {', '.join(missing or ['hidden_act'])}. Expected the config of a BERT")
    require_choice(f"hidden_act in {source}", config["hidden_act"], tuple(activations))
    arguments = {ours: config[theirs] for ours, theirs in ARGUMENTS.items() if theirs in config}
    return {**arguments, "activation": activations[config["hidden_act"]]}


def their_config(arguments):
    """Return what `builder_arguments` reads, for Hugging Face.

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
