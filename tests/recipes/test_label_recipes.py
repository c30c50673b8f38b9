"""Every recipe of classifiers on texts with several labels and on scores, from flags to a served model."""

import csv
import json

import pytest

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.errors import InputError
from recipes import bag_of_embeddings, bilstm, linear, text_cnn, transformer_encoder, tree_lstm
from tests.small_data import OPINIONS, THINGS

SMALL = {"embedding_dim": 16, "batch_size": 16, "learning_rate": 0.01, "epochs": 12, "patience": 12}
TRANSFORMER = {"hidden_dim": 16, "num_heads": 2, "num_layers": 1, "intermediate_dim": 16, "dropout": 0.0}
RECIPES = {
    linear: {"batch_size": 16, "learning_rate": 0.05},
    bag_of_embeddings: {**SMALL, "dropout": 0.0},
    text_cnn: {**SMALL, "num_filters": 16},
    bilstm: {**SMALL, "hidden_dim": 16, "num_layers": 1, "dropout": 0.0},
    transformer_encoder: {**SMALL, **TRANSFORMER},
}


def write(path, rows):
    """Write (text, label) rows as CSV. Return the path."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


@pytest.fixture
def label_sets(tmp_path):
    """A file of opinions about things, labelled as good, and by the thing as moving or not; many have no label."""
    rows = [
        (f"{opinion} {thing}", "|".join(["good"] * (label == "positive") + ["moving"] * (number < 6)))
        for opinion, label in OPINIONS
        for number, thing in enumerate(THINGS)
    ]
    return write(tmp_path / "sets.csv", rows)


def on_label_sets(recipe, path, folder, **changes):
    options = {"min_count": 1, **RECIPES[recipe], "train_file": path, "label_separator": "|", **changes}
    return recipe.main(recipe.Config(output_dir=folder / "run", validation_split=0.2, **options))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_several_labels_are_learned_scored_and_served(recipe, label_sets, tmp_path, capsys, monkeypatch):
    metrics = on_label_sets(recipe, label_sets, tmp_path)
    assert metrics["metric"] == "micro-F1"
    assert metrics["test_score"] > 80
    assert metrics == json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert {"precision", "recall", "f1", "support"} == set(metrics["scores"]["per_class"]["good"])
    entry = tmp_path / "run" / "entry"
    assert zoo.load(entry).labels == ["good", "moving"]
    assert zoo.check(entry)["answers"] > 0
    printed = capsys.readouterr().out
    assert "exact match" in printed
    assert "1.0 per text of train (0 to 2)" in printed
    flags = ["--json", "--test-file", str(label_sets), "--label-separator", "|"]
    monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", "evaluate", str(entry), *flags])
    cli.main()
    assert json.loads(capsys.readouterr().out)["micro_f1"] > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_scores_are_learned_and_served(recipe, tmp_path):
    stars = {"positive": 4.5, "negative": 1}
    path = write(tmp_path / "s.csv", [(f"{opinion} {thing}", stars[s]) for opinion, s in OPINIONS for thing in THINGS])
    options = {"min_count": 1, **RECIPES[recipe], "train_file": path, "score": True}
    metrics = recipe.main(recipe.Config(output_dir=tmp_path / "run", **options))
    assert metrics["metric"] == "Spearman"
    assert metrics["test_score"] > 70
    task = zoo.load(tmp_path / "run" / "entry", task="text_regression")
    good, bad = (answer["score"] for answer in task.predict(["I loved this film", "I hated this film"]))
    assert good > bad + 1


@pytest.mark.parametrize(
    ("recipe", "options", "message"),
    [
        (linear, {"score": True, "model": "linear_svm"}, "--score needs --model softmax_regression"),
        (text_cnn, {"score": True, "class_weights": "balanced"}, "--score reads a number.*Omit"),
        (text_cnn, {"score": True, "label_separator": "|"}, "--score reads a number.*Omit"),
        (tree_lstm, {"label_separator": "|"}, "A tree has one label"),
    ],
)
def test_flags_that_do_not_fit_together_are_refused(recipe, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        recipe.main(recipe.Config(output_dir=tmp_path / "run", **options))


def test_models_without_sigmoids_are_refused(label_sets, tmp_path):
    with pytest.raises(InputError, match="Several labels for a text need --model softmax_regression"):
        on_label_sets(linear, label_sets, tmp_path, model="linear_svm")


def test_train_examples_keeps_the_first_texts_of_every_class_and_their_words(tmp_path):
    rows = [f"{'good' if n % 2 else 'bad'} word{n},{'pos' if n % 2 else 'neg'}" for n in range(100)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label", *rows]))
    data = linear.Config(train_file=tmp_path / "train.csv").load(None)
    few = linear.Config(train_file=tmp_path / "train.csv", train_examples=3).load(None)
    labels = few.train.labels.tolist()
    assert sorted(labels) == [0, 0, 0, 1, 1, 1]
    firsts = [
        [text for text, label in zip(data.train.texts, data.train.labels, strict=True) if label == c] for c in (0, 1)
    ]
    assert set(few.train.texts) == {*firsts[0][:3], *firsts[1][:3]}
    assert (few.validation.texts, few.test.texts) == (data.validation.texts, data.test.texts)
    with pytest.raises(InputError, match="train_examples"):
        linear.Config(train_file=tmp_path / "train.csv", train_examples=0).check(1)
