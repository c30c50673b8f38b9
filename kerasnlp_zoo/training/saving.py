"""Write the SavedModel and the entry of a run, with float16 weights if they change no answer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import keras
import numpy as np

from kerasnlp_zoo import plots, zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks import Task
from kerasnlp_zoo.tasks.export import check_export, serving_commands
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import RunOptions
from kerasnlp_zoo.weights import WeightDtype

CHECKED_TEXTS = 20  # test texts on which the SavedModel is checked, in addition to the golden ones


class DescribedData(Protocol):
    """The facts about its training data that an entry contains."""

    @property
    def name(self) -> str:
        """Name of the data set."""

    @property
    def licence(self) -> str:
        """Licence of the data."""

    @property
    def commercial_use(self) -> str:
        """Whether the licence allows commercial use: "yes", "no" or "unknown"."""


def save_task(
    run: Run[RunOptions],
    task: Task,
    data: DescribedData,
    metrics: Mapping[str, Any],
    weights_dtype: WeightDtype,
    texts: Sequence[Any],
    *,
    fingerprint: str,
    name: str | None = None,
    other_files: Sequence[str] = (),
    use: str = "predict {} TEXT",
) -> dict[str, Any]:
    """Write the SavedModel and the entry, check the SavedModel in a new process, and print the paths.

    Args:
        run: the run that ends.
        task: a task with its best weights.
        data: the data that the task was trained on.
        metrics: the result of `Run.describe`.
        weights_dtype: dtype of the weights in the entry.
        texts: texts on which the SavedModel is checked, in addition to the golden ones.
        fingerprint: hash of the data.
        name: name of the entry; None for builder, data and language.
        other_files: printed lines that describe further files in the output folder.
        use: a command that uses the entry, with {} for its folder.

    Returns:
        The metrics with export_difference.
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
        data={"name": data.name, "licence": data.licence, "fingerprint": fingerprint},
        **licence_facts(run.config, data),
        command=metrics["command"],
        seed=metrics["seed"],
        versions=metrics["versions"],
    )
    pictures = ", ".join(f"{name}.png" for name in metrics["pictures"])
    print(f"Everything is in {run.folder}: metrics.json, {pictures}, tensorboard/ and")
    for line in other_files:
        print(f"  {line}")
    print(f"  entry/   kerasnlp-zoo {use.format(run.folder / 'entry')}")
    print(f"  export/  SavedModel, answers equal to predict() within {difference:.0e}; to serve and query it:")
    print(serving_commands(task, exported, min(texts[:CHECKED_TEXTS] or golden[:1], key=length)))
    return metrics


def licence_facts(config: RunOptions, data: DescribedData) -> dict[str, Any]:
    """Return the licence of trained weights, and whether it allows commercial use.

    If the licence of the initial weights forbids commercial use, then it forbids that of the trained weights, too.

    Args:
        config: flags of the run, which may name an encoder, word vectors or an entry to start from.
        data: the training data.
    """
    sources = {name: getattr(config, name, None) for name in ("pretrained", "embeddings", "from_entry")}
    if getattr(config, "random_weights", False):
        del sources["pretrained"]
    for source in sources.values():
        if source is None:
            continue
        try:
            facts = zoo.read_config(source)
        except InputError:  # a file of word vectors, or a folder of Hugging Face: their licence is not known
            continue
        if facts.get("commercial_use") == "no":
            return {"weights_licence": f"that of {source}: {facts['weights_licence']}", "commercial_use": "no"}
    return {"weights_licence": "Apache-2.0", "commercial_use": data.commercial_use}


def length(text: str | Sequence[str]) -> int:
    """Return the number of characters of a text, or of a pair of texts."""
    return len(text) if isinstance(text, str) else sum(map(len, text))


def round_to_float16_if_harmless(task: Task, validate: Callable[[], object]) -> Literal["float16", "float32"]:
    """Round the weights to float16 unless that changes the answers to the validation texts.

    The model keeps the rounded weights, so later scores are measured with the saved weights.

    Args:
        task: a trained task.
        validate: returns the result that must not change: labels, or a rounded score.

    Returns:
        The dtype that stores the weights exactly.
    """
    has_base = getattr(task.model, "base_entry", None) is not None  # the base entry contains the frozen weights
    variables = task.model.trainable_weights if has_base else task.model.weights
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


def round_to_float16(model: keras.Model) -> None:
    """Round the float weights to float16. Later scores are then measured with the saved weights."""
    for weight in model.weights:
        if "float" in weight.dtype:  # the tables of an n-gram model are integers
            weight.assign(np.asarray(weight).astype("float16").astype(weight.dtype))


def published_note(metrics: Mapping[str, Any]) -> str:
    """Return the published score for a printed line, or an empty string if there is none.

    Example:

    >>> published_note({"published_score": 76.1, "published_by": "Kim 2014"})
    '  published: 76.1 (Kim 2014)'
    """
    if metrics["published_score"] is None:
        return ""
    return f"  published: {metrics['published_score']:.1f} ({metrics['published_by']})"


def draw_training(folder: Path, history: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> list[Path]:
    """Draw the training curves, curves.png.

    Args:
        folder: output folder.
        history: rows of history.csv.
        metrics: content of metrics.json.

    Returns:
        The paths of the plots.
    """
    title = f"{metrics['recipe']} on {metrics['dataset']}: test {metrics['metric']} {metrics['test_score']:,.1f}"
    plots.training_curves(history, metrics["best_epoch"], folder / "curves.png", title)
    return [folder / "curves.png"]
