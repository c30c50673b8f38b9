import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import beam_search, generate, greedy, length_norm, repeat_for_beams
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.masking import IMPOSSIBLE
from tests.decoding.markov_chain import END, TABLE, V, start, step
from tests.quick_cases import first_is_quick


def all_hypotheses(before, token, max_length, penalty):
    """Return all complete sequences of tokens with their scores, the best first."""
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
def test_a_beam_as_wide_as_all_hypotheses_equals_exhaustive_search(random, penalty):
    length, width = 3, V**3
    state, ids = start(random, 4)
    found, scores = beam_search(
        step, repeat_for_beams(state, width), ids, width, length, END, length_penalty=penalty, num_best=20
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
        return beam_search(step, repeat_for_beams(state, width), ids, width, **options)

    return (tf.function(run, jit_compile=True) if jit else run)(state, ids)


@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_a_beam_of_width_one_equals_greedy_decoding(random, penalty):
    state, ids = start(random, 20)
    found, _ = search(state, ids, 1, length_penalty=penalty)
    np.testing.assert_array_equal(found[:, 0], generate(step, state, ids, greedy, 6, END))


def test_hypotheses_are_sorted_and_different(random):
    state, ids = start(random, 20)
    found, scores = search(state, ids, 4, num_best=4)
    assert np.all(np.diff(scores, axis=1) <= 0)
    assert all(len({tuple(sequence) for sequence in row}) == 4 for row in found.numpy())


def test_a_wider_beam_does_not_lower_the_best_score(random):
    state, ids = start(random, 20)
    totals = [np.sum(search(state, ids, width, length_penalty=0.0)[1]) for width in (1, 4, 64)]
    assert totals == sorted(totals)
    assert totals[0] < totals[2]


@pytest.mark.parametrize("width", [1, 2, 4])
def test_hypotheses_are_complete_and_their_scores_sum_over_all_tokens(random, width):
    state, ids = start(random, 20)
    found, scores = search(state, ids, width, num_best=width, length_penalty=0.0)
    for row, best in np.ndindex(20, width):
        sequence = [token for token in found[row, best].numpy() if token]
        before, token, total = int(state["before"][row]), int(ids[row]), 0.0
        for following in [*sequence, END][:6]:
            total += float(tf.nn.log_softmax(TABLE[before, token])[following])
            before, token = token, following
        assert float(scores[row, best]) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("jit", first_is_quick([False, True]))
def test_batches_and_compilation_do_not_change_the_beams(random, jit):
    state, ids = start(random, 8)
    found, scores = search(state, ids, 3, num_best=2)
    for row in (0, 5):
        alone = search({"before": state["before"][row : row + 1]}, ids[row : row + 1], 3, jit, num_best=2)
        np.testing.assert_array_equal(alone[0][0], found[row])
        np.testing.assert_allclose(alone[1][0], scores[row], rtol=1e-5)


def test_beam_search_is_traced_once_for_all_batch_sizes(random):
    compiled = tf.function(
        lambda state, ids: search(state, ids, 3),
        input_signature=[{"before": tf.TensorSpec([None], tf.int32)}, tf.TensorSpec([None], tf.int32)],
    )
    state, ids = start(random, 6)
    for batch in (1, 6):
        some = {"before": state["before"][:batch]}, ids[:batch]
        np.testing.assert_array_equal(compiled(*some)[0], search(*some, 3)[0])


def test_missing_hypotheses_have_the_lowest_score():
    def only_the_end(state, ids):
        return tf.one_hot(tf.fill(tf.shape(ids), END), V, on_value=0.0, off_value=IMPOSSIBLE), state

    found, scores = beam_search(only_the_end, {}, tf.constant([4]), 3, 2, END, num_best=3)
    assert not found.numpy().any()
    np.testing.assert_array_equal(scores[0] > IMPOSSIBLE, [True, False, False])


def test_each_sequence_ends_at_its_own_maximum_length(random):
    state, ids = start(random, 8)
    limits = tf.constant([1, 2, 3, 4, 1, 2, 3, 4])
    found, scores = search(state, ids, 3, num_best=3, max_length=5, limits=limits)
    assert np.all(np.sum(found != 0, axis=2) <= limits[:, None])
    for row in range(8):
        own = {"before": state["before"][row : row + 1]}, ids[row : row + 1]
        alone = search(*own, 3, num_best=3, max_length=int(limits[row]) + 1, limits=limits[row : row + 1])
        np.testing.assert_array_equal(alone[0][0], found[row, :, : int(limits[row]) + 1])
        np.testing.assert_allclose(alone[1][0], scores[row], rtol=1e-5)


@pytest.mark.parametrize(("length", "penalty", "norm"), [(1, 0.6, 1.0), (7, 1.0, 2.0), (13, 2.0, 9.0), (40, 0.0, 1.0)])
def test_length_norm_of_worked_examples(length, penalty, norm):
    assert float(length_norm(length, penalty)) == pytest.approx(norm)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_best": 4}, "num_best=4, beam_width=3"),
        ({"length_penalty": -1.0}, "at least 0"),
        ({"length_penalty": float("nan")}, "length_penalty must be a finite number of at least 0. Received: .*nan"),
        ({"length_penalty": None}, "length_penalty must be a finite number of at least 0. Received: .*None"),
        ({"max_length": 0}, "max_length"),
    ],
)
def test_bad_arguments_of_a_beam_are_refused(random, options, message):
    with pytest.raises(InputError, match=message):
        search(*start(random, 2), 3, **options)
