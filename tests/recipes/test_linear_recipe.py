import json

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from recipes import linear, linear_xor
from tests.quick_cases import first_is_quick

MODELS = ["multilayer_perceptron", "perceptron", "linear_svm", "softmax_regression", "logistic_regression"]


@pytest.mark.parametrize("model", first_is_quick(MODELS))
def test_every_model_learns_own_reviews(model, reviews_csv, tmp_path):
    options = {"train_file": reviews_csv, "output_dir": tmp_path / "run", "model": model, "learning_rate": 0.05}
    fold = linear.main(linear.Config(folds=4, **options), fold=0)
    assert fold["test_score"] >= 85


@pytest.mark.slow
@pytest.mark.parametrize("penalty", [{"l1": 1e-4}, {"l2": 1e-3}], ids=str)
def test_the_multilayer_perceptron_learns_with_a_penalty(penalty, reviews_csv, tmp_path):
    options = {"train_file": reviews_csv, "model": "multilayer_perceptron", "learning_rate": 0.05, **penalty}
    fold = linear.main(linear.Config(folds=4, output_dir=tmp_path / "run", **options), fold=0)
    assert fold["test_score"] >= 85


@pytest.mark.slow
def test_entry_keeps_the_document_frequencies(reviews_csv, tmp_path):
    metrics = linear.main(linear.Config(train_file=reviews_csv, output_dir=tmp_path / "run", learning_rate=0.05))
    assert metrics["export_difference"] <= 1e-5
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == "softmax_regression_reviews_en"
    task = zoo.load(tmp_path / "run" / "entry")
    assert task.predict(["I loved this film"])[0]["label"] == "positive"
    assert len(set(task.model.get_layer("bag_of_words").inverse_document_frequencies.numpy())) > 1


@pytest.mark.slow
def test_chinese_characters_make_a_bag_of_words(tmp_path):
    config = linear.Config(dataset="shop_reviews", smoke=True, output_dir=tmp_path / "run")
    assert linear.main(config)["export_difference"] <= 1e-5


@pytest.mark.slow
def test_seeds_are_averaged(reviews_csv, tmp_path):
    options = {"train_file": reviews_csv, "epochs": 2, "seeds": 2}
    config = linear.Config(output_dir=tmp_path / "run", model="multilayer_perceptron", **options)
    summary = linear.main(config)
    parts = [json.loads((tmp_path / "run" / f"seed-{n}" / "metrics.json").read_text()) for n in (1, 2)]
    assert [part["seed"] for part in parts] == [1, 2]
    assert summary["test_scores"] == [part["test_score"] for part in parts]
    assert summary["test_score"] == pytest.approx(sum(summary["test_scores"]) / 2)
    assert "--seeds 2" in summary["command"]
    weights = [zoo.load(tmp_path / "run" / f"seed-{n}" / "entry").model.get_weights()[-1] for n in (1, 2)]
    assert (weights[0] != weights[1]).any()


def test_folds_and_seeds_together_are_refused(reviews_csv):
    with pytest.raises(InputError, match="--folds and --seeds"):
        linear.main(linear.Config(train_file=reviews_csv, folds=2, seeds=2))


@pytest.mark.slow
def test_only_a_hidden_layer_solves_exclusive_or(tmp_path, capsys):
    metrics = linear_xor.main(linear_xor.Config(starts=4, output_dir=tmp_path))
    assert all(correct < 4 for correct in metrics["correct_answers_of_linear_models"].values())
    assert 4 in metrics["correct_answers_of_starts"]
    slow, right, fast = metrics["final_losses"].values()
    assert right < 0.1 < slow
    assert not fast < 0.1
    assert (tmp_path / "xor.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    assert "of 4 starts" in capsys.readouterr().out
