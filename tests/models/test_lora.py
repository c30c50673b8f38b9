import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bert_classifier, enable_lora, merge_lora, word_embedding
from kerasnlp_zoo.models.lora import apply_factors

SMALL = {"vocabulary_size": 30, "hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 16}


@pytest.fixture
def given(random):
    ids = random.integers(1, 30, (4, 6)).astype("int32")
    return {"token_ids": ids, "segment_ids": np.zeros_like(ids)}


def test_lora_does_not_change_the_initial_output(given):
    model = bert_classifier(num_classes=2, **SMALL)
    before = np.asarray(model(given))
    np.testing.assert_array_equal(enable_lora(model, rank=2)(given), before)


@pytest.mark.slow
def test_training_changes_factors_and_heads_but_not_the_encoder_kernels(given):
    model = enable_lora(bert_classifier(num_classes=2, **SMALL), rank=2)
    before = {weight.path: np.array(weight) for weight in model.weights}
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(given, np.array([0, 1, 1, 0]), epochs=2, verbose=0)
    changed = {weight.path for weight in model.weights if np.any(np.asarray(weight) != before[weight.path])}
    frozen = {path for path in before if path.startswith("layer_0") and path.endswith("/kernel")}
    frozen |= {f"{name}_embedding/embeddings" for name in ("token", "segment", "position")}
    assert frozen <= before.keys()
    assert not frozen & changed
    assert {"logits/kernel", "pooler/kernel", "layer_0/output/lora_kernel_b"} <= changed


def test_a_merged_model_returns_the_same_answers_without_factors(given):
    model = enable_lora(bert_classifier(num_classes=2, **SMALL), rank=2)
    random = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(np.asarray(weight) + 0.3 * random.normal(size=weight.shape))
    merged = merge_lora(model)
    np.testing.assert_allclose(merged(given), model(given), atol=1e-5)
    assert [w.path for w in merged.weights] == [w.path for w in bert_classifier(num_classes=2, **SMALL).weights]
    assert merge_lora(merged) is merged


def test_the_product_of_the_factors_is_added_to_a_kernel(random):
    model = bert_classifier(num_classes=2, **SMALL)
    path, base = "layer_0/output", {weight.path: np.array(weight) for weight in model.weights}
    enable_lora(model, rank=2)
    for weight in model.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    changes = {weight.path: np.array(weight) for weight in model.trainable_weights}
    kernel = base[f"{path}/kernel"] + changes[f"{path}/lora_kernel_a"] @ changes[f"{path}/lora_kernel_b"]
    x = random.normal(size=(3, 16)).astype("float32")
    expected = x @ kernel + changes[f"{path}/bias"]
    np.testing.assert_allclose(model.get_layer("layer_0").output_dense(x), expected, atol=1e-4)
    np.testing.assert_allclose(apply_factors(base, changes)[f"{path}/kernel"], kernel, atol=1e-6)


def test_models_without_dense_layers_are_refused():
    with pytest.raises(InputError, match="dense layers below its head"):
        enable_lora(word_embedding(vocabulary_size=10, embedding_dim=4), rank=2)
    with pytest.raises(InputError, match="rank must be an integer of at least 1"):
        enable_lora(bert_classifier(num_classes=2, **SMALL), rank=0)
