import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import build, text_cnn


def test_builder_config_holds_every_default():
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
    }


def test_only_registered_names_are_built():
    with pytest.raises(InputError, match="'os.system'"):
        build({"builder": "os.system", "arguments": {}})


def test_arguments_that_no_file_can_hold_are_refused():
    with pytest.raises(InputError, match="plain numbers"):
        text_cnn(30, num_classes=2, dropout=object())
