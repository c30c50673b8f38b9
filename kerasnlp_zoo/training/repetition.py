"""Repeated runs, one per fold or per seed: mean and standard deviation of the scores."""

import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

import keras

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.run_folder import open_folder, unlock_folder
from kerasnlp_zoo.training.run_options import RunConfig, command_line
from kerasnlp_zoo.training.strategies import make_strategy
from kerasnlp_zoo.training.workers import WorkerEnded, Workers

SHARED_METRICS = ("recipe", "dataset", "metric", "published_score", "published_by", "versions", "machine")


@dataclasses.dataclass
class RepeatableConfig(RunConfig):
    """The flags of recipes that can be run once per fold or once per seed."""

    folds: int = 0
    """Number of folds for cross-validation; only for data without a test split. 0: train once."""
    seeds: int = 0
    """Repeat the training with this number of seeds, and report mean and standard deviation. 0: train once."""


ConfigT = TypeVar("ConfigT", bound=RepeatableConfig)
Part: TypeAlias = Literal["fold", "seed"]


def is_repeated_run(config: RepeatableConfig) -> bool:
    """Return whether the flags ask for several runs: `--folds` or `--seeds`."""
    return bool(config.folds or config.seeds)


def run_repeatedly(
    main: Callable[[ConfigT, int | None], dict[str, Any]], recipe: str, config: ConfigT
) -> dict[str, Any]:
    """Run a recipe once per fold or once per seed, and average the scores.

    Each fold tests on texts that no other fold tests on. A seed changes initial weights, shuffling and dropout;
    the data stay the same. A part that is already finished in the output folder is not run again. Therefore --resume
    continues an interrupted repetition.

    Args:
        main: the recipe's main(config, fold); returns a dict with test_score and validation_score.
        recipe: name of the recipe.
        config: its Config, with `folds` or `seeds` of at least 2.

    Returns:
        Mean and standard deviation, and the score of each part; also in metrics.json.

    Raises:
        InputError: for fewer than two parts, or for folds and seeds together.
    """
    if config.folds and config.seeds:
        raise InputError("--folds and --seeds cannot be used together: scores are averaged over one of them. Omit one")
    what: Part = "fold" if config.folds else "seed"
    count = config.folds or config.seeds
    if count < 2:
        raise InputError(f"An average needs at least 2 {what}s. Received: --{what}s {count}")
    workers = Workers(make_strategy(config.strategy))
    folder = workers.shared_folder(lambda: open_folder(recipe, config))
    started, scores, validation = time.time(), [], []
    try:
        for part in range(count):
            metrics = _part(main, config, what, part, folder / f"{what}-{part + 1}")
            scores.append(metrics["test_score"])
            validation.append(metrics["validation_score"])
    finally:
        unlock_folder(folder)
    summary = {
        **{name: metrics[name] for name in SHARED_METRICS},
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
    if not workers.is_chief:
        return summary
    files.write_json(folder / "metrics.json", summary)
    published = summary["published_score"]
    beside = "" if published is None else f"; published: {published} ({summary['published_by']})"
    print(
        f"\nTest {summary['metric']} {summary['test_score']:.2f} +- {summary['test_score_standard_deviation']:.2f} "
        f"over {count} {what}s, validation {summary['validation_score']:.2f} +- "
        f"{summary['validation_score_standard_deviation']:.2f}{beside}"
    )
    return summary


def _part(
    main: Callable[[ConfigT, int | None], dict[str, Any]], config: ConfigT, what: Part, part: int, folder: Path
) -> dict[str, Any]:
    """Return the metrics of one fold or seed; run it unless its metrics are already there."""
    if (folder / "metrics.json").exists():
        metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text("utf-8"))
        return metrics
    print(f"\n{what.capitalize()} {part + 1}", flush=True)
    config = dataclasses.replace(config, output_dir=folder, resume=(folder / "state").exists())
    try:
        if what == "fold":
            return main(config, part)
        return main(dataclasses.replace(config, seeds=0, seed=config.seed + part), None)
    except WorkerEnded as ended:
        return ended.metrics
    finally:
        keras.backend.clear_session()
