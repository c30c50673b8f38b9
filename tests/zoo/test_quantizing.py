import json
import shutil

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import sha256
from kerasnlp_zoo.layers import MaxOverTime
from kerasnlp_zoo.models import bilstm, enable_lora, sentence_encoder, text_cnn
from kerasnlp_zoo.models.quantization import quantize_model
from kerasnlp_zoo.tasks import SentenceSimilarity, TextClassification
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPreprocessor
from kerasnlp_zoo.zoo.quantizing import quantize_entry
from tests.entry_files import edit_config
from tests.small_tasks import (
    LABELS,
    PIECES,
    TEXTS,
    language_modeling,
    tagging_with_crf,
    text_classification,
    translation_by_seq2seq,
    translation_by_transformer,
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    metrics = {"dataset": "films", "metric": "accuracy", "test_score": 12.5, "validation_score": 50.0}
    metrics |= {
        "published_score": 76.1,
        "published_by": "Kim 2014",
        "pictures": ["curves", "confusion_matrix"],
        "best_epoch": 3,
    }
    card = {"data": {"name": "films", "licence": "mine"}, "weights_licence": "Apache-2.0", "seed": 1}
    folder = tmp_path_factory.mktemp("entries") / "films_en"
    pictures = [folder.with_name(f"{name}.png") for name in ("curves", "confusion_matrix")]
    for picture in pictures:
        picture.write_bytes(b"a picture")
    return zoo.save(text_classification(), folder, metrics=metrics, weights_dtype="float16", pictures=pictures, **card)


@pytest.fixture(scope="module")
def quantized(source):
    folder = source.with_name("films_int8_en")
    quantize_entry(source, folder, TEXTS, LABELS, dataset="films")
    return folder


def stored(entry):
    return load_file(entry / "model.safetensors")


def test_large_weights_are_stored_as_int8_with_scales_and_others_unchanged(source, quantized):
    floats, tensors = stored(source), stored(quantized)
    for name in ("token_embedding/embeddings", "logits/kernel"):
        assert tensors[name].dtype == np.int8
        assert tensors[f"{name}_scale"].dtype == np.float32
    np.testing.assert_array_equal(tensors["convolution_3/kernel"], floats["convolution_3/kernel"])  # small
    embeddings = tensors["token_embedding/embeddings"] / tensors["token_embedding/embeddings_scale"][:, None]
    step = 1 / tensors["token_embedding/embeddings_scale"].min()
    np.testing.assert_allclose(embeddings, floats["token_embedding/embeddings"], atol=0.51 * step)


def test_metrics_and_card_show_both_scores(source, quantized):
    metrics = json.loads((quantized / "metrics.json").read_text("utf-8"))
    assert metrics["test_score"] == pytest.approx(100 * zoo.load(quantized).evaluate(TEXTS, LABELS)["accuracy"])
    assert metrics["float_test_score"] == pytest.approx(100 * zoo.load(source).evaluate(TEXTS, LABELS)["accuracy"])
    assert metrics["test_examples"] == len(TEXTS)
    assert (metrics["published_score"], metrics["validation_score"]) == (76.1, None)
    config = zoo.read_config(quantized)
    assert (config["quantization"], config["quantized_from"]) == ("int8", "films_en")
    assert config["data"] == {"name": "films", "licence": "mine"}
    card = (quantized / "README.md").read_text("utf-8")
    assert f"| test score | accuracy {metrics['test_score']:.1f} |" in card
    assert f"| its test score | accuracy {metrics['float_test_score']:.1f} |" in card
    assert "| made from | films_en |" in card
    assert "curves.png" in card
    assert "confusion_matrix" not in card
    assert (quantized / "curves.png").read_bytes() == (source / "curves.png").read_bytes()
    assert "int8" not in (source / "README.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "labels"),
    [
        (language_modeling, None),
        (tagging_with_crf, [[(0, 1, "THING")]] * len(TEXTS)),
        (translation_by_seq2seq, [[text[::-1]] for text in TEXTS]),
        (translation_by_transformer, [[text[::-1]] for text in TEXTS]),
    ],
)
def test_an_entry_is_scored_by_the_main_metric_of_its_task(make, labels, tmp_path):
    source = zoo.save(make(), tmp_path / "float")
    metrics = quantize_entry(source, tmp_path / "int8", TEXTS, labels, dataset="")
    assert metrics["metric"] == make().main_metric
    assert metrics["float_test_score"] == pytest.approx(zoo.load(source).evaluate(TEXTS, labels)["score"])
    assert metrics["test_score"] == pytest.approx(zoo.load(tmp_path / "int8").evaluate(TEXTS, labels)["score"])
    assert any(tensor.dtype == np.int8 for tensor in stored(tmp_path / "int8").values())


def test_a_score_on_other_data_is_not_compared_with_the_published_one(source, tmp_path):
    metrics = quantize_entry(source, tmp_path / "other", TEXTS, LABELS, dataset="mine")
    assert (metrics["dataset"], metrics["published_score"]) == ("mine", None)


@pytest.mark.slow
def test_layers_keras_cannot_quantize_are_int8_in_the_file_and_float_in_memory(tmp_path):
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = bilstm(preprocessor.vocabulary_size, num_classes=2, embedding_dim=8, hidden_dim=64)
    source = zoo.save(TextClassification(model, preprocessor, ["negative", "positive"]), tmp_path / "float")
    metrics = quantize_entry(source, tmp_path / "int8", TEXTS, LABELS, dataset="")
    kernels = [name for name in stored(source) if name.endswith("recurrent_kernel")]
    assert kernels
    assert {stored(tmp_path / "int8")[name].dtype.name for name in kernels} == {"int8"}
    loaded = zoo.load(tmp_path / "int8")
    weights = {variable.path: np.array(variable) for variable in loaded.model.weights}
    for name in kernels:
        kernel = stored(source)[name]
        step = np.abs(kernel).max(axis=-1, keepdims=True) / 127
        assert np.all(np.abs(weights[name] - kernel) <= 0.51 * step)
    # The score is computed with the rounded weights.
    error = loaded.evaluate(TEXTS, LABELS)["expected_calibration_error"]
    assert metrics["scores"]["expected_calibration_error"] == pytest.approx(error, rel=1e-6)


def test_int8_weights_are_read_as_float_and_can_be_saved_as_int8_again(tmp_path):
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=2048, num_filters=1)
    task = TextClassification(model, preprocessor, ["negative", "positive"])
    full, first = zoo.save(task, tmp_path / "full"), zoo.save(task, tmp_path / "first", weights_dtype="int8")
    assert "quantization" not in zoo.read_config(first)
    assert (first / "model.safetensors").stat().st_size < 0.5 * (full / "model.safetensors").stat().st_size
    loaded = zoo.load(first, labels=["a", "b", "c"])  # it can be trained further
    assert loaded.model.get_layer("token_embedding").embeddings.dtype == "float32"
    again = zoo.save(zoo.load(first), tmp_path / "again", weights_dtype="int8")
    name = "token_embedding/embeddings"
    np.testing.assert_array_equal(stored(again)[name], stored(first)[name])
    np.testing.assert_allclose(stored(again)[f"{name}:scale"], stored(first)[f"{name}:scale"], rtol=1e-6)


def test_small_int8_word_vectors_are_exact_in_a_float16_entry(tmp_path):
    task = text_classification()
    embedding = task.model.get_layer("token_embedding")
    small = np.full((embedding.input_dim, 1), 1e-3)
    small[3] = 0
    embedding.embeddings.assign(np.asarray(embedding.embeddings) * small)
    quantize_model(task.model)
    expected = np.asarray(embedding(np.array([[2, 3]])))
    zoo.save(task, tmp_path / "int8", weights_dtype="float16")
    vectors = zoo.load(tmp_path / "int8").model.get_layer("token_embedding")(np.array([[2, 3]]))
    np.testing.assert_array_equal(vectors, expected)
    assert np.any(vectors[0, 0])
    assert not np.any(vectors[0, 1])


def test_bfloat16_answers_are_close_and_float16_is_refused(quantized):
    half = zoo.load(quantized, dtype="mixed_bfloat16")
    for answer, expected in zip(half.predict(TEXTS), zoo.load(quantized).predict(TEXTS), strict=True):
        assert answer["probability"] == pytest.approx(expected["probability"], abs=0.05)
    with pytest.raises(InputError, match="computes in float16, in which int8 weights overflow"):
        zoo.load(quantized, dtype="mixed_float16")


def test_a_quantized_entry_is_refused(source, quantized, tmp_path):
    with pytest.raises(InputError, match="films_int8_en is already quantized .int8.. Give the entry .* films_en"):
        quantize_entry(quantized, tmp_path / "again", TEXTS, LABELS, dataset="films")
    with pytest.raises(InputError, match="is already quantized"):
        quantize_model(zoo.load(quantized).model)


def test_a_model_without_dense_or_embedding_layers_is_refused():
    inputs = keras.Input((None, 4))
    with pytest.raises(InputError, match="nothing that can be quantized. Expected a layer Dense, EinsumDense"):
        quantize_model(keras.Model(inputs, MaxOverTime()(inputs)))


def test_new_labels_for_a_quantized_entry_are_refused(quantized):
    with pytest.raises(InputError, match="cannot be trained for other labels. Load the entry it was made from, films_"):
        zoo.load(quantized, labels=["calm", "angry"])


def test_an_existing_folder_is_not_overwritten(source):
    before = sha256(source / "config.json")
    for taken in (source, source / "config.json", source.parent):
        with pytest.raises(InputError, match="is in use. Give a new folder"):
            quantize_entry(source, taken, TEXTS, LABELS, dataset="films")
    assert sha256(source / "config.json") == before


def test_models_quantized_by_keras_itself_are_refused(tmp_path):
    task = text_classification()
    task.model.quantize("int8", filters="logits")
    with pytest.raises(InputError, match="was quantized by model.quantize"):
        zoo.save(task, tmp_path / "entry")


def test_an_unknown_quantization_mode_is_refused(quantized, tmp_path):
    quantized = shutil.copytree(quantized, tmp_path / "copy")
    edit_config(quantized, quantization="int2")
    with pytest.raises(InputError, match="quantization must be one of None, 'int8'"):
        zoo.load(quantized)


@pytest.mark.slow
def test_a_lora_entry_keeps_its_base_outside(tmp_path):
    size = {"hidden_dim": 64, "num_heads": 2, "intermediate_dim": 1024}
    preprocessor = WordPiecePreprocessor(PIECES, max_sequence_length=80)
    sizes = {"vocabulary_size": len(PIECES), "num_layers": 1, "max_sequence_length": 80, **size}
    base = zoo.save(SentenceSimilarity(sentence_encoder(**sizes), preprocessor), tmp_path / "base")
    model = zoo.load(base, "text_classification", labels=["negative", "positive"]).model
    enable_lora(model, rank=8, base_entry=str(base))
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.1, size=weight.shape))
    source = zoo.save(
        TextClassification(model, preprocessor, ["negative", "positive"]), tmp_path / "lora", weights_dtype="float16"
    )
    metrics = quantize_entry(source, tmp_path / "int8", TEXTS, LABELS, dataset="")
    floats, tensors = stored(source), stored(tmp_path / "int8")
    assert {name for name in tensors if not name.endswith(":scale")} == set(floats)
    assert tensors["layer_0/output/lora_kernel_a"].dtype == np.int8
    config = zoo.read_config(tmp_path / "int8")
    assert config["base"] == zoo.read_config(source)["base"]
    assert "| quantization | int8 changes to the base entry |" in (tmp_path / "int8" / "README.md").read_text("utf-8")
    assert metrics["test_score"] == pytest.approx(zoo.load(tmp_path / "int8").evaluate(TEXTS, LABELS)["score"])
    answers = zip(zoo.load(tmp_path / "int8").predict(TEXTS), zoo.load(source).predict(TEXTS), strict=True)
    for answer, expected in answers:
        assert answer["probability"] == pytest.approx(expected["probability"], abs=0.05)
    with pytest.raises(InputError, match="is already quantized"):
        quantize_entry(tmp_path / "int8", tmp_path / "again", TEXTS, LABELS, dataset="")
