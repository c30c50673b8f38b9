"""A small example of every recurrent layer, cell and tree layer for Keras' own run_layer_test."""

import numpy as np

from kerasnlp_zoo import layers
from tests.layer_case import MASK, PARENTS, PLACES, SEQUENCE, TWO_INPUTS, LayerCase

RECURRENT_LAYERS = [
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
]
