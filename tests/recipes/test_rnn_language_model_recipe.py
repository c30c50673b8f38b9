import csv
import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.entries import evaluate
from kerasnlp_zoo.commands.plots import plot
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.errors import InputError
from recipes import rnn_language_model

SMALL = {"embedding_dim": 16, "hidden_dim": 16, "num_layers": 1, "batch_size": 4, "segment_length": 20, "epochs": 3}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """A file of lines in a small language."""
    random = np.random.default_rng(3)
    words = ["the cat", "a dog", "sees", "hears", "the house", "a bird", "and", "then"]
    path = tmp_path_factory.mktemp("texts") / "tales.txt"
    path.write_text("\n".join(" ".join(random.choice(words, 6)) + " ." for _ in range(200)))
    return path


@pytest.fixture(scope="module")
def run(text, tmp_path_factory):
    """The folder of a run on words, and its metrics."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    config = rnn_language_model.Config(corpus=text, output_dir=folder, num_sampled=8, learning_rate=0.02, **SMALL)
    return folder, rnn_language_model.main(config)


def test_own_text_becomes_an_entry_that_continues_texts(run):
    folder, metrics = run
    assert json.loads((folder / "metrics.json").read_text()) == metrics
    assert 1 < metrics["test_score"] < metrics["vocabulary_size"]
    assert metrics["pictures"] == ["curves"]
    assert metrics["export_difference"] < 1e-5
    assert set(metrics["generated_tokens_per_second"]) == {"1", "32"}
    config = zoo.read_config(folder / "entry")
    assert (config["task"], config["name"]) == ("language_modeling", "rnn_language_model_tales_en")
    assert config["preprocessing"]["config"]["unit"] == "words"
    assert zoo.check(folder / "entry")["answers"] > 0
    task = zoo.load(folder / "entry")
    likely, unlikely = task.predict(["the cat sees a dog", "cat the the a sees"])
    assert likely["log_probability"] > unlikely["log_probability"]
    assert task.next_words(["the"])[0][0]["text"] in ("cat", "house")
    with open(folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["val_perplexity"]) < float(rows[0]["val_perplexity"]) < 20
    assert float(rows[0]["tokens_per_second"]) > 0


def test_the_entry_is_evaluated_and_drawn_by_command(run, tmp_path, capsys, monkeypatch):
    folder, _ = run
    (tmp_path / "test.txt").write_text("the cat sees a dog .\n\na bird hears the house .\n")
    evaluate(str(folder / "entry"), DataOptions(test_file=tmp_path / "test.txt"), json_=True)
    scores = json.loads(capsys.readouterr().out)
    assert (scores["examples"], scores["tokens"]) == (2, 14)
    assert 1 < scores["perplexity"] < 20
    (folder / "curves.png").unlink()
    monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", "plot", str(folder)])
    plot(folder)
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"cell": "time_skip", "num_layers": 2, "skip_connections": True, "layer_norm": True, "num_output_layers": 1},
        {"cell": "output_recurrent", "teacher_forcing": True},
    ],
    ids=str,
)
def test_other_cells_learn_and_are_exported(options, text, tmp_path):
    flags = {**SMALL, "loss": "full_softmax", "learning_rate": 0.02, **options}
    metrics = rnn_language_model.main(rnn_language_model.Config(corpus=text, output_dir=tmp_path / "run", **flags))
    assert metrics["export_difference"] < 1e-5
    with open(tmp_path / "run/history.csv") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["perplexity"]) < float(rows[0]["perplexity"])
    assert float(rows[-1]["val_perplexity"]) < 10 < metrics["vocabulary_size"]


def test_an_exploding_loss_stops_the_run_and_keeps_it_resumable(text, tmp_path):
    config = rnn_language_model.Config(corpus=text, output_dir=tmp_path / "run", learning_rate=1e5, **SMALL)
    with pytest.raises(InputError, match="Training diverged.*Lower --learning-rate"):
        rnn_language_model.main(config)
    assert not (tmp_path / "run/metrics.json").exists()
