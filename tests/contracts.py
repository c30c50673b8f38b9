"""What every layer and builder promises. A new family adds a line to LAYERS or BUILDERS.

The promises themselves stand in test_contracts.py; those of tasks are tried on the ones in task_contracts.py.
"""

import dataclasses

import numpy as np

from kerasnlp_zoo import layers
from kerasnlp_zoo.training import GloveLoss, cross_entropy, output_as_loss, span_cross_entropy

VOCABULARY_SIZE = 40
NUM_CLASSES = 3


@dataclasses.dataclass(frozen=True)
class LayerCase:
    """One way to make a layer, and what Keras' own run_layer_test is to check on it."""

    layer: type
    arguments: dict
    checks: dict

    def __str__(self):
        return "-".join([self.layer.__name__, *map(str, self.arguments.values())])


MASK = np.array([[True] * 6, [True] * 2 + [False] * 4])
SEQUENCE = {"input_shape": (2, 6, 5), "call_kwargs": {"mask": MASK}, "supports_masking": True}
BOOL = {"expected_output_dtype": "bool", "run_training_check": False}  # a mask has no gradient
FLOAT32 = {"expected_output_dtype": "float32", "run_mixed_precision_check": False}  # whatever the precision
LAYERS = [
    LayerCase(layers.PaddingMask, {}, {"input_data": np.array([[5, 0]]), "expected_output_shape": (1, 2), **BOOL}),
    LayerCase(layers.ZeroMasked, {}, {**SEQUENCE, "expected_output_shape": (2, 6, 5)}),
    LayerCase(layers.MaskScores, {}, {**SEQUENCE, "expected_output_shape": (2, 6, 5), **FLOAT32}),
    LayerCase(
        layers.UnitLength,
        {},
        {"input_shape": (2, 5), "expected_output_shape": (2, 5), "supports_masking": True, **FLOAT32},
    ),
    LayerCase(layers.WindowMask, {"width": 3}, {"input_data": MASK, "expected_output_shape": (2, 8), **BOOL}),
    *(
        LayerCase(
            layers.TextConvolution,
            {"filters": 4, "kernel_size": 3, "padding": padding},
            {**SEQUENCE, "expected_output_shape": (2, time, 4), "expected_num_trainable_weights": 2},
        )
        for padding, time in (("full", 8), ("same", 6))
    ),
    *(
        LayerCase(
            layers.MultiHeadSelfAttention,
            {"num_heads": 5, "dropout": 0.1, "is_causal": is_causal},
            {
                **SEQUENCE,
                "expected_output_shape": (2, 6, 5),
                "expected_num_trainable_weights": 4,
                "expected_num_seed_generators": 1,
            },
        )
        for is_causal in (False, True)
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
        layers.AddBias,
        {},
        {
            "input_shape": (2, 6, 5),
            "expected_output_shape": (2, 6, 5),
            "expected_num_trainable_weights": 1,
            "supports_masking": True,
        },
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
                "run_training_check": False,  # its outputs are nested; the models that hold it are trained
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
            (layers.LeakyCell, {"leak": 0.5}, 1, 2),
            (layers.DeepTransitionCell, {"depth": 3}, 1, 6),
            (layers.TimeSkipCell, {"skip": 3}, 3, 2),
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
                "run_mixed_precision_check": False,  # ids and their weights are the same in any precision
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
                "run_mixed_precision_check": False,  # a loss is float32 in any precision
            },
        )
        for layer, is_sampled in (
            (layers.FullSoftmax, False),
            (layers.NegativeSampling, True),
            (layers.NoiseContrastiveEstimation, True),
            (layers.HierarchicalSoftmax, False),
        )
    ),
    *(
        LayerCase(pooling, {}, {**SEQUENCE, "expected_output_shape": (2, 5)})
        for pooling in (layers.MaxOverTime, layers.AverageOverTime, layers.SumOverTime)
    ),
]


def token_ids(random, batch, time):
    """Token ids [B, T], rows of different lengths, the first one full."""
    ids = random.integers(1, VOCABULARY_SIZE, (batch, time)).astype("int32")
    lengths = np.append(time, random.integers(1, time + 1, batch - 1))
    return ids * (np.arange(time) < lengths[:, None])


def tokens_in_segments(random, batch, time):
    """What BERT takes: tokens of two segments."""
    ids = token_ids(random, batch, time)
    return {"token_ids": ids, "segment_ids": (np.arange(time) > time // 2) * (ids > 0).astype("int32")}


def with_answer_places(random, batch, time):
    """A question and a passage, in which answers may stand."""
    inputs = tokens_in_segments(random, batch, time)
    return {**inputs, "is_answer_place": (inputs["token_ids"] > 0).astype("int32")}


def with_masked_positions(random, batch, time):
    """Tokens of two segments, and positions whose words are to be told."""
    inputs = tokens_in_segments(random, batch, time)
    return {**inputs, "masked_positions": np.zeros_like(inputs["token_ids"])}


def words_around_words(random, batch, time):
    """Words and those that they are to predict, as word2vec takes them."""
    return {name: token_ids(random, batch, time) for name in ("token_ids", "words")}


@dataclasses.dataclass(frozen=True)
class BuilderCase:
    """One way to call a builder, small and without dropout.

    Args:
        builder: registered name.
        arguments: dict for it.
        inputs: function (random, batch, time) -> the model's inputs.
        per_token: bool, whether there is one label per token rather than per text.
        quantizable: bool, whether it holds a layer that Keras can quantize; the weights of a linear
            model over bags of words are none of those.
        head: name of its last layer.
        loss: function (labels, outputs) -> losses, that it is trained with; for several outputs a dict.
        output: name of the output that is looked at, of a model with several.
        labels: function (random, batch, time) -> labels, where there is neither one a text nor one a token.
        trains: bool, whether its training is tried, too: that takes longest, and is shared by heads of one encoder.
    """

    builder: str
    arguments: dict
    inputs: callable = token_ids
    per_token: bool = False
    quantizable: bool = True
    head: str = "logits"
    loss: callable = cross_entropy
    output: str | None = None
    labels: callable = None
    trains: bool = True

    def __str__(self):
        telling = [str(self.arguments[name]) for name in TELLING if name in self.arguments]
        return "-".join([self.builder, *telling, *([self.output] if self.output else [])])


TELLING = (
    "pooling",
    "channels",
    "weighting",
    "loss",
    "positions",
    "activation",
    "cell",
)  # arguments that tell two cases of a builder apart
SIZES = {"vocabulary_size": VOCABULARY_SIZE, "num_classes": NUM_CLASSES}


def _text_cnn(**arguments):
    return {**SIZES, "embedding_dim": 8, "num_filters": 4, "dropout": 0.0, **arguments}


def _over_vectors(**arguments):
    return {**SIZES, "embedding_dim": 8, "hidden_dim": 5, "dropout": 0.0, **arguments}


BERT = {
    "vocabulary_size": VOCABULARY_SIZE,
    "hidden_dim": 8,
    "num_layers": 1,
    "num_heads": 2,
    "intermediate_dim": 16,
    "max_sequence_length": 128,
    "dropout": 0.0,
}
UNTRAINED = {"trains": False}


BUILDERS = [
    *(
        BuilderCase("transformer_encoder", {**BERT, "num_classes": NUM_CLASSES, "pooling": pooling, **more})
        for pooling, more in (("first", {"norm_first": True, "positions": "learned"}), ("mean", {}))
    ),
    BuilderCase("bert", BERT, tokens_in_segments, head="pooler", output="pooled_output", **UNTRAINED),
    BuilderCase("bert", BERT, tokens_in_segments, True, head="pooler", output="sequence_output", **UNTRAINED),
    *(
        BuilderCase("bert_classifier", {**BERT, "num_classes": NUM_CLASSES, "pooling": pooling}, tokens_in_segments)
        for pooling in ("pooled_output", "mean")
    ),
    BuilderCase("bert_token_classifier", {**BERT, "num_classes": NUM_CLASSES}, tokens_in_segments, True, **UNTRAINED),
    BuilderCase(
        "bert_span_predictor",
        BERT,
        with_answer_places,
        per_token=True,
        head="masked_logits",
        loss=span_cross_entropy,
        labels=lambda random, batch, time: np.zeros((batch, 2), "int32"),
    ),
    BuilderCase("bert_masked_language_model", BERT, with_masked_positions, True, head="mlm_logits", **UNTRAINED),
    BuilderCase("bert_pretrainer", BERT, with_masked_positions, per_token=True, head="nsp_logits", output="mlm_logits"),
    BuilderCase("sentence_encoder", BERT, tokens_in_segments, head="vector", **UNTRAINED),
    *(
        BuilderCase(
            "rnn_language_model",
            {
                "vocabulary_size": VOCABULARY_SIZE,
                "embedding_dim": 8,
                "hidden_dim": 6,
                "cell": cell,
                "tie_embeddings": cell == "gru",
                "dropout": 0.0,
            },
            per_token=True,
        )
        for cell in ("gru", "lstm")
    ),
    *(BuilderCase("text_cnn", _text_cnn(pooling=pooling)) for pooling in ("max", "average", "sum", "k_max")),
    *(BuilderCase("text_cnn", _text_cnn(channels=channels)) for channels in ("static", "non_static", "multichannel")),
    BuilderCase("text_cnn_tagger", _text_cnn(), per_token=True),
    *(
        BuilderCase("softmax_regression", {**SIZES, "weighting": weighting}, quantizable=False)
        for weighting in ("binary", "tf_idf")
    ),
    BuilderCase("perceptron", {**SIZES, "weighting": "count", "l1": 0.01}, quantizable=False),
    BuilderCase("linear_svm", {**SIZES, "l2": 0.01}, quantizable=False),
    BuilderCase("logistic_regression", {**SIZES, "num_classes": 2}, quantizable=False),
    BuilderCase("multilayer_perceptron", {**SIZES, "hidden_dims": (8, 5), "dropout": 0.0}),
    *(BuilderCase("bag_of_embeddings", _over_vectors(pooling=pooling)) for pooling in ("average", "sum")),
    BuilderCase("fixed_window", _over_vectors(window=5, channels="multichannel")),
    BuilderCase(
        "word_embedding", {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8}, per_token=True, head="vectors"
    ),
    *(
        BuilderCase(
            builder,
            {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8, "loss": loss},
            words_around_words,
            per_token=True,
            head="word_prediction",
            loss=output_as_loss,
        )
        for builder in ("skip_gram", "cbow")
        for loss in ("negative_sampling", "nce", "hierarchical_softmax", "full_softmax")
    ),
    BuilderCase(
        "glove",
        {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8},
        words_around_words,
        per_token=True,
        head="log_counts",
        loss=GloveLoss(),
    ),
]
