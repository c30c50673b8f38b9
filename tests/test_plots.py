import warnings

import pytest

from kerasnlp_zoo import plots
from kerasnlp_zoo.explanation import fired_ngrams
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor

PNG = b"\x89PNG\r\n"


def test_chinese_labels_have_glyphs(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of characters it cannot draw
        plots.confusion_matrix([[5, 1], [2, 7]], ["好评", "差评"], tmp_path / "a.png", "店铺评论")
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("count", [2, 3, 20])
def test_confusion_of_any_number_of_classes_is_drawn(count, tmp_path):
    plots.confusion_matrix([[0] * count] * count, [f"class {n}" for n in range(count)], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)


def test_reliability_with_one_bin_and_with_all_bins_is_drawn(tmp_path):
    box = {"above": 0.8, "up_to": 0.9, "confidence": 0.85, "accuracy": 0.5, "share": 1.0}
    for bins in ([box], [{**box, "above": n / 10, "up_to": (n + 1) / 10, "share": 0.1} for n in range(10)]):
        plots.reliability(bins, tmp_path / "a.png", "reliability")
        assert (tmp_path / "a.png").read_bytes().startswith(PNG)
        (tmp_path / "a.png").unlink()


def test_curves_of_one_epoch_are_drawn(tmp_path):
    row = {"epoch": 0, "accuracy": 0.5, "val_accuracy": 0.6, "cross_entropy": 0.7, "val_cross_entropy": 0.6}
    plots.training_curves([row], 1, tmp_path / "a.png", "one epoch")
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    "sentence",
    ["质量很好，5$ 和 6$，不推荐！", "很好" * 250, "", "a" * 500],
    ids=["short", "long", "empty", "one word"],
)
def test_explanations_are_drawn_with_chinese_glyphs(sentence, tmp_path):
    preprocessor = WordPreprocessor.from_texts(["质量很好", "太差了，不推荐"], language="zh")
    model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=4, num_filters=3, pooling="sum")
    explanation = fired_ngrams(TextClassification(model, preprocessor, ["差评", "好评"]), sentence)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of missing glyphs and of a layout without enough space
        plots.fired_ngrams(explanation, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)
