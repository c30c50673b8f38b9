import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import build, text_cnn
from tests import oracles
from tests.model_inputs import token_ids


def test_text_cnn_equals_the_equations(random):
    model = text_cnn(40, num_classes=3, embedding_dim=6, filter_widths=(1, 3, 4), num_filters=5)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    inputs = np.append(token_ids(random, batch=4, time=8), np.zeros((1, 8), "int32"), axis=0)
    weights = {weight.path: np.array(weight) for weight in model.weights}
    np.testing.assert_allclose(model(inputs), oracles.text_cnn(inputs, weights, (1, 3, 4)), atol=1e-4)


@pytest.mark.parametrize("padding", ["full", "same", "valid"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu"])
def test_stacked_and_dilated_convolutions_equal_loops_over_windows(padding, activation, random):
    model = text_cnn(
        40, 3, embedding_dim=6, filter_widths=(2, 3), num_filters=4, padding=padding, activation=activation,
        dilation_rates=(1, 2), pooling="mean",
    )  # fmt: skip
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) / 2)
    function = {"relu": lambda z: max(z, 0), "tanh": np.tanh, "leaky_relu": lambda z: max(z, 0.2 * z)}[activation]
    weights = {weight.path: np.array(weight) for weight in model.weights}
    texts = [[5, 9, 2, 7, 7, 30, 1], [8, 3], [0]]  # a long one, one shorter than the windows, and an empty one
    for words in texts:
        inputs, mask = weights["token_embedding/embeddings"][words][None], np.array([words]) > 0
        pooled = []
        for width in (2, 3):
            windows, window_mask = inputs, mask
            for layer, rate in ((f"convolution_{width}", 1), (f"convolution_{width}_2", 2)):
                kernel, bias = weights[f"{layer}/kernel"], weights[f"{layer}/bias"]
                windows = oracles.text_convolution(windows, window_mask, kernel, bias, padding, rate, function)
                window_mask = oracles.window_mask(window_mask, width, padding, rate)
            pooled.append(oracles.pool(windows, window_mask, "mean"))
        expected = np.concatenate(pooled, axis=1) @ weights["logits/kernel"] + weights["logits/bias"]
        batch = np.array([[*words, *[0] * (9 - len(words))]])
        np.testing.assert_allclose(model(batch), expected, atol=1e-5)


def test_batch_normalization_comes_before_the_activation(random):
    model = text_cnn(40, 2, embedding_dim=4, num_filters=3, filter_widths=(2,), batch_normalization=True)
    plain = text_cnn(40, 2, embedding_dim=4, num_filters=3, filter_widths=(2,))
    inputs = token_ids(random, 4, 7)
    for weight in plain.weights:
        weight.assign({w.path: w for w in model.weights}[weight.path])
    layer, kernel = model.get_layer("batch_normalization_2"), model.get_layer("convolution_2").kernel
    layer.moving_variance.assign([4.0 - layer.epsilon] * 3)
    layer.moving_mean.assign([0.5, -0.5, 0.0])
    plain.get_layer("convolution_2").kernel.assign(kernel / 2)  # (w x - m) / sqrt(4)
    plain.get_layer("convolution_2").bias.assign([-0.25, 0.25, 0.0])
    np.testing.assert_allclose(model(inputs), plain(inputs), atol=1e-6)


def test_padding_in_training_does_not_change_the_moments_of_batch_normalization(random):
    inputs, moments = token_ids(random, 6, 7), []
    for padding in (0, 20):
        keras.utils.set_random_seed(1)
        model = text_cnn(40, 2, embedding_dim=4, num_filters=3, dropout=0.0, padding="valid", batch_normalization=True)
        model(np.pad(inputs, [(0, 0), (0, padding)]), training=True)
        moments.append([np.array(weight) for weight in model.non_trainable_weights])
    for one, other in zip(*moments, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
        assert np.any(one != 0)


def test_regularization_of_all_kernels_is_added_to_the_loss_only_on_request(random):
    assert text_cnn(40, 2, embedding_dim=4, num_filters=3).losses == []
    model = text_cnn(40, 2, embedding_dim=4, num_filters=3, filter_widths=(2,), dilation_rates=(1, 1), l1=0.5, l2=0.25)
    kernels = [np.array(weight) for weight in model.weights if weight.path.endswith("kernel")]
    assert len(kernels) == 3
    expected = sum(0.5 * np.abs(kernel).sum() + 0.25 * np.square(kernel).sum() for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_the_default_model_has_the_papers_number_of_parameters():
    # 3 widths x 100 filters over 300 dimensions, their biases, and a softmax over 300 features.
    assert text_cnn(1000, num_classes=2).count_params() == 1000 * 300 + (3 + 4 + 5) * 300 * 100 + 300 + 300 * 2 + 2


@pytest.mark.parametrize(
    ("channels", "trained", "fixed"),
    [
        ("random", ["token_embedding"], []),
        ("static", [], ["static_embedding"]),
        ("non_static", ["token_embedding"], []),
        ("multichannel", ["token_embedding"], ["static_embedding"]),
    ],
)
def test_channels_train_the_embeddings_given_in_the_paper(channels, trained, fixed, random):
    model = text_cnn(40, num_classes=2, embedding_dim=4, num_filters=3, channels=channels)
    before = {weight.path: np.array(weight) for weight in model.weights}
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(token_ids(random, 8, 6), random.integers(0, 2, 8), verbose=0)
    changed = {weight.path.split("/")[0] for weight in model.weights if np.any(np.array(weight) != before[weight.path])}
    assert set(trained) <= changed
    assert not set(fixed) & changed
    assert {weight.path.split("/")[0] for weight in model.weights if "embedding" in weight.path} == {*trained, *fixed}


def test_multichannel_adds_the_filter_outputs_of_both_channels(random):
    both = text_cnn(40, num_classes=2, embedding_dim=4, num_filters=3, channels="multichannel")
    one = text_cnn(40, num_classes=2, embedding_dim=4, num_filters=3)
    for weight in one.weights:
        source = {w.path: w for w in both.weights}[weight.path]
        total = np.array(source)
        if "embedding" in weight.path:
            total = total + np.array(both.get_layer("static_embedding").embeddings)
        weight.assign(total)
    inputs = token_ids(random, 4, 7)
    np.testing.assert_allclose(both(inputs), one(inputs), atol=1e-6)


def test_class_weights_are_limited_to_the_maximum_norm(random):
    model = text_cnn(40, num_classes=2, embedding_dim=4, num_filters=3, max_norm=0.5)
    model.compile(keras.optimizers.SGD(100.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(token_ids(random, 8, 6), random.integers(0, 2, 8), verbose=0)
    norms = np.linalg.norm(np.array(model.get_layer("logits").kernel), axis=0)
    assert norms.max() == pytest.approx(0.5, abs=1e-3)


def test_class_weights_without_a_limit_have_no_constraint():
    model = text_cnn(40, num_classes=2, embedding_dim=4, num_filters=3, max_norm=None)
    assert model.get_layer("logits").kernel_constraint is None
    assert build(model.builder_config).builder_config == model.builder_config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocabulary_size": 0}, "vocabulary_size=0"),
        ({"num_classes": -1}, "num_classes=-1"),
        ({"filter_widths": ()}, "filter_widths"),
        ({"filter_widths": (3, 3)}, "different"),
        ({"filter_widths": (3, 0)}, r"filter_widths\[1\]=0"),
        ({"pooling": "median"}, "pooling='median'"),
        ({"channels": "glove"}, "channels='glove'"),
        ({"max_norm": 0.0}, "max_norm=0.0"),
        ({"max_norm": "3"}, "max_norm='3'"),
        ({"padding": "causal"}, "padding='causal'"),
        ({"activation": "softmax"}, "activation='softmax'"),
        ({"dilation_rates": ()}, "dilation_rates"),
        ({"dilation_rates": (1, 0)}, r"dilation_rates\[1\]=0"),
        ({"l1": -0.1}, "l1=-0.1"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        text_cnn(**{"vocabulary_size": 9, "num_classes": 2, **arguments})
