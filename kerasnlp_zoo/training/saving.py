"""What a run leaves of its task: the SavedModel and the entry, in half the size where that harms nothing."""

import numpy as np

from kerasnlp_zoo import plots, zoo
from kerasnlp_zoo.tasks.export import check_export, serving_commands
from kerasnlp_zoo.tasks.golden_texts import golden_texts

CHECKED_TEXTS = 20  # of the test texts, beside the golden ones


def save_task(
    run, task, data, metrics, weights_dtype, texts, name=None, fingerprint=None, leaves=(), use="predict {} TEXT"
):
    """Write the SavedModel, proven in a fresh process, and the entry, and say what the run has left where.

    Args:
        run: Run.
        task: Task with its best weights.
        data: what the task was trained on: name, licence and commercial_use.
        metrics: dict, what `Run.describe` gives.
        weights_dtype: "float32" or "float16".
        texts: list of texts that the SavedModel is tried on, beside the golden ones.
        name: name of the entry; None for builder, data and language.
        fingerprint: str, tells one state of the data from another; None for that of `data`.
        leaves: lines about what else is in the run's folder.
        use: a command to use the entry with, with {} for its folder.

    Returns:
        dict, the metrics with export_difference.
    """
    exported = task.export(run.folder / "export")
    golden = golden_texts(task)
    difference = check_export(task, exported, [*golden, *texts[:CHECKED_TEXTS]])
    metrics = {**metrics, "export_difference": difference}
    zoo.save(
        task,
        run.folder / "entry",
        metrics=metrics,
        weights_dtype=weights_dtype,
        pictures=[run.folder / f"{name}.png" for name in metrics["pictures"]],
        name=name or f"{task.model.builder_config['builder']}_{metrics['dataset']}_{task.preprocessor.language}",
        data={"name": data.name, "licence": data.licence, "fingerprint": fingerprint or data.fingerprint()},
        weights_licence="Apache-2.0",
        commercial_use=data.commercial_use,
        command=metrics["command"],
        seed=metrics["seed"],
        versions=metrics["versions"],
    )
    pictures = ", ".join(f"{name}.png" for name in metrics["pictures"])
    print(f"Everything is in {run.folder}: metrics.json, {pictures}, tensorboard/ and")
    for line in leaves:
        print(f"  {line}")
    print(f"  entry/   kerasnlp-zoo {use.format(run.folder / 'entry')}")
    print(f"  export/  SavedModel, answers as predict() to {difference:.0e}; serve it and ask it:")
    print(serving_commands(task, exported, golden[0]))
    return metrics


def round_to_float16_if_harmless(task, validate):
    """Round the weights to float16 if the answers to the validation texts stay what they are.

    The model keeps the rounded weights, so what is scored afterwards is what is saved.

    Args:
        task: Task.
        validate: function without arguments, returns what must not change: labels, or a rounded score.

    Returns:
        "float16" or "float32", the dtype that holds the weights exactly.
    """
    is_whole = getattr(task.model, "base_entry", None) is None  # else the frozen weights stay with the base
    variables = task.model.weights if is_whole else task.model.trainable_weights
    before = [np.array(variable) for variable in variables]
    expected = validate()
    largest = max(float(np.abs(values).max(initial=0)) for values in before)
    for variable, values in zip(variables, before, strict=True):
        variable.assign(values.astype("float16").astype(values.dtype))
    if largest <= np.finfo("float16").max and validate() == expected:
        return "float16"
    for variable, values in zip(variables, before, strict=True):
        variable.assign(values)
    return "float32"


def draw_training(folder, history, metrics):
    """Draw how a training went: curves.png.

    Args:
        folder: Path, where the picture goes.
        history: list of dict, rows of history.csv.
        metrics: dict, what metrics.json holds.

    Returns:
        list of Path, the pictures drawn.
    """
    title = f"{metrics['recipe']} on {metrics['dataset']}: test {metrics['metric']} {metrics['test_score']:,.1f}"
    plots.training_curves(history, metrics["best_epoch"], folder / "curves.png", title)
    return [folder / "curves.png"]
