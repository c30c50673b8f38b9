"""A small example of every layer for Keras' own run_layer_test. A new layer adds a line to LAYERS.

test_contracts.py runs it on all of them. recurrent_layer_contracts.py has the recurrent layers.
"""

import numpy as np

from kerasnlp_zoo import layers
from tests.layer_case import BOOL, FLOAT32, MASK, SEQUENCE, TWO_INPUTS, LayerCase
from tests.recurrent_layer_contracts import RECURRENT_LAYERS

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
        layers.WordDropout,
        {"rate": 0.5, "token_id": 1, "seed": 1},
        {
            "input_data": np.array([[5, 7, 0]]),
            "expected_output_shape": (1, 3),
            "expected_num_seed_generators": 1,
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
        for pooling in (
            layers.MaxOverTime,
            layers.MeanOverTime,
            layers.SumOverTime,
            layers.SqrtMeanOverTime,
            layers.WeightedMeanOverTime,
            layers.LastOverTime,
        )
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
    *RECURRENT_LAYERS,
]
