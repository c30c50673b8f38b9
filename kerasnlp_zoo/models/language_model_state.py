"""The state of a language model after the tokens that it has read, the same interface for every family.

A model that takes and returns its state is trained on segments of a long text, scores it, and generates text.

Shapes: B batch, T length, D width of a hidden vector, V vocabulary.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.ngram_language_model import ngram_state_spec, read_ngrams
from kerasnlp_zoo.models.nnlm import nnlm_state_spec, read_windows
from kerasnlp_zoo.models.rnn_language_model import read_recurrently, recurrent_state_spec
from kerasnlp_zoo.models.transformer_language_model import memory_spec, read_with_memory
from kerasnlp_zoo.types import Tensor

StateSpec: TypeAlias = dict[str, tuple[tuple[int, ...], str]]  # {name: (shape without the batch, dtype)}


class _Family(NamedTuple):
    """What a family of language models defines.

    Attributes:
        state_spec: function of a model; see `state_spec`.
        read: function of a model, its token_ids [B, T] and its state, all symbolic, that returns the outputs of
            `with_state`.
    """

    state_spec: Callable[[keras.Model], StateSpec]
    read: Callable[[keras.Model, keras.KerasTensor, Mapping[str, keras.KerasTensor]], dict[str, keras.KerasTensor]]


FAMILIES = {  # by name of the builder
    "rnn_language_model": _Family(recurrent_state_spec, read_recurrently),
    "nnlm": _Family(nnlm_state_spec, read_windows),
    "transformer_language_model": _Family(memory_spec, read_with_memory),
    "ngram_language_model": _Family(ngram_state_spec, read_ngrams),
}


def with_state(model: keras.Model) -> keras.Model:
    """Return a model that also takes and returns the state. It shares the layers and weights of the given one.

    Args:
        model: a language model, such as one from `rnn_language_model`.

    Returns:
        `keras.Model`: {"token_ids": int [B, T], **state} -> {"hidden": float [B, T, D], the input of the output
        projection, "logits": float [B, T, V], **state}; `zero_state` returns the first state.

    Raises:
        InputError: if the model is not a language model.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> model = rnn_language_model(vocabulary_size=10, embedding_dim=4, num_layers=1)
    >>> stepwise = with_state(model)
    >>> outputs = stepwise({"token_ids": ops.convert_to_tensor([[4, 8]]), **zero_state(model, 1)})
    >>> {name: tuple(output.shape) for name, output in outputs.items()}
    {'hidden': (1, 2, 4), 'logits': (1, 2, 10), 'state_0_h': (1, 4), 'state_0_c': (1, 4)}
    """
    spec = state_spec(model)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    state = {name: keras.Input(shape, dtype=dtype, name=name) for name, (shape, dtype) in spec.items()}
    outputs = _family(model).read(model, token_ids, state)
    # The dtype is the same in any precision, because the state is the input of the next call.
    ends = {name: ops.cast(outputs[name], dtype) for name, (_, dtype) in spec.items()}
    return keras.Model({"token_ids": token_ids, **state}, {**outputs, **ends})


def zero_state(model: keras.Model, batch_size: int | Tensor) -> dict[str, Tensor]:
    """Return the state before the first token: a flat dict of zeros [B, ...]."""
    return {name: ops.zeros((batch_size, *shape), dtype) for name, (shape, dtype) in state_spec(model).items()}


def state_spec(model: keras.Model) -> StateSpec:
    """Return the shape, without the batch, and the dtype of each tensor of the state, by name.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> state_spec(rnn_language_model(vocabulary_size=10, embedding_dim=4, hidden_dim=6, cell="gru"))
    {'state_0_h': ((6,), 'float32'), 'state_1_h': ((4,), 'float32')}
    """
    return _family(model).state_spec(model)


def _family(model: keras.Model) -> _Family:
    """Return what the family of a model defines."""
    name = getattr(model, "builder_config", {"builder": model.name})["builder"]
    if name not in FAMILIES:
        raise InputError(f"Expected a language model from {' or '.join(FAMILIES)}. Received: a model from {name}")
    return FAMILIES[name]
