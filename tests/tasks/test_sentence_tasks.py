import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks import FillMask
from tests.small_tasks import TEXTS, fill_mask, sentence_similarity, text_regression


def test_similarity_is_the_cosine_of_the_vectors():
    task = sentence_similarity()
    vectors = task.vectors(TEXTS)
    expected = [float(vectors[0] @ vectors[place]) for place in range(len(TEXTS))]
    np.testing.assert_allclose(task.similarity([TEXTS[0]] * len(TEXTS), TEXTS), expected, atol=1e-5)
    nearest = task.most_similar(TEXTS[0], TEXTS, count=3)
    assert nearest[0] == (TEXTS[0], pytest.approx(1.0, abs=1e-5))
    np.testing.assert_allclose([score for _, score in nearest], sorted(expected)[::-1][:3], atol=1e-5)


def test_similarity_is_scored_against_human_scores():
    task = sentence_similarity()
    pairs = list(zip(TEXTS, TEXTS[::-1], strict=True))
    cosines = task.similarity(*zip(*pairs, strict=True))
    assert task.evaluate(pairs, cosines)["spearman"] == pytest.approx(1.0)
    assert task.evaluate(pairs, -cosines)["pearson"] == pytest.approx(-1.0)


def test_regression_is_scored_against_human_scores():
    task = text_regression()
    scores = task.outputs(TEXTS)["score"]
    assert task.evaluate(TEXTS, scores) == {
        "score": 100.0,
        "metric": "spearman",
        "spearman": 1.0,
        "pearson": pytest.approx(1.0),
        "mean_squared_error": 0.0,
    }
    assert task.evaluate(TEXTS, -scores)["spearman"] == pytest.approx(-1.0)
    assert task.evaluate(TEXTS, scores + 2.0)["mean_squared_error"] == pytest.approx(4.0, rel=1e-4)


def test_candidates_are_the_words_with_the_highest_probability():
    task = fill_mask()
    text = "a [MASK] film"
    features = {name: values.numpy() for name, values in task.preprocessor([text]).items()}
    logits = np.asarray(task.model({**features, "masked_positions": np.array([[2]])}))[0, 0]
    best = np.argsort(-logits)[:10]
    candidates = task.predict([text])[0]["candidates"]
    assert [found["text"] for found in candidates] == [task.preprocessor.vocabulary.tokens[place] for place in best]
    expected = np.exp(logits[best]) / np.exp(logits).sum()
    np.testing.assert_allclose([found["probability"] for found in candidates], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fill_mask().predict(["a film"]), r"one \[MASK\] in each text. Received 0 in text 0"),
        (lambda: fill_mask().predict(["[MASK]", "[MASK] [MASK]"]), "Received 2 in text 1"),
        (lambda: FillMask(fill_mask().model, fill_mask().preprocessor, ["a"]), "no labels. Received: a"),
        (lambda: sentence_similarity().similarity(["a"], []), "two lists of the same length. Received: 1 and 0"),
        (lambda: sentence_similarity().evaluate([("a", "b")], [1.0]), "2 or more texts"),
        (lambda: text_regression().dataset(["a"], ["good"]), "a number as the score of text 0. Received: 'good'"),
        (lambda: text_regression().dataset(["a"], [float("nan")]), "a number as the score of text 0"),
        (lambda: text_regression().evaluate(["a"], [1.0]), "2 or more texts, and a score for each"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
