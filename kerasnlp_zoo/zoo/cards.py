"""The description of an entry: its card, and its row in the table of entries."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import read_json
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.zoo.configs import FIELDS, OPTIONAL
from kerasnlp_zoo.zoo.folders import entry_folders, find, list_entries, megabytes, read_config

SHOWN_LABELS = 50
BAR = "---"  # the line before and after the metadata of the Hugging Face Hub
# The fields of metrics.json that the table and the card show.
NUMBERS = (
    "test_score",
    "validation_score",
    "published_score",
    "milliseconds_per_sentence",
    "float_test_score",
    "float_megabytes",
)
# Field of metrics.json with the entry in which training started -> what the card calls it.
STARTS = {"from_entry": "continued from", "pretrained": "pretrained encoder", "embeddings": "word vectors"}
LARGEST_SCORE = 1e300
OTHERS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("metric", "dataset", *STARTS), ((str,), "a string")),
    "published_by": ((str, type(None)), "a string"),
    "pictures": ((list,), "a list of names"),
    "versions": ((dict,), "an object"),
}
COLUMNS = ("entry", "task", "language", "test score", "published", "size", "one sentence", "weights", "commercial use")


def card(config: Config, metrics: Mapping[str, Any], size: float, address: str | None = None) -> str:
    """Return the README.md of an entry, in Markdown.

    Args:
        config: content of its config.json.
        metrics: content of its metrics.json.
        size: size of its files in megabytes.
        address: address of the entry on the Hugging Face Hub; None for an entry that is loaded by its name.
    """
    data = config.get("data", {})
    facts = {
        "task": config["task"],
        "model": f"{config['builder']}, {config['parameters']:,} parameters, {size:.1f} MB",
        "version": config.get("version", 1),
        "language": " to ".join(languages(config)),
        **({"labels": _listed(config["labels"])} if config["labels"] else {}),
        "test score": score(metrics, "test_score"),
        **_quantized(config, metrics),
        "validation score": score(metrics, "validation_score"),
        "published": published(metrics),
        "data": f"{data.get('name', 'not stated')}, sha256 {data.get('fingerprint', 'not stated')}",
        "licence of the data": data.get("licence", "not stated"),
        "licence of the weights": config.get("weights_licence", "not stated"),
        **_borrowed(config),
        "commercial use": config.get("commercial_use", "unknown"),
        "trained with": f"`{config.get('command', 'not stated')}`",
        **{what: metrics[name] for name, what in STARTS.items() if name in metrics},
        "seed": config.get("seed", "not stated"),
        "versions": ", ".join(f"{name} {version}" for name, version in metrics.get("versions", {}).items()),
    }
    rows = [f"| {name} | {value} |" for name, value in facts.items()]
    pictures = [f"![{name}]({name}.png)" for name in metrics.get("pictures", ())]
    # The tags are omitted: they are the labels, which are also in the card.
    arguments = json.dumps({name: value for name, value in config["builder_arguments"].items() if name != "tags"})
    return "\n".join(
        [
            f"# {config['name']}",
            "",
            "| | |",
            "|---|---|",
            *rows,
            "",
            "```python",
            "from kerasnlp_zoo import zoo",
            "",
            f'task = zoo.load("{address or config["name"]}")',
            'task.predict(["..."])',
            "```",
            "",
            f"Built by `{config['builder']}` with `{arguments}`.",
            "",
            *pictures,
            "",
        ]
    )


def without_metadata(text: str) -> str:
    """Return a card without the metadata of the Hugging Face Hub at its beginning.

    Example:

    >>> without_metadata("---\\nlicense: mit\\n---\\n\\n# a card\\n")
    '# a card\\n'
    """
    start = f"{BAR}\n"
    end = text.find(f"\n{BAR}\n", len(BAR)) if text.startswith(start) else -1
    return text if end < 0 else text[end + len(BAR) + 2 :].lstrip("\n")


def languages(config: Config) -> list[str]:
    """Return the language of an entry; for a translation model, the source and the target language."""
    target = config["preprocessing"]["config"].get("target_language")
    return [config["language"]] if target is None else [config["language"], target]


def _quantized(config: Config, metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts that only a quantized entry has."""
    if not {"quantization", "quantized_from"} & set(config):
        return {}
    before = {
        "made from": config.get("quantized_from", "not stated"),
        "its test score": score(metrics, "float_test_score"),
        "its size": f"{metrics['float_megabytes']:.1f} MB" if "float_megabytes" in metrics else "-",
    }
    what = f"{config['quantization']} weights" if "quantization" in config else "int8 changes to the base entry"
    return {"quantization": what, **before}


def _borrowed(config: Config) -> dict[str, str]:
    """Return the fact about words whose vectors are those of another entry."""
    if "borrowed_words" not in config:
        return {}
    field = config["borrowed_words"]
    return {"word vectors": f"of {field['count']:,} words: those of the entry {field['name']}, which it needs"}


def _listed(labels: Sequence[str]) -> str:
    """Return the labels in a line; a long list is shortened to the first ones."""
    more = len(labels) - SHOWN_LABELS
    return ", ".join(labels[:SHOWN_LABELS]) + (f" and {more:,} more" if more > 0 else "")


def table(summaries: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of entries in Markdown, from `zoo.summaries()`, without damaged entries."""
    summaries = [summary for summary in summaries if "broken" not in summary]
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    rows = (row(summary, published(summary)) for summary in summaries)
    return "\n".join(
        [*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in rows)]
    )


def row(summary: Mapping[str, Any], published_score: str) -> list[str]:
    """Return the cells of one entry, in the order of COLUMNS."""
    milliseconds = summary.get("milliseconds_per_sentence")
    cells = [
        summary["name"],
        summary["task"],
        summary["language"],
        score(summary, "test_score"),
        published_score,
        f"{summary['megabytes']:.1f} MB",
        "-" if milliseconds is None else f"{milliseconds:.1f} ms",
        summary.get("weights_licence", "not stated"),
        summary.get("commercial_use", "unknown"),
    ]
    return [" ".join(cell.split()) for cell in cells]  # in one line


def score(metrics: Mapping[str, Any], name: str) -> str:
    """Return a score with the name of its metric, such as "accuracy 75.5"; "-" if it was not measured."""
    value = metrics.get(name)
    return "-" if value is None else f"{metrics.get('metric', '')} {value:.1f}".strip()


def published(metrics: Mapping[str, Any]) -> str:
    """Return the published score with its conditions, or "-"."""
    value = metrics.get("published_score")
    return "-" if value is None else f"{value:.1f} ({metrics.get('published_by')})"


def summaries() -> list[dict[str, Any]]:
    """Return the config and metrics of every entry, with its name and size: the rows of the table of entries.

    "found_in" is "package", "cache" or a folder in KERASNLP_ZOO_PATH. A damaged entry has only its name and "broken",
    the reason.
    """
    kinds = entry_folders()
    return [_summary(name, kinds) for name in list_entries()]


def _summary(name: str, kinds: Mapping[Path, str]) -> dict[str, Any]:
    try:
        folder = find(name)
        config, metrics = read_config(folder), read_metrics(folder)
        # Each file has its own fields, which were checked: neither can replace a field of the other.
        facts = {field: config[field] for field in config if field not in (*NUMBERS, *OTHERS, "broken")}
        scores = {field: metrics[field] for field in metrics if field not in (*FIELDS, *OPTIONAL, "broken")}
        return {
            **facts,
            **scores,
            "name": name,
            "megabytes": megabytes(folder),
            "found_in": kinds.get(folder.parent, str(folder.parent)),
        }
    except (InputError, OSError) as error:
        return {"name": name, "broken": str(error)}


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the metrics.json of an entry's folder.

    Raises:
        InputError: if it cannot be read, or a field has another type than the table or the card needs.
    """
    path = folder / "metrics.json"
    advice = "Copy or train the entry again"
    metrics = read_json(path, "the metrics of an entry", advice)
    if not isinstance(metrics, dict):
        raise InputError(f"{path} does not contain the metrics of an entry: expected an object. {advice}")
    for name in NUMBERS:
        value = metrics.get(name)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (is_number and abs(value) <= LARGEST_SCORE):  # also NaN
            raise InputError(f"{path} is damaged: {name} must be a number. Received: {value!r:.80}. {advice}")
    for name, (kinds, expected) in OTHERS.items():
        if name in metrics and not isinstance(metrics[name], kinds):
            raise InputError(f"{path} is damaged: {name} must be {expected}. Received: {metrics[name]!r:.80}. {advice}")
    return metrics
