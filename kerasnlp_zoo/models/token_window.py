"""The state of language models that read a fixed number of previous tokens: these tokens.

Shapes: B batch, T length, L tokens of the state.
"""

from keras import ops

from kerasnlp_zoo.types import Tensor
from kerasnlp_zoo.vocabulary import START_ID


def append_tokens(previous: Tensor, token_ids: Tensor) -> Tensor:
    """Return the previous tokens and the next ones; before the first token of a text is `[START]`, as in training.

    Args:
        previous: int32 [B, L], the last tokens; 0 is a place before the first token.
        token_ids: int32 [B, T].

    Returns:
        int32 [B, L + T].

    Example:

    >>> append_tokens(ops.convert_to_tensor([[0, 5]]), ops.convert_to_tensor([[7, 8]])).numpy()
    array([[2, 5, 7, 8]], dtype=int32)
    """
    return ops.concatenate([ops.where(ops.equal(previous, 0), START_ID, previous), token_ids], axis=1)


def last_tokens(previous: Tensor, token_ids: Tensor) -> Tensor:
    """Return the last L tokens after reading a segment, whose padding is not read.

    Args:
        previous: int32 [B, L], the last tokens before the segment.
        token_ids: int32 [B, T], each row padded with 0 at its end.

    Returns:
        int32 [B, L].

    Example:

    >>> last_tokens(ops.convert_to_tensor([[0, 5]]), ops.convert_to_tensor([[7, 0, 0]])).numpy()
    array([[5, 7]], dtype=int32)
    """
    lengths = ops.sum(ops.cast(ops.not_equal(token_ids, 0), "int32"), axis=1, keepdims=True)  # [B, 1]
    places = lengths + ops.arange(previous.shape[1], dtype="int32")
    return ops.take_along_axis(ops.concatenate([previous, token_ids], axis=1), places, axis=1)
