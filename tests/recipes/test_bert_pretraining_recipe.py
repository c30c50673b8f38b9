"""Runs that pretrain BERT turn a text into an entry, and can be interrupted and resumed."""

import csv
import json
import sys

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.plots import plot
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPieceVocabulary
from kerasnlp_zoo.training import callbacks
from kerasnlp_zoo.weights import read_weights
from recipes import bert_pretraining

SMALL = {"max_sequence_length": 32, "batch_size": 8, "epoch_steps": 3, "epochs": 2}


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """A folder of two files with 600 documents of a few sentences."""
    random = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("texts")
    words = [f"{first}{second}" for first in ("ba", "do", "ke", "li", "mu") for second in ("ra", "sto", "ti", "nu")]
    for name in ("a.txt", "b.txt"):
        documents = [
            " ".join(" ".join(random.choice(words, 8)) + "." for _ in range(random.integers(2, 7))) for _ in range(300)
        ]
        (folder / name).write_text("\n\n".join(documents))
    return folder


@pytest.fixture(scope="module")
def run(texts, tmp_path_factory):
    """The folder of a smoke run, and its metrics."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, bert_pretraining.main(bert_pretraining.Config(corpus=texts, smoke=True, output_dir=folder, **SMALL))


@pytest.mark.slow
def test_own_text_becomes_an_entry_that_fills_masks(run):
    folder, metrics = run
    assert json.loads((folder / "metrics.json").read_text()) == metrics
    assert metrics["export_difference"] < 1e-5
    assert 0 <= metrics["test_score"] <= 100
    assert metrics["pictures"] == ["curves"]
    config = zoo.read_config(folder / "entry")
    assert (config["builder"], config["task"], config["name"]) == ("bert_pretrainer", "fill_mask", "bert_tiny_en")
    assert zoo.check(folder / "entry")["answers"] == 4
    candidates = zoo.load(folder / "entry").predict(["bara [MASK] keti"])[0]["candidates"]
    assert len(candidates) == 10
    with open(folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for column in ("mlm_logits_loss", "val_mlm_logits_accuracy", "val_nsp_logits_accuracy", "tokens_per_second"):
        assert all(float(row[column]) >= 0 for row in rows)
    assert not (folder / "state").exists()


@pytest.mark.slow
def test_the_plot_command_draws_the_curves_again(run, monkeypatch):
    folder, _ = run
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "plot", str(folder)])
    (folder / "curves.png").unlink()
    plot(folder)
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "labels", "kept", "fresh"),
    [
        ("text_classification", ["no", "yes"], "pooler/kernel", ["logits/"]),
        ("token_classification", ["O", "B-PER"], "layer_1/output/kernel", ["logits/"]),
        ("question_answering", None, "layer_1/output/kernel", ["logits/"]),
        ("sentence_similarity", None, "layer_1/output/kernel", []),
        ("text_regression", ["score"], "pooler/kernel", ["logits/"]),
    ],
)
def test_the_entry_serves_every_task_of_the_encoder(run, task, labels, kept, fresh, caplog):
    folder, _ = run
    preprocessing = {"pairs": True} if task == "question_answering" else None
    loaded = zoo.load(folder / "entry", task, labels, preprocessing=preprocessing)
    pretrained = {w.path: np.array(w) for w in zoo.load(folder / "entry").model.weights}
    weights = {w.path: np.array(w) for w in loaded.model.weights}
    assert kept in weights
    for path, value in weights.items():
        if not path.startswith("logits/"):
            np.testing.assert_array_equal(value, pretrained[path])
    new = [record.message for record in caplog.records if "weights are new" in record.message]
    assert [all(prefix in message for prefix in fresh) for message in new] == [True] * bool(fresh)


@pytest.mark.slow
def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(run, texts, tmp_path, monkeypatch, capsys):
    def train(**changes):
        config = bert_pretraining.Config(corpus=texts, smoke=True, output_dir=tmp_path / "cut", **SMALL, **changes)
        return bert_pretraining.main(config)

    on_epoch_end = callbacks.HistoryFile.on_epoch_end

    def interrupt(callback, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt
        on_epoch_end(callback, epoch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.HistoryFile, "on_epoch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train()
    assert "Continue with: kerasnlp-zoo train bert_pretraining" in capsys.readouterr().err

    monkeypatch.setattr(bert_pretraining, "finish_pretraining", lambda run, text, documents, model, *_: model.weights)
    resumed = train(resume=True)
    assert "Resuming after epoch 1" in capsys.readouterr().out
    whole = read_weights(run[0] / "entry" / "model.safetensors")
    assert whole.keys() == {weight.path for weight in resumed}
    for weight in resumed:
        np.testing.assert_array_equal(np.array(weight).astype("float16"), whole[weight.path])


@pytest.mark.slow
def test_a_given_vocabulary_is_used_unchanged(run, texts, tmp_path, monkeypatch):
    folder, _ = run
    monkeypatch.setattr(bert_pretraining, "finish_pretraining", lambda run, text, documents, *_: documents)
    monkeypatch.setattr(bert_pretraining.Run, "train", lambda *_, **__: None)
    config = bert_pretraining.Config(
        corpus=texts, vocabulary=str(folder / "entry"), output_dir=tmp_path / "entry", **SMALL
    )
    of_entry = bert_pretraining.main(config)
    config.vocabulary, config.output_dir = str(folder / "entry" / "vocabulary.txt"), tmp_path / "file"
    of_file = bert_pretraining.main(config)
    expected = WordPieceVocabulary.load(folder / "entry" / "vocabulary.txt").tokens
    assert of_entry.vocabulary.tokens == of_file.vocabulary.tokens == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"warmup_steps": -1}, "--warmup-steps"),
        ({"epoch_steps": 0}, "epoch_steps"),
        ({"vocabulary": "text_cnn_movie_reviews_en"}, "an entry with word pieces"),
        ({"vocabulary": "nothing"}, "There is no entry 'nothing'"),
        ({"max_sequence_length": 4}, "max_sequence_length"),
        ({"jit": True, "deterministic": True}, "--jit and --deterministic"),
    ],
)
def test_invalid_input_is_refused_before_training(texts, options, message, tmp_path):
    arguments = {"corpus": texts, "smoke": True, "output_dir": tmp_path / "run", **SMALL, **options}
    with pytest.raises(InputError, match=message):
        bert_pretraining.main(bert_pretraining.Config(**arguments))
    assert not (tmp_path / "run" / "history.csv").exists()


def test_a_text_that_is_too_short_is_refused(tmp_path):
    (tmp_path / "text.txt").write_text("One sentence. And another one.\n" * 5)
    config = bert_pretraining.Config(corpus=tmp_path / "text.txt", output_dir=tmp_path / "run")
    with pytest.raises(InputError, match="too short to pretrain"):
        bert_pretraining.main(config)
