"""A small example of every layer for Keras' own run_layer_test. A new layer adds a line to LAYERS.

test_contracts.py runs it on all of them.
"""

import dataclasses

import numpy as np

from kerasnlp_zoo import layers
from kerasnlp_zoo.layers.tree_composition import INNER_PLACES, LEAF_PLACES

PLACES = INNER_PLACES + LEAF_PLACES


@dataclasses.dataclass(frozen=True)
class LayerCase:
    """One way to build a layer, and the arguments of Keras' own run_layer_test for it."""

    layer: type
    arguments: dict
    checks: dict

    def __str__(self):
        return "-".join([self.layer.__name__, *map(str, self.arguments.values())])


MASK = np.array([[True] * 6, [True] * 2 + [False] * 4])
SEQUENCE = {"input_shape": (2, 6, 5), "call_kwargs": {"mask": MASK}, "supports_masking": True}
BOOL = {"expected_output_dtype": "bool", "run_training_check": False}  # a mask has no gradient
PARENTS = np.zeros((2, 3, PLACES), "int32")
PARENTS[:, 1] = 1, 2, 1, 2, 0  # below the roots of the row above
FLOAT32 = {"expected_output_dtype": "float32", "run_mixed_precision_check": False}  # in any precision
TWO_INPUTS = {"run_training_check": False}  # its model passes one argument
LAYERS = [
    LayerCase(layers.PaddingMask, {}, {"input_data": np.array([[5, 0]]), "expected_output_shape": (1, 2), **BOOL}),
    LayerCase(layers.ZeroMasked, {}, {**SEQUENCE, "expected_output_shape": (2, 6, 5)}),
    LayerCase(layers.MaskScores, {}, {**SEQUENCE, "expected_output_shape": (2, 6, 5), **FLOAT32}),
    LayerCase(
        layers.UnitLength,
        {},
        {"input_shape": (2, 5), "expected_output_shape": (2, 5), "supports_masking": True, **FLOAT32},
    ),
    LayerCase(
        layers.Standardization,
        {},
        {
            "input_shape": (2, 5),
            "expected_output_shape": (2, 5),
            "expected_num_non_trainable_weights": 2,
            "run_training_check": False,  # nothing in it is trained
        },
    ),
    LayerCase(
        layers.HashedBigrams,
        {"num_bins": 9},
        {
            "input_data": np.array([[5, 7, 0]]),
            "expected_output_shape": (1, 3),
            "expected_output_dtype": "int32",
            "run_training_check": False,  # an id has no gradient
            "run_mixed_precision_check": False,
        },
    ),
    LayerCase(
        layers.SharedEmbedding,
        {"input_dim": 7, "output_dim": 4},
        {
            "input_data": np.array([[5, 2, 0]]),
            "expected_output_shape": (1, 3, 4),
            "expected_num_trainable_weights": 1,
        },
    ),
    *(
        LayerCase(
            layers.WindowMask,
            {"width": 3, "padding": padding, "dilation_rate": rate},
            {"input_data": MASK, "expected_output_shape": (2, windows), **BOOL},
        )
        for padding, rate, windows in (("full", 1, 8), ("same", 1, 6), ("valid", 2, 2))
    ),
    *(
        LayerCase(
            layers.TextConvolution,
            {"filters": 4, "kernel_size": 3, "padding": padding, **more},
            {**SEQUENCE, "expected_output_shape": (2, windows, 4), "expected_num_trainable_weights": 2, **checks},
        )
        for padding, more, windows, checks in (
            ("full", {}, 8, {}),
            ("same", {"dilation_rate": 3}, 6, {}),
            ("valid", {"kernel_regularizer": "l2"}, 4, {"expected_num_losses": 1}),
        )
    ),
    LayerCase(
        layers.MaskedBatchNormalization,
        {"momentum": 0.5},
        {
            **SEQUENCE,
            "expected_output_shape": (2, 6, 5),
            "expected_num_trainable_weights": 2,
            "expected_num_non_trainable_weights": 2,
        },
    ),
    *(
        LayerCase(
            layers.MultiHeadSelfAttention,
            {"num_heads": 5, "dropout": 0.1, **more},
            {
                **SEQUENCE,
                "expected_output_shape": (2, 6, 5),
                "expected_num_trainable_weights": num_weights,
                "expected_num_seed_generators": 1,
            },
        )
        for more, num_weights in (
            ({"is_causal": False}, 4),
            ({"is_causal": True}, 4),
            ({"score_mode": "additive", "key_dim": 3, "value_dim": 2, "shared_key_value": True}, 5),
        )
    ),
    *(
        LayerCase(
            layers.TransformerEncoderBlock,
            {"num_heads": 1, "intermediate_dim": 8, "activation": activation, "norm_first": norm_first},
            {
                **SEQUENCE,
                "expected_output_shape": (2, 6, 5),
                "expected_num_trainable_weights": 12,
                "expected_num_seed_generators": 2,
            },
        )
        for activation, norm_first in (("relu", False), ("gelu", True), ("gelu_tanh", False))
    ),
    *(
        LayerCase(
            layer,
            {"num_heads": 1, **arguments, "window": 3, "linear_bias": linear_bias},
            {
                **SEQUENCE,
                "expected_output_shape": ((2, 6, 5), ((2, 1, 2, 5), (2, 1, 2, 5))),
                "expected_num_trainable_weights": num_weights,
                "expected_num_seed_generators": num_seeds,
                "run_training_check": False,  # the memory is not trained
            },
        )
        for layer, arguments, num_weights, num_seeds, linear_bias in (
            (layers.WindowedSelfAttention, {"dropout": 0.1}, 4, 1, True),
            (layers.WindowedTransformerBlock, {"intermediate_dim": 8}, 12, 2, False),
        )
    ),
    *(
        LayerCase(
            layers.Attention,
            {"score_mode": score_mode, "is_hard": is_hard, "seed": 1},
            {
                "input_shape": {"query_shape": (2, 3, 5), "key_shape": (2, 6, 5)},
                "call_kwargs": {"mask": MASK},
                "supports_masking": True,
                "expected_output_shape": (2, 3, 5),
                "expected_num_trainable_weights": num_weights,
                "expected_num_seed_generators": int(is_hard),
                **TWO_INPUTS,
            },
        )
        for score_mode, is_hard, num_weights in (
            ("additive", False, 3),
            ("general", True, 1),
            ("dot", False, 0),
            ("scaled_dot", False, 0),
        )
    ),
    LayerCase(
        layers.MultiHeadCrossAttention,
        {"num_heads": 5, "dropout": 0.1, "score_mode": "additive"},
        {
            "input_shape": {"inputs_shape": (2, 3, 5), "memory_shape": (2, 6, 5)},
            "call_kwargs": {"mask": MASK},
            "supports_masking": True,
            "expected_output_shape": (2, 3, 5),
            "expected_num_trainable_weights": 7,
            **TWO_INPUTS,
            "expected_num_seed_generators": 1,
        },
    ),
    LayerCase(
        layers.TransformerDecoderBlock,
        {"num_heads": 1, "intermediate_dim": 8, "norm_first": True},
        {
            "input_shape": {"inputs_shape": (2, 3, 5), "memory_shape": (2, 6, 5)},
            "call_kwargs": {"memory_mask": MASK},
            "supports_masking": True,
            "expected_output_shape": (2, 3, 5),
            "expected_num_trainable_weights": 20,
            **TWO_INPUTS,
            "expected_num_seed_generators": 3,
        },
    ),
    *(
        LayerCase(
            layers.RecurrentDecoder,
            {"units": 4, "output_dim": 7, "attention": attention, "placement": placement, **more},
            {
                "input_shape": {"inputs_shape": (2, 3, 5), "memory_shape": (2, 6, 5)},
                "call_kwargs": {
                    "initial_state": [np.ones((2, 4), "float32")] * more.get("num_layers", 1),
                    "memory_mask": MASK,
                },
                "supports_masking": True,
                "expected_output_shape": (2, 3, 7),
                "expected_num_trainable_weights": num_weights,
                "expected_num_seed_generators": num_generators,
                **TWO_INPUTS,
            },
        )
        for attention, placement, more, num_weights, num_generators in (
            ("soft", "luong", {}, 8, 1),  # Keras' cells have one
            ("hard", "bahdanau", {}, 8, 2),
            ("soft", "bahdanau", {"num_layers": 2, "skip_connections": True, "layer_norm": True}, 13, 2),
            (None, "luong", {}, 5, 1),
        )
    ),
    LayerCase(
        layers.LearnedPositions,
        {"max_sequence_length": 7},
        {
            "input_shape": (2, 6, 5),
            "expected_output_shape": (2, 6, 5),
            "expected_num_trainable_weights": 1,
            "supports_masking": True,
        },
    ),
    LayerCase(
        layers.SinusoidalPositions,
        {"max_sequence_length": 7},
        {
            "input_shape": (2, 6, 4),
            "expected_output_shape": (2, 6, 4),
            "supports_masking": True,
            "run_training_check": False,  # nothing in it is trained
        },
    ),
    LayerCase(
        layers.GatherPositions,
        {},
        {
            "input_data": np.ones((2, 6, 5), "float32"),
            "call_kwargs": {"positions": np.array([[5, 0, 1]] * 2, "int32")},
            "expected_output_shape": (2, 3, 5),
            "supports_masking": True,
            "run_training_check": False,  # nothing in it is trained
        },
    ),
    LayerCase(
        layers.ReplaceToken,
        {"token_id": 2},
        {
            "input_shape": (2, 3, 5),
            "call_kwargs": {"token_ids": np.array([[2, 4, 5]] * 2), "replacement": np.zeros((2, 5), "float32")},
            "expected_output_shape": (2, 3, 5),
            "supports_masking": True,
            **TWO_INPUTS,
        },
    ),
    LayerCase(
        layers.AddBias,
        {},
        {
            "input_shape": (2, 6, 5),
            "expected_output_shape": (2, 6, 5),
            "expected_num_trainable_weights": 1,
            "supports_masking": True,
        },
    ),
    LayerCase(
        layers.CRF,
        {"num_classes": 2, "allowed_transitions": [[True, True, True], [True, False, True], [True, False, True]]},
        {**SEQUENCE, "expected_output_shape": (2, 9, 3), "expected_num_trainable_weights": 3, **FLOAT32},
    ),
    *(
        LayerCase(
            layers.Recurrent,
            {"units": 4, "cell": cell, **more},
            {
                **SEQUENCE,
                "expected_output_shape": ((2, 6, width), [(2, 4)] * states),
                "expected_num_trainable_weights": 3 * (1 + ("bidirectional" in more)),
                "expected_num_seed_generators": 1 + ("bidirectional" in more),
                "expected_num_non_trainable_variables": 1 + ("bidirectional" in more),
                "run_training_check": False,  # its outputs are nested; the models that contain it are trained
            },
        )
        for cell, more, width, states in (
            ("lstm", {"bidirectional": True, "recurrent_dropout": 0.1}, 8, 4),
            ("gru", {"bidirectional": True, "merge": "sum"}, 4, 2),
            ("rnn", {}, 4, 1),
        )
    ),
    *(
        LayerCase(
            layers.Recurrent,
            {"units": 4, "cell": cell, **more},
            {
                **SEQUENCE,
                "expected_output_shape": ((2, 6, 4), [(2, 4)] * states),
                "expected_num_trainable_weights": weights,
                "run_training_check": False,  # as above
            },
        )
        for cell, more, states, weights in (
            ("time_skip_only", {}, 4, 2),
            ("output_recurrent", {"teacher_forcing": True}, 1, 4),
        )
    ),
    *(
        LayerCase(
            cell,
            {"units": 4, **more},
            {
                "input_shape": (2, 5),
                "call_kwargs": {"states": [np.zeros((2, 4), "float32")] * states},
                "expected_output_shape": ((2, 4), [(2, 4)] * states),
                "expected_num_trainable_weights": weights,
                "run_training_check": False,  # it would call the cell without a state
                "run_mixed_precision_check": False,  # likewise
            },
        )
        for cell, more, states, weights in (
            (layers.AdditiveStateCell, {}, 1, 2),
            (layers.CoupledGateCell, {}, 1, 4),
            (layers.SeparateGatesCell, {}, 1, 6),
            (layers.LeakyCell, {"leak": 0.5}, 1, 2),
            (layers.LeakyCell, {"learns_leak": True}, 1, 3),
            (layers.DeepTransitionCell, {"depth": 3}, 1, 6),
            (layers.TimeSkipCell, {"skip": 3}, 3, 2),
            (layers.TimeSkipCell, {"skip": 3, "has_short_edge": False}, 3, 2),
            (layers.OutputRecurrentCell, {"output_dim": 4}, 1, 4),
        )
    ),
    LayerCase(layers.KMaxPooling, {"k": 3}, {**SEQUENCE, "expected_output_shape": (2, 3, 5)}),
    LayerCase(layers.FirstPositions, {"length": 4}, {**SEQUENCE, "expected_output_shape": (2, 20)}),
    *(
        LayerCase(
            layers.BagOfWords,
            {"vocabulary_size": 9, "weighting": weighting},
            {
                "input_data": np.array([[5, 3, 5, 0]], "int32"),
                "expected_output_shape": ((1, 4), (1, 4)),
                "expected_output_dtype": ("int32", "float32"),
                "expected_num_non_trainable_weights": int(weighting == "tf_idf"),
                "supports_masking": True,
                "run_training_check": False,  # nothing in it is trained
                "run_mixed_precision_check": False,  # ids and their weights do not depend on the precision
            },
        )
        for weighting in ("binary", "count", "tf_idf")
    ),
    LayerCase(
        layers.BagOfWordsDense,
        {"vocabulary_size": 9, "units": 4, "kernel_regularizer": "l2"},
        {
            "input_data": np.array([[5, 3, 0]], "int32"),
            "call_kwargs": {"weights": np.array([[2.0, 1.0, 0.0]], "float32")},
            "expected_output_shape": (1, 4),
            "expected_num_trainable_weights": 2,
            "expected_num_losses": 1,
            "supports_masking": True,
        },
    ),
    *(
        LayerCase(
            layer,
            {"vocabulary_size": 9},
            {
                "input_data": np.ones((2, 6, 5), "float32"),
                "call_kwargs": {"words": np.array([[5, 3, 8, 2, 0, 0]] * 2, "int32")},
                "expected_output_shape": (2, 6),
                "expected_num_trainable_weights": 1,
                "expected_num_seed_generators": int(is_sampled),
                "supports_masking": True,
                "run_training_check": False,  # it would call the layer without words
                "run_mixed_precision_check": False,  # a loss is always float32
            },
        )
        for layer, is_sampled in (
            (layers.FullSoftmax, False),
            (layers.NegativeSampling, True),
            (layers.NoiseContrastiveEstimation, True),
            (layers.HierarchicalSoftmax, False),
            (layers.SampledSoftmax, True),
            (layers.ImportanceSampling, True),
        )
    ),
    *(
        LayerCase(
            layer,
            {"units": 4, **arguments},
            {
                "input_data": np.ones((2, 3, PLACES, 6), "float32"),
                "call_kwargs": {"parents": PARENTS},
                "expected_output_shape": (2, 2, 4) if "num_roots" in arguments else (2, 3, PLACES, 4),
                "expected_num_trainable_weights": num_weights,
                "supports_masking": True,
                "run_training_check": False,  # for this case and the next, it would call the layer without parents
                "run_mixed_precision_check": False,
            },
        )
        for layer, arguments, num_weights in (
            (layers.ChildSumTreeLSTM, {}, 3),
            (layers.NaryTreeLSTM, {"num_children": 3, "num_roots": 2}, 3),
            (layers.TreeMean, {"num_roots": 2}, 2),
        )
    ),
    LayerCase(
        layers.NgramProbabilities,
        {"vocabulary_size": 9, "num_ngrams": [7, 5], "num_histories": [4, 3]},
        {
            "input_data": np.array([[2, 2, 5, 8, 3]], "int32"),
            "expected_output_shape": (1, 3, 9),
            "expected_num_non_trainable_weights": 11,
            "run_training_check": False,  # nothing in it is trained
            "run_mixed_precision_check": False,  # log-probabilities are float32
        },
    ),
    LayerCase(
        layers.PairFeatures, {}, {"input_shape": (2, 2, 5), "expected_output_shape": (2, 20), "supports_masking": True}
    ),
    *(
        LayerCase(pooling, {}, {**SEQUENCE, "expected_output_shape": (2, 5)})
        for pooling in (layers.MaxOverTime, layers.MeanOverTime, layers.SumOverTime)
    ),
    LayerCase(
        layers.AttentionOverTime,
        {"units": 4},
        {**SEQUENCE, "expected_output_shape": (2, 5), "expected_num_trainable_weights": 3},
    ),
    *(
        LayerCase(
            layers.WordCharacters,
            {"vocabulary_size": 9, "character_encoder": encoder, "output_dim": 4},
            {
                "input_data": np.array([[[5, 3, 8], [2, 0, 0]]], "int32"),
                "expected_output_shape": (1, 2, 4),
                "expected_num_trainable_weights": weights,
                "supports_masking": True,
            },
        )
        for encoder, weights in (("cnn", 3), ("lstm", 7))
    ),
]
