"""How a classification run ends: scores, pictures, the SavedModel and the entry."""

import statistics
import time

import numpy as np

from kerasnlp_zoo import plots, zoo
from kerasnlp_zoo.evaluation import most_confused
from kerasnlp_zoo.tasks.export import check_export, serving_commands

TIMED_SENTENCES = 200
LARGEST_MATRIX = 40  # classes; of more, those with the most errors are recorded and drawn


def finish_classification(run, task, data, best):
    """Score the test texts once and leave everything in the run's folder.

    Args:
        run: Run.
        task: TextClassification with its best weights.
        data: TextClassificationData.
        best: dict, the history row of the best epoch.

    Returns:
        dict, what metrics.json holds.
    """
    weights_dtype = halve_weights_if_harmless(task, data.validation)
    metrics = _measure(task, data, best)
    named = {"recipe": run.recipe, "dataset": data.name, **metrics}
    pictures = draw_classification(run.folder, run.history.rows(), named)
    metrics["pictures"] = [picture.stem for picture in pictures]
    _print_scores(metrics)
    if run.config.smoke:
        print("This was a smoke run on a few examples: its scores mean nothing")
    # A model of a cross-validation is scored, not kept.
    metrics = run.describe(metrics) if run.fold is not None else _keep(run, task, data, metrics, weights_dtype)
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


def _keep(run, task, data, metrics, weights_dtype):
    """Write the SavedModel, proven in a fresh process, and the entry; return the complete metrics."""
    exported = task.export(run.folder / "export")
    golden = zoo.golden_texts(task)
    difference = check_export(task, exported, [*golden, *data.test.texts[:20]])
    metrics = run.describe({**metrics, "export_difference": difference})
    zoo.save(
        task,
        run.folder / "entry",
        metrics=metrics,
        weights_dtype=weights_dtype,
        pictures=[run.folder / f"{name}.png" for name in metrics["pictures"]],
        name=f"{task.model.builder_config['builder']}_{metrics['dataset']}_{task.preprocessor.language}",
        data={"name": data.name, "licence": data.licence, "fingerprint": data.fingerprint()},
        weights_licence="Apache-2.0",
        commercial_use=data.commercial_use,
        command=metrics["command"],
        seed=metrics["seed"],
        versions=metrics["versions"],
    )
    pictures = ", ".join(f"{name}.png" for name in metrics["pictures"])
    print(f"Everything is in {run.folder}: metrics.json, {pictures}, tensorboard/ and")
    print(f"  entry/   kerasnlp-zoo predict {run.folder / 'entry'} TEXT")
    print(f"  export/  SavedModel, answers as predict() to {difference:.0e}; serve it and ask it:")
    print(serving_commands(task, exported, golden[0]))
    return metrics


def halve_weights_if_harmless(task, validation):
    """Round the weights to float16 if no validation text then gets another label.

    The model keeps the rounded weights, so what is scored afterwards is what is saved.

    Args:
        task: TextClassification.
        validation: `Split`.

    Returns:
        "float16" or "float32", the dtype that holds the weights exactly.
    """
    is_whole = getattr(task.model, "base_entry", None) is None  # else the frozen weights stay with the base
    variables = task.model.weights if is_whole else task.model.trainable_weights
    before = [np.array(variable) for variable in variables]
    labels = task.outputs(validation.texts)["label"]
    largest = max(float(np.abs(values).max(initial=0)) for values in before)
    for variable, values in zip(variables, before, strict=True):
        variable.assign(values.astype("float16").astype(values.dtype))
    if largest <= np.finfo("float16").max and np.array_equal(labels, task.outputs(validation.texts)["label"]):
        return "float16"
    for variable, values in zip(variables, before, strict=True):
        variable.assign(values)
    return "float32"


def milliseconds_per_sentence(task, texts):
    """Return the median time to answer one text, in milliseconds."""
    texts = texts[:TIMED_SENTENCES]
    task.predict(texts[:1])
    seconds = []
    for text in texts:
        start = time.perf_counter()
        task.predict([text])
        seconds.append(time.perf_counter() - start)
    return round(1000 * statistics.median(seconds), 2)


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
