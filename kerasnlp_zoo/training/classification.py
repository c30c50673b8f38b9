"""How a classification run ends: scores, pictures, the SavedModel and the entry."""

import numpy as np

from kerasnlp_zoo import plots
from kerasnlp_zoo.evaluation import most_confused
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.training.saving import round_to_float16_if_harmless, save_task

LARGEST_MATRIX = 40  # classes; of more, those with the most errors are recorded and drawn


def finish_classification(run, task, data, best, name=None):
    """Score the test texts once and leave everything in the run's folder.

    Args:
        run: Run.
        task: TextClassification with its best weights.
        data: TextClassificationData.
        best: dict, the history row of the best epoch.
        name: name of the entry; None for builder, data and language.

    Returns:
        dict, what metrics.json holds.
    """
    weights_dtype = round_to_float16_if_harmless(task, lambda: task.outputs(data.validation.texts)["label"].tolist())
    metrics = _measure(task, data, best)
    named = {"recipe": run.recipe, "dataset": data.name, **metrics}
    pictures = draw_classification(run.folder, run.history.rows(), named)
    metrics["pictures"] = [picture.stem for picture in pictures]
    _print_scores(metrics)
    if run.config.smoke:
        print("This was a smoke run on a few examples: its scores mean nothing")
    # A model of a cross-validation is scored, not kept.
    metrics = run.describe(metrics)
    if run.fold is None:
        metrics = save_task(run, task, data, metrics, weights_dtype, data.test.texts, name)
    run.finish(metrics)
    return metrics


def _measure(task, data, best):
    """Return every figure of the trained task."""
    return {
        "metric": "accuracy",
        "validation_score": 100 * task.evaluate(data.validation.texts, data.validation.labels)["accuracy"],
        "published_score": data.published_score,
        "published_by": data.published_by,
        **measure_test(task, data.test.texts, data.test.labels),
        "best_epoch": best["epoch"] + 1,
    }


def measure_test(task, texts, labels):
    """Return the figures of a task on test texts, percentages of 100.

    Args:
        task: TextClassification.
        texts: list of str.
        labels: label names or ids, one for each text.

    Returns:
        dict, part of metrics.json.
    """
    scores = task.evaluate(texts, labels)
    matrix = np.array(scores["confusion_matrix"])
    shown = most_confused(matrix, LARGEST_MATRIX)
    return {
        "test_score": 100 * scores["accuracy"],
        "macro_f1": 100 * scores["macro_f1"],
        "expected_calibration_error": 100 * scores["expected_calibration_error"],
        "calibration_bins": scores["calibration_bins"],
        "confusion_matrix": matrix[np.ix_(shown, shown)].tolist(),
        "labels": [task.labels[place] for place in shown],  # of the matrix
        "num_classes": len(task.labels),
        "test_examples": len(texts),
        "milliseconds_per_sentence": milliseconds_per_sentence(task, texts),
    }


def draw_classification(folder, history, metrics):
    """Draw what history.csv and metrics.json hold.

    Args:
        folder: Path, where the pictures go.
        history: list of dict, rows of history.csv.
        metrics: dict, what metrics.json holds.

    Returns:
        list of Path, the pictures drawn.
    """
    title = f"{metrics['recipe']} on {metrics['dataset']}"
    scored = f"{title}: test accuracy {metrics['test_score']:.1f}"
    pictures = [folder / "curves.png", folder / "confusion_matrix.png"]
    plots.training_curves(history, metrics["best_epoch"], pictures[0], title)
    shown, total = len(metrics["labels"]), metrics.get("num_classes", len(metrics["labels"]))
    selected = f", the {shown} of {total:,} classes with the most errors" if shown < total else ""
    plots.confusion_matrix(metrics["confusion_matrix"], metrics["labels"], pictures[1], scored + selected)
    if "calibration_bins" in metrics:  # runs before they were recorded have none
        pictures.append(folder / "reliability.png")
        plots.reliability(metrics["calibration_bins"], pictures[2], scored)
    return pictures


def _print_scores(metrics):
    beside = "" if metrics["published_score"] is None else f"  published: {metrics['published_score']:.1f}"
    print(
        f"\nTest accuracy {metrics['test_score']:.1f} on {metrics['test_examples']:,} texts{beside}"
        f"{' (' + metrics['published_by'] + ')' if beside else ''}\n"
        f"  macro-F1 {metrics['macro_f1']:.1f}, calibration error {metrics['expected_calibration_error']:.1f}, "
        f"validation accuracy {metrics['validation_score']:.1f} (epoch {metrics['best_epoch']}), "
        f"{metrics['milliseconds_per_sentence']:.1f} ms a sentence"
    )
