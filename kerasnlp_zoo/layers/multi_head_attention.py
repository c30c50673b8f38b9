"""Multi-head attention: every token looks at every other, several times over.

Shapes: B batch, T time, Q queries, S length of the memory that is looked at, D width of a vector, H heads, K = D / H
width of a head; in step-wise decoding W hypotheses of a sequence, R = B W rows, L places for tokens.

Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, zero_masked

SCORE_MODES = ("scaled_dot", "additive")


class _MultiHead(MaskedLayer):
    """What self-attention and cross-attention share: heads, scores, and the projection of what was seen."""

    def __init__(self, num_heads, dropout=0.0, score="scaled_dot", kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        if num_heads < 1 or not 0 <= dropout < 1:
            raise ValueError(
                "Attention has at least 1 head and drops a share in [0, 1). "
                f"Received: num_heads={num_heads}, dropout={dropout}"
            )
        require_choice("score", score, SCORE_MODES)
        self.num_heads = num_heads
        self.dropout = dropout
        self.score = score
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def _build_heads(self, width, projections):
        """Create the projections to the heads, {name: (units, width of the inputs)}, and the one from them."""
        if width % self.num_heads:
            raise ValueError(
                f"The width of the vectors must be a multiple of the number of heads. Received: width {width}, "
                f"num_heads={self.num_heads}"
            )
        self.width, self.head_width = width, width // self.num_heads
        for name, (units, inputs_width) in projections.items():
            setattr(self, name, self._projection(units, name, inputs_width))
        self.output_projection = self._projection(width, "output", width)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")
        if self.score == "additive":
            self.scale = self.add_weight(
                name="scale", shape=(self.num_heads, self.head_width, 1), initializer="random_normal"
            )

    def _projection(self, units, name, inputs_width):
        # A copy of the initializer each: one with a seed of its own would fill all kernels alike.
        initializer = self.kernel_initializer.clone()
        layer = keras.layers.Dense(units, kernel_initializer=initializer, dtype=self.dtype_policy, name=name)
        layer.build((None, inputs_width))
        return layer

    def _projected(self, projection, inputs, parts):
        """Project [B, T, D] to `parts` tensors [B, T, H, K]."""
        # As rows of one matrix: TensorFlow adds the bias within such a product, not after it.
        rows = projection(ops.reshape(inputs, (-1, inputs.shape[-1])))
        rows = ops.reshape(rows, (*known_shape(inputs), parts, self.num_heads, self.head_width))
        return ops.unstack(rows, num=parts, axis=2)

    def _query(self, query):
        """Return queries [B, Q, H, K] head by head: [B, H, Q, K]."""
        # The scale goes to the queries, which are fewer numbers than the scores.
        query = query * self.head_width**-0.5 if self.score == "scaled_dot" else query
        return ops.transpose(query, (0, 2, 1, 3))

    def _scores(self, query, key):
        """Compare queries [B, H, Q, K] with keys [B, H, K, T]: float32 [B, H, Q, T]."""
        if self.score == "scaled_dot":
            return ops.cast(ops.matmul(query, key), "float32")
        hidden = ops.tanh(query[:, :, :, None] + ops.transpose(key, (0, 1, 3, 2))[:, :, None])  # [B, H, Q, T, K]
        return ops.cast(ops.matmul(hidden, ops.cast(self.scale, hidden.dtype)[:, None])[..., 0], "float32")

    def _attend(self, query, key, value, visible, training):
        """Return what was seen, projected [B, Q, D], and the weights [B, H, Q, T].

        Softmax is in float32, whatever the precision of the scores. A query that sees nothing gives the bias of the
        projection.
        """
        scores = self._scores(query, key)
        sees_any = None
        if visible is not None:
            scores = scores + mask_bias(visible)
            sees_any = ops.any(visible, axis=-1, keepdims=True)
        weights = ops.cast(ops.softmax(scores), self.compute_dtype)
        context = ops.matmul(self.drop(weights, training=training), value)  # [B, H, Q, K]
        context = zero_masked(context, sees_any)  # fewer numbers than the weights
        return self._output(context), zero_masked(weights, sees_any)

    def _look(self, query, key, value, bias):
        """Return what was seen in step-wise decoding, where every query sees something: [B, Q, D]."""
        weights = ops.cast(ops.softmax(self._scores(query, key) + bias), self.compute_dtype)
        return self._output(ops.matmul(weights, value))

    def _output(self, context):
        """Project what the heads saw, [B, H, Q, K]: [B, Q, D]."""
        context = ops.transpose(context, (0, 2, 1, 3))
        rows = self.output_projection(ops.reshape(context, (-1, self.width)))
        return ops.reshape(rows, (*known_shape(context), self.width))

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "score": self.score,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadSelfAttention(_MultiHead):
    """softmax(Q K' / sqrt(K)) V in each of H heads, concatenated and projected.

    Queries, keys and values come out of one product with a [D, 3D] kernel: one large matrix product is
    quicker than three small ones. Its columns are all queries, then all keys, then all values; within
    each, head by head.

    Args:
        num_heads: int >= 1, H; divides D.
        dropout: float in [0, 1), share of attention weights dropped in training.
        is_causal: bool, whether a token sees only those before it and itself.
        score: "scaled_dot", or "additive": w . tanh(q + k) in each head.
        kernel_initializer: of both kernels.

    Call arguments:
        inputs: float tensor [B, T, D].
        mask: bool tensor [B, T], True where a token may be looked at; None for everywhere. A row
            without any such token gives the bias of the projection.
        return_attention_scores: bool, whether to return the weights too.

    Returns:
        float tensor [B, T, D]; with `return_attention_scores` also the weights [B, H, T, T], where
        [b, h, i, j] is how much token i takes from token j, before dropout.

    Raises:
        ValueError: if an argument is outside its range, or H does not divide D.

    Example:

    >>> attention = MultiHeadSelfAttention(num_heads=2)
    >>> outputs, scores = attention(ops.ones((1, 3, 8)), return_attention_scores=True)
    >>> outputs.shape, scores.numpy()[0, 0, 0].round(3)
    (TensorShape([1, 3, 8]), array([0.333, 0.333, 0.333], dtype=float32))

    Reference: Vaswani et al. 2017, equation 1 and section 3.2.2.
    """

    def __init__(
        self,
        num_heads,
        dropout=0.0,
        is_causal=False,
        score="scaled_dot",
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(num_heads, dropout, score, kernel_initializer, **kwargs)
        self.is_causal = is_causal

    def build(self, inputs_shape):
        """Create the two projections."""
        width = inputs_shape[-1]
        self._build_heads(width, {"query_key_value": (3 * width, width)})

    def call(self, inputs, mask=None, return_attention_scores=False, training=None):
        """Project, compare, average, project."""
        query, key, value = self._projected(self.query_key_value, inputs, 3)
        key, value = ops.transpose(key, (0, 2, 3, 1)), ops.transpose(value, (0, 2, 1, 3))
        visible = self._visible(mask, ops.shape(inputs)[1])
        outputs, weights = self._attend(self._query(query), key, value, visible, training)
        return (outputs, weights) if return_attention_scores else outputs

    def _visible(self, mask, time):
        """Return which token may look at which, a bool tensor that broadcasts to [B, H, T, T], or None."""
        visible = None if mask is None else ops.cast(mask, "bool")[:, None, None, :]
        if self.is_causal:
            places = ops.arange(time)
            earlier = places[:, None] >= places[None, :]  # [T, T]
            visible = earlier if visible is None else ops.logical_and(visible, earlier)
        return visible

    def empty_cache(self, batch_size, num_hypotheses, max_length):
        """Return room for the keys and values of `step`: two float tensors [B * H * L, W * K] of zeros."""
        shape = (batch_size * self.num_heads * max_length, num_hypotheses * self.head_width)
        return ops.zeros(shape, self.compute_dtype), ops.zeros(shape, self.compute_dtype)

    def step(self, inputs, cache, rows, bias):
        """Let one more token of every hypothesis look at those before it: what causal attention does, step by step.

        The cache is never reordered: a hypothesis looks at all that the hypotheses of its sequence ever
        wrote, and `bias` tells which of it lies on its own way.

        Args:
            inputs: float tensor [B, W, D], the tokens of one place.
            cache: (keys, values) as from `empty_cache`, filled up to that place.
            rows: int32 tensor [B * H, 1] from `cache_rows`, where they are to be written.
            bias: float32 tensor [B, 1, W, L * W], 0 where a hypothesis may look, else the lowest number; the W
                tokens of a place lie side by side.

        Returns:
            (outputs, cache): float tensor [B, W, D], and the cache with these tokens.
        """
        query, *new = self._projected(self.query_key_value, inputs, 3)  # [B, W, H, K]
        new = (ops.reshape(ops.transpose(part, (0, 2, 1, 3)), (-1, cache[0].shape[-1])) for part in new)
        cache = tuple(ops.scatter_update(values, rows, part) for values, part in zip(cache, new, strict=True))
        slots = (ops.shape(bias)[0], self.num_heads, -1, self.head_width)
        key, value = (ops.reshape(values, slots) for values in cache)
        return self._look(self._query(query), ops.transpose(key, (0, 1, 3, 2)), value, bias), cache

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False, training=None):
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, time, _ = inputs.shape
        weights = keras.KerasTensor((batch, self.num_heads, time, time), dtype=self.compute_dtype)
        return (outputs, weights) if return_attention_scores else outputs

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "is_causal": self.is_causal}


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class MultiHeadCrossAttention(_MultiHead):
    """The attention of a decoder to its encoder: queries from one sequence, keys and values from another.

    A decoder that goes step by step calls `project_memory` once and `step` for each step.

    Args:
        num_heads: int >= 1, H; divides D.
        dropout: float in [0, 1), share of attention weights dropped in training.
        score: "scaled_dot", or "additive": w . tanh(q + k) in each head.
        kernel_initializer: of all kernels.

    Call arguments:
        inputs: float tensor [B, Q, D], what asks.
        memory: float tensor [B, S, E], what is looked at.
        mask: bool tensor [B, S], True where the memory may be looked at; None for everywhere. A row without any
            such place gives the bias of the projection.
        return_attention_scores: bool, whether to return the weights too.

    Returns:
        float tensor [B, Q, D]; with `return_attention_scores` also the weights [B, H, Q, S], before dropout.

    Raises:
        ValueError: if an argument is outside its range, or H does not divide D.

    Example:

    >>> attention = MultiHeadCrossAttention(num_heads=2)
    >>> attention(ops.ones((1, 3, 8)), ops.ones((1, 5, 6)), mask=[[True] * 4 + [False]]).shape
    TensorShape([1, 3, 8])

    Reference: Vaswani et al. 2017, section 3.2.3.
    """

    def build(self, inputs_shape, memory_shape):
        """Create the three projections."""
        width = inputs_shape[-1]
        self._build_heads(width, {"query": (width, width), "key_value": (2 * width, memory_shape[-1])})

    def call(self, inputs, memory, mask=None, return_attention_scores=False, training=None):
        """Project, compare, average, project."""
        outputs, weights = self.attend(inputs, self.project_memory(memory), mask, training)
        return (outputs, weights) if return_attention_scores else outputs

    def project_memory(self, memory):
        """Return the keys [B, H, K, S] and values [B, H, S, K] of a memory [B, S, E]."""
        key, value = self._projected(self.key_value, memory, 2)
        return ops.transpose(key, (0, 2, 3, 1)), ops.transpose(value, (0, 2, 1, 3))

    def attend(self, inputs, projected, mask=None, training=None):
        """Let inputs [B, Q, D] look at a projected memory: outputs [B, Q, D] and weights [B, H, Q, S]."""
        (query,) = self._projected(self.query, inputs, 1)
        visible = None if mask is None else ops.cast(mask, "bool")[:, None, None, :]
        return self._attend(self._query(query), *projected, visible, training)

    def step(self, inputs, projected, bias):
        """Let one token of every hypothesis, inputs [B, W, D], look at a projected memory: outputs [B, W, D].

        Args:
            inputs: float tensor [B, W, D].
            projected: `project_memory(memory)`.
            bias: float32 tensor [B, 1, 1, S], 0 at real tokens, else the lowest number.

        Returns:
            float tensor [B, W, D].
        """
        (query,) = self._projected(self.query, inputs, 1)
        return self._look(self._query(query), *projected, bias)

    def compute_output_spec(self, inputs, memory, mask=None, return_attention_scores=False, training=None):
        """Return the symbolic outputs."""
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        batch, queries, _ = inputs.shape
        weights = keras.KerasTensor((batch, self.num_heads, queries, memory.shape[1]), dtype=self.compute_dtype)
        return (outputs, weights) if return_attention_scores else outputs


def known_shape(values):
    """Return the first two dimensions for a reshape, as far as known; an unknown one is -1, of two the first a tensor.

    What is asked of a tensor costs several operations, more than the reshape itself.
    """
    batch, time = values.shape[:2]
    if time is not None:
        return -1, time
    return (ops.shape(values)[0] if batch is None else batch), -1


def cache_rows(batch_size, num_heads, max_length, place):
    """Return where the tokens of a place go in a cache: int32 tensor [B * H, 1]."""
    return (ops.arange(batch_size * num_heads) * max_length + place)[:, None]
