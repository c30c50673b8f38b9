"""Correlation of sentence vectors with human similarity scores.

Shapes: N pairs of sentences, D width of a vector.
"""

from kerasnlp_zoo.evaluation.correlation import Numbers, Vectors, correlations, cosines


def sentence_similarity_scores(first: Vectors, second: Vectors, scores: Numbers) -> dict[str, float]:
    """Return the correlation of cosine similarities of sentence pairs with human scores.

    The vector of a sentence is zero if none of its words is known. Its cosine similarity is then 0.

    Args:
        first, second: float [N, D], vectors of the two sentences of each pair.
        scores: float [N], human scores, for example from `datasets.sts_benchmark.load_sts_benchmark`.

    Returns:
        dict of spearman and pearson.

    Example:

    >>> first, second = [[1.0, 0.0]] * 3, [[1.0, 0.1], [1.0, 2.0], [-1.0, 0.0]]
    >>> sentence_similarity_scores(first, second, [5.0, 2.5, 0.0])["spearman"]
    1.0

    Reference: Cer et al. 2017, "SemEval-2017 Task 1: Semantic Textual Similarity".
    """
    return correlations(cosines(first, second), scores)
