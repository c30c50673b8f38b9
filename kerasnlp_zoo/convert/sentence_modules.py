"""The modules of sentence-transformers after the encoder: pooling, a dense layer, and vectors of length 1.

Each module has a folder with a config.json.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasnlp_zoo.convert.bert_names import require_floats
from kerasnlp_zoo.convert.configs import read_object
from kerasnlp_zoo.convert.weight_files import read_tensors
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config

if TYPE_CHECKING:
    import numpy as np

# Their name of a pooling, in folders of version 5.4 and later -> ours.
POOLINGS = {
    "cls": "first",
    "max": "max",
    "mean": "mean",
    "mean_sqrt_len_tokens": "sqrt_mean",
    "weightedmean": "weighted_mean",
    "lasttoken": "last",
}
# Flag of a pooling in older folders -> its name today. The library concatenates the vectors in this order.
FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
# include_prompt has an effect only with prompts, which are not supported.
POOLING_KEYS = ("pooling_mode", "word_embedding_dimension", "embedding_dimension", "include_prompt", *FLAGS)
ACTIVATIONS = {"torch.nn.modules.linear.Identity": "linear", "torch.nn.modules.activation.Tanh": "tanh"}
SENTENCE = "sentence_embedding"  # their name of the vector of a text
# Settings of a dense layer that change its result -> the values that are supported.
DENSE_SETTINGS = {
    "bias": (True, False),
    "use_residual": (False,),
    "module_input_name": (SENTENCE,),
    "module_output_name": (SENTENCE, None),
}
DENSE_KEYS = ("in_features", "out_features", "activation_function", *DENSE_SETTINGS)


def require_known_keys(config: Config, known: tuple[str, ...], path: Path) -> None:
    """Raise InputError if a config of another library has a setting whose effect is not known."""
    if unknown := sorted(config.keys() - set(known)):
        raise InputError(
            f"{path} has settings that are not supported: {', '.join(unknown)[:200]}. Expected: {', '.join(known)}. "
            "Remove them if they do not change the vectors"
        )


def read_pooling(path: Path) -> str | list[str]:
    """Return `pooling` of the builder `sentence_encoder`, from the config of a Pooling.

    Raises:
        InputError: if a pooling is not supported, or none is selected.
    """
    config = read_object(path)
    require_known_keys(config, POOLING_KEYS, path)
    for flag in FLAGS:
        require_choice(f"{flag} in {path}", config.get(flag), (None, True, False))
    modes: Any = config.get("pooling_mode", [name for flag, name in FLAGS.items() if config.get(flag) is True])
    modes = modes if isinstance(modes, list) else [modes]
    if not modes or not all(isinstance(mode, str) and mode in POOLINGS for mode in modes):
        raise InputError(
            f"{path} must select poolings of {', '.join(POOLINGS)}. "
            f"Received: {', '.join(map(str, modes))[:200] or 'none'}"
        )
    if len(set(modes)) < len(modes):
        raise InputError(f"{path} selects the same pooling twice. Received: {', '.join(modes)[:200]}")
    return [POOLINGS[mode] for mode in modes] if len(modes) > 1 else POOLINGS[modes[0]]


def read_dense(folder: Path) -> tuple[Config, "dict[str, np.ndarray]"]:
    """Return the arguments of the builder `sentence_encoder`, and weights by our paths, from the folder of a Dense.

    Raises:
        InputError: if the activation or a setting is not supported, or a file is missing or damaged.
    """
    path = folder / "config.json"
    config = read_object(path)
    require_known_keys(config, DENSE_KEYS, path)
    for name, values in DENSE_SETTINGS.items():
        require_choice(f"{name} in {path}", config.get(name, values[0]), values)
    activation = config.get("activation_function")
    require_choice(f"activation_function in {path}", activation, tuple(ACTIVATIONS))
    tensors = read_tensors(folder)
    names = {"linear.weight", "linear.bias"} if config.get("bias", True) else {"linear.weight"}
    if tensors.keys() != names or tensors["linear.weight"].ndim != 2:
        raise InputError(f"{folder} must contain the weights of one dense layer. Received: {', '.join(tensors)[:200]}")
    require_floats(tensors, folder)
    for name, size in zip(("out_features", "in_features"), tensors["linear.weight"].shape, strict=True):
        require_choice(f"{name} in {path}", config.get(name, size), (size,))
    kernel = tensors["linear.weight"].T.astype("float32")
    bias = tensors.get("linear.bias", kernel[0] * 0).astype("float32")  # adding 0 changes nothing
    arguments = {"projection_dim": kernel.shape[1], "projection_activation": ACTIVATIONS[str(activation)]}
    return arguments, {"projection/kernel": kernel, "projection/bias": bias}


def pooling_config(arguments: Mapping[str, Any]) -> Config:
    """Return the config of their Pooling for arguments of the builder `sentence_encoder`."""
    theirs = {ours: name for name, ours in POOLINGS.items()}
    pooling = arguments["pooling"]
    modes = [theirs[name] for name in ([pooling] if isinstance(pooling, str) else pooling)]
    flags = {flag: name in modes for flag, name in FLAGS.items()}
    # All versions read the flags. They have no order, so only new versions can read another order than that of FLAGS.
    in_their_order = [name for name in FLAGS.values() if name in modes] == modes
    return {
        "word_embedding_dimension": arguments["hidden_dim"],
        **(flags if in_their_order else {"pooling_mode": modes}),
    }


def dense_config(arguments: Mapping[str, Any]) -> Config:
    """Return the config of the library's module `Dense` for arguments of the builder `sentence_encoder`."""
    theirs = {ours: name for name, ours in ACTIVATIONS.items()}
    count = 1 if isinstance(arguments["pooling"], str) else len(arguments["pooling"])
    return {
        "in_features": count * arguments["hidden_dim"],
        "out_features": arguments["projection_dim"],
        "bias": True,
        "activation_function": theirs[arguments["projection_activation"]],
    }
