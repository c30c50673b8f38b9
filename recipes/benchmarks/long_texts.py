"""Accuracy on long texts that are cut, and on the same texts in windows.

python -m recipes.benchmarks.long_texts --output long_texts.json
"""

import dataclasses
from pathlib import Path

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import DataOptions
from kerasnlp_zoo.datasets.evaluation_examples import load_evaluation_examples
from kerasnlp_zoo.errors import InputError
from recipes.benchmarks.comparison import Row, report, row


@dataclasses.dataclass
class Config:
    """Score entries on the long texts of their test split; it takes about a minute on two cores."""

    entries: tuple[str, ...] = ("text_cnn_imdb_en", "bilstm_imdb_en")
    """Entries of text_classification."""
    min_words: int = 600
    """Texts with more words than this number, separated by spaces, are scored."""
    output: Path | None = None
    """JSON file for the rows."""
    smoke: bool = False
    """Try it on a few examples; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Measure and print the table; return its rows."""
    rows = []
    for entry in config.entries:
        task = zoo.load(entry)
        options = DataOptions(dataset="", smoke=config.smoke)
        texts, labels, name = load_evaluation_examples(task.name, options, zoo.read_config(entry))
        pairs = zip(texts, labels or (), strict=True)
        long = [(text, label) for text, label in pairs if len(text.split()) > config.min_words]
        if not long:
            raise InputError(f"No text of {name} has more than {config.min_words} words. Choose a lower --min-words")
        long_texts, long_labels = map(list, zip(*long, strict=True))
        cut, whole = (each.evaluate(long_texts, long_labels)["score"] for each in (task, task.with_windows()))
        what = f"{entry}, {len(long):,} texts of more than {config.min_words} words of {name}"
        rows.append(row(what, "%", ours=whole, peer=cut, peer_name="cut"))
    report(rows, config.output)
    return rows


if __name__ == "__main__":
    main(tyro.cli(Config))
