import numpy as np
import pytest

from kerasnlp_zoo.datasets.sts_benchmark import load_sts_benchmark
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import sentence_similarity_scores
from kerasnlp_zoo.models.sentence_vectors import (
    common_direction,
    inverse_frequency_weights,
    mean_vectors,
    probabilities_from_counts,
    without_direction,
)
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.training.starting_vectors import read_word_vectors


@pytest.mark.parametrize(
    ("language", "sizes", "integers"), [("en", [5749, 1500, 1379], False), ("zh", [5231, 1458, 1361], True)]
)
def test_the_published_splits_are_complete(language, sizes, integers):
    data = load_sts_benchmark(language)
    assert list(data) == ["train", "validation", "test"]
    assert list(map(len, data.values())) == sizes
    for pairs in data.values():
        assert len(pairs.first) == len(pairs.second) == len(pairs.scores)
        assert all(pairs.first)
        assert all(pairs.second)
        assert not any("\t" in sentence for sentence in pairs.first + pairs.second)
        assert (pairs.scores.min(), pairs.scores.max()) == (0, 5)
        assert (pairs.scores % 1 == 0).all() == integers


def test_another_language_is_refused():
    with pytest.raises(InputError, match="language must be one of 'en', 'zh'"):
        load_sts_benchmark("de")


def test_sif_agrees_with_human_scores_better_than_the_mean_of_word_vectors():
    data = load_sts_benchmark()
    train = data["train"].first + data["train"].second
    preprocessor = WordPreprocessor.from_texts(train)
    glove = read_word_vectors("glove_6b_50d", preprocessor.vocabulary)
    vectors = glove.values * glove.found[:, None]

    def means(texts, weights=None):
        return mean_vectors(preprocessor.features(texts)["token_ids"], vectors, weights)

    token_ids = preprocessor.features(train)["token_ids"].flat_values
    counts = np.bincount(token_ids, minlength=preprocessor.vocabulary_size)
    weights = inverse_frequency_weights(probabilities_from_counts(counts))
    direction = common_direction(means(train, weights))
    pairs = data["test"]
    mean = sentence_similarity_scores(means(pairs.first), means(pairs.second), pairs.scores)
    sif = sentence_similarity_scores(
        *(without_direction(means(texts, weights), direction) for texts in (pairs.first, pairs.second)), pairs.scores
    )
    assert 0.3 < mean["pearson"] < sif["pearson"] - 0.15
    assert 0.3 < mean["spearman"] < sif["spearman"] - 0.1
