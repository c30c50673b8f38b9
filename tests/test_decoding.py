import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import (
    Sampling,
    beam_search,
    generate,
    greedy,
    keep_top_k,
    keep_top_p,
    length_norm,
    repeated,
    top_of_many,
)
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.masking import IMPOSSIBLE

V, END = 7, 3
TABLE = np.random.default_rng(5).normal(size=(V, V, V)).astype("float32")  # logits by the last two tokens
TABLE[:, :, 0] = -20  # no model writes padding


def step(state, ids):
    """A second-order Markov chain: its state is the token before."""
    logits = tf.gather_nd(TABLE, tf.stack([state["before"], ids], axis=1))
    return logits, {"before": ids}


def start(random, batch):
    before, ids = random.integers(4, V, (2, batch)).astype("int32")
    return {"before": tf.constant(before)}, tf.constant(ids)


def one_by_one(before, token, max_length):
    """Greedy decoding of one sequence, as one would write it down."""
    output = []
    while len(output) < max_length:
        following = int(np.argmax(TABLE[before, token]))
        if following == END:
            break
        output.append(following)
        before, token = token, following
    return output + [0] * (max_length - len(output))


@pytest.mark.parametrize("max_length", [1, 4, 9])
def test_greedy_equals_a_loop_over_each_sequence(random, max_length):
    state, ids = start(random, 20)
    expected = [one_by_one(b, i, max_length) for b, i in zip(state["before"].numpy(), ids.numpy(), strict=True)]
    actual = generate(step, state, ids, greedy, max_length, END)
    np.testing.assert_array_equal(actual, expected)
    assert np.any(np.min(actual, axis=1) == 0) or max_length == 1  # some have ended, and stay so


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("vocabulary_size", [7, 127, 128, 8000])
def test_greedy_takes_the_first_of_the_highest(random, vocabulary_size, jit):
    logits = random.integers(-9, 3, (50, vocabulary_size)).astype("float32")  # most rows have several highest
    found = tf.function(greedy, jit_compile=jit)(tf.constant(logits), tf.constant(0))
    np.testing.assert_array_equal(found, np.argmax(logits, axis=-1))


@pytest.mark.parametrize(
    ("choose", "jit"), [(greedy, False), (greedy, True), (Sampling(0.7, top_k=5, top_p=0.9, seed=4), False)]
)
def test_compiled_equals_eager(random, choose, jit):
    state, ids = start(random, 6)
    compiled = tf.function(lambda state, ids: generate(step, state, ids, choose, 5, END), jit_compile=jit)
    np.testing.assert_array_equal(compiled(state, ids), generate(step, state, ids, choose, 5, END))


def test_one_trace_serves_every_batch_size(random):
    compiled = tf.function(
        lambda state, ids: generate(step, state, ids, greedy, 5, END),
        input_signature=[{"before": tf.TensorSpec([None], tf.int32)}, tf.TensorSpec([None], tf.int32)],
    )
    state, ids = start(random, 6)
    rows = [compiled({"before": state["before"][row : row + 1]}, ids[row : row + 1])[0] for row in range(6)]
    np.testing.assert_array_equal(np.stack(rows), compiled(state, ids))


def test_the_loop_stops_once_all_have_ended():
    calls = []

    def counted(state, ids):
        tf.py_function(lambda: calls.append(1), [], [])
        return tf.one_hot(ids + 1, V), state

    generate(counted, {}, tf.constant([0, 1]), greedy, 50, END)
    assert len(calls) == 3  # 1, 2, end


def largest_p(logits, p):
    """Return which tokens top-p keeps: the most probable ones until they reach p."""
    probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    kept, total = np.zeros(len(logits), bool), 0.0
    for place in np.argsort(-logits, kind="stable"):
        if total >= p:
            break
        kept[place], total = True, total + probabilities[place]
    return kept


@pytest.mark.parametrize("p", [0.01, 0.5, 0.9, 1.0])
def test_top_p_keeps_what_numpy_does(random, p):
    logits = random.normal(size=(30, 11)).astype("float32") * 2
    expected = [largest_p(row, p) for row in logits]
    np.testing.assert_array_equal(keep_top_p(tf.constant(logits), p).numpy() > -1e30, expected)


def test_top_p_of_a_worked_example():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]]).astype("float32")
    assert (keep_top_p(tf.constant(logits), 0.79)[0].numpy() > -1e30).tolist() == [True, True, False, False]
    assert (keep_top_p(tf.constant(logits), 0.81)[0].numpy() > -1e30).tolist() == [True, True, True, False]


@pytest.mark.parametrize("k", [1, 4, 50])
def test_top_k_keeps_the_k_highest(random, k):
    logits = random.normal(size=(30, 11)).astype("float32")
    expected = np.argsort(np.argsort(-logits, axis=1), axis=1) < k
    np.testing.assert_array_equal(keep_top_k(tf.constant(logits), k).numpy() > -1e30, expected)


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(temperature=0.5), np.square([0.5, 0.3, 0.15, 0.05]) / np.sum(np.square([0.5, 0.3, 0.15, 0.05]))),
        (Sampling(top_k=2), [0.625, 0.375, 0, 0]),
        (Sampling(top_k=3, top_p=0.6), [0.625, 0.375, 0, 0]),
    ],
)
def test_tokens_are_drawn_by_their_probabilities(sampling, expected):
    logits = tf.tile(tf.math.log([[0.5, 0.3, 0.15, 0.05]]), [20_000, 1])
    shares = np.bincount(sampling(logits, place=3), minlength=4) / 20_000
    np.testing.assert_allclose(shares, expected, atol=0.015)


def test_sampling_compiles_with_xla(random):
    state, ids = start(random, 6)
    choose = Sampling(0.7, top_k=2, top_p=0.9)
    output = tf.function(lambda: generate(step, state, ids, choose, 5, END), jit_compile=True)().numpy()
    for before, token, row in zip(state["before"].numpy(), ids.numpy(), output, strict=True):
        for following in itertools.takewhile(bool, row):
            assert following in np.argsort(-TABLE[before, token])[:2]
            before, token = token, following


def test_places_and_seeds_draw_differently_and_the_same_seed_alike():
    logits = tf.zeros([1, 1000])
    draws = [int(Sampling(seed=seed)(logits, place)[0]) for seed, place in ((1, 0), (1, 1), (2, 0), (1, 0))]
    assert draws[0] == draws[3]
    assert len(set(draws)) == 3


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"temperature": 0.0}, "temperature=0.0"),
        ({"top_k": 0}, "top_k=0"),
        ({"top_p": 1.5}, "top_p=1.5"),
        ({"top_p": 0.0}, "top_p=0.0"),
    ],
)
def test_sampling_refuses_what_it_cannot_draw_by(attributes, message):
    with pytest.raises(InputError, match=message):
        Sampling(**attributes)


def test_no_length_is_refused():
    with pytest.raises(InputError, match="max_length=0"):
        generate(step, {}, tf.constant([1]), greedy, 0, END)


def all_hypotheses(before, token, max_length, penalty):
    """Every sequence of tokens that ends or is as long as can be, with its score, the best first."""
    found = []

    def grow(before, token, ids, total):
        if len(ids) == max_length:
            found.append((total / length_norm(len(ids), penalty).numpy(), ids))
            return
        logits = TABLE[before, token].astype("float64")
        for following, log_probability in enumerate(logits - np.log(np.sum(np.exp(logits)))):
            if following == END:
                found.append(((total + log_probability) / length_norm(len(ids) + 1, penalty).numpy(), ids))
            else:
                grow(token, following, [*ids, following], total + log_probability)

    grow(before, token, [], 0.0)
    return sorted(found, key=lambda pair: -pair[0])


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_a_beam_that_holds_everything_equals_exhaustive_search(random, penalty):
    length, width = 3, V**3
    state, ids = start(random, 4)
    found, scores = beam_search(
        step, repeated(state, width), ids, width, length, END, length_penalty=penalty, num_best=20
    )
    for row, (before, token) in enumerate(zip(state["before"].numpy(), ids.numpy(), strict=True)):
        expected = all_hypotheses(before, token, length, penalty)[:20]
        np.testing.assert_allclose(scores[row], [score for score, _ in expected], rtol=1e-5)
        assert [list(sequence[sequence != 0]) for sequence in found[row].numpy()] == [
            [token for token in sequence if token] for _, sequence in expected
        ]


def search(state, ids, width, jit=False, **options):
    options = {"max_length": 6, "end_id": END, **options}

    def run(state, ids):
        return beam_search(step, repeated(state, width), ids, width, **options)

    return (tf.function(run, jit_compile=True) if jit else run)(state, ids)


@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_a_beam_of_one_is_greedy(random, penalty):
    state, ids = start(random, 20)
    found, _ = search(state, ids, 1, length_penalty=penalty)
    np.testing.assert_array_equal(found[:, 0], generate(step, state, ids, greedy, 6, END))


def test_the_best_are_sorted_and_all_different(random):
    state, ids = start(random, 20)
    found, scores = search(state, ids, 4, num_best=4)
    assert np.all(np.diff(scores, axis=1) <= 0)
    assert all(len({tuple(sequence) for sequence in row}) == 4 for row in found.numpy())


def test_a_wider_beam_finds_no_worse(random):
    state, ids = start(random, 20)
    totals = [np.sum(search(state, ids, width, length_penalty=0.0)[1]) for width in (1, 4, 64)]
    assert totals == sorted(totals)
    assert totals[0] < totals[2]


@pytest.mark.parametrize("width", [1, 2, 4])
def test_hypotheses_are_whole_and_scored_by_all_their_tokens(random, width):
    state, ids = start(random, 20)
    found, scores = search(state, ids, width, num_best=width, length_penalty=0.0)
    for row, best in np.ndindex(20, width):
        sequence = [token for token in found[row, best].numpy() if token]
        before, token, total = int(state["before"][row]), int(ids[row]), 0.0
        for following in [*sequence, END][:6]:
            total += float(tf.nn.log_softmax(TABLE[before, token])[following])
            before, token = token, following
        assert float(scores[row, best]) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_beams_do_not_depend_on_their_batch_or_on_compilation(random, jit):
    state, ids = start(random, 8)
    found, scores = search(state, ids, 3, num_best=2)
    for row in (0, 5):
        alone = search({"before": state["before"][row : row + 1]}, ids[row : row + 1], 3, jit, num_best=2)
        np.testing.assert_array_equal(alone[0][0], found[row])
        np.testing.assert_allclose(alone[1][0], scores[row], rtol=1e-5)


def test_one_trace_of_beams_serves_every_batch_size(random):
    compiled = tf.function(
        lambda state, ids: search(state, ids, 3),
        input_signature=[{"before": tf.TensorSpec([None], tf.int32)}, tf.TensorSpec([None], tf.int32)],
    )
    state, ids = start(random, 6)
    for batch in (1, 6):
        some = {"before": state["before"][:batch]}, ids[:batch]
        np.testing.assert_array_equal(compiled(*some)[0], search(*some, 3)[0])


def test_fewer_hypotheses_than_asked_for_are_told_by_their_scores():
    def only_the_end(state, ids):
        return tf.one_hot(tf.fill(tf.shape(ids), END), V, on_value=0.0, off_value=IMPOSSIBLE), state

    found, scores = beam_search(only_the_end, {}, tf.constant([4]), 3, 2, END, num_best=3)
    assert not found.numpy().any()
    np.testing.assert_array_equal(scores[0] > IMPOSSIBLE, [True, False, False])


def test_each_sequence_ends_at_its_own_limit_whatever_else_is_in_the_batch(random):
    state, ids = start(random, 8)
    limits = tf.constant([1, 2, 3, 4, 1, 2, 3, 4])
    found, scores = search(state, ids, 3, num_best=3, max_length=5, limits=limits)
    assert np.all(np.sum(found != 0, axis=2) <= limits[:, None])
    for row in range(8):
        own = {"before": state["before"][row : row + 1]}, ids[row : row + 1]
        alone = search(*own, 3, num_best=3, max_length=int(limits[row]) + 1, limits=limits[row : row + 1])
        np.testing.assert_array_equal(alone[0][0], found[row, :, : int(limits[row]) + 1])
        np.testing.assert_allclose(alone[1][0], scores[row], rtol=1e-5)


@pytest.mark.parametrize("size", [40, 97, 8000, 8001, 8191])
def test_the_top_of_many_is_the_top(random, size):
    logits = random.permutation(5 * size).reshape(5, size).astype("float32")
    for k in (1, 8):
        values, places = top_of_many(tf.constant(logits), k)
        expected = tf.math.top_k(logits, k)
        np.testing.assert_array_equal(values, expected.values)
        np.testing.assert_array_equal(places, expected.indices)


@pytest.mark.parametrize(("length", "penalty", "norm"), [(1, 0.6, 1.0), (7, 1.0, 2.0), (13, 2.0, 9.0), (40, 0.0, 1.0)])
def test_length_norm_by_hand(length, penalty, norm):
    assert float(length_norm(length, penalty)) == pytest.approx(norm)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_best": 4}, "num_best=4 hypotheses do not fit into beam_width=3"),
        ({"length_penalty": -1.0}, "at least 0"),
        ({"max_length": 0}, "max_length"),
    ],
)
def test_bad_arguments_of_a_beam_are_refused(random, options, message):
    with pytest.raises(InputError, match=message):
        search(*start(random, 2), 3, **options)
