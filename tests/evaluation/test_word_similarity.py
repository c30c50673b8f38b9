"""Correlations of word and sentence vectors with human scores."""

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import sentence_similarity_scores, word_similarity_scores
from kerasnlp_zoo.evaluation.word_similarity import WordPairs
from tests import oracles

TOKENS = ["[PAD]", "[UNK]", *(f"word{number}" for number in range(20))]
VECTORS = np.random.default_rng(1).normal(size=(22, 5)).astype("float32")


def random_pairs(random, count=30):
    """Pairs of known words with tied scores. One pair occurs twice, and once in reverse order."""
    names = [tuple(f"word{word}" for word in random.permutation(20)[:2]) for _ in range(count - 2)]
    return WordPairs("random", [*names, names[0], names[0][::-1]], random.integers(0, 6, count) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_correlations_equal_those_computed_pair_by_pair(seed):
    pairs = random_pairs(np.random.default_rng(seed))
    cosines = [oracles.cosine(VECTORS[TOKENS.index(a)], VECTORS[TOKENS.index(b)]) for a, b in pairs.words]
    scores = word_similarity_scores(TOKENS, VECTORS, pairs)
    assert scores["spearman"] == pytest.approx(oracles.spearman(cosines, list(pairs.scores)))
    assert scores["pearson"] == pytest.approx(oracles.pearson(cosines, list(pairs.scores)), abs=1e-5)
    assert (scores["num_pairs"], scores["num_known"], scores["coverage"]) == (30, 30, 1.0)


def test_scaling_vectors_does_not_change_the_scores(random):
    pairs = random_pairs(random)
    scaled = VECTORS * random.uniform(0.01, 100, (len(VECTORS), 1))
    expected = word_similarity_scores(TOKENS, VECTORS, pairs)
    assert word_similarity_scores(TOKENS, scaled, pairs) == pytest.approx(expected, abs=1e-6)


def test_order_of_pairs_and_within_pairs_does_not_change_the_scores(random):
    pairs = random_pairs(random)
    order = random.permutation(len(pairs))
    turned = WordPairs("turned", [pairs.words[place][::-1] for place in order], pairs.scores[order])
    expected = word_similarity_scores(TOKENS, VECTORS, pairs)
    assert word_similarity_scores(TOKENS, VECTORS, turned) == pytest.approx(expected, abs=1e-6)


def test_unknown_words_lower_the_coverage_but_not_the_scores(random):
    pairs = random_pairs(random)
    more = WordPairs("more", [*pairs.words, ("word1", "yak"), ("yak", "gnu")], [*pairs.scores, 5.0, 0.0])
    before, after = (word_similarity_scores(TOKENS, VECTORS, each) for each in (pairs, more))
    assert after["coverage"] == 30 / 32 < before["coverage"]
    assert (after["num_pairs"], after["num_known"]) == (32, 30)
    assert (after["spearman"], after["pearson"]) == (before["spearman"], before["pearson"])


def test_words_are_looked_up_as_written_then_lower_cased():
    tokens = ["Rome", "rome", "paris", "Berlin"]
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [1.0, 0.5]])
    exact = WordPairs("exact", [("Rome", "Paris"), ("rome", "Paris"), ("Paris", "Paris")], [2.0, 1.0, 3.0])
    assert word_similarity_scores(tokens, vectors, exact)["spearman"] == pytest.approx(1.0)
    upwards = WordPairs("upwards", [*exact.words, ("berlin", "paris")], [*exact.scores, 0.0])
    assert word_similarity_scores(tokens, vectors, upwards)["num_known"] == 3


def test_special_tokens_are_not_words():
    pairs = WordPairs(
        "special", [("[PAD]", "word1"), ("[UNK]", "word1"), ("word2", "word3"), ("word4", "word5")], range(4)
    )
    assert word_similarity_scores(TOKENS, VECTORS, pairs)["num_known"] == 2


def test_equal_vectors_have_the_score_nan():
    scores = word_similarity_scores(TOKENS, np.ones_like(VECTORS), random_pairs(np.random.default_rng(0)))
    assert np.isnan(scores["spearman"])
    assert np.isnan(scores["pearson"])


@pytest.mark.parametrize("known", [0, 1])
def test_a_set_in_another_language_is_refused(known):
    pairs = WordPairs("tassen.tsv", [("Tasse", "Becher"), *[("word1", "word2")] * known], range(1 + known))
    message = f"Received: {known} of the {1 + known} pairs of tassen.tsv, such as 'Tasse', 'Becher'.*22 tokens"
    with pytest.raises(InputError, match=message):
        word_similarity_scores(TOKENS, VECTORS, pairs)


def test_a_wrong_number_of_vectors_and_nan_are_refused(random):
    pairs = random_pairs(random)
    with pytest.raises(InputError, match=r"Expected 22 rows. Received: the shape \(21, 5\)"):
        word_similarity_scores(TOKENS, VECTORS[1:], pairs)
    with pytest.raises(InputError, match=r"Received: the shape \(22,\)"):
        word_similarity_scores(TOKENS, VECTORS[:, 0], pairs)
    broken = VECTORS.copy()
    broken[7, 2] = np.nan
    with pytest.raises(InputError, match="Received: 1 with NaN or infinity, the first for 'word5'"):
        word_similarity_scores(TOKENS, broken, pairs)


def test_sentence_scores_equal_those_computed_pair_by_pair(random):
    first, second = random.normal(size=(2, 25, 4))
    scores = random.integers(0, 6, 25)
    cosines = [oracles.cosine(a, b) for a, b in zip(first, second, strict=True)]
    found = sentence_similarity_scores(first, second, scores)
    assert found["spearman"] == pytest.approx(oracles.spearman(cosines, list(scores)))
    assert found["pearson"] == pytest.approx(oracles.pearson(cosines, list(scores)))


def test_a_sentence_of_unknown_words_counts_as_unrelated():
    first = [[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    second = [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]
    assert sentence_similarity_scores(first, second, [3.0, 2.0, 1.0])["pearson"] == pytest.approx(1.0)


@pytest.mark.peers
def test_scores_equal_those_of_gensim(random, tmp_path):
    keyed_vectors = pytest.importorskip("gensim.models.keyedvectors")
    peer = keyed_vectors.KeyedVectors(vector_size=5)
    peer.add_vectors(TOKENS[2:], VECTORS[2:])
    names = [(f"word{a}", f"word{b}") for a, b in (random.permutation(24)[:2] for _ in range(60))]  # some unknown
    pairs = WordPairs("random", names, random.uniform(0, 10, 60).round(2))
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{a}\t{b}\t{score}\n" for (a, b), score in zip(names, pairs.scores, strict=True)))
    pearson, spearman, unknown = peer.evaluate_word_pairs(str(path))
    scores = word_similarity_scores(TOKENS, VECTORS, pairs)
    assert scores["spearman"] == pytest.approx(spearman.statistic, abs=1e-6)
    assert scores["pearson"] == pytest.approx(pearson.statistic, abs=1e-6)
    assert scores["coverage"] == pytest.approx(1 - unknown / 100)
    assert 0 < unknown < 100
