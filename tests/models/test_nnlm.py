import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import nnlm, with_state, zero_state
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from kerasnlp_zoo.vocabulary import START_ID

SONNET = """When forty winters shall besiege thy brow, And dig deep trenches in thy beauty's field,
Thy youth's proud livery so gazed on now,
Will be a totter'd weed of small worth held:
Then being asked, where all thy beauty lies,
Where all the treasure of thy lusty days;
To say, within thine own deep sunken eyes,
Were an all-eating shame, and thriftless praise.
How much more praise deserv'd thy beauty's use,
If thou couldst answer 'This fair child of mine Shall sum my count, and make my old excuse,'
Proving his beauty by succession thine!
This were to be new made when thou art old,
And see thy blood warm when thou feel'st it cold."""  # William Shakespeare, sonnet 2


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("direct_connections", [False, True])
def test_nnlm_equals_the_equation_of_the_paper(direct_connections, activation, random):
    size = {"embedding_dim": 3, "hidden_dim": 4, "context_size": 2}
    model = nnlm(20, **size, activation=activation, direct_connections=direct_connections)
    nonlinear = np.tanh if activation == "tanh" else lambda values: np.maximum(values, 0)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    weights = {weight.path: np.array(weight) for weight in model.weights}
    contexts = random.integers(1, 20, (5, 2))
    matrix, bias = weights["logits/kernel"], weights["logits/bias"]
    for context, found in zip(contexts, np.array(model(contexts)), strict=True):
        x = np.concatenate([weights["token_embedding/embeddings"][word] for word in context])
        expected = bias + nonlinear(weights["hidden/bias"] + x @ weights["hidden/kernel"]) @ matrix[:4]
        if direct_connections:
            expected += x @ matrix[4:]
        np.testing.assert_allclose(found, expected, atol=1e-4)
    assert matrix.shape == (10 if direct_connections else 4, 20)


@pytest.mark.parametrize("output", ["softmax", "hierarchical_softmax"])
@pytest.mark.parametrize("lengths", [[9], [1] * 9, [4, 5]], ids=str)
def test_segments_with_the_carried_state_equal_one_context_at_a_time(output, lengths, random):
    model = nnlm(20, embedding_dim=3, hidden_dim=4, context_size=3, output=output, direct_connections=True)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    ids = random.integers(1, 20, (2, 9))
    stepwise, state, parts = with_state(model), zero_state(model, 2), []
    for piece in np.split(ids, np.cumsum(lengths)[:-1], axis=1):
        outputs = stepwise({"token_ids": tf.constant(piece, tf.int32), **state})
        parts.append(outputs["logits"])
        state = {name: outputs[name] for name in state}
    padded = np.pad(ids, [(0, 0), (2, 0)], constant_values=START_ID)
    expected = np.stack([model(padded[:, time : time + 3]) for time in range(9)], axis=1)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, atol=1e-5)


def test_padding_is_not_read_into_the_state():
    stepwise = with_state(nnlm(20, embedding_dim=3, hidden_dim=4, context_size=3))
    ids = tf.constant([[7, 8, 0, 0], [0, 0, 0, 0], [9, 6, 5, 4]])
    outputs = stepwise({"token_ids": ids, "previous_ids": tf.constant([[0, 0, 3], [0, 5, 6], [0, 0, 0]])})
    assert outputs["previous_ids"].numpy().tolist() == [[3, 7, 8], [0, 5, 6], [6, 5, 4]]


def test_the_poem_of_the_document_is_learned_as_fast_as_in_the_document():
    """PyTorch's network of 10 and 128 units sums 523.4 in its first pass over the trigrams, and 502.6 in its tenth.

    Every trigram is one step of gradient descent, and its loss is measured before the step. PyTorch's initial
    distributions make the first loss, which is 516.9 for a uniform prediction.
    """
    words = SONNET.split()
    ids = {word: place for place, word in enumerate(dict.fromkeys(words), start=1)}
    assert (len(words), len(ids)) == (115, 97)
    trigrams = np.array([[ids[word] for word in words[start : start + 3]] for start in range(len(words) - 2)])
    keras.utils.set_random_seed(1)
    model = nnlm(98, embedding_dim=10, hidden_dim=128, context_size=2, activation="relu", dropout=0.0)
    random = np.random.default_rng(1)
    limits = {"hidden": 20**-0.5, "logits": 128**-0.5}  # PyTorch's uniform distributions; its word vectors are normal
    for weight in model.weights:
        limit = limits.get(weight.path.split("/")[0])
        weight.assign(random.uniform(-limit, limit, weight.shape) if limit else random.normal(size=weight.shape))
    bias = np.array(model.get_layer("logits").bias)
    bias[0] = -1e9  # [PAD], which the document does not have
    model.get_layer("logits").bias.assign(bias)
    model.compile(keras.optimizers.SGD(1e-3), WeightedMeanLoss(cross_entropy))
    history = model.fit(trigrams[:, :2], trigrams[:, 2], batch_size=1, epochs=10, shuffle=False, verbose=0).history
    sums = np.array(history["loss"]) * len(trigrams)
    assert sums[0] == pytest.approx(523.4, abs=5)
    assert np.all(np.diff(sums) < 0)
    assert sums[-1] <= 505


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="activation='gelu'"):
        nnlm(9, activation="gelu")
    with pytest.raises(InputError, match="context_size=0"):
        nnlm(9, context_size=0)
    with pytest.raises(InputError, match="hidden_dim=0"):
        nnlm(9, hidden_dim=0)
