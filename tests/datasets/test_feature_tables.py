import numpy as np
import pytest

from kerasnlp_zoo.datasets.feature_tables import FeatureOptions, load_features
from kerasnlp_zoo.datasets.report import feature_report
from kerasnlp_zoo.errors import InputError

HEADER = "hours,name,absences,passed\n"
ROWS = [f"{h},student {h},{a},{'yes' if h > 5 else 'no'}\n" for h in range(10) for a in range(4)]
TABLE = HEADER + "".join(ROWS)
PASSED = {"label_column": "passed"}
NUMBERS = {"feature_columns": ("hours", "absences"), **PASSED}


def write(folder, text=TABLE, name="grades.csv"):
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_named_columns_are_read_in_the_given_order(tmp_path):
    data = load_features(FeatureOptions(train_file=write(tmp_path), **NUMBERS))
    assert data.columns == ("hours", "absences")
    assert data.labels == ["no", "yes"]
    assert len(data.train) + len(data.validation) + len(data.test) == 40
    for text, label in zip(data.train.texts, data.train.labels, strict=True):
        hours, absences = map(float, text.split(","))
        assert 0 <= absences <= 3
        assert label == (hours > 5)
    assert data.numbers().shape == (len(data.train), 2)


def test_all_columns_but_the_label_are_numbers_by_default(tmp_path):
    path = write(tmp_path, "label;a;b\n" + "".join(f"{n % 2};{n};-{n}e-1\n" for n in range(40)))
    data = load_features(FeatureOptions(train_file=path, delimiter=";"))
    assert data.columns == ("a", "b")
    np.testing.assert_allclose(data.numbers()[:, 1], -data.numbers()[:, 0] / 10)


def test_equal_rows_with_different_labels_stay_in_the_data(tmp_path):
    path = write(tmp_path, "hours,label\n" + "3,yes\n3,no\n4,yes\n4,no\n" * 20)
    data = load_features(FeatureOptions(train_file=path))
    assert len(data.train) + len(data.validation) + len(data.test) == 80


def test_a_test_file_may_have_its_columns_in_another_order(tmp_path):
    test = write(tmp_path, "passed,absences,hours\nyes,1,9\n", "test.csv")
    data = load_features(FeatureOptions(train_file=write(tmp_path), test_file=test, **NUMBERS))
    assert data.test.texts == ["9,1"]


@pytest.mark.parametrize("name", ["interviews", "exam"])
def test_examples_are_always_the_same_and_both_classes_are_frequent(name):
    data = load_features(FeatureOptions(dataset=name))
    assert data.fingerprint() == load_features(FeatureOptions(dataset=name)).fingerprint()
    assert np.bincount(data.train.labels).min() > 300


def test_the_report_states_the_range_of_every_column(tmp_path):
    report = feature_report(load_features(FeatureOptions(train_file=write(tmp_path), **NUMBERS)))
    assert "column        hours: mean " in report
    assert "0 to 3" in report
    assert "label         no: " in report


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TABLE, PASSED, "grades.csv, line 2, column 'name': expected a number"),
        (HEADER + "1,a,0,yes\n2,b,,no\n", NUMBERS, "line 3, column 'absences'.*Received: ''"),
        (HEADER + "1,a,inf,yes\n", NUMBERS, "line 2, column 'absences'.*Received: 'inf'"),
        (HEADER + '"1,5",a,0,yes\n', NUMBERS, "line 2, column 'hours'.*Received: '1,5'"),
        (HEADER + "1,a,0\n", NUMBERS, "line 2: 3 fields, but the header has 4"),
        (HEADER, NUMBERS, "contains no rows"),
        (HEADER + "1,a,0,yes\n", {"feature_columns": ("absent",), **PASSED}, "'absent'.*--feature-columns"),
        (HEADER + "1,a,0,yes\n", {"feature_columns": ("hours",)}, "no column 'label'.*--label-column"),
        (HEADER + "1,a,0,yes\n", {"feature_columns": ("hours", "hours"), **PASSED}, "different columns"),
        (HEADER + "1,a,0,yes\n", {"feature_columns": ("passed",), **PASSED}, "label in another one"),
        (HEADER + "1,a,0,yes\n" * 20, NUMBERS, "at least two labels"),
    ],
)  # fmt: skip
def test_bad_tables_are_refused_with_line_and_column(text, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_features(FeatureOptions(train_file=write(tmp_path, text), **options))


def test_missing_files_and_unknown_examples_are_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere.csv is not a file"):
        load_features(FeatureOptions(train_file=tmp_path / "nowhere.csv"))
    with pytest.raises(InputError, match="--dataset must be one of 'interviews', 'exam'"):
        load_features(FeatureOptions(dataset="trec"))
