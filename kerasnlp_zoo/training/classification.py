"""The end of a classification run: scores, plots, the SavedModel and the entry."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasnlp_zoo import plots
from kerasnlp_zoo.datasets.splits import TextClassificationData
from kerasnlp_zoo.evaluation import most_confused
from kerasnlp_zoo.evaluation.class_table import class_table, in_percent
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import RunConfig
from kerasnlp_zoo.training.saving import published_note, round_to_float16_if_harmless, save_task

LARGEST_MATRIX = 40  # maximum number of classes in the matrix; otherwise only the classes with the most errors


def finish_classification(
    run: Run[RunConfig],
    task: TextClassification,
    data: TextClassificationData,
    best: Mapping[str, Any],
    name: str | None = None,
) -> dict[str, Any]:
    """Score the test texts once and write everything into the output folder.

    Args:
        run: the run that ends.
        task: a task with its best weights.
        data: the data that it was trained on.
        best: the history row of the best epoch.
        name: name of the entry; None for builder, data and language.

    Returns:
        The content of metrics.json.
    """
    if run.config.is_trial:
        return run.finish_trial(task.evaluate(data.validation.texts, data.validation.references))
    weights_dtype = round_to_float16_if_harmless(task, lambda: task.outputs(data.validation.texts)["label"].tolist())
    metrics = _measure(task, data, best)
    named = {"recipe": run.recipe, "dataset": data.name, **metrics}
    pictures = draw_classification(run.folder, run.history.rows(), named)
    metrics["pictures"] = [picture.stem for picture in pictures]
    _print_scores(metrics, task.unit)
    run.note_smoke()
    metrics = run.describe(metrics)
    if run.fold is None:  # the models of a cross-validation are scored but not saved
        metrics = save_task(
            run,
            task,
            data,
            metrics,
            weights_dtype,
            data.test.texts,
            fingerprint=data.fingerprint(),
            name=name,
            use=f"predict {{}} {task.unit.upper()}",
        )
    run.finish(metrics)
    return metrics


def _measure(task: TextClassification, data: TextClassificationData, best: Mapping[str, Any]) -> dict[str, Any]:
    """Return all scores and other numbers of the trained task."""
    return {
        "metric": "accuracy",
        "validation_score": task.evaluate(data.validation.texts, data.validation.references)["score"],
        "published_score": data.published_score,
        "published_by": data.published_by,
        **measure_test(task, data.test.texts, data.test.references),
        "best_epoch": best["epoch"] + 1,
    }


def measure_test(task: TextClassification, texts: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
    """Return the scores of a task on test texts, in percent, as metrics.json has them.

    Args:
        task: a trained task.
        texts: test texts, or pairs of texts.
        references: label names or ids, one for each text.
    """
    scores = task.evaluate(texts, references)
    matrix = np.array(scores["confusion_matrix"])
    shown = most_confused(matrix, LARGEST_MATRIX)
    return {
        "test_score": scores["score"],
        "macro_f1": 100 * scores["macro_f1"],
        "expected_calibration_error": 100 * scores["expected_calibration_error"],
        "calibration_bins": scores["calibration_bins"],
        "confusion_matrix": matrix[np.ix_(shown, shown)].tolist(),
        "labels": [task.labels[label] for label in shown],  # classes of the matrix
        "per_class": {task.labels[label]: in_percent(scores["per_class"][task.labels[label]]) for label in shown},
        "num_classes": len(task.labels),
        "test_examples": len(texts),
        "milliseconds_per_sentence": milliseconds_per_sentence(task, texts),
    }


def draw_classification(folder: Path, history: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> list[Path]:
    """Draw the training curves, the confusion matrix and the reliability diagram.

    Args:
        folder: output folder.
        history: rows of history.csv.
        metrics: content of metrics.json.

    Returns:
        The paths of the plots.
    """
    title = f"{metrics['recipe']} on {metrics['dataset']}"
    scored = f"{title}: test accuracy {metrics['test_score']:.1f}"
    pictures = [folder / "curves.png", folder / "confusion_matrix.png"]
    plots.training_curves(history, metrics["best_epoch"], pictures[0], title)
    shown, total = len(metrics["labels"]), metrics.get("num_classes", len(metrics["labels"]))
    selected = f", {shown} of {total:,} classes with the most errors" if shown < total else ""
    per_class = metrics.get("per_class")  # older runs do not have it
    plots.confusion_matrix(metrics["confusion_matrix"], metrics["labels"], pictures[1], scored + selected, per_class)
    if "calibration_bins" in metrics:  # older runs do not have them
        pictures.append(folder / "reliability.png")
        plots.reliability(metrics["calibration_bins"], pictures[2], scored)
    return pictures


def _print_scores(metrics: Mapping[str, Any], unit: str) -> None:
    examples = f"{metrics['test_examples']:,} {unit}s"
    print(
        f"\nTest accuracy {metrics['test_score']:.1f} on {examples}{published_note(metrics)}\n"
        f"  macro-F1 {metrics['macro_f1']:.1f}, calibration error {metrics['expected_calibration_error']:.1f}, "
        f"validation accuracy {metrics['validation_score']:.1f} (epoch {metrics['best_epoch']}), "
        f"{metrics['milliseconds_per_sentence']:.1f} ms per {unit}"
    )
    print(class_table(metrics["per_class"]))
