"""Classifiers of several labels compared with one logistic regression for each label in scikit-learn.

    kerasnlp-zoo train linear --dataset newsgroups_topics --output-dir runs/topics_linear
    kerasnlp-zoo train text_cnn --dataset newsgroups_topics --output-dir runs/topics_text_cnn
    python -m recipes.benchmarks.label_sets --runs runs/topics_linear runs/topics_text_cnn --output label_sets.json

Ours are finished runs of recipes. scikit-learn has the same training, validation and test texts, and its own tokens and
tf-idf weights. Its regularization is chosen on the validation texts, and its thresholds as ours.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from kerasnlp_zoo.datasets import load_labelled_texts
from kerasnlp_zoo.datasets.options import LabelOptions
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.label_sets import best_thresholds, label_set_scores
from recipes.benchmarks.comparison import Row, report, row

REGULARIZATIONS = (1.0, 10.0, 100.0)  # C of LogisticRegression, the inverse strength
SCORES = {"micro_f1": "micro-F1", "macro_f1": "macro-F1", "exact_match": "exact match"}


@dataclasses.dataclass
class Config:
    """Compare finished runs on texts with several labels with logistic regressions of scikit-learn."""

    runs: tuple[Path, ...]
    """Output folders of finished runs on the same data set."""
    output: Path | None = None
    """JSON file for the rows."""
    smoke: bool = False
    """Try it on a few examples; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    sklearn = require_sklearn()
    measured = [json.loads((run / "metrics.json").read_text("utf-8")) for run in config.runs]
    names = {metrics["dataset"] for metrics in measured}
    if len(names) != 1:
        raise InputError(
            f"The runs must be on one data set with several labels. Received: {', '.join(names) or 'none'}"
        )
    data = load_labelled_texts(LabelOptions(dataset=names.pop(), smoke=config.smoke))
    peer = logistic_regressions(data)
    rows = [
        row(
            f"{name}, {metrics['recipe']}", "%", 100 * metrics["scores"][key], 100 * peer[key], peer_name="scikit-learn"
        )
        for metrics in measured
        for key, name in SCORES.items()
    ]
    report(rows, config.output, scikit_learn=sklearn.__version__)
    return rows


def require_sklearn() -> Any:
    """Return the module sklearn.

    Raises:
        InputError: if it is not installed.
    """
    try:
        import sklearn
    except ImportError as error:
        raise InputError("This benchmark compares with scikit-learn: pip install scikit-learn") from error
    return sklearn


def logistic_regressions(data: TextClassificationData) -> dict[str, float]:
    """Return the test scores of a logistic regression for each label, over tf-idf weights of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    vectorizer = TfidfVectorizer(min_df=2)
    train = vectorizer.fit_transform(data.train.texts)
    validation, test = (vectorizer.transform(split.texts) for split in (data.validation, data.test))
    best: tuple[float, dict[str, float]] = (-1.0, {})
    for strength in REGULARIZATIONS:
        model = OneVsRestClassifier(LogisticRegression(C=strength, solver="liblinear"))
        model.fit(train, has_label(data.train, len(data.labels)))
        probabilities, expected = model.predict_proba(validation), has_label(data.validation, len(data.labels))
        thresholds = best_thresholds(probabilities, expected)
        score = label_set_scores(probabilities >= thresholds, expected)["micro_f1"]
        found = model.predict_proba(test) >= thresholds
        scores = label_set_scores(found, has_label(data.test, len(data.labels)))
        print(f"scikit-learn, C={strength:g}: validation micro-F1 {100 * score:.1f}")
        best = max(best, (score, scores), key=lambda scored: scored[0])
    return best[1]


def has_label(split: Split, num_labels: int) -> np.ndarray:
    """Return which text has which label, bool [N, C]."""
    table = np.zeros((len(split), num_labels), bool)
    for number, labels in enumerate(split.labels):
        table[number, list(labels)] = True
    return table


if __name__ == "__main__":
    main(tyro.cli(Config))
