"""Small cases of every builder. A new family adds a line to BUILDERS.

test_contracts.py proves the promises; layer_contracts.py has the layers, task_contracts.py the tasks.
"""

import dataclasses

import numpy as np

from kerasnlp_zoo import models
from kerasnlp_zoo.layers.cells_by_name import CELLS
from kerasnlp_zoo.layers.crf import crf_marginals
from kerasnlp_zoo.training import GloveLoss, crf_loss, cross_entropy, identity_loss, span_cross_entropy
from tests.layer_case import PLACES
from tests.model_inputs import (
    NUM_CLASSES,
    VOCABULARY_SIZE,
    binary_trees,
    named_tokens,
    numbers,
    source_and_target,
    token_ids,
    tokens_in_segments,
    trees,
    with_answer_places,
    with_masked_positions,
    words_around_words,
    words_of_letters,
)
from tests.quick_cases import FAMILIES


@dataclasses.dataclass(frozen=True)
class BuilderCase:
    """One way to call a builder: a small model without dropout.

    Args:
        builder: registered name.
        arguments: dict of its arguments.
        inputs: function (random, batch, time) that returns the model's inputs.
        per_token: bool, whether the model has one label per token rather than per text.
        quantizable: bool, whether the model has a layer that Keras can quantize. The weights of a linear model over
            bags of words are not in such a layer.
        head: name of the last layer.
        loss: loss for training; a dict if the model has several outputs.
        output: name of the output to test if the model has several.
        labels: function (random, batch, time) that returns labels, if they are not one per text or per token.
        trains: bool, whether training is tested. Models that share the layers of another are not trained.
        is_mobile: bool, whether LiteRT has all operations. It has none for tables of 16-bit numbers.
        read: function that turns the outputs into values per text or per token, if they are not such values.
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
    is_mobile: bool = True
    read: callable = None

    def __str__(self):
        values = [str(self.arguments[name]) for name in IN_NAMES if name in self.arguments]
        return "-".join([self.builder, *values, *([self.output] if self.output else [])])

    @property
    def module(self):
        """Name of the module that defines the builder."""
        return models.BUILDERS[self.builder].__module__.rsplit(".", 1)[-1]

    @property
    def family(self):
        """Name of the family, to which several modules can belong."""
        return FAMILIES.get(self.module, self.module)

    @property
    def samples_noise(self):
        """Whether the loss samples noise words, which each replica samples anew."""
        return self.arguments.get("loss") in ("negative_sampling", "nce")


# Arguments that distinguish the cases of a builder.
IN_NAMES = (
    "pooling channels weighting loss positions activation composition labelled cell placement score_mode padding "
    "output num_features encoder source_vector"
).split()
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
OTHER_HEADS = {"score_mode": "additive", "key_dim": 3, "value_dim": 5, "shared_key_value": True}
DISTILBERT = {"num_segments": None, "pooling": "pooled_relu"}
PROJECTED = {"pooling": ["weighted_mean", "sqrt_mean", "last"], "normalize": False, "projection_dim": 6}
UNTRAINED = {"trains": False}


BUILDERS = [
    *(
        BuilderCase("transformer_encoder", {**BERT, "num_classes": NUM_CLASSES, "pooling": pooling, **more})
        for pooling, more in (("first", {"norm_first": True, "positions": "learned"}), ("mean", {}))
    ),
    BuilderCase(
        "transformer_encoder",
        {
            **BERT,
            "num_classes": NUM_CLASSES,
            "embedding_dim": 6,
            "num_segments": 2,
            "channels": "multichannel",
            "pooling": "attention",
            **OTHER_HEADS,
        },
        tokens_in_segments,
    ),
    BuilderCase(
        "transformer_tagger",
        {
            **BERT,
            "num_classes": NUM_CLASSES,
            "embedding_dim": 6,
            "character_vocabulary_size": VOCABULARY_SIZE,
            "num_bigram_bins": 30,
        },
        words_of_letters,
        per_token=True,
        **UNTRAINED,  # has the layers of transformer_encoder
    ),
    BuilderCase(
        "transformer_crf",
        {**BERT, "num_classes": NUM_CLASSES, "positions": None},
        per_token=True,
        loss=crf_loss,
        read=crf_marginals,
        **UNTRAINED,
    ),
    *(
        BuilderCase("transformer", {**BERT, **more}, source_and_target, per_token=True)
        for more in ({}, {"norm_first": True, "positions": "learned"}, OTHER_HEADS)
    ),
    *(
        BuilderCase(
            "seq2seq",
            {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8, "hidden_dim": 6, "dropout": 0.0, **more},
            source_and_target,
            per_token=True,
        )
        for more in (
            {"placement": "bahdanau", "score_mode": "general"},
            {"num_layers": 2, "cell": "lstm"},
            {"attention": None, "bidirectional": False, "cell": "rnn"},
            {"cell": "leaky_learned", "placement": "bahdanau"},
            {"cell": "time_skip", "num_layers": 2, "skip_connections": True, "layer_norm": True},
            {"encoder": "cnn", "source_vector": "mean", "num_layers": 2},
            {"source_vector": "attention", "feed_source_vector": True, "placement": "bahdanau"},
        )
    ),
    BuilderCase("bert", BERT, tokens_in_segments, head="pooler", output="pooled_output", **UNTRAINED),
    BuilderCase("bert", BERT, tokens_in_segments, True, head="pooler", output="sequence_output", **UNTRAINED),
    *(
        BuilderCase("bert_classifier", {**BERT, "num_classes": NUM_CLASSES, "pooling": pooling}, tokens_in_segments)
        for pooling in ("pooled_output", "mean")
    ),
    BuilderCase("bert_classifier", {**BERT, "num_classes": NUM_CLASSES, **OTHER_HEADS}, tokens_in_segments),
    BuilderCase("bert_classifier", {**BERT, "num_classes": NUM_CLASSES, **DISTILBERT}, named_tokens, **UNTRAINED),
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
    BuilderCase("sentence_encoder", {**BERT, **PROJECTED}, tokens_in_segments, head="projection", **UNTRAINED),
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
    BuilderCase(
        "rnn_language_model",
        {
            "vocabulary_size": VOCABULARY_SIZE,
            "embedding_dim": 8,
            "num_layers": 1,
            "tie_embeddings": False,
            "output": "hierarchical_softmax",
            "dropout": 0.0,
        },
        per_token=True,
    ),
    BuilderCase(
        "rnn_language_model",
        {
            "vocabulary_size": VOCABULARY_SIZE,
            "embedding_dim": 8,
            "hidden_dim": 8,
            "cell": "time_skip_only",
            "skip_connections": True,
            "layer_norm": True,
            "num_output_layers": 1,
            "dropout": 0.0,
        },
        per_token=True,
    ),
    BuilderCase(
        "rnn_language_model",
        {
            "vocabulary_size": VOCABULARY_SIZE,
            "embedding_dim": 8,
            "num_layers": 1,
            "cell": "output_recurrent",
            "teacher_forcing": True,
            "dropout": 0.0,
        },
        per_token=True,
    ),
    *(
        BuilderCase(
            "transformer_language_model",
            {name: BERT[name] for name in BERT if name != "max_sequence_length"}
            | {"attention_window": 4, "positions": positions, "norm_first": norm_first},
            per_token=True,
        )
        for positions, norm_first in (("linear_bias", True), ("sinusoidal", False))
    ),
    *(BuilderCase("text_cnn", _text_cnn(pooling=pooling)) for pooling in ("max", "mean", "sum", "k_max")),
    *(BuilderCase("text_cnn", _text_cnn(channels=channels)) for channels in ("static", "non_static", "multichannel")),
    BuilderCase(
        "text_cnn",
        _text_cnn(
            filter_widths=(2, 3),
            padding="valid",
            activation="tanh",
            dilation_rates=(1, 2),
            batch_normalization=True,
            l2=0.01,
        ),
    ),
    BuilderCase("text_cnn", _text_cnn(padding="same", activation="leaky_relu", l1=0.001)),
    BuilderCase(
        "text_cnn_tagger",
        _text_cnn(character_vocabulary_size=VOCABULARY_SIZE, num_layers=2),
        words_of_letters,
        per_token=True,
    ),
    BuilderCase("text_cnn_crf", _text_cnn(), per_token=True, loss=crf_loss, read=crf_marginals),
    *(
        BuilderCase("softmax_regression", {**SIZES, "weighting": weighting}, quantizable=False)
        for weighting in ("binary", "tf_idf")
    ),
    BuilderCase("perceptron", {**SIZES, "weighting": "count", "l1": 0.01}, quantizable=False),
    BuilderCase("linear_svm", {**SIZES, "weighting": "binary", "l2": 0.01}, quantizable=False),
    BuilderCase("logistic_regression", {**SIZES, "num_classes": 2, "weighting": "binary"}, quantizable=False),
    BuilderCase("multilayer_perceptron", {**SIZES, "hidden_dims": (8, 5), "weighting": "binary", "dropout": 0.0}),
    *(
        BuilderCase(builder, {"num_classes": 2, "num_features": 4, "l2": 0.01}, numbers)
        for builder in ("softmax_regression", "perceptron", "linear_svm", "logistic_regression")
    ),
    BuilderCase(
        "multilayer_perceptron",
        {"num_classes": NUM_CLASSES, "num_features": 4, "hidden_dims": (8, 5), "l1": 0.01, "dropout": 0.0},
        numbers,
    ),
    *(BuilderCase("bag_of_embeddings", _over_vectors(pooling=pooling)) for pooling in ("mean", "sum")),
    BuilderCase(
        "ngram_language_model",
        {"vocabulary_size": VOCABULARY_SIZE, "num_ngrams": [60, 90], "num_histories": [30, 50]},
        per_token=True,
        quantizable=False,
        is_mobile=False,
        **UNTRAINED,
    ),
    *(
        BuilderCase(
            "nnlm",
            {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8, "hidden_dim": 5, "context_size": 5, **more},
            **UNTRAINED,  # has the layers of fixed_window
        )
        for more in ({"direct_connections": True}, {"activation": "relu", "output": "hierarchical_softmax"})
    ),
    *(
        BuilderCase("bilstm", _over_vectors(pooling=pooling, num_layers=1, **more))
        for pooling, more in (
            ("max", {"cell": "rnn", "bidirectional": False, "filter_width": 3}),
            ("attention", {"cell": "gru", "merge": "sum"}),
            ("last", {}),
            ("last", {"cell": "output_recurrent"}),
            *(("max", {"cell": cell}) for cell in CELLS if cell not in ("lstm", "gru", "rnn", "output_recurrent")),
        )
    ),
    BuilderCase(
        "bilstm_crf",
        _over_vectors(num_layers=1),
        per_token=True,
        loss=crf_loss,
        read=crf_marginals,
    ),
    BuilderCase(
        "bilstm_crf",
        _over_vectors(cell="gru_reset_before", skip_connections=True, layer_norm=True, num_input_layers=1),
        per_token=True,
        loss=crf_loss,
        read=crf_marginals,
    ),
    BuilderCase(
        "bilstm_tagger",
        _over_vectors(num_layers=1, character_vocabulary_size=VOCABULARY_SIZE, num_bigram_bins=30),
        words_of_letters,
        per_token=True,
    ),
    BuilderCase("fixed_window", _over_vectors(window=5, channels="multichannel")),
    *(
        BuilderCase("tree_lstm", _over_vectors(composition=composition, labelled=labelled), inputs, **more)
        for composition, labelled, inputs, more in (
            ("n_ary", "root", binary_trees, {}),
            ("mean", "root", trees, UNTRAINED),
            (
                "child_sum",
                "nodes",
                trees,
                {"per_token": True, "labels": lambda random, *shape: random.integers(0, NUM_CLASSES, (*shape, PLACES))},
            ),
        )
    ),
    BuilderCase("tree_lstm_pair", _over_vectors(composition="n_ary", intermediate_dim=7), binary_trees, **UNTRAINED),
    BuilderCase(
        "word_embedding", {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8}, per_token=True, head="vectors"
    ),
    BuilderCase(
        "word_embedding",
        {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8, "has_output_vectors": True},
        per_token=True,
        head="context_logits",
        output="context_logits",
        **UNTRAINED,
    ),
    *(
        BuilderCase(
            builder,
            {"vocabulary_size": VOCABULARY_SIZE, "embedding_dim": 8, "loss": loss},
            words_around_words,
            per_token=True,
            head="word_prediction",
            loss=identity_loss,
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
