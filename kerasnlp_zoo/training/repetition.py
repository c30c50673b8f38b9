"""The mean over folds, or over seeds: how much of a score is chance."""

import dataclasses
import json
import statistics
import time

import keras

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.run import command_line, output_folder

KEPT = ("recipe", "dataset", "metric", "published_score", "published_by", "versions", "machine")


def repeated(config):
    """Tell whether the flags ask for several runs: `--folds` or `--seeds`."""
    return bool(config.folds or config.seeds)


def repeat(main, recipe, config):
    """Run a recipe several times and average: once per fold, or once per seed.

    A fold tests on texts no other fold tests on. A seed changes weights, shuffling and dropout, on the
    same data. A part that is already finished in the output folder is not run again, so an interrupted
    repetition goes on with --resume.

    Args:
        main: the recipe's main(config, fold), returns a dict with test_score and validation_score.
        recipe: name of the recipe.
        config: its Config, with `folds` or `seeds` of at least 2.

    Returns:
        dict: mean and standard deviation, and each part's score; also in metrics.json.

    Raises:
        InputError: for fewer than two parts, or folds and seeds together.
    """
    if config.folds and config.seeds:
        raise InputError("Average over folds or over seeds. Received: --folds and --seeds")
    what, count = ("fold", config.folds) if config.folds else ("seed", config.seeds)
    if count < 2:
        raise InputError(f"An average takes at least 2 {what}s. Received: --{what}s {count}")
    folder = output_folder(recipe, config)
    started, scores, validation = time.time(), [], []
    for part in range(count):
        metrics = _part(main, config, what, part, folder / f"{what}-{part + 1}")
        scores.append(metrics["test_score"])
        validation.append(metrics["validation_score"])
    summary = {
        **{name: metrics[name] for name in KEPT},
        "seed": config.seed,
        "command": command_line(recipe, config),
        f"{what}s": count,
        "validation_score": statistics.mean(validation),
        "validation_score_standard_deviation": statistics.stdev(validation),
        "test_score": statistics.mean(scores),
        "test_score_standard_deviation": statistics.stdev(scores),
        "test_scores": scores,
        "seconds": round(time.time() - started, 1),
    }
    files.write_json(folder / "metrics.json", summary)
    published = summary["published_score"]
    beside = "" if published is None else f"; published: {published} ({summary['published_by']})"
    print(
        f"\nTest {summary['metric']} {summary['test_score']:.2f} +- {summary['test_score_standard_deviation']:.2f} "
        f"over {count} {what}s, validation {summary['validation_score']:.2f} +- "
        f"{summary['validation_score_standard_deviation']:.2f}{beside}"
    )
    return summary


def _part(main, config, what, part, folder):
    """Return the metrics of one fold or seed: those already there, or those of a run."""
    if (folder / "metrics.json").exists():
        return json.loads((folder / "metrics.json").read_text("utf-8"))
    print(f"\n{what.capitalize()} {part + 1}", flush=True)
    config = dataclasses.replace(config, output_dir=folder, resume=(folder / "state").exists())
    try:
        if what == "fold":
            return main(config, part)
        return main(dataclasses.replace(config, seeds=0, seed=config.seed + part))
    finally:
        keras.backend.clear_session()
