"""Sentence vectors against what people say of two sentences.

Shapes: N pairs of sentences, D width of a vector.
"""

from kerasnlp_zoo.evaluation.correlation import correlations, cosines


def sentence_similarity_scores(first, second, scores):
    """Correlate the cosine of two sentences' vectors with their human score.

    A sentence whose vector is zero, since none of its words is known, has the cosine 0 with any other.

    Args:
        first, second: float arrays [N, D].
        scores: float array [N], as of `datasets.sts_benchmark.load_sts_benchmark`.

    Returns:
        dict of spearman and pearson.

    Example:

    >>> first, second = [[1.0, 0.0]] * 3, [[1.0, 0.1], [1.0, 2.0], [-1.0, 0.0]]
    >>> sentence_similarity_scores(first, second, [5.0, 2.5, 0.0])["spearman"]
    1.0

    Reference: Cer et al. 2017, "SemEval-2017 Task 1: Semantic Textual Similarity".
    """
    return correlations(cosines(first, second), scores)
