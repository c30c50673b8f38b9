"""A resumed run must have the flags, the data and the vocabulary of the interrupted run; labels keep their order."""

import keras
import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import text_classification
from kerasnlp_zoo.datasets.splits import LabelSetSplit, Split, TextClassificationData
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import Span
from kerasnlp_zoo.training import HistoryFile
from kerasnlp_zoo.training.run_state import RunState
from kerasnlp_zoo.vocabulary import Vocabulary
from recipes import (
    bert_pretraining,
    bilstm_tagging,
    glove,
    linear,
    linear_features,
    rnn_language_model,
    seq2seq,
    text_cnn,
    transformer_translation,
    tree_lstm,
    word2vec,
)
from tests.small_data import write_reviews, write_sentiment_trees, write_topics


def data(labels=("bad", "good"), ids=(0, 1, 1), texts=("a", "b", "c")):
    split = Split(list(texts), np.array(ids))
    return TextClassificationData("films", list(labels), split, split, split, {})


@pytest.fixture
def state(tmp_path):
    """A function that returns the state of a run, as of a new process."""
    (tmp_path / "state").mkdir()
    return lambda: RunState(tmp_path, tmp_path / "state" / "facts.json")


def test_labels_keep_the_order_of_the_interrupted_run(state):
    before = state().same_data(data())
    after = state().same_data(data(labels=("good", "bad"), ids=(1, 0, 0)))
    assert after.labels == before.labels == ["bad", "good"]
    np.testing.assert_array_equal(after.train.labels, before.train.labels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": (1, 0, 0)}, r"train data 3 examples, sha256 \w+ \(now 3 examples, sha256 \w+\), validation data"),
        ({"texts": ("a", "b", "x")}, "train data"),
        ({"texts": ("a", "b"), "ids": (0, 1)}, r"train data 3 examples.*\(now 2 examples"),
        ({"labels": ("bad", "best")}, r"labels bad, good \(now bad, best\)"),
    ],
)
def test_changed_data_is_refused_and_named(changes, message, state):
    state().same_data(data())
    with pytest.raises(InputError, match=f"own flags and data.*{message}"):
        state().same_data(data(**changes))


def test_a_changed_vocabulary_is_refused(state):
    state().remember_vocabulary(Vocabulary(["[PAD]", "[UNK]", "tea"]))
    with pytest.raises(InputError, match=r"vocabulary 3 tokens.*now 3 tokens"):
        state().remember_vocabulary(Vocabulary(["[PAD]", "[UNK]", "cup"]))


def test_sets_of_labels_stay_in_increasing_order():
    sets = LabelSetSplit(["a", "b", "c"], np.fromiter([(0, 1), (1,), ()], object, 3))
    assert sets.renumbered(np.array([2, 0])).labels.tolist() == [(0, 2), (0,), ()]


def test_labels_of_nodes_are_renumbered_and_spans_are_not():
    nodes = data(ids=np.fromiter([(0, 1, 1), (1,), ()], object, 3))
    assert nodes.with_labels(["good", "bad"]).train.labels.tolist() == [(1, 0, 0), (0,), ()]
    spans = data(ids=np.fromiter([(Span(0, 1, "good"),), (), ()], object, 3))
    assert spans.with_labels(["good", "bad"]).train.labels.tolist() == spans.train.labels.tolist()


def write_names(folder):
    path = folder / "names.conll"
    path.write_text("Ada B-PER\nslept O\n\n" * 3 + "".join(f"Ada{n} B-PER\nslept O\n\n" for n in range(40)))
    return path


def write_numbers(folder):
    path = folder / "numbers.csv"
    path.write_text("hours,label\n" + "".join(f"{n},{'pass' if n > 20 else 'fail'}\n" for n in range(40)))
    return path


def write_pairs(folder):
    path = folder / "pairs.tsv"
    path.write_text("".join(f"the {n}th word\tla palabra {n}\n" for n in range(100)))
    return path


def write_documents(folder):
    path = write_topics(folder)
    path.write_text(path.read_text("utf-8") * 3)
    return path


FILES = {
    "linear": (linear, write_reviews, "a dull joke", "a dull jest", {}),
    "text_cnn": (text_cnn, write_reviews, "a dull joke", "a dull jest", {}),
    "bilstm_tagging": (bilstm_tagging, write_names, "Ada3", "Ida3", {"language": "en"}),
    "tree_lstm": (tree_lstm, write_sentiment_trees, "joke", "jest", {}),
    "linear_features": (linear_features, write_numbers, "3,", "3.5,", {}),
    "seq2seq": (seq2seq, write_pairs, "3th", "4th", {"vocabulary_size": 60}),
    "transformer_translation": (transformer_translation, write_pairs, "3th", "4th", {"vocabulary_size": 60}),
    "rnn_language_model": (rnn_language_model, write_topics, "cat3", "cat4", {}),
    "word2vec": (word2vec, write_topics, "cat3", "cat4", {}),
    "glove": (glove, write_topics, "cat3", "cat4", {}),
    "bert_pretraining": (bert_pretraining, write_documents, "cat3", "cat4", {"vocabulary_size": 200}),
}


@pytest.mark.parametrize(
    "name", [name if name == "linear" else pytest.param(name, marks=pytest.mark.slow) for name in FILES]
)
def test_a_recipe_is_not_resumed_with_another_file(name, tmp_path, monkeypatch):
    recipe, write, written, changed, options = FILES[name]
    path = write(tmp_path)
    given = "corpus" if hasattr(recipe.Config, "corpus") else "train_file"

    def run(**changes):
        recipe.main(recipe.Config(**{given: path, "output_dir": tmp_path / "run", **options, **changes}))

    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run()
    text = path.read_text("utf-8")
    assert written in text
    path.write_text(text.replace(written, changed), "utf-8")
    with pytest.raises(InputError, match="own flags and data"):
        run(resume=True)
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"--seed 1 \(now 2\)"):
        run(resume=True, seed=2)
    with pytest.raises(ZeroDivisionError):
        run(resume=True)


def test_a_run_is_not_resumed_from_other_pretrained_weights(tmp_path, monkeypatch):
    vectors, reviews = tmp_path / "vectors.txt", write_reviews(tmp_path)

    def run(**changes):
        options = {"channels": "static", "embeddings": str(vectors), "embedding_dim": 2, **changes}
        text_cnn.main(text_cnn.Config(train_file=reviews, output_dir=tmp_path / "run", **options))

    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: 1 / 0)
    vectors.write_text("dull 0.5 1\njoke 2 -1\n")
    with pytest.raises(ZeroDivisionError):
        run()
    vectors.write_text("dull 0.5 1\njoke 2 -1.5\n")
    with pytest.raises(InputError, match=r"weights before training [\d,]+, sha256 \w+ \(now "):
        run(resume=True)
    vectors.write_text("dull 0.5 1\njoke 2 -1\n")
    with pytest.raises(ZeroDivisionError):
        run(resume=True)


@pytest.mark.slow
def test_a_run_resumed_with_permuted_labels_ends_as_an_uninterrupted_one(tmp_path, monkeypatch):
    def run(name, **changes):
        options = {"train_file": write_reviews(tmp_path), "output_dir": tmp_path / name, "epochs": 4, **changes}
        linear.main(linear.Config(**options))

    def interrupt(callback, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt
        on_epoch_end(callback, epoch, logs)

    on_epoch_end = HistoryFile.on_epoch_end
    run("whole")
    with monkeypatch.context() as patch:
        patch.setattr(HistoryFile, "on_epoch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run("cut")
    monkeypatch.setattr(text_classification, "ordered", lambda labels: sorted(labels, reverse=True))
    run("cut", resume=True)
    for name in ("history.csv", "entry/model.safetensors", "entry/golden.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert zoo.read_config(tmp_path / "cut")["labels"] == ["negative", "positive"]
