"""Attention as a decoder pays it: each query takes a weighted mean of values, weighted by how its key suits.

Shapes: B batch, Q queries, T keys, D width of a query, E of a key, F of a value, U units of the additive score.

References: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate"; Luong et al.
2015, "Effective Approaches to Attention-based Neural Machine Translation"; Xu et al. 2015, "Show, Attend and Tell",
for hard attention.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers.masking import MaskedLayer, mask_bias, zero_masked

SCORE_MODES = ("additive", "general", "dot", "scaled_dot")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Attention(MaskedLayer):
    """softmax(score(query, key)) over the keys, times the values.

    The scores of a query q and a key k:

    - "additive": w . tanh(W_q q + W_k k)
    - "general": q . W k (bilinear)
    - "dot": q . k
    - "scaled_dot": q . k / sqrt(D)

    Soft attention takes the mean. Hard attention takes one value: in training one drawn by the weights, with the
    gradient of the mean passed straight through (Bengio et al. 2013); otherwise that of the highest weight.

    A decoder that asks the same keys step after step calls `project_keys` once and `attend` for each step.

    Args:
        score: one of the above.
        units: int >= 1, U; None for D.
        is_hard: bool, whether attention is hard.
        seed: int, decides what hard attention draws.

    Call arguments:
        query: float tensor [B, Q, D].
        key: float tensor [B, T, E]; for the dot scores E = D.
        value: float tensor [B, T, F]; None for the keys.
        mask: bool tensor [B, T], True at real keys; None for everywhere. A row without any gives zeros.
        return_attention_scores: bool, whether the weights are wanted, too.

    Returns:
        float tensor [B, Q, F]; with `return_attention_scores` the pair of it and the weights float32 [B, Q, T], 0 at
        padded keys; of hard attention they are 0 or 1.

    Raises:
        InputError: if an argument is outside its range, or a dot score is to compare vectors of different widths.

    Example:

    >>> attention = Attention(score="additive")
    >>> context, weights = attention(ops.ones((2, 3, 8)), ops.ones((2, 4, 6)), return_attention_scores=True)
    >>> context.shape, weights[0, 0].numpy()
    (TensorShape([2, 3, 6]), array([0.25, 0.25, 0.25, 0.25], dtype=float32))

    References: Bahdanau et al. 2015, section A.1.2; Luong et al. 2015, equation 8; Vaswani et al. 2017, equation 1.
    """

    def __init__(self, score="additive", units=None, is_hard=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        require_choice("score", score, SCORE_MODES)
        if units is not None:
            require_positive(units=units)
        self.score = score
        self.units = units
        self.is_hard = is_hard
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed) if is_hard else None

    def build(self, query_shape, key_shape, value_shape=None):
        """Create the weights of the score."""
        width, key_width = query_shape[-1], key_shape[-1]
        if self.score == "additive":
            units = self.units or width
            self.query_kernel = self.add_weight(name="query_kernel", shape=(width, units))
            self.key_kernel = self.add_weight(name="key_kernel", shape=(key_width, units))
            self.scale = self.add_weight(name="scale", shape=(units,), initializer="random_normal")
        elif self.score == "general":
            self.key_kernel = self.add_weight(name="key_kernel", shape=(key_width, width))
        elif width != key_width:
            raise InputError(
                f"The score {self.score!r} compares vectors of one width. Received: queries of {width}, keys of "
                f"{key_width}. Use 'general' or 'additive', or project one of them"
            )

    def call(self, query, key, value=None, mask=None, return_attention_scores=False, training=None):
        """Project the keys and attend to them."""
        value = key if value is None else value
        return self.attend(query, self.project_keys(key), value, mask, return_attention_scores, training)

    def project_keys(self, key):
        """Return what queries are compared with: [B, T, U] for the additive score, else [B, T, D]."""
        return key if self.score in ("dot", "scaled_dot") else ops.matmul(key, self.key_kernel)

    def attend(self, query, projected, value, mask=None, return_attention_scores=False, training=None):
        """Compare queries with projected keys and average the values; see the call arguments."""
        scores = ops.cast(self._scores(query, projected), "float32")  # [B, Q, T]
        mask = None if mask is None else ops.cast(mask, "bool")[:, None, :]
        if mask is not None:
            scores = scores + mask_bias(mask)
        weights = zero_masked(self._choice(scores, training) if self.is_hard else ops.softmax(scores), mask)
        context = ops.matmul(ops.cast(weights, value.dtype), value)
        return (context, weights) if return_attention_scores else context

    def _scores(self, query, projected):
        if self.score == "additive":
            query = ops.matmul(query, self.query_kernel)
            hidden = ops.tanh(query[:, :, None] + projected[:, None])  # [B, Q, T, U]
            return ops.matmul(hidden, ops.cast(self.scale, hidden.dtype)[:, None])[..., 0]
        if self.score == "scaled_dot":
            query = query * query.shape[-1] ** -0.5
        return ops.matmul(query, ops.transpose(projected, (0, 2, 1)))

    def _choice(self, scores, training):
        """Return weights of 0 and 1, [B, Q, T]; in training with the gradient of a softmax."""
        keys = ops.shape(scores)[-1]
        if not training:
            return ops.one_hot(ops.argmax(scores, axis=-1), keys)
        drawn = keras.random.categorical(ops.reshape(scores, (-1, keys)), 1, seed=self.seed_generator)
        chosen = ops.one_hot(ops.reshape(drawn, ops.shape(scores)[:2]), keys)
        weights = ops.softmax(scores)
        return chosen + weights - ops.stop_gradient(weights)

    def compute_output_spec(self, query, key, value=None, mask=None, return_attention_scores=False, training=None):
        """Return the symbolic context, and the weights where they are wanted."""
        width = (key if value is None else value).shape[-1]
        context = keras.KerasTensor((*query.shape[:2], width), dtype=self.compute_dtype)
        weights = keras.KerasTensor((*query.shape[:2], key.shape[1]), dtype="float32")
        return (context, weights) if return_attention_scores else context

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "score": self.score,
            "units": self.units,
            "is_hard": self.is_hard,
            "seed": self.seed,
        }
