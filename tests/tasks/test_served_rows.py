"""What a server relies on: a bad row harms no other row, threads share a graph, and memory does not grow."""

import concurrent.futures

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn, tree_lstm
from kerasnlp_zoo.tasks import TextClassification, Translation, TreeClassification
from kerasnlp_zoo.text import TreePreprocessor, WordPreprocessor
from tests.memory import resident_megabytes
from tests.quick_cases import one_of_each
from tests.small_tasks import feature_classification
from tests.task_contracts import TASKS

EACH_TASK = one_of_each(TASKS, lambda case: case.type, lambda case: case.family)
each_task = pytest.mark.parametrize("case", EACH_TASK)
# The first of each task; other models of it, and translation, whose calls take tens of milliseconds, get fewer calls.
FIRST_OF_EACH_TASK = list({case.type: case for case in reversed(TASKS)}.values())
MANY_CALLS, FEW_CALLS = 5000, 500
WARM_UP = {MANY_CALLS: 1000, FEW_CALLS: 250}  # the first calls fill TensorFlow's pools
MOST_GROWTH = 50  # MB after the warm-up
OF_STRINGS = [case for case in TASKS if case.make is not feature_classification]
BAD_TREES = ["(a (b", "a (b)", "(a) (b)", "(a b)", ")(", "", "x", "(a (b) (c) (d))"]


def tree_classification():
    texts = ["( ( A dog ) ( barks loudly ) )", "( A cat )"]
    preprocessor = TreePreprocessor.from_texts(texts, num_children=2)
    model = tree_lstm(preprocessor.vocabulary_size, 2, hidden_dim=8, composition="n_ary", num_children=2)
    return TreeClassification(model, preprocessor, ["negative", "positive"])


def classification_of_segmented_words():
    preprocessor = WordPreprocessor.from_texts(["我爱吃苹果", "质量很好"], language="zh", segmenter="jieba")
    model = text_cnn(preprocessor.vocabulary_size, 2, embedding_dim=4, num_filters=2)
    return TextClassification(model, preprocessor, ["negative", "positive"])


@pytest.mark.parametrize(
    ("make", "good", "bad"),
    [
        pytest.param(
            tree_classification,
            ["(((a) (dog)) ((barks) (loudly)))", "((a) (cat))"],
            BAD_TREES,
            marks=pytest.mark.slow,
        ),
        (classification_of_segmented_words, ["我 爱 吃 苹果", "质量 很好"], ["我今天去商店买了很多很多好吃的苹果"]),
        (
            feature_classification,
            [[1.0, 2.0, 0.5, 0.0], [-1.0, 0.0, 0.0, 3.0]],
            [[np.nan, 0.0, 0.0, 0.0], [0.0, np.inf, 0.0, 0.0]],
        ),
    ],
)
def test_a_bad_row_has_a_status_and_harms_no_other_row(make, good, bad):
    task = make()
    expected = task.serve(tf.constant(good))
    assert set(expected["status"].numpy()) == {b""}
    for row in bad:
        answers = task.serve(tf.constant([good[0], row, good[1]]))
        assert answers["status"].numpy()[1]
        assert answers["label"].numpy()[1] == b""
        assert answers["probability"].numpy()[1] == 0
        np.testing.assert_array_equal(answers["label"][::2], expected["label"])
        np.testing.assert_allclose(answers["probabilities"][::2], expected["probabilities"], rtol=1e-6)


def test_of_a_pair_of_trees_each_must_be_a_tree():
    preprocessor = TreePreprocessor.from_texts(["( ( A dog ) barks )"], pairs=True)
    faults = preprocessor.faults(["((a) (dog))", "(a)", "(a", "(a)"], ["(a)", "(a", "(a)", "(a) (b)"])
    assert [bool(fault) for fault in faults.numpy()] == [False, True, True, True]


def test_predict_names_a_text_that_cannot_be_read(monkeypatch):
    task = classification_of_segmented_words()
    monkeypatch.setattr(task.preprocessor, "prepare", lambda texts: texts)  # texts that were not segmented
    with pytest.raises(InputError, match="text 1: This model expects Chinese words .* Segment the text first"):
        task.predict(["质量 很好", "我今天去商店买了很多很多好吃的苹果"])


@pytest.mark.slow
@pytest.mark.parametrize("case", OF_STRINGS, ids=str)
def test_bytes_that_are_no_utf8_harm_no_other_row(case):
    task = case.task
    columns = task.columns(list(case.texts)[:2])
    expected = task.serve(*(tf.constant(column) for column in columns))
    mixed = task.serve(*(tf.constant([column[0], b"\xff\xfe\xc3(\xf0\x9f", column[1]]) for column in columns))
    for name in set(expected) - set(task.ranked_outputs):
        values = expected[name].numpy()
        # The row in between can be longer: lists of answers are then padded further.
        others = mixed[name].numpy()[[0, 2]][tuple(slice(size) for size in values.shape)]
        if values.dtype.kind == "f":
            np.testing.assert_allclose(others, values, atol=1e-4, rtol=1e-4)
        else:
            np.testing.assert_array_equal(others, values)


@pytest.mark.slow
@each_task
def test_eight_threads_get_the_answers_of_one(case):
    texts = [list(case.texts)[: 1 + number % len(case.texts)] for number in range(40)]
    expected = [case.task.predict(given) for given in texts]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(case.task.predict, texts)) == expected


def longer(case, text, count):
    """Return the text with `count` more words. Trees, rows of numbers and single words are not changed."""
    if case.module in ("tree_lstm", "word_embedding") or case.make is feature_classification:
        return text
    return tuple(longer(case, part, count) for part in text) if isinstance(text, tuple) else text + " film" * count


@pytest.mark.slow
@pytest.mark.parametrize("case", TASKS, ids=str)
def test_memory_is_flat_over_calls_of_varying_shapes(case):
    calls = MANY_CALLS if case in FIRST_OF_EACH_TASK and case.type is not Translation else FEW_CALLS
    rng = np.random.default_rng(0)
    for call in range(calls):
        texts = [case.texts[place] for place in rng.integers(len(case.texts), size=rng.integers(1, 5))]
        case.task.predict([longer(case, text, rng.integers(30)) for text in texts])
        if call == WARM_UP[calls]:
            before = resident_megabytes()
    grown = resident_megabytes() - before
    assert grown < MOST_GROWTH, grown
