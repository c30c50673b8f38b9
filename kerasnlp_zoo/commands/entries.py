"""`kerasnlp-zoo list`, `show`, `check`, `evaluate`, `quantize`, `export` and `download`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import Entry, Json, Windows, load_task
from kerasnlp_zoo.datasets.options import LabelOptions
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import read_text, readable
from kerasnlp_zoo.printable import printable
from kerasnlp_zoo.vocabulary import TokenList
from kerasnlp_zoo.zoo import cards


def list_(markdown: bool = False) -> None:
    """List the entries with their measured scores, and where each of them is.

    Args:
        markdown: Print the table as Markdown.
    """
    summaries = zoo.summaries()
    if markdown:
        print(printable(cards.table(summaries)))
        return
    # Only the card has the conditions of a published score: they are too long for this line.
    whole = [summary for summary in summaries if "broken" not in summary]
    cells = [cards.row(s, str(s.get("published_score") or "-")) + [s["found_in"]] for s in whole]
    rows = [[*cards.COLUMNS, "found in"], *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(printable("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()))
    for summary in summaries:
        if "broken" in summary:
            print(printable(" ".join(f"{summary['name']} is broken: {summary['broken']}".split())))
    for hidden, used in zoo.hidden_entries():
        print(printable(f"{hidden} is not used by its name: {used} comes first. Load it by its path"))
    here = {summary["name"] for summary in summaries}
    for name, entry in zoo.DOWNLOADS.items():
        if name not in here:
            facts = f"{entry.task}, {entry.language}, {entry.megabytes} MB, weights: {entry.licence}"
            print(f"Available with `kerasnlp-zoo download {name}`: {facts}")


def show(entry: Entry) -> None:
    """Print the card of an entry, its version, and where it is."""
    folder = zoo.find(entry)
    path = folder / "README.md"
    with readable(path, "the card of an entry", "Copy or train the entry again"):
        print(printable(cards.without_metadata(read_text(path))))
    print(printable(f"Version {zoo.read_config(entry).get('version', 1)} of {zoo.exact_name(entry)}, in {folder}"))


def evaluate(
    entry: Entry,
    options: tyro.conf.OmitArgPrefixes[LabelOptions],
    json_: Json = False,
    windows: Windows = False,
) -> None:
    """Score an entry on the test split of a data set (by default the entry's own), or on your --test-file.

    An entry of word vectors is scored on published word pairs and analogies, or on the pairs or analogies in your file.

    Args:
        json_: Print all scores as a JSON object.
    """
    task = load_task(entry, windows)
    texts, references, _ = test_examples(entry, options)
    scores = task.evaluate(texts, references)
    from kerasnlp_zoo.evaluation.score_table import score_table

    print(json.dumps({"examples": len(texts), **scores}) if json_ else printable(score_table(scores, len(texts))))


def test_examples(entry: str, options: LabelOptions) -> tuple[Sequence[Any], Sequence[Any] | None, str]:
    """Return the texts, references and name of the test data: the data of the flags, otherwise of the entry."""
    from kerasnlp_zoo.datasets.evaluation_examples import load_evaluation_examples

    config = zoo.read_config(entry)
    if config["task"] == "feature_classification":
        config["columns"] = TokenList.load(zoo.find(entry) / "vocabulary.txt").tokens
    return load_evaluation_examples(config["task"], options, config)


def quantize(
    entry: Entry, folder: tyro.conf.Positional[Path], options: tyro.conf.OmitArgPrefixes[LabelOptions]
) -> None:
    """Write a copy of an entry with int8 weights, and score both as `evaluate` does.

    Args:
        folder: Folder of the new entry.
    """
    from kerasnlp_zoo.zoo.quantizing import quantize_entry, require_quantizable

    require_quantizable(entry, folder)
    texts, references, dataset = test_examples(entry, options)
    found = quantize_entry(entry, folder, texts, references, dataset)
    print(
        f"{folder}: {found['float_megabytes']:.1f} MB -> {found['megabytes']:.1f} MB, test {found['metric']} "
        f"{found['float_test_score']:.1f} -> {found['test_score']:.1f} on {len(texts):,} texts"
    )


def export(
    entry: Entry,
    folder: tyro.conf.Positional[Path],
    format: Literal["saved_model", "litert", "onnx"] = "saved_model",
    windows: Windows = False,
) -> None:
    """Write an entry as a SavedModel, check it in a new process, and print how to serve it.

    Args:
        folder: Folder of the model. The SavedModel is written into a numbered folder inside it.
        format: saved_model: a SavedModel that takes strings. litert: a .tflite file for phones that takes token ids;
            onnx: the same as an .onnx file; the vocabulary and a config.json are written next to it.
    """
    task = load_task(entry, windows)  # a wrong name is reported before TensorFlow is loaded
    from kerasnlp_zoo.tasks.export import check_export, serving_commands
    from kerasnlp_zoo.tasks.golden_texts import golden_texts
    from kerasnlp_zoo.tasks.task import NUMBER_FORMATS

    if format != "saved_model":
        form = NUMBER_FORMATS[format]
        if windows:
            raise InputError(f"A file for {form.name} takes the token ids of one window. Use --format saved_model")
        path = task.export(folder, format=format)
        config = json.loads((path / "config.json").read_text("utf-8"))
        print(
            f"{path / form.file} returns the answers of predict() (largest difference "
            f"{config['largest_difference']:.0e}) in a process without TensorFlow. "
            f"Inputs: {', '.join(config['inputs'])}. Outputs: {', '.join(config['outputs'])}.\n"
            f"{path / 'vocabulary.txt'}: the line number of a token is its id, from 0. {path / 'config.json'}: labels "
            "and examples."
        )
        return
    texts = golden_texts(task)
    path = task.export(folder)
    difference = check_export(task, path, texts)
    modules = " and ".join(["tensorflow", *task.preprocessor.modules])
    print(
        f"{path} returns the answers of predict() (largest difference {difference:.0e}) in a process that imports only "
        f"{modules}. Serve it and send it a text:"
    )
    print(serving_commands(task, path, texts[0]))


def check(entries: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="ENTRY")] = ()) -> None:
    """Check that entries are complete and unchanged, and return the same answers as when they were saved.

    Every entry is checked. If one of them fails, the command ends with an error.

    Args:
        entries: Names or folders; by default all entries.
    """
    for entry in entries:
        zoo.find(entry)  # a wrong name is reported before TensorFlow is loaded
    failed = []
    chosen = entries or zoo.list_entries()
    for entry in chosen:
        try:
            found = zoo.check(entry)
        except InputError as error:
            failed.append(f"{entry}: {error}")
            continue
        print(
            f"{entry}: {found['files']} files unchanged, {found['answers']} golden answers repeated "
            f"(largest difference {found['largest_difference']:.0e})"
        )
    if failed:
        raise InputError("\n".join([f"{len(failed)} of {len(chosen)} entries failed the check", *failed]))


def download(
    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DATASET|ENTRY")], data_dir: Path | None = None
) -> None:
    """Download a data set, or an entry that is not shipped, to use it later without a network.

    Args:
        name: Name of the data set or entry.
        data_dir: Where TensorFlow Datasets keeps prepared data.
    """
    if name in zoo.DOWNLOADS:
        print(f"{name}: the licence of the weights is {zoo.DOWNLOADS[name].licence}", file=sys.stderr)
        print(f"{name} is in {zoo.download(name)}")
        return
    from kerasnlp_zoo.datasets.labelled_texts import load_labelled_texts

    data = load_labelled_texts(LabelOptions(dataset=name, data_dir=data_dir))
    print(
        f"{name} is prepared: {len(data.train)} train, {len(data.validation)} validation, {len(data.test)} test texts"
    )
