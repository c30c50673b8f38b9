"""Sums and maxima over paths equal those of a list of all paths, for short texts."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers import CRF
from kerasnlp_zoo.layers.crf import (
    crf_log_likelihood,
    crf_log_partition,
    crf_marginals,
    crf_tags,
    is_real_word,
)
from kerasnlp_zoo.tag_schemes import allowed_transitions, spans_of, tags_of

LENGTHS = [4, 1, 0, 3]


def layer_and_inputs(seed, num_classes, legal=None, lengths=LENGTHS, spread=1.0):
    random = np.random.default_rng(seed)
    layer = CRF(num_classes, legal)
    inputs = (spread * random.normal(size=(len(lengths), max(lengths), 6))).astype("float32")
    layer.build(inputs.shape)
    layer.transitions.assign(spread * random.normal(size=layer.transitions.shape))
    layer.bias.assign(random.normal(size=num_classes))
    return layer, inputs, np.arange(max(lengths)) < np.array(lengths)[:, None]


def every_path(layer, inputs, mask):
    """Yield {path: score} for each text, without impossible paths, in float64."""
    transitions = np.asarray(layer.possible_transitions(), "float64")
    emissions = inputs.astype("float64") @ np.asarray(layer.kernel) + np.asarray(layer.bias)
    boundary = layer.num_classes
    for row, kept in zip(emissions, mask, strict=True):
        words = row[kept]
        scores = {}
        for path in itertools.product(range(layer.num_classes), repeat=len(words)):
            steps = itertools.pairwise([boundary, *path, boundary])
            score = sum(transitions[step] for step in steps) + sum(words[place, tag] for place, tag in enumerate(path))
            if score > -1e20:
                scores[path] = score
        yield scores


CASES = [(3, None), (1, None), (3, allowed_transitions(["O", "B", "I"])), (4, allowed_transitions(list("BMES")))]


@pytest.mark.parametrize(("num_classes", "legal"), CASES, ids=["free", "one tag", "iob2", "bmes"])
@pytest.mark.parametrize("spread", [1.0, 5.0])
def test_sums_and_maxima_equal_those_over_all_paths(num_classes, legal, spread, random):
    for seed in range(3):
        layer, inputs, mask = layer_and_inputs(seed, num_classes, legal, spread=spread)
        scores = layer(inputs, mask=mask)
        partition, marginals, tags = crf_log_partition(scores), crf_marginals(scores), np.asarray(crf_tags(scores))
        np.testing.assert_array_equal(is_real_word(scores), mask)
        for row, paths in enumerate(every_path(layer, inputs, mask)):
            values = np.array(list(paths.values()))
            log_z = np.logaddexp.reduce(values)
            np.testing.assert_allclose(partition[row], log_z, rtol=1e-5, atol=1e-5)
            assert tuple(tags[row][: LENGTHS[row]]) == max(paths, key=paths.get)
            assert not np.any(tags[row][LENGTHS[row] :])
            expected = np.zeros(marginals.shape[1:])
            for path, score in paths.items():
                expected[np.arange(len(path)), list(path)] += np.exp(score - log_z)
            np.testing.assert_allclose(marginals[row], expected, atol=2e-5)
            some = list(paths)[random.integers(len(paths))]
            padded = np.full((len(LENGTHS), 4), 2 % num_classes)  # values at padding are ignored
            padded[row, : len(some)] = some
            likelihood = crf_log_likelihood(scores, ops.convert_to_tensor(padded))[row]
            np.testing.assert_allclose(likelihood, paths[some] - log_z, rtol=1e-5, atol=2e-5)


def test_gradients_equal_those_of_the_sum_over_all_paths(random):
    layer, inputs, mask = layer_and_inputs(7, 3, allowed_transitions(["O", "B", "I"]))
    labels = ops.convert_to_tensor(np.array([[1, 2, 2, 0], [0] * 4, [0] * 4, [0, 1, 2, 0]]))
    weights = ops.convert_to_tensor(random.normal(size=4).astype("float32"))

    def by_listing(transitions, emissions):
        total = []
        for row, kept in enumerate(mask):
            length = int(kept.sum())
            paths = np.array(list(itertools.product(range(3), repeat=length)), "int32").reshape(3**length, length)
            ends = np.full((len(paths), 1), 3)
            steps = np.concatenate([ends, paths, ends], axis=1)
            score = tf.reduce_sum(tf.gather_nd(transitions, np.stack([steps[:, :-1], steps[:, 1:]], -1)), 1)
            for place in range(length):
                score += tf.gather(emissions[row, place], paths[:, place])
            gold = np.flatnonzero((paths == np.asarray(labels)[row, :length]).all(axis=1))[0]
            total.append(score[gold] - tf.reduce_logsumexp(score))
        return tf.stack(total)

    def gradients(log_likelihood):
        with tf.GradientTape() as tape:
            x = tf.constant(inputs)
            tape.watch(x)
            value = tf.reduce_sum(weights * log_likelihood(x))
        return tape.gradient(value, [x, *layer.trainable_weights])

    ours = gradients(lambda x: crf_log_likelihood(layer(x, mask=mask), labels))
    listed = gradients(lambda x: by_listing(layer.possible_transitions(), x @ layer.kernel + layer.bias))
    for mine, other in zip(ours, listed, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)


@pytest.mark.parametrize("scheme", ["iob2", "bmes", "bioes", "bilou"])
def test_decoded_tags_are_legal_for_any_emissions(scheme, random):
    written = [tags_of([(0, size, label)], size, scheme) for label in "xy" for size in (1, 3)]
    tags = ["O", *dict.fromkeys(tag for sequence in written for tag in sequence)]
    lengths = random.integers(0, 30, 40)
    layer, inputs, mask = layer_and_inputs(1, len(tags), allowed_transitions(tags), lengths, spread=1000.0)
    for row, length in zip(np.asarray(crf_tags(layer(inputs, mask=mask))), lengths, strict=True):
        names = [tags[place] for place in row[:length]]
        assert tags_of(spans_of(names), length, scheme) == names


def test_losses_and_gradients_of_extreme_scores_are_finite():
    layer, inputs, mask = layer_and_inputs(2, 4, allowed_transitions(list("BMES")), [30, 7, 0], spread=300.0)
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = crf_log_partition(layer(x, mask=mask))
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(tape.gradient(value, x)))


def test_padding_and_other_texts_do_not_change_the_result():
    layer, inputs, mask = layer_and_inputs(3, 5)
    scores = layer(inputs, mask=mask)
    longer = layer(np.pad(inputs, [(0, 0), (0, 9), (0, 0)]), mask=np.pad(mask, [(0, 0), (0, 9)]))
    np.testing.assert_allclose(crf_marginals(longer)[:, :4], crf_marginals(scores), atol=1e-6)
    np.testing.assert_allclose(crf_log_partition(longer), crf_log_partition(scores), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(crf_tags(longer)[:, :4], crf_tags(scores))
    alone = layer(inputs[3:, :3])
    np.testing.assert_allclose(crf_marginals(alone)[0], crf_marginals(scores)[3, :3], atol=1e-6)


def test_transitions_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"shape \(4, 4\).* 3 tags .*Received: the shape \(3, 3\)"):
        CRF(3, [[True] * 3] * 3)


@pytest.mark.peers
@pytest.mark.parametrize("num_classes", [2, 9])
def test_results_equal_those_of_pytorch_crf(num_classes, random):
    torch = pytest.importorskip("torch")
    torchcrf = pytest.importorskip("torchcrf", reason="pytorch-crf is not installed")
    lengths = random.integers(1, 20, 16)
    layer, inputs, mask = layer_and_inputs(5, num_classes, None, lengths)
    tags = random.integers(0, num_classes, mask.shape)
    emissions = torch.tensor(inputs @ np.asarray(layer.kernel) + np.asarray(layer.bias), requires_grad=True)
    peer = torchcrf.CRF(num_classes, batch_first=True)
    transitions = torch.tensor(np.asarray(layer.transitions))
    with torch.no_grad():
        peer.transitions.copy_(transitions[:-1, :-1])
        peer.start_transitions.copy_(transitions[-1, :-1])
        peer.end_transitions.copy_(transitions[:-1, -1])
    expected = peer(emissions, torch.tensor(tags), torch.tensor(mask), reduction="none")
    expected.sum().backward()
    with tf.GradientTape() as tape:
        scores = layer(inputs, mask=mask)
        likelihood = crf_log_likelihood(scores, ops.convert_to_tensor(tags))
    kernel, bias, steps = tape.gradient(likelihood, [layer.kernel, layer.bias, layer.transitions])
    np.testing.assert_allclose(likelihood, expected.detach().numpy(), atol=1e-3, rtol=1e-5)
    np.testing.assert_allclose(bias, emissions.grad.sum((0, 1)).numpy(), atol=1e-3)
    np.testing.assert_allclose(steps[:-1, :-1], peer.transitions.grad.numpy(), atol=1e-3)
    np.testing.assert_allclose(steps[-1, :-1], peer.start_transitions.grad.numpy(), atol=1e-3)
    np.testing.assert_allclose(steps[:-1, -1], peer.end_transitions.grad.numpy(), atol=1e-3)
    decoded = np.asarray(crf_tags(scores))
    assert [decoded[row, :length].tolist() for row, length in enumerate(lengths)] == peer.decode(
        emissions, torch.tensor(mask)
    )


@pytest.mark.slow
def test_probabilities_in_a_long_text_are_as_precise_as_in_a_short_one():
    layer, inputs, mask = layer_and_inputs(11, 4, allowed_transitions(list("BMES")), lengths=[1000], spread=3.0)
    scores = layer(inputs, mask=mask)
    transitions, emissions = np.asarray(scores[0, :5], "float64"), np.asarray(scores[0, 5:], "float64")
    forwards, backwards = transitions[-1] + emissions[0], transitions[:, -1]
    before, after = [forwards], [backwards]
    for now, later in zip(emissions[1:], emissions[:0:-1], strict=True):
        before.append(now + np.logaddexp.reduce(before[-1][:, None] + transitions, axis=0))
        after.append(np.logaddexp.reduce(transitions + later + after[-1], axis=1))
    both = np.array(before) + np.array(after[::-1])
    expected = np.exp(both - np.logaddexp.reduce(both, axis=1, keepdims=True))[:, :-1]
    np.testing.assert_allclose(crf_marginals(scores)[0], expected, atol=3e-6)


@pytest.mark.parametrize("time", range(1, 8))
def test_a_legal_path_is_decoded_if_scores_are_equal(time):
    steps = allowed_transitions(list("OBMES"))
    layer = CRF(5, steps)
    layer.build((None, None, 4))
    layer.kernel.assign(ops.zeros((4, 5)))
    layer.transitions.assign(ops.zeros((6, 6)))
    lengths = range(1, time + 1)
    mask = np.arange(time) < np.array(lengths)[:, None]
    decoded = np.asarray(crf_tags(layer(np.ones((time, time, 4), "float32"), mask=mask)))
    for row, length in zip(decoded, lengths, strict=True):
        assert all(steps[step[0]][step[1]] for step in itertools.pairwise([5, *row[:length], 5]))
        assert not row[length:].any()


def test_a_crf_learns_transitions_that_emissions_cannot_represent():
    # Words carry no information: tags alternate, and the first tag is always 0.
    layer = CRF(2)
    inputs = np.ones((1, 6, 3), "float32")
    tags = ops.convert_to_tensor([[0, 1, 0, 1, 0, 1]])
    layer.build(inputs.shape)
    optimizer = keras.optimizers.Adam(0.1)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -crf_log_likelihood(layer(inputs), tags)
        optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)

    for _ in range(60):
        step()
    np.testing.assert_array_equal(crf_tags(layer(inputs)), tags)
    assert float(crf_log_likelihood(layer(inputs), tags)[0]) > -0.1
