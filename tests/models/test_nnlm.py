import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import nnlm


@pytest.mark.parametrize("direct_connections", [False, True])
def test_nnlm_equals_the_equation_of_the_paper(direct_connections, random):
    model = nnlm(20, embedding_dim=3, hidden_dim=4, context_size=2, direct_connections=direct_connections)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    weights = {weight.path: np.array(weight) for weight in model.weights}
    contexts = random.integers(1, 20, (5, 2))
    matrix, bias = weights["logits/kernel"], weights["logits/bias"]
    for context, found in zip(contexts, np.array(model(contexts)), strict=True):
        x = np.concatenate([weights["token_embedding/embeddings"][word] for word in context])
        expected = bias + np.tanh(weights["hidden/bias"] + x @ weights["hidden/kernel"]) @ matrix[:4]
        if direct_connections:
            expected += x @ matrix[4:]
        np.testing.assert_allclose(found, expected, atol=1e-4)
    assert matrix.shape == (10 if direct_connections else 4, 20)


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="context_size=0"):
        nnlm(9, context_size=0)
    with pytest.raises(InputError, match="hidden_dim=0"):
        nnlm(9, hidden_dim=0)
