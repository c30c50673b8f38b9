"""Precision, recall and F1 of spans, as in conlleval: a span is correct if its start, end and label are correct.

Spans are counted, not tags: a predicted span that is one token too long is a false positive, and the true span is a
false negative.
"""

import collections
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from kerasnlp_zoo.errors import InputError

SpansOfTexts: TypeAlias = Sequence[Iterable[tuple[int, int, Any]]]  # (start, end, label) of each text


def span_scores(predictions: SpansOfTexts, references: SpansOfTexts) -> dict[str, Any]:
    """Return precision, recall and F1 of predicted spans.

    A span that is predicted twice counts once. A score whose denominator is 0 is 0, as in conlleval.

    Args:
        predictions: predicted spans (start, end, label) of each text.
        references: true spans of each text, in the same unit, tokens or characters.

    Returns:
        dict of precision, recall and f1 over all spans (micro); unlabelled_f1, which ignores labels, as in word
        segmentation; macro_f1, the mean over the labels of the references; num_references, num_predictions,
        num_correct; and labels, the scores and numbers of each label.

    Raises:
        InputError: if there are no texts, or the numbers of texts differ.

    Example:

    >>> scores = span_scores([[(0, 2, "PER"), (4, 5, "LOC")]], [[(0, 2, "PER"), (3, 5, "LOC")]])
    >>> scores["f1"], scores["labels"]["PER"]["f1"], scores["labels"]["LOC"]["f1"]
    (0.5, 1.0, 0.0)
    >>> span_scores([[(0, 2, "PER")]], [[(0, 2, "ORG")]])["unlabelled_f1"]
    1.0

    Reference: Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 Shared Task", and its conlleval.
    """
    if not len(references) or len(predictions) != len(references):
        raise InputError(
            "A score needs at least one text, and predicted and true spans for each text. "
            f"Received: {len(predictions)} predictions and {len(references)} references"
        )
    counts = _counts(predictions, references)
    places = [unlabelled(texts) for texts in (predictions, references)]
    labels = sorted({*counts["predictions"], *counts["references"]})
    by_label = {label: _scores(*(count[label] for count in counts.values())) for label in labels}
    known = [scores["f1"] for scores in by_label.values() if scores["num_references"]]
    return {
        **_scores(*(count.total() for count in counts.values())),
        "unlabelled_f1": _scores(*(count.total() for count in _counts(*places).values()))["f1"],
        "macro_f1": sum(known) / len(known) if known else 0.0,
        "labels": by_label,
    }


def unlabelled(spans_of_texts: SpansOfTexts) -> SpansOfTexts:
    """Return the spans of each text with None for the label."""
    return [[(start, end, None) for start, end, _ in spans] for spans in spans_of_texts]


def _counts(predictions: SpansOfTexts, references: SpansOfTexts) -> dict[str, collections.Counter[Any]]:
    """Return the number of different spans of each label: predicted, true, and correct ones."""
    counts: dict[str, collections.Counter[Any]] = {
        name: collections.Counter() for name in ("predictions", "references", "correct")
    }
    for texts in zip(predictions, references, strict=True):
        found, true = ({tuple(span) for span in spans} for spans in texts)
        for name, spans in (("predictions", found), ("references", true), ("correct", found & true)):
            counts[name].update(label for _, _, label in spans)
    return counts


def _scores(num_predictions: int, num_references: int, num_correct: int) -> dict[str, float]:
    precision = num_correct / num_predictions if num_predictions else 0.0
    recall = num_correct / num_references if num_references else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if num_correct else 0.0,
        "num_references": num_references,
        "num_predictions": num_predictions,
        "num_correct": num_correct,
    }
