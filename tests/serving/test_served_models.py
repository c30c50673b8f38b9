"""Entries and SavedModels are served with the answers of `predict`, and damaged ones are refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.serving.model_names import Source
from kerasnlp_zoo.serving.refusals import Refusal
from kerasnlp_zoo.serving.rows import can_share
from kerasnlp_zoo.serving.served_models import load_model
from kerasnlp_zoo.tasks.description import DESCRIPTION, EXTRA
from kerasnlp_zoo.zoo.served import load_served
from tests.serving.fake_models import client
from tests.small_tasks import ROWS, feature_classification

ENTRY = "softmax_regression_movie_reviews_en"
TEXTS = ["a gripping, beautifully acted film", "dull", "", "Unicode: ＣＡＦＥ\u0301 👍🏽 电影", "long " * 3000]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Folder of the SavedModel of the entry, in version 7."""
    folder = tmp_path_factory.mktemp("served")
    zoo.load(ENTRY).export(folder).rename(folder / "7")
    return folder


def test_entries_and_saved_models_have_the_answers_of_predict(exported):
    expected = zoo.load(ENTRY).predict(TEXTS)
    models = [load_model(Source("entry", ENTRY, False)), load_model(Source("exported", str(exported), True))]
    with client(*models) as server:
        assert server.get("/health").json()["models"] == {"entry": 1, "exported": 7}
        for name in ("entry", "exported"):
            found = server.post(f"/v1/models/{name}:predict", json={"instances": TEXTS}).json()["predictions"]
            assert [row["label"] for row in found] == [answer["label"] for answer in expected]
            np.testing.assert_allclose(
                [row["probability"] for row in found], [answer["probability"] for answer in expected], atol=1e-6
            )
        rows = [server.post("/v1/models/entry:predict", json={"instances": [text]}).json() for text in TEXTS]
        assert [row["predictions"][0]["label"] for row in rows] == [answer["label"] for answer in expected]


def test_the_metadata_are_the_signatures_of_the_saved_model(exported):
    model = load_model(Source("model", str(exported / "7"), True))
    loaded = tf.saved_model.load(str(exported / "7")).signatures["serving_default"]
    shown = model.metadata["serving_default"]
    assert shown["method_name"] == "tensorflow/serving/predict"
    for key, specs in (("inputs", loaded.structured_input_signature[1]), ("outputs", loaded.structured_outputs)):
        assert shown[key].keys() == specs.keys()
        for name, spec in specs.items():
            assert shown[key][name]["dtype"] == f"DT_{'FLOAT' if spec.dtype == tf.float32 else spec.dtype.name.upper()}"
            sizes = [int(size["size"]) for size in shown[key][name]["tensor_shape"]["dim"]]
            assert sizes == [-1 if size is None else size for size in spec.shape]
    json.dumps(model.metadata)


def test_a_model_of_numbers_says_which_rows_it_cannot_read(tmp_path):
    task = feature_classification()
    task.export(tmp_path)
    model = load_model(Source("numbers", str(tmp_path), True))
    assert can_share(model.signatures["serving_default"].outputs)
    rows = [list(row) for row in task._checked(ROWS)]
    with client(model) as server:
        body = json.dumps({"instances": [*rows, [float("nan")] * 4]})
        found = server.post("/v1/models/numbers:predict", content=body).json()["predictions"]
    assert [row["label"] for row in found[:-1]] == [answer["label"] for answer in task.predict(ROWS)]
    assert [bool(row["status"]) for row in found] == [False] * len(rows) + [True]


def test_saved_models_that_cannot_be_trusted_are_refused(exported, tmp_path):
    shutil.copytree(exported / "7", tmp_path / "plain" / "1")
    (tmp_path / "plain" / "1" / EXTRA / DESCRIPTION).unlink()
    with pytest.raises(InputError, match="Export the entry again"):
        load_model(Source("model", str(tmp_path / "plain"), True))
    shutil.copytree(exported / "7", tmp_path / "damaged" / "1")
    (tmp_path / "damaged" / "1" / "saved_model.pb").write_bytes(b"damaged")
    for load in (load_served, lambda path: load_model(Source("model", path, True))):
        with pytest.raises(InputError, match="is not a readable SavedModel"):
            load(str(tmp_path / "damaged"))


@pytest.mark.slow
def test_an_entry_prepares_texts_as_predict_does():
    """A tree of one word needs no brackets in `predict`; the graph expects them."""
    model = load_model(Source("trees", "tree_lstm_snli_en", False))
    pair = ("outside", "( ( a man ) sleeps )")
    task = zoo.load("tree_lstm_snli_en")
    expected, names = task.predict([pair])[0], task.preprocessor.inputs
    with client(model) as server:
        request = {"instances": [dict(zip(names, pair, strict=True))]}
        found = server.post("/v1/models/trees:predict", json=request).json()["predictions"][0]
        assert found["label"] == expected["label"]
        assert found["probability"] == pytest.approx(expected["probability"], abs=1e-6)
        request["instances"][0][names[0]] = "( ( a man sleeps )"
        response = server.post("/v1/models/trees:predict", json=request)
        assert response.status_code == 400
        assert "text 0" in response.json()["error"]
    with pytest.raises(Refusal):
        model.prepare({names[0]: np.array([b"( a"], object)})
