"""The main score of an evaluation, in the unit in which it is usually published."""

from collections.abc import Mapping
from typing import Any

POINTS = ("bleu", "chrf", "perplexity")  # published without conversion; all other scores are published in percent


def with_main_score(scores: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return the scores after the main score: "metric" is its name, "score" its value in the usual unit.

    Args:
        scores: scores by name; or for each of several data sets a dict of scores.
        *keys: the name of the main score in `scores`; or the name of a data set and the name of its score.

    Example:

    >>> with_main_score({"f1": 0.5, "recall": 0.4}, "f1")
    {'score': 50.0, 'metric': 'f1', 'f1': 0.5, 'recall': 0.4}
    >>> with_main_score({"wordsim353": {"spearman": 0.25}}, "wordsim353", "spearman")["metric"]
    'wordsim353 spearman'
    """
    figure: Any = scores
    for key in keys:
        figure = figure[key]
    return {"score": figure if keys[-1] in POINTS else 100 * figure, "metric": " ".join(keys), **scores}
