import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bag_of_embeddings, fixed_window
from tests.model_inputs import token_ids


def perceptron(features, weights):
    """Return the logits of one hidden layer with ReLU."""
    hidden = np.maximum(features @ weights["hidden/kernel"] + weights["hidden/bias"], 0)
    return hidden @ weights["logits/kernel"] + weights["logits/bias"]


def randomised(model, random):
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    return {weight.path: np.array(weight) for weight in model.weights}


@pytest.mark.parametrize("pooling", ["mean", "sum"])
def test_bag_of_embeddings_equals_the_equations(pooling, random):
    model = bag_of_embeddings(40, num_classes=3, embedding_dim=6, hidden_dim=5, pooling=pooling)
    weights, texts = randomised(model, random), token_ids(random, batch=4, time=8)
    features = []
    for text in texts:
        vectors = [weights["token_embedding/embeddings"][token] for token in text if token != 0]
        features.append(sum(vectors) / (len(vectors) if pooling == "mean" else 1))
    np.testing.assert_allclose(model(texts), perceptron(np.array(features), weights), atol=1e-4)


def test_word_order_changes_the_fixed_window_but_not_the_bag(random):
    texts = token_ids(random, batch=1, time=8)
    backwards = texts[:, ::-1]
    bag, window = bag_of_embeddings(40, num_classes=2), fixed_window(40, num_classes=2)
    np.testing.assert_allclose(bag(texts), bag(backwards), atol=1e-6)
    assert np.abs(np.array(window(texts)) - np.array(window(backwards))).max() > 1e-3


@pytest.mark.parametrize("time", [3, 5, 9])
def test_fixed_window_equals_the_equations(time, random):
    model = fixed_window(40, num_classes=3, window=5, embedding_dim=6, hidden_dim=4)
    weights, texts = randomised(model, random), token_ids(random, batch=4, time=time)
    features = np.zeros((4, 5, 6))
    for row, text in enumerate(texts):
        for place, token in enumerate(text[:5]):
            if token != 0:
                features[row, place] = weights["token_embedding/embeddings"][token]
    np.testing.assert_allclose(model(texts), perceptron(features.reshape(4, 30), weights), atol=1e-4)


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="pooling='max'"):
        bag_of_embeddings(9, num_classes=2, pooling="max")
    with pytest.raises(InputError, match="length=0"):
        fixed_window(9, num_classes=2, window=0)
    with pytest.raises(InputError, match="hidden_dim=0"):
        fixed_window(9, num_classes=2, hidden_dim=0)
