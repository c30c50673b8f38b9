"""`kerasnlp-zoo compare`: the scores of two entries on the same texts, and the significance of their difference."""

import json
from pathlib import Path
from typing import Any

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import Entry, Json, load_task
from kerasnlp_zoo.commands.entries import test_examples
from kerasnlp_zoo.datasets.options import LabelOptions
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.printable import printable
from kerasnlp_zoo.vocabulary import TokenList

SIGNIFICANT = 0.05


def compare(
    first: Entry,
    second: Entry,
    options: tyro.conf.OmitArgPrefixes[LabelOptions],
    resamples: int = 2000,
    seed: int = 1,
    json_: Json = False,
) -> None:
    """Score two entries of a task on the same texts, and test whether the difference is significant.

    The texts are the test split of a data set, by default of the data set of both entries, or your --test-file. The
    paired bootstrap draws many test sets from them, with replacement. Classifiers also get McNemar's exact test.

    Args:
        first: Name or folder of an entry.
        second: Name or folder of another entry.
        resamples: Number of test sets that are drawn.
        seed: Random seed of the draws.
        json_: Print all numbers as a JSON object.
    """
    _require_comparable([zoo.find(entry) for entry in (first, second)], options)
    tasks = [load_task(entry) for entry in (first, second)]
    texts, references, dataset = test_examples(first, options)
    from kerasnlp_zoo.evaluation.significance import mcnemar, paired_bootstrap
    from kerasnlp_zoo.tasks.text_contributions import text_contributions

    left, right = (text_contributions(task, texts, references) for task in tasks)
    if left.metric != right.metric:
        raise InputError(
            f"On these texts, the entries have different metrics: {left.metric} and {right.metric}. Compare entries "
            "whose tags have the same scheme"
        )
    found: dict[str, Any] = {
        "examples": len(texts),
        "dataset": dataset,
        "metric": left.metric,
        "scores": {first: left.score(left.values), second: right.score(right.values)},
        "bootstrap": paired_bootstrap(left.values, right.values, left.score, resamples, seed),
    }
    if left.is_right is not None and right.is_right is not None:
        found["mcnemar"] = mcnemar(left.is_right, right.is_right)
    print(json.dumps(found) if json_ else printable(_written(found, first, second)))


def _require_comparable(folders: list[Path], options: LabelOptions) -> None:
    """Raise InputError if the entries are the same, or have different tasks, tokens or data."""
    configs = [zoo.read_config(folder) for folder in folders]
    tasks = [config["task"] for config in configs]
    if folders[0] == folders[1]:
        raise InputError(f"Two different entries are needed. Received: {folders[0]} twice")
    if tasks[0] != tasks[1]:
        raise InputError(f"Only entries of one task can be compared. Received: {tasks[0]} and {tasks[1]}")
    vocabularies = [TokenList.load(folder / "vocabulary.txt").tokens for folder in folders]
    if tasks[0] == "language_modeling" and vocabularies[0] != vocabularies[1]:
        raise InputError(
            "Perplexities of models with different tokens cannot be compared: the easier tokens win. Received: "
            f"{len(vocabularies[0]):,} and {len(vocabularies[1]):,} tokens, which differ"
        )
    if options.dataset or options.test_file:
        return
    names = [config.get("data", {}).get("name") or "none" for config in configs]
    if names[0] != names[1]:
        raise InputError(
            f"The entries have different data sets, {names[0]} and {names[1]}. Choose the texts with --dataset NAME or "
            "--test-file FILE; texts that one of them was trained on prove nothing"
        )


def _written(found: dict[str, Any], first: str, second: str) -> str:
    """Return the comparison as lines for a terminal."""
    bootstrap = found["bootstrap"]
    width = max(len(first), len(second))
    source = f" of {found['dataset']}" if found["dataset"] else ""
    lines = [f"{found['metric']} on {found['examples']:,} examples{source}"]
    lines += [f"  {entry.ljust(width)}  {score:.1f}" for entry, score in found["scores"].items()]
    lines.append(
        f"  difference {bootstrap['difference']:+.1f}, 95% interval {bootstrap['low']:+.1f} to "
        f"{bootstrap['high']:+.1f}, p = {bootstrap['p_value']:.2g} (paired bootstrap)"
    )
    if "mcnemar" in found:
        mcnemar = found["mcnemar"]
        lines.append(
            f"  only {first} is right on {mcnemar['only_first']:,} texts, only {second} on "
            f"{mcnemar['only_second']:,}, p = {mcnemar['p_value']:.2g} (McNemar)"
        )
    if bootstrap["p_value"] < SIGNIFICANT:
        lines.append("The difference is significant at the level of 5%")
    else:
        lines.append("The difference is not significant at the level of 5%: it may be chance")
    return "\n".join(lines)
