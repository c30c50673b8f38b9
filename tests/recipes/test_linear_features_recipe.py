import json
import re
import sys

import numpy as np
import pytest

from kerasnlp_zoo import cli, zoo
from recipes import linear_features

MODELS = ["perceptron", "logistic_regression", "softmax_regression", "linear_svm", "multilayer_perceptron"]


def write_grades(folder):
    """Write a table of students: who studied long and missed little has passed. Return its path."""
    random = np.random.default_rng(0)
    hours, absences = random.uniform(0, 10, 120).round(1), random.integers(0, 9, 120)
    rows = [f"{h},{a},{'passed' if h - a > 1 else 'failed'}" for h, a in zip(hours, absences, strict=True)]
    path = folder / "grades.csv"
    path.write_text("hours,absences,label\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_own_numbers(model, tmp_path):
    options = {"train_file": write_grades(tmp_path), "learning_rate": 0.1, "epochs": 30, "folds": 4, "l2": 1e-4}
    fold = linear_features.main(linear_features.Config(output_dir=tmp_path / "run", model=model, **options), fold=0)
    assert fold["test_score"] >= 90


def test_an_entry_answers_and_is_evaluated_by_commands(tmp_path, monkeypatch, capsys):
    options = {"train_file": write_grades(tmp_path), "model": "logistic_regression", "learning_rate": 0.1, "epochs": 10}
    metrics = linear_features.main(linear_features.Config(output_dir=tmp_path / "run", **options))
    printed = capsys.readouterr().out
    assert metrics["export_difference"] <= 1e-5
    assert metrics == json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert f"on {metrics['test_examples']} rows" in printed
    assert re.search(r'{"instances": \[\[[\d.]+, [\d.]+\]\]}', printed)
    entry = tmp_path / "run" / "entry"
    assert zoo.read_config(entry)["name"] == "logistic_regression_grades"
    assert zoo.check(entry)["answers"] == 3

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *map(str, arguments)])
        cli.main()
        return capsys.readouterr().out

    assert run("predict", entry, "9.5,0", "1,8").splitlines()[1].startswith("failed ")
    (tmp_path / "new.csv").write_text("label,absences,hours\npassed,0,9.5\nfailed,8,1\n")
    scores = json.loads(run("evaluate", entry, "--test-file", tmp_path / "new.csv", "--json"))
    assert (scores["examples"], scores["accuracy"]) == (2, 1.0)


@pytest.mark.slow
def test_a_smoke_run_of_the_examples_writes_all_results(tmp_path):
    for dataset in ("interviews", "exam"):
        config = linear_features.Config(dataset=dataset, smoke=True, output_dir=tmp_path / dataset)
        assert linear_features.main(config)["export_difference"] <= 1e-5


@pytest.mark.slow
def test_two_replicas_learn_like_one(tmp_path):
    options = {"train_file": write_grades(tmp_path), "model": "softmax_regression", "epochs": 3, "folds": 4}
    scores = [
        linear_features.main(
            linear_features.Config(output_dir=tmp_path / strategy, strategy=strategy, **options), fold=0
        )["validation_score"]
        for strategy in ("none", "mirrored")
    ]
    assert scores[0] == scores[1]
