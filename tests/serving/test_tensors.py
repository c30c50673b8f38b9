"""JSON becomes tensors, and tensors JSON, by the rules of TensorFlow Serving's documentation."""

import json

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from kerasnlp_zoo.serving.refusals import Refusal
from kerasnlp_zoo.serving.tensors import (
    Field,
    arrays_to_outputs,
    arrays_to_predictions,
    inputs_to_arrays,
    instances_to_arrays,
)

TEXT = {"text": Field("string", (None,))}
PAIR = {"text": Field("string", (None,)), "text_pair": Field("string", (None,))}
NUMBERS = {"features": Field("float32", (None, 2))}
# The example of the documentation, in both formats.
MIXED = {
    "tag": Field("string", (None,)),
    "signal": Field("int64", (None, 5)),
    "sensor": Field("int32", (None, 2, 2)),
}
ROWS = [
    {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
    {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]},
]
COLUMNS = {
    "tag": ["foo", "bar"],
    "signal": [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]],
    "sensor": [[[1, 2], [3, 4]], [[4, 5], [6, 8]]],
}


def test_rows_and_columns_of_the_documentation_are_the_same_tensors():
    by_row, by_column = instances_to_arrays(ROWS, MIXED), inputs_to_arrays(COLUMNS, MIXED)
    for name, field in MIXED.items():
        assert by_row[name].dtype == (object if field.dtype == "string" else field.dtype)
        np.testing.assert_array_equal(by_row[name], by_column[name])
    np.testing.assert_array_equal(by_row["sensor"], COLUMNS["sensor"])
    assert by_row["tag"].tolist() == [b"foo", b"bar"]


def test_the_only_input_needs_no_name():
    for value in (["a", "b"], [{"text": "a"}, {"text": "b"}], [{"b64": "YQ=="}, "b"]):
        assert instances_to_arrays(value, TEXT)["text"].tolist() == [b"a", b"b"]
    for value in (["a", "b"], {"text": ["a", "b"]}, {"text": [{"b64": "YQ=="}, {"b64": "Yg=="}], "more": 1}):
        assert inputs_to_arrays(value, TEXT)["text"].tolist() == [b"a", b"b"]


def test_columns_can_have_no_rows():
    assert inputs_to_arrays([], TEXT)["text"].shape == (0,)
    assert inputs_to_arrays({"features": []}, NUMBERS)["features"].shape == (0, 2)


def test_numbers_that_are_not_finite_are_read():
    found = inputs_to_arrays(json.loads("[[NaN, Infinity], [-Infinity, -1e-3]]"), NUMBERS)["features"]
    np.testing.assert_array_equal(found, np.array([[np.nan, np.inf], [-np.inf, -0.001]], "float32"))


@pytest.mark.parametrize(
    ("instances", "fields", "message"),
    [
        ("text", TEXT, "to be a list. Received: String"),
        ({"text": "a"}, TEXT, "to be a list. Received: Object"),
        (None, TEXT, "Received: Null"),
        ([], TEXT, "No values"),
        ([1], TEXT, "row 0: JSON Value: Type: Number is not of expected type: string"),
        (["a", None], TEXT, "row 1: JSON Value: Type: Null"),
        (["a", ["b"]], TEXT, "row 1: JSON Value: Type: Array"),
        ([["a"], ["b"]], TEXT, "row 0"),
        (["a", {"text": "b"}], TEXT, "item 1"),
        ([{"text": "a"}, "b"], TEXT, "item 1"),
        ([{"texts": "a"}], TEXT, "must only have the keys text. Received: texts"),
        ([{}], TEXT, "Received: no keys"),
        ([{"text": "a", "more": "b"}], TEXT, "must only have the keys text"),
        ([{"text": {"b64": "YQ==", "b": 1}}], TEXT, "Type: Object"),
        ([{"b64": "!"}], TEXT, "unable to base64 decode"),
        (["a"], PAIR, "list of objects with the keys text, text_pair"),
        ([{"text": "a"}], PAIR, "must only have the keys text, text_pair"),
        (["half \ud83d"], TEXT, r"half of a character \(\\ud83d\) at position 5"),
        ([[1.0]], NUMBERS, r"shape \[-1,2\] but got \[1,1\]"),
        ([[1.0, 2.0], [1.0]], NUMBERS, "row 1: a list at level 0 has the unexpected size 1"),
        ([[1.0, 2.0], 1.0], NUMBERS, "row 1: expected a list"),
        ([[[1.0, 2.0]]], NUMBERS, "but got"),
        ([1.0], NUMBERS, "nested to level 2"),
        ([[1.0, "2"]], NUMBERS, "Type: String is not of expected type: float"),
        ([[1.0, True]], NUMBERS, "Type: Bool is not of expected type: float"),
        ([[1.0, 2**24]], NUMBERS, "without loss of precision"),
        ([[1.0, 1e39]], NUMBERS, "without loss of precision"),
        ([{"tag": "a", "signal": [1, 2, 3, 4, 2**63], "sensor": [[1, 2], [3, 4]]}], MIXED, "'signal': row 0: JSON"),
        ([{"tag": "a", "signal": [1, 2, 3, 4, 5.0], "sensor": [[1, 2], [3, 4]]}], MIXED, "expected type: int64"),
    ],
)
def test_rows_that_the_signature_does_not_take_are_refused(instances, fields, message):
    with pytest.raises(Refusal, match=message) as refused:
        instances_to_arrays(instances, fields)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("inputs", "fields", "message"),
    [
        ("text", TEXT, "nested to level 1. Received: String at level 0"),
        (None, TEXT, "Received: Null"),
        ({"texts": ["a"]}, TEXT, "Missing named input: text"),
        (["a"], PAIR, "Expected an object"),
        ({"text": ["a", "b"], "text_pair": ["a"]}, PAIR, "different numbers of rows"),
    ],
)
def test_columns_that_the_signature_does_not_take_are_refused(inputs, fields, message):
    with pytest.raises(Refusal, match=message) as refused:
        inputs_to_arrays(inputs, fields)
    assert refused.value.status == 400


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "b64", "tag", "x"]), inner),
    max_leaves=12,
)


@hypothesis.given(value=JSON_VALUES, fields=st.sampled_from([TEXT, PAIR, NUMBERS, MIXED]))
def test_any_json_becomes_tensors_of_the_signature_or_is_refused(value, fields):
    for convert in (instances_to_arrays, inputs_to_arrays):
        try:
            arrays = convert(value, fields)
        except Refusal:
            continue
        assert arrays.keys() == fields.keys()
        for name, field in fields.items():
            assert arrays[name].ndim == len(field.shape)


OUTPUTS = {
    "label": np.array(["好".encode(), b"bad \xff"], object),
    "scores": np.array([[0.1, 0.9], [np.nan, -np.inf]], "float32"),
    "cut": np.array([True, False]),
    "raw_bytes": np.array([b"\x00\xff", b""], object),
}


def test_several_outputs_are_objects_by_row_and_lists_by_column():
    rows, columns = arrays_to_predictions(OUTPUTS), arrays_to_outputs(OUTPUTS)
    assert list(rows[0]) == list(columns) == list(OUTPUTS)
    for name in OUTPUTS:
        assert repr([row[name] for row in rows]) == repr(columns[name])
    assert rows[0]["label"] == "好"
    assert rows[0]["raw_bytes"] == {"b64": "AP8="}
    assert rows[1]["cut"] is False
    assert json.dumps(rows[1]["scores"]) == "[NaN, -Infinity]"


def test_the_only_output_has_no_name():
    assert arrays_to_predictions({"y": np.array([3.5, 4.0], "float32")}) == [3.5, 4.0]
    assert arrays_to_outputs({"y": np.array([[3.5], [4.0]], "float32")}) == [[3.5], [4.0]]


def test_a_float32_is_written_with_the_digits_that_predict_writes():
    value = np.float32(0.1)
    assert json.loads(json.dumps(arrays_to_outputs({"y": np.array([value])}))) == [float(value)]
