"""`kerasnlp-zoo tune` finds the best flags of a recipe by its validation score, and can be interrupted."""

import csv
import json
import math
import sys

import pytest

from kerasnlp_zoo import cli
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.callbacks import DivergenceError
from kerasnlp_zoo.training.tuning import SearchedFlag, search_flags
from recipes import bert_pretraining, linear, rnn_language_model, text_cnn, word2vec

SEARCH = ("learning_rate=1e-4..1e-1:log", "dropout=0.1,0.3,0.5", "num_filters=16..64")


def quick_first(cases):
    """Return pytest parameters, of which only the first are tested quickly."""
    return [cases[0], *(pytest.param(*case, marks=pytest.mark.slow) for case in cases[1:])]


class Scores:
    """A recipe whose score is a function of its flags; it writes the file that a run writes."""

    def __init__(self, score):
        self.score, self.configs = score, []

    def __call__(self, config):
        assert config.is_trial
        self.configs.append(config)
        score = self.score(config)
        config.output_dir.mkdir()
        (config.output_dir / "metrics.json").write_text(json.dumps({"validation_score": score}))
        return {}


def near(config):
    """Return a score that is best at a learning rate of 0.01 with dropout 0.3."""
    return 90 - abs(math.log10(config.learning_rate) + 2) - abs(config.dropout - 0.3)


def config(folder, recipe=text_cnn, **changes):
    return recipe.Config(**{"output_dir": folder, **changes})


def test_the_best_trial_is_first_and_its_command_repeats_it(tmp_path, capsys):
    recipe = Scores(near)
    rows = search_flags(recipe, "text_cnn", config(tmp_path / "run", dataset="trec"), SEARCH, 12)
    assert len(rows) == len(recipe.configs) == 12
    scores = [row["score"] for row in rows]
    assert scores == sorted(map(near, recipe.configs), reverse=True)
    best = max(recipe.configs, key=near)
    assert (rows[0]["learning_rate"], rows[0]["num_filters"]) == (best.learning_rate, best.num_filters)
    for tried in recipe.configs:
        assert 1e-4 <= tried.learning_rate <= 1e-1
        assert tried.dropout in (0.1, 0.3, 0.5)
        assert 16 <= tried.num_filters <= 64
        assert tried.dataset == "trec"
    printed = capsys.readouterr().out
    assert "Train with the best flags:\nkerasnlp-zoo train text_cnn --dataset trec" in printed
    assert f"--learning-rate {best.learning_rate}" in printed.splitlines()[-1]
    with open(tmp_path / "run" / "trials.csv", newline="") as file:
        assert [float(row["score"]) for row in csv.DictReader(file)] == scores


def test_a_lower_perplexity_is_better(tmp_path):
    recipe = Scores(lambda config: 100 * config.dropout)
    rows = search_flags(recipe, "rnn", config(tmp_path / "run", rnn_language_model), ["dropout=0.1,0.3,0.5"], 5)
    assert rows[0]["dropout"] == 0.1


@pytest.mark.slow
def test_an_interrupted_search_is_continued_with_the_same_trials(tmp_path, capsys):
    expected = search_flags(Scores(near), "text_cnn", config(tmp_path / "whole"), SEARCH, 6)

    def interrupted(config):
        if len(recipe.configs) == 4:
            raise KeyboardInterrupt
        return near(config)

    recipe = Scores(interrupted)
    with pytest.raises(KeyboardInterrupt):
        search_flags(recipe, "text_cnn", config(tmp_path / "cut"), SEARCH, 6)
    assert "Continue with: kerasnlp-zoo tune text_cnn --search learning_rate=" in capsys.readouterr().err
    rest = Scores(near)
    with pytest.raises(InputError, match="own flags and data.*--batch-size 50"):
        search_flags(rest, "text_cnn", config(tmp_path / "cut", resume=True, batch_size=9), SEARCH, 6)
    assert search_flags(rest, "text_cnn", config(tmp_path / "cut", resume=True), SEARCH, 6) == expected
    assert len(rest.configs) == 3


def test_trials_that_diverge_are_listed_last_and_other_errors_end_the_search(tmp_path, capsys):
    def diverging(config):
        if config.dropout != 0.1:
            raise DivergenceError("the loss is nan")
        return 80.0

    rows = search_flags(Scores(diverging), "text_cnn", config(tmp_path / "a"), ["dropout=0.1,0.3,0.5"], 3)
    assert [(row["dropout"], row["score"]) for row in rows[:1]] == [(0.1, 80.0)]
    assert [row["score"] for row in rows[1:]] == [None, None]
    assert "failed: the loss is nan" in capsys.readouterr().err

    def broken(config):
        raise InputError("there is no such file")

    recipe = Scores(broken)
    with pytest.raises(InputError, match="no such file"):
        search_flags(recipe, "text_cnn", config(tmp_path / "b"), ["dropout=0.1,0.3"], 3)
    assert len(recipe.configs) == 1


REFUSED = [
    (text_cnn, [], {}, "at least one flag.*Received: none"),
    (text_cnn, ["dropout=0.1,0.3", "dropout=0.5,0.7"], {}, "each of them once"),
    (text_cnn, ["droput=0.1,0.3"], {}, "Did you mean 'dropout'"),
    (text_cnn, ["seed=1,2"], {}, "cannot search 'seed'"),
    (text_cnn, ["dataset=trec,movie_reviews"], {}, "cannot search 'dataset'"),
    (text_cnn, ["dropout=0.1"], {}, "at least two values"),
    (text_cnn, ["dropout=low,high"], {}, "'low' is not a value of --dropout"),
    (text_cnn, ["pooling=max..sum"], {}, "A range has two numbers"),
    (text_cnn, ["dropout=0.5..0.1"], {}, "the smaller one first"),
    (text_cnn, ["dropout=0..0.5:log"], {}, "above 0"),
    (text_cnn, ["patience=0,3"], {}, "patience=0"),
    (text_cnn, ["dropout=0.1,0.3"], {"folds": 5}, "Omit --folds"),
    (word2vec, ["window=2,5"], {}, "word2vec has no validation score"),
    (bert_pretraining, ["learning_rate=1e-4,1e-3"], {}, "bert_pretraining has no validation score"),
]


@pytest.mark.parametrize(("recipe", "search", "changes", "message"), quick_first(REFUSED))
def test_searches_that_cannot_succeed_are_refused_before_the_first_trial(recipe, search, changes, message, tmp_path):
    name = recipe.__name__.removeprefix("recipes.")
    with pytest.raises(InputError, match=message):
        search_flags(lambda config: 1 / 0, name, config(tmp_path / "run", recipe, **changes), search, 3)
    assert not (tmp_path / "run").exists()


VALUES = [
    ("filter-widths=3 4 5,2 3", [(3, 4, 5), (2, 3)]),
    ("batch_normalization=true,false", [True, False]),
    ("pooling=max,k_max", ["max", "k_max"]),
    ("max_vocabulary_size=100..1000", [100, 1000]),
]


@pytest.mark.parametrize(("text", "values"), quick_first(VALUES))
def test_values_have_the_type_of_their_flag(text, values):
    assert list(SearchedFlag.read(text, text_cnn.Config).values.values()) == values


@pytest.mark.slow
def test_the_command_searches_a_recipe_without_scoring_test_data(reviews_csv, tmp_path, monkeypatch, capsys):
    flags = ["--search", "weighting=binary,count", "--trials", "2", "--epochs", "2", "--train-file", reviews_csv]
    command = ["kerasnlp-zoo", "tune", "linear", *flags, "--output-dir", tmp_path / "run"]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    cli.main()
    printed = capsys.readouterr().out
    assert "Test accuracy" not in printed
    assert "kerasnlp-zoo train linear --train-file" in printed.splitlines()[-1]
    trials = sorted((tmp_path / "run").glob("trial-*"))
    assert len(trials) == 2
    for trial in trials:
        metrics = json.loads((trial / "metrics.json").read_text())
        assert "test_score" not in metrics
        assert metrics["metric"] == "accuracy"
        assert not (trial / "entry").exists()
    assert linear.Config().weighting == "tf_idf"
