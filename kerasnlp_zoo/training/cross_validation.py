"""The mean over folds, for data sets without a test split."""

import dataclasses
import json
import statistics
import time

import keras

from kerasnlp_zoo import files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.run import output_folder


def cross_validate(main, recipe, config):
    """Run a recipe once per fold, each time testing on texts no other fold tests on.

    A fold that is already finished in the output folder is not run again, so an interrupted
    cross-validation goes on with --resume.

    Args:
        main: the recipe's main(config, fold), returns a dict with test_score.
        recipe: name of the recipe.
        config: its Config, with `folds` >= 2.

    Returns:
        dict: mean and standard deviation over folds, and each fold's score; also in metrics.json.

    Raises:
        InputError: for fewer than two folds.
    """
    if config.folds < 2:
        raise InputError(f"Cross-validation takes at least 2 folds. Received: --folds {config.folds}")
    folder = output_folder(recipe, config)
    started, scores = time.time(), []
    for fold in range(config.folds):
        fold_folder = folder / f"fold-{fold + 1}"
        if (fold_folder / "metrics.json").exists():
            metrics = json.loads((fold_folder / "metrics.json").read_text("utf-8"))
        else:
            print(f"\nFold {fold + 1} of {config.folds}", flush=True)
            resume = (fold_folder / "state").exists()
            metrics = main(dataclasses.replace(config, output_dir=fold_folder, resume=resume), fold)
            keras.backend.clear_session()
        scores.append(metrics["test_score"])
    kept = ("recipe", "dataset", "metric", "published_score", "published_by", "seed", "command", "versions", "machine")
    summary = {
        **{name: metrics[name] for name in kept},
        "folds": config.folds,
        "test_score": statistics.mean(scores),
        "test_score_standard_deviation": statistics.stdev(scores),
        "test_scores": scores,
        "seconds": round(time.time() - started, 1),
    }
    files.write_json(folder / "metrics.json", summary)
    print(
        f"\nTest {summary['metric']} {summary['test_score']:.2f} +- {summary['test_score_standard_deviation']:.2f} "
        f"over {config.folds} folds; published: {summary['published_score']} ({summary['published_by']})"
    )
    return summary
