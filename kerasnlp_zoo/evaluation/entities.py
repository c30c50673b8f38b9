"""Precision, recall and F1 of spans, as conlleval counts them: a span is right if its place and label are.

Spans are counted, not tags: a tag too many at the edge makes a span wrong, and so both a miss and a false alarm.
"""

import collections

from kerasnlp_zoo.errors import InputError


def span_scores(predictions, references):
    """Compare the spans found in every text with the true ones.

    A span that is found twice counts once. A score without anything to divide by is 0, as in conlleval.

    Args:
        predictions: list of lists of spans (start, end, label), one list a text.
        references: the same for the true spans, whatever they are counted in: tokens or characters.

    Returns:
        dict of precision, recall, f1, over all spans (micro); unlabelled_f1, for which the place alone must be right,
        as in word segmentation; macro_f1, the mean over the labels of the references; num_references,
        num_predictions, num_correct; and the same figures for every label under "labels".

    Raises:
        InputError: if the lists are not as long as each other, or there is no text.

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
            "A score needs at least one text, and a list of spans for each. "
            f"Received: {len(predictions)} predictions and {len(references)} references"
        )
    counts = _counts(predictions, references)
    places = [
        [[(start, end, None) for start, end, _ in spans] for spans in texts] for texts in (predictions, references)
    ]
    labels = sorted({*counts["predictions"], *counts["references"]})
    by_label = {label: _scores(*(count[label] for count in counts.values())) for label in labels}
    known = [scores["f1"] for scores in by_label.values() if scores["num_references"]]
    return {
        **_scores(*(count.total() for count in counts.values())),
        "unlabelled_f1": _scores(*(count.total() for count in _counts(*places).values()))["f1"],
        "macro_f1": sum(known) / len(known) if known else 0.0,
        "labels": by_label,
    }


def _counts(predictions, references):
    """Count the different spans of every label: those found, the true ones, and those that are both."""
    counts = {name: collections.Counter() for name in ("predictions", "references", "correct")}
    for found, true in zip(predictions, references, strict=True):
        found, true = ({tuple(span) for span in spans} for spans in (found, true))
        for name, spans in (("predictions", found), ("references", true), ("correct", found & true)):
            counts[name].update(label for _, _, label in spans)
    return counts


def _scores(num_predictions, num_references, num_correct):
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
