"""What makes a function a builder: its call is remembered, so that a model can be built again."""

import functools
import inspect
import json

from kerasnlp_zoo.errors import InputError, require_choice

BUILDERS = {}


def builder(function):
    """Register a function that returns a functional `keras.Model`.

    The model carries `model.builder_config`, {"builder": name, "arguments": {...}} with every default
    filled in, which is all that `build` needs to make the same model again. Arguments are therefore
    plain values that survive JSON.

    Args:
        function: called with plain arguments, returns a `keras.Model` and compiles nothing.

    Returns:
        The function, wrapped.

    Raises:
        InputError: when the builder is called with an argument that JSON cannot hold.

    Example:

    >>> model = BUILDERS["text_cnn"](vocabulary_size=20, num_classes=2, embedding_dim=8, num_filters=4)
    >>> model.builder_config["arguments"]["filter_widths"]
    [3, 4, 5]
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def build_and_remember(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        try:
            arguments = json.loads(json.dumps(bound.arguments))
        except TypeError as error:
            raise InputError(
                f"{function.__name__}() takes plain numbers, strings, lists and None, so that the model can be "
                f"built again from a file. Received: {bound.arguments} ({error})"
            ) from error
        model = function(*bound.args, **bound.kwargs)
        model.builder_config = {"builder": function.__name__, "arguments": arguments}
        return model

    BUILDERS[function.__name__] = build_and_remember
    return build_and_remember


def build(builder_config):
    """Build a model again from the `builder_config` it carried.

    Args:
        builder_config: dict, {"builder": registered name, "arguments": {...}}.

    Returns:
        A `keras.Model` with fresh weights.

    Raises:
        InputError: if no builder of that name is registered.

    Example:

    >>> config = {"builder": "text_cnn", "arguments": {"vocabulary_size": 20, "num_classes": 2}}
    >>> build(config).name
    'text_cnn'
    """
    require_choice("builder", builder_config["builder"], sorted(BUILDERS))
    return BUILDERS[builder_config["builder"]](**builder_config["arguments"])
