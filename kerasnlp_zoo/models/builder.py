"""The `builder` decorator: it records the arguments of a model, to build the model again."""

import functools
import inspect
import json
from collections.abc import Callable
from typing import Any, ParamSpec

import keras

from kerasnlp_zoo.errors import InputError, require_choice, require_fraction, require_positive
from kerasnlp_zoo.types import Config

Parameters = ParamSpec("Parameters")

BUILDERS: dict[str, Callable[..., keras.Model]] = {}
# Arguments with the same meaning in every builder. `builder` checks them.
POSITIVE = (
    "vocabulary_size",
    "num_classes",
    "embedding_dim",
    "hidden_dim",
    "intermediate_dim",
    "num_layers",
    "num_heads",
    "key_dim",
    "value_dim",
    "max_sequence_length",
    "projection_dim",
)
FRACTIONS = ("dropout", "recurrent_dropout")


def builder(
    function: Callable[Parameters, keras.Model], base: Callable[..., Any] | None = None
) -> Callable[Parameters, keras.Model]:
    """Register a function that returns a functional `keras.Model`.

    The model has the attribute `builder_config`, {"builder": name, "arguments": {...}}, with every default filled
    in. `build` makes the same model from it. Therefore the arguments must be JSON values.

    Args:
        function: returns a `keras.Model` that is not compiled.
        base: function whose arguments `function` takes as **arguments in addition to its own. A model with a head
            has all arguments of its encoder.

    Returns:
        The function, wrapped. Its signature includes the arguments of `base`.

    Raises:
        InputError: when the builder is called with an argument that is not a JSON value, a size that is not a positive
            integer, or a dropout outside [0, 1).

    Example:

    >>> model = BUILDERS["text_cnn"](vocabulary_size=20, num_classes=2, embedding_dim=8, num_filters=4)
    >>> model.builder_config["arguments"]["filter_widths"]
    [3, 4, 5]
    """
    signature = inspect.signature(function) if base is None else _joined_signature(function, base)
    build_model: Callable[..., keras.Model] = function

    @functools.wraps(function)
    def build_and_record(*args: Parameters.args, **kwargs: Parameters.kwargs) -> keras.Model:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        try:
            arguments = json.loads(json.dumps(bound.arguments))
        except TypeError as error:
            raise InputError(
                f"{function.__name__}() takes plain numbers, strings, lists and None, which are saved to build "
                f"the model again. Received: {bound.arguments} ({error})"
            ) from error
        _require_ranges(bound)
        model = build_model(*bound.args, **bound.kwargs)
        model.builder_config = {"builder": function.__name__, "arguments": arguments}
        return model

    vars(build_and_record)["__signature__"] = signature  # help() shows it
    BUILDERS[function.__name__] = build_and_record
    return build_and_record


def _require_ranges(bound: inspect.BoundArguments) -> None:
    """Raise InputError if an argument that many builders share is outside its range."""
    optional = {name for name, parameter in bound.signature.parameters.items() if parameter.default is None}
    given = {name: value for name, value in bound.arguments.items() if value is not None or name not in optional}
    require_positive(**{name: given[name] for name in POSITIVE if name in given})
    require_fraction(**{name: given[name] for name in FRACTIONS if name in given})


def _joined_signature(function: Callable[..., Any], base: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of `function`, its ** parameter replaced by the other parameters of `base`."""
    signature = inspect.signature(function)
    own = {p.name: p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD}
    of_base = [p.replace(kind=p.KEYWORD_ONLY) for p in inspect.signature(base).parameters.values()]
    return signature.replace(parameters=[*own.values(), *(p for p in of_base if p.name not in own)])


def build(builder_config: Config) -> keras.Model:
    """Return the model that a `builder_config` describes, with new weights.

    Args:
        builder_config: {"builder": registered name, "arguments": {...}}, the attribute of a built model.

    Raises:
        InputError: if no builder has this name, or an argument is outside its range.

    Example:

    >>> config = {"builder": "text_cnn", "arguments": {"vocabulary_size": 20, "num_classes": 2}}
    >>> build(config).name
    'text_cnn'
    """
    require_choice("builder", builder_config["builder"], sorted(BUILDERS))
    return BUILDERS[builder_config["builder"]](**builder_config["arguments"])


def require_two_classes(num_classes: int) -> None:
    """Raise InputError unless a classifier has at least 2 classes."""
    if num_classes < 2:
        raise InputError(f"A classifier needs at least 2 classes. Received: num_classes={num_classes}")
