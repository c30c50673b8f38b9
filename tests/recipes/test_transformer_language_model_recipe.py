import csv
import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from recipes import transformer_language_model

SMALL = {"hidden_dim": 16, "num_layers": 1, "num_heads": 2, "intermediate_dim": 32, "attention_window": 12}
SMALL |= {"batch_size": 4, "segment_length": 20, "epochs": 3, "learning_rate": 0.02, "dropout": 0.1}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A file of lines in a small language."""
    random = np.random.default_rng(3)
    words = ["the cat", "a dog", "sees", "hears", "the house", "a bird", "and", "then"]
    path = tmp_path_factory.mktemp("texts") / "tales.txt"
    path.write_text("\n".join(" ".join(random.choice(words, 6)) + " ." for _ in range(200)))
    return path


@pytest.mark.slow
def test_own_text_becomes_an_entry_that_continues_texts(text, tmp_path):
    folder = tmp_path / "run"
    config = transformer_language_model.Config(corpus=text, output_dir=folder, num_sampled=8, **SMALL)
    metrics = transformer_language_model.main(config)
    assert json.loads((folder / "metrics.json").read_text()) == metrics
    assert 1 < metrics["test_score"] < 8
    assert metrics["export_difference"] < 1e-5
    entry = zoo.read_config(folder / "entry")
    assert (entry["task"], entry["name"]) == ("language_modeling", "transformer_language_model_tales_en")
    assert zoo.check(folder / "entry")["answers"] > 0
    task = zoo.load(folder / "entry")
    likely, unlikely = task.predict(["the cat sees a dog", "cat the the a sees"])
    assert likely["log_probability"] > unlikely["log_probability"]
    assert task.next_words(["the"])[0][0]["text"] in ("cat", "house")
    with open(folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["val_perplexity"]) < float(rows[0]["val_perplexity"]) < 20


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["characters", "pieces"])
def test_parts_of_words_are_read_with_sinusoidal_positions(unit, text, tmp_path):
    options = {"unit": unit, "positions": "sinusoidal", "loss": "full_softmax", "max_vocabulary_size": 60}
    config = transformer_language_model.Config(corpus=text, output_dir=tmp_path / "run", **SMALL, **options)
    metrics = transformer_language_model.main(config)
    assert 1 < metrics["test_score"] < 8
    assert metrics["export_difference"] < 1e-5
    continuation = zoo.load(tmp_path / "run" / "entry").predict(["the cat sees"])[0]["continuation"]
    assert "#" not in continuation
    assert "▁" not in continuation


def test_a_hierarchical_softmax_is_refused(text, tmp_path):
    config = transformer_language_model.Config(corpus=text, output_dir=tmp_path / "run", loss="hierarchical_softmax")
    with pytest.raises(InputError, match="Use another --loss, or train rnn_language_model"):
        transformer_language_model.main(config)
    assert not (tmp_path / "run").exists()
