import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import logistic_regression, softmax_regression
from kerasnlp_zoo.tasks import FeatureClassification
from kerasnlp_zoo.text import FeaturePreprocessor
from kerasnlp_zoo.vocabulary import TokenList

COLUMNS = FeaturePreprocessor(TokenList(["hours", "absences"]))


@pytest.fixture(scope="module")
def task():
    model = logistic_regression(num_features=2)
    model.get_layer("score").kernel.assign([[0.5], [-1.0]])
    model.get_layer("score").bias.assign([-0.9])
    return FeatureClassification(model, COLUMNS, ["failed", "passed"])


def test_the_probability_of_the_documents_exam(task):
    """[2] computes sigmoid(z) = 75% for a student; here z = 0.5 x 6 - 1 x 1 - 0.9 = 1.1."""
    assert task.predict([[6, 1]])[0]["probabilities"]["passed"] == pytest.approx(0.75, abs=0.001)


def test_a_row_is_a_list_a_tuple_an_array_or_a_line_of_a_table(task):
    answers = [task.predict(rows)[0] for rows in ([[6, 1.0]], [(6.0, 1)], np.array([[6, 1]]), ["6, 1"], ["6,1.0"])]
    assert all(answer == answers[0] for answer in answers)
    assert task.predict([]) == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[6, 1], [6]], r"Row 1: expected 2 numbers, the columns hours, absences. Received: \[6\]"),
        (["6,1,3"], "Row 0: expected 2 numbers"),
        ([[6, "many"]], "Row 0, column 'absences': expected a finite number, such as 6.5. Received: 'many'"),
        (["6,"], "Row 0, column 'absences'.*Received: ''"),
        ([[np.nan, 1]], "column 'hours'.*Received: nan"),
        ([[1e60, 1]], "column 'hours'"),
        ([[10**400, 1]], "column 'hours'"),
        ([[1j, 1]], "column 'hours'"),
        ([[None, 1]], "column 'hours'.*Received: None"),
        ([6.0, 1.0], "Row 0: expected 2 numbers"),
        ("6,1", "Expected a list of rows.*Received: str"),
    ],
)
def test_bad_rows_are_refused_with_row_and_column(task, rows, message):
    with pytest.raises(InputError, match=message):
        task.predict(rows)


def test_the_exported_graph_takes_numbers_and_says_which_rows_are_not_finite(task, tmp_path):
    serve = tf.saved_model.load(str(task.export(tmp_path))).signatures["serving_default"]
    served = serve(features=tf.constant([[6.0, 1.0], [np.nan, 1.0], [0.0, 3.0]]))
    assert served["label"].numpy().tolist() == [b"passed", b"", b"failed"]
    status = b"Expected finite numbers. Received: NaN or infinity"
    assert served["status"].numpy().tolist() == [b"", status, b""]


def test_columns_and_model_must_fit():
    with pytest.raises(InputError, match="num_features=3. Received: 2 columns"):
        FeatureClassification(softmax_regression(num_features=3), COLUMNS, ["failed", "passed"])
