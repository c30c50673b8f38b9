"""A ladder of models. Each is trained by its recipe in a process of its own; a table has all scores and costs."""

import dataclasses
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo import files, zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.zoo.folders import megabytes

TRAIN = (sys.executable, "-c", "from kerasnlp_zoo.cli import main; main()", "train")
LAST_LINES = 5  # of the log of a failed run, shown in the message
COLUMNS = ("model", "score", "seeds", "published", "parameters", "minutes", "ms per text", "MB", "command")


@dataclasses.dataclass(frozen=True)
class Rung:
    """A model of a ladder.

    Attributes:
        name: name of the row, also of its folder.
        recipe: name of its recipe.
        flags: flags of the recipe, as written in a shell.
        published: published score and its conditions; "" if there is none.
    """

    name: str
    recipe: str
    flags: str = ""
    published: str = ""

    def command(self, dataset: str) -> list[str]:
        """Return the recipe and its flags for a data set."""
        return [self.recipe, "--dataset", dataset, *shlex.split(self.flags)]


@dataclasses.dataclass(frozen=True)
class Row:
    """A trained model of a ladder.

    Attributes:
        name: name of the model.
        command: command that trains it once.
        metric: name of the score.
        score: mean test score of all seeds.
        deviation: standard deviation of the test scores; None for one seed.
        seeds: number of trainings, with the seeds from 1 to this number.
        parameters: number of weights.
        minutes: minutes of one training.
        examples: number of training texts; None if the recipe does not count texts.
        milliseconds: time to answer one text.
        megabytes: size of the entry.
        published: published score and its conditions.
    """

    name: str
    command: str
    metric: str
    score: float
    deviation: float | None
    seeds: int
    parameters: int
    minutes: float
    examples: int | None
    milliseconds: float
    megabytes: float
    published: str = ""

    def cells(self) -> list[str]:
        """Return the row of the table, in the order of `COLUMNS`."""
        deviation = "" if self.deviation is None else f" ± {self.deviation:.1f}"
        return [
            self.name,
            f"{self.score:.1f}{deviation}",
            str(self.seeds),
            self.published,
            f"{self.parameters:,}",
            f"{self.minutes:.1f}",
            f"{self.milliseconds:.1f}",
            f"{self.megabytes:.1f}",
            f"`{self.command}`",
        ]


def train_row(
    rung: Rung, dataset: str, folder: Path, seeds: int, single_seed_minutes: float, more: Sequence[str] = ()
) -> Row:
    """Train a model with several seeds, unless it is trained already, and return its row.

    An interrupted training is resumed. A model that takes long is trained with one seed.

    Args:
        rung: the model.
        dataset: name of the data set.
        folder: folder of the row; a sub-folder is the run of a seed.
        seeds: number of seeds.
        single_seed_minutes: if the first training takes more minutes, there is no second one.
        more: further flags of every run, such as --smoke.

    Raises:
        InputError: if a run fails, or the folder contains runs of another command.
    """
    command = [*rung.command(dataset), *more]
    _remember(folder / "command.json", shlex.join(command))
    runs: list[Mapping[str, Any]] = []
    for seed in range(1, seeds + 1):
        runs.append(_trained(folder / f"seed-{seed}", [*command, "--seed", str(seed)]))
        if runs[0]["seconds"] > 60 * single_seed_minutes:
            break
    scores = [run["test_score"] for run in runs]
    entry = folder / "seed-1" / "entry"
    return Row(
        name=rung.name,
        command=shlex.join(["kerasnlp-zoo", "train", *command]),
        metric=runs[0]["metric"],
        score=statistics.mean(scores),
        deviation=statistics.stdev(scores) if len(scores) > 1 else None,
        seeds=len(scores),
        parameters=zoo.read_config(entry)["parameters"],
        minutes=statistics.mean(run["seconds"] for run in runs) / 60,
        examples=runs[0].get("train_examples"),
        milliseconds=runs[0]["milliseconds_per_sentence"],
        megabytes=megabytes(entry),
        published=rung.published,
    )


def _remember(path: Path, command: str) -> None:
    """Write the command of a row; raise InputError if the row was made by another one."""
    before = json.loads(path.read_text("utf-8"))["command"] if path.exists() else command
    if before != command:
        raise InputError(
            f"The row in {path.parent} was trained by another command. Expected: {command}. Received: {before}. Use "
            "another --output-dir, or remove the folder of the row"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(path, {"command": command})


def _trained(folder: Path, command: Sequence[str]) -> dict[str, Any]:
    """Return the metrics of a run; train it first, or resume it, unless it is finished."""
    path = folder / "metrics.json"
    if not path.exists():
        print(f"{folder}: {shlex.join(command)}", flush=True)
        resume = ["--resume"] if (folder / "state").exists() else []
        log = folder.with_suffix(".log")
        with open(log, "ab") as file:
            run = subprocess.run([*TRAIN, *command, "--output-dir", str(folder), *resume], stdout=file, stderr=file)
        if run.returncode:
            said = "\n".join(log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:])
            raise InputError(
                f"A row of the ladder failed with code {run.returncode}; all rows before it are kept, and the same "
                f"command goes on with this row. {folder}: {shlex.join(command)}\n{said}\nThe complete log is {log}"
            )
    metrics: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return metrics


def markdown(ladders: Mapping[str, Sequence[Row]]) -> str:
    """Return a table for each data set, as Markdown."""
    parts = []
    for dataset, rows in ladders.items():
        columns = [rows[0].metric if name == "score" else name for name in COLUMNS]
        lines = ["| " + " | ".join(cells) + " |" for cells in (columns, ["---"] * len(columns))]
        parts += [f"## {dataset}\n", *lines, *("| " + " | ".join(row.cells()) + " |" for row in rows), ""]
    return "\n".join(parts)
