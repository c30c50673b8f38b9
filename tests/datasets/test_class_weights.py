import json

import numpy as np
import pytest

from kerasnlp_zoo.datasets.class_weights import read_class_weights, weights_of_classes
from kerasnlp_zoo.errors import InputError


def test_balanced_weights_give_every_class_the_same_total_weight(random):
    counts = random.integers(1, 1000, 7)
    weights = weights_of_classes("balanced", list("abcdefg"), counts)
    np.testing.assert_allclose(weights * counts, counts.sum() / 7, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("weights.json", json.dumps({"垃圾": 5, "other": 0.5})),
        ("weights.csv", "label,weight\n垃圾,5\nother,0.5\n"),
        ("weights.tsv", "label\tweight\nother\t0.5\n垃圾\t5\n"),
    ],
)
def test_weights_are_read_from_json_and_tables_in_any_order(tmp_path, name, content):
    (tmp_path / name).write_text(content, "utf-8")
    weights = read_class_weights(tmp_path / name)
    assert weights == {"垃圾": 5.0, "other": 0.5}
    np.testing.assert_array_equal(weights_of_classes(weights, ["other", "垃圾"], np.array([1, 1])), [0.5, 5.0])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.json", '["spam"]', "expected one JSON object.*Received: list"),
        ("w.json", "{spam: 5}", "expected one JSON object"),
        pytest.param("w.json", "[" * 100_000, "expected one JSON object", id="deep"),
        pytest.param("w.json", '{"spam": ' + "9" * 5000 + "}", "expected one JSON object", id="digits"),
        ("w.json", '{"spam": 5, "spam": 1}', "'spam' has a weight already"),
        ("w.json", '{"spam": [5]}', "weight of 'spam' must be a number"),
        ("w.csv", "label,weight\nspam,5\nspam,1\n", "line 3: the label 'spam' has a weight already"),
        ("w.csv", "label,weight\nspam,high\n", "line 2: the weight of 'spam' must be a number. Received: 'high'"),
        ("w.csv", "label,weight,note\nspam,5,x\n", "expected two columns.*Received the columns: label, weight, note"),
    ],
)
def test_another_form_of_file_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read_class_weights(tmp_path / name)


def test_a_missing_file_is_refused_with_both_choices(tmp_path):
    with pytest.raises(InputError, match="must be balanced or a file.*balance, which does not exist"):
        read_class_weights(tmp_path / "balance")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"ham": 1.0}, "Received: missing: spam"),
        ({"ham": 1.0, "spam": 2.0, "eggs": 3.0}, "Received: unknown: eggs"),
        ({"ham": 1.0, "spam": 0.0}, "positive number. Received: 'spam': 0.0"),
        ({"ham": 1.0, "spam": float("nan")}, "positive number. Received: 'spam': nan"),
        ("equal", "Expected class weights 'balanced'"),
    ],
)
def test_weights_that_do_not_fit_the_labels_are_refused(weights, message):
    with pytest.raises(InputError, match=message):
        weights_of_classes(weights, ["ham", "spam"], np.array([9, 1]))
