"""What makes a function a builder: its call is remembered, so that a model can be built again."""

import functools
import inspect
import json

from kerasnlp_zoo.errors import InputError, require_choice

BUILDERS = {}


def builder(function, base=None):
    """Register a function that returns a functional `keras.Model`.

    The model carries `model.builder_config`, {"builder": name, "arguments": {...}} with every default
    filled in, which is all that `build` needs to make the same model again. Arguments are therefore
    plain values that survive JSON.

    Args:
        function: called with plain arguments, returns a `keras.Model` and compiles nothing.
        base: another builder, whose arguments `function` takes as **arguments beside its own: a model
            with a head has all arguments of its encoder, `@functools.partial(builder, base=encoder)`.

    Returns:
        The function, wrapped.

    Raises:
        InputError: when the builder is called with an argument that JSON cannot hold.

    Example:

    >>> model = BUILDERS["text_cnn"](vocabulary_size=20, num_classes=2, embedding_dim=8, num_filters=4)
    >>> model.builder_config["arguments"]["filter_widths"]
    [3, 4, 5]
    """
    signature = inspect.signature(function) if base is None else _joined_signature(function, base)

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

    build_and_remember.__signature__ = signature
    BUILDERS[function.__name__] = build_and_remember
    return build_and_remember


def _joined_signature(function, base):
    """Return the signature of `function` with the parameters of `base` in place of its ** parameter."""
    own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    parameters = {p.name: p.replace(kind=p.KEYWORD_ONLY) for p in inspect.signature(base).parameters.values()}
    parameters.update({p.name: p.replace(kind=p.KEYWORD_ONLY) for p in own})
    return inspect.Signature(list(parameters.values()))


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
