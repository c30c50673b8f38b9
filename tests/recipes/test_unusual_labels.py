"""Data sets with very many classes, and with classes of one text."""

import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from recipes import text_cnn

SMALL = {"embedding_dim": 8, "num_filters": 8, "batch_size": 50}


@pytest.mark.slow
def test_a_thousand_classes_are_trained_drawn_and_served(tmp_path):
    random = np.random.default_rng(0)
    words = [f"w{number}" for number in range(300)]
    rows = [
        (f"topic{topic} " + " ".join(random.choice(words, 4)), f"topic {topic:04}")
        for topic in range(1000)
        for _ in range(6)
    ]
    (tmp_path / "topics.csv").write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    config = text_cnn.Config(
        train_file=tmp_path / "topics.csv", output_dir=tmp_path / "run", epochs=8, learning_rate=0.01, **SMALL
    )
    metrics = text_cnn.main(config)
    assert metrics["test_score"] > 50  # guessing scores 0.1
    assert metrics["num_classes"] == 1000
    assert np.shape(metrics["confusion_matrix"]) == (40, 40)
    assert (tmp_path / "run" / "metrics.json").stat().st_size < 1e5
    assert "and 950 more" in (tmp_path / "run" / "entry" / "README.md").read_text()
    answer = zoo.load(tmp_path / "run" / "entry").predict(["topic7 w1 w2"])[0]
    assert len(answer["probabilities"]) == 1000


@pytest.mark.slow
def test_a_class_with_one_text_is_trained_and_reported_as_untested(reviews_csv, tmp_path, capsys):
    with open(reviews_csv, "a") as file:
        file.write("neither here nor there,undecided\n")
    metrics = text_cnn.main(text_cnn.Config(train_file=reviews_csv, output_dir=tmp_path / "run", epochs=2, **SMALL))
    printed = capsys.readouterr().out
    assert "undecided: 1 train, 0 validation, 0 test" in printed
    assert "1 label has no text to validate or test with: undecided" in printed
    assert metrics["labels"] == ["negative", "positive", "undecided"]
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["macro_f1"] == pytest.approx(metrics["macro_f1"])
    assert "undecided" in zoo.load(tmp_path / "run" / "entry").predict(["neither"])[0]["probabilities"]
