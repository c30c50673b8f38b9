"""Search for the values of a recipe's flags with the best validation score, by the random search of KerasTuner."""

import contextlib
import csv
import dataclasses
import io
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import keras
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, did_you_mean, require_positive
from kerasnlp_zoo.files import atomic_file
from kerasnlp_zoo.flags import group_of, read_flags
from kerasnlp_zoo.training.callbacks import DivergenceError
from kerasnlp_zoo.training.next_word_loss import NextWordOptions
from kerasnlp_zoo.training.run_folder import SEARCH, open_folder, unlock_folder
from kerasnlp_zoo.training.run_options import RunConfig, RunOptions, command_line
from kerasnlp_zoo.training.run_state import RunState
from kerasnlp_zoo.training.translation import TranslationConfig

SCORED = (RunConfig, TranslationConfig, NextWordOptions)  # recipes that score validation data
FIXED_GROUPS = ("data", "run")  # groups of flags that must be the same in all trials
DIGITS = 3  # significant digits of a value from a range


@dataclasses.dataclass
class SearchOptions:
    """The flags of a search, in addition to those of the recipe."""

    search: tuple[str, ...] = ()
    """The flags to search, each with its values: dropout=0.1,0.3,0.5 or a range, hidden_dim=64..512. A range with :log,
    such as learning_rate=1e-4..1e-2:log, is uniform in the logarithm. Values of several parts are quoted:
    "filter_widths=3 4 5,2 3 4"."""
    trials: int = 20
    """Maximum number of trials."""


@dataclasses.dataclass(frozen=True)
class SearchedFlag:
    """A flag with the values to try.

    Attributes:
        name: name of the flag, with underscores.
        values: text -> value, in the order of the texts; the two ends of a range.
        is_range: whether all numbers between the two values are tried.
        is_log: whether the logarithm is uniform.
    """

    name: str
    values: dict[str, Any]
    is_range: bool
    is_log: bool

    @classmethod
    def read(cls, text: str, config_class: type[RunOptions]) -> Self:
        """Read "name=value,value" or "name=low..high" with the types of a recipe's flags.

        Raises:
            InputError: if the recipe has no such flag, or a value is not one of the flag.
        """
        name, _, given = text.partition("=")
        name = name.removeprefix("--").replace("-", "_")
        known = [field.name for field in dataclasses.fields(config_class) if group_of(field.name) not in FIXED_GROUPS]
        if name not in known:
            raise InputError(
                f"--search cannot search {name!r}.{did_you_mean(name, known)} Expected FLAG=VALUES with a flag of the "
                f"model, of its text or of the training: {', '.join(known)}. Received: {text}"
            )
        given, is_log = given.removesuffix(":log"), given.endswith(":log")
        is_range = ".." in given
        values = {part: _value(config_class, name, part) for part in given.split(".." if is_range else ",")}
        numbers = [value for value in values.values() if isinstance(value, (int, float))]
        if is_range and (len(numbers) != 2 or not numbers[0] < numbers[1] or (is_log and numbers[0] <= 0)):
            raise InputError(
                "A range has two numbers, the smaller one first and, with :log, above 0. Expected for example "
                f"{name}=1e-4..1e-2:log. Received: {text}"
            )
        if not is_range and (len(values) < 2 or is_log):
            raise InputError(f"Expected at least two values, or a range such as 0.1..0.5. Received: {text}")
        return cls(name, values, is_range, is_log)

    def add_to(self, space: Any) -> None:
        """Add the flag to KerasTuner's hyperparameters."""
        if not self.is_range:
            space.Choice(self.name, list(self.values))
            return
        low, high = self.values.values()
        kind = space.Int if isinstance(low, int) and isinstance(high, int) else space.Float
        kind(self.name, low, high, sampling="log" if self.is_log else "linear")

    def value_of(self, chosen: Any) -> Any:
        """Return the value of the flag for a choice of KerasTuner."""
        if not self.is_range:
            return self.values[chosen]
        return float(f"{chosen:.{DIGITS}g}") if isinstance(chosen, float) else chosen


def _value(config_class: type[RunOptions], name: str, text: str) -> Any:
    """Return the value that the text of a flag has."""
    flag = name.replace("_", "-")
    arguments = [f"--{flag}", *text.split()]
    if text in ("true", "false"):
        arguments = [f"--{flag}" if text == "true" else f"--no-{flag}"]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
            config = read_flags(config_class, args=arguments)
    except SystemExit as error:
        advice = "kerasnlp-zoo tune RECIPE --help shows its values"
        raise InputError(f"{text!r} is not a value of --{flag}. {advice}") from error
    return getattr(config, name)


def search_flags(
    main: Callable[[Any], dict[str, Any]],
    recipe: str,
    config: RunOptions,
    search: Sequence[str],
    trials: int,
) -> list[dict[str, Any]]:
    """Run a recipe with random values of some flags; print and write the validation score of every trial.

    The test data are not scored. An interrupted search is continued with `config.resume`.

    Args:
        main: the recipe's main(config).
        recipe: name of the recipe.
        config: the flags that all trials share.
        search: texts as in `SearchOptions.search`.
        trials: maximum number of trials.

    Returns:
        A row for every trial, the best one first; also in trials.csv.

    Raises:
        InputError: before the first trial, if the flags cannot be searched.
    """
    require_positive(trials=trials)
    flags = _checked(recipe, config, search)
    folder = open_folder(f"tune_{recipe}", config)
    try:
        remembered = RunState(folder, folder / SEARCH)
        remembered.remember_flags(config)
        remembered.remember({"--search": " ".join(search)})
        rows = _run_trials(main, recipe, config, flags, trials, folder)
    except KeyboardInterrupt:
        words = ["--search", *search, "--trials", str(trials), "--resume", "--output-dir", str(folder)]
        again = f"{command_line(recipe, config)} {shlex.join(words)}".replace(" train ", " tune ", 1)
        print(f"\nInterrupted. Continue with: {again}", file=sys.stderr)
        raise
    finally:
        unlock_folder(folder)
    print(f"\n{table(rows)}\n\nAll trials are in {folder / 'trials.csv'}")
    if rows[0]["score"] is not None:
        print(f"Train with the best flags:\n{rows[0]['command']}")
    return rows


def _checked(recipe: str, config: RunOptions, search: Sequence[str]) -> list[SearchedFlag]:
    """Return the flags to search; raise InputError before time is spent on trials that must fail."""
    try:
        import keras_tuner  # noqa: F401
    except ImportError as error:
        raise InputError('tune needs KerasTuner. Install it: pip install "kerasnlp-zoo[tune]"') from error
    if not isinstance(config, SCORED):
        raise InputError(
            f"{recipe} has no validation score to compare. Expected a recipe that trains classifiers, taggers, "
            "translators or neural language models"
        )
    if getattr(config, "folds", 0) or getattr(config, "seeds", 0):
        raise InputError("A trial is one run. Omit --folds and --seeds, and use them with the best flags")
    if config.strategy == "multi_worker":
        raise InputError("A search runs in one process. Use another --strategy, and multi_worker with the best flags")
    flags = [SearchedFlag.read(text, type(config)) for text in search]
    if not flags or len({flag.name for flag in flags}) < len(flags):
        raise InputError(
            "Expected --search with at least one flag, each of them once, such as --search dropout=0.1,0.3,0.5. "
            f"Received: {' '.join(search) or 'none'}"
        )
    for flag in flags:
        for value in flag.values.values():
            dataclasses.replace(config, **{flag.name: value}).check(replicas=1)
    return flags


def _run_trials(
    main: Callable[[Any], dict[str, Any]],
    recipe: str,
    config: RunOptions,
    flags: Sequence[SearchedFlag],
    trials: int,
    folder: Path,
) -> list[dict[str, Any]]:
    """Run the trials that are missing in the folder of the search; return the rows of all."""
    import keras_tuner

    def config_of(trial: Any) -> RunOptions:
        values = {flag.name: flag.value_of(trial.hyperparameters.get(flag.name)) for flag in flags}
        return dataclasses.replace(config, output_dir=None, resume=False, **values)

    class RecipeSearch(keras_tuner.RandomSearch):
        """The random search whose trials are runs of a recipe."""

        def run_trial(self, trial: Any) -> dict[str, float]:
            """Return the validation score of a trial."""
            run = folder / f"trial-{int(trial.trial_id) + 1}"
            if not (run / "metrics.json").exists():
                chosen = dataclasses.replace(config_of(trial), output_dir=run, resume=(run / "state").exists())
                chosen.is_trial = True
                print(f"\n{run.name} of at most {trials}: {command_line(recipe, chosen)}", flush=True)
                try:
                    main(chosen)
                except (DivergenceError, tf.errors.ResourceExhaustedError) as error:
                    print(f"{run.name} failed: {error}", file=sys.stderr)
                    raise keras_tuner.errors.FailedTrialError from error
                except Exception as error:  # KerasTuner ignores other errors, which all trials would have
                    raise keras_tuner.errors.FatalError from error
                finally:
                    keras.backend.clear_session()
            metrics = json.loads((run / "metrics.json").read_text("utf-8"))
            return {"validation_score": metrics["validation_score"]}

        def on_trial_end(self, trial: Any) -> None:
            """Write the table of the trials so far."""
            super().on_trial_end(trial)
            write_csv(folder / "trials.csv", self.rows())

        def rows(self) -> list[dict[str, Any]]:
            """Return a row for every trial, the best one first."""
            rows = []
            for trial in self.oracle.trials.values():
                values = {flag.name: flag.value_of(trial.hyperparameters.get(flag.name)) for flag in flags}
                command = command_line(recipe, config_of(trial))
                rows.append({"trial": int(trial.trial_id) + 1, "score": trial.score, **values, "command": command})
            sign = 1 if direction == "min" else -1
            return sorted(rows, key=lambda row: (row["score"] is None, sign * (row["score"] or 0), row["trial"]))

    direction = "min" if isinstance(config, NextWordOptions) else "max"  # perplexity
    space = keras_tuner.HyperParameters()
    for flag in flags:
        flag.add_to(space)
    tuner = RecipeSearch(
        objective=keras_tuner.Objective("validation_score", direction),
        max_trials=trials,
        seed=config.seed,
        hyperparameters=space,
        max_consecutive_failed_trials=trials,
        directory=folder,
        project_name="tuner",
    )
    try:
        tuner.oracle.verbose = 0
        tuner.search()
    except keras_tuner.errors.FatalError as error:
        raise error.__cause__ or error from None
    return tuner.rows()


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows with the same keys as CSV."""
    with atomic_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the trials as lines for a terminal, without their commands.

    Example:

    >>> print(table([{"trial": 2, "score": 81.25, "dropout": 0.1}, {"trial": 1, "score": None, "dropout": 0.5}]))
    trial   score  dropout
        2    81.2      0.1
        1  failed      0.5
    """
    names = [name for name in rows[0] if name != "command"]
    cells = [names]
    for row in rows:
        score = "failed" if row["score"] is None else f"{row['score']:.1f}"
        cells.append([score if name == "score" else str(row[name]) for name in names])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
