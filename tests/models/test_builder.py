import inspect

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import BUILDERS, bert, bert_classifier, build, text_cnn
from kerasnlp_zoo.models.bert import EncoderArguments
from kerasnlp_zoo.models.bilstm import TaggerArguments, tagger_encoder

CLASSIFIERS = sorted(
    name for name, builder in BUILDERS.items() if "num_classes" in inspect.signature(builder).parameters
)
AT_LEAST_TWO = (
    "linear_svm",
    "logistic_regression",
    "perceptron",
    "tree_lstm",
    "tree_lstm_pair",
)


def test_builder_config_contains_every_default():
    config = text_cnn(30, num_classes=2).builder_config
    assert config["builder"] == "text_cnn"
    assert config["arguments"] == {
        "vocabulary_size": 30,
        "num_classes": 2,
        "embedding_dim": 300,
        "filter_widths": [3, 4, 5],
        "num_filters": 100,
        "channels": "random",
        "pooling": "max",
        "k": 2,
        "dropout": 0.5,
        "max_norm": 3.0,
        "padding": "full",
        "activation": "relu",
        "dilation_rates": [1],
        "batch_normalization": False,
        "l1": 0.0,
        "l2": 0.0,
    }


def test_unregistered_names_are_refused():
    with pytest.raises(InputError, match="'os.system'"):
        build({"builder": "os.system", "arguments": {}})


def test_arguments_that_cannot_be_saved_are_refused():
    with pytest.raises(InputError, match="plain numbers"):
        text_cnn(30, num_classes=2, dropout=object())


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        (name, argument, value)
        for name in CLASSIFIERS
        for argument, value in [
            ("vocabulary_size", 0),
            ("num_classes", 0),
            ("num_classes", 2.0),
            ("dropout", 1.0),
            ("dropout", -0.1),
        ]
        if argument in inspect.signature(BUILDERS[name]).parameters
    ],
)
def test_classifiers_validate_sizes_and_dropout(name, argument, value):
    with pytest.raises(InputError, match=f"Received: {argument}={value}"):
        BUILDERS[name](**{"vocabulary_size": 20, "num_classes": 2, argument: value})


@pytest.mark.parametrize("name", AT_LEAST_TWO)
def test_one_class_is_refused_if_a_classifier_needs_two(name):
    with pytest.raises(InputError, match="num_classes=1"):
        BUILDERS[name](vocabulary_size=20, num_classes=1)


def test_a_head_takes_the_arguments_of_its_encoder():
    own, encoder = (inspect.signature(builder).parameters for builder in (bert_classifier, bert))
    assert list(own)[:3] == ["vocabulary_size", "num_classes", "pooling"]
    assert {name: own[name].default for name in encoder} == {name: encoder[name].default for name in encoder}
    with pytest.raises(TypeError, match="hidden_dims"):
        bert_classifier(20, 2, hidden_dims=8)


@pytest.mark.parametrize(("typed", "encoder"), [(EncoderArguments, bert), (TaggerArguments, tagger_encoder)])
def test_argument_types_equal_those_of_the_encoder(typed, encoder):
    parameters = inspect.signature(encoder).parameters
    assert typed.__annotations__ == {
        name: parameter.annotation for name, parameter in parameters.items() if parameter.default is not parameter.empty
    }
