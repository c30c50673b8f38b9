"""The command `kerasnlp-zoo`: train, and use what was trained, from a shell.

Answers go to standard output, everything else to standard error.
"""

import errno
import importlib.util
import io
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.errors import InputError, did_you_mean, require_positive
from kerasnlp_zoo.plot_commands import plot
from kerasnlp_zoo.zoo import cards

CHUNK = 4096  # texts answered at a time, so that answers to a long file come as it is read
Name = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="ENTRY", help="Name or folder of an entry.")]
Recipe = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RECIPE", help="Name, such as text_cnn.")]


def train(recipe: Recipe) -> None:
    """Train a model by a recipe; `kerasnlp-zoo train RECIPE --help` lists its flags."""
    module = _recipe(recipe)
    module.main(tyro.cli(module.Config, prog=f"kerasnlp-zoo train {recipe}", args=sys.argv[3:]))


def recipe(recipe: Recipe) -> None:
    """Print the source of a recipe, to be changed and run as your own script."""
    print(Path(_recipe(recipe).__file__).read_text("utf-8"), end="")


def list_(markdown: bool = False) -> None:
    """List the entries with their measured scores.

    Args:
        markdown: Print the table as Markdown.
    """
    summaries = zoo.summaries()
    if markdown:
        print(cards.table(summaries))
        return
    # The conditions of a published score stand in the card: they would fill the line.
    rows = [list(cards.COLUMNS), *(cards.row(s, str(s.get("published_score") or "-")) for s in summaries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(cards.COLUMNS))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    here = {summary["name"] for summary in summaries}
    for name, entry in zoo.DOWNLOADS.items():
        if name not in here:
            facts = f"{entry.task}, {entry.language}, {entry.megabytes} MB, weights {entry.licence}"
            print(f"To be had by `kerasnlp-zoo download {name}`: {facts}")


def show(entry: Name) -> None:
    """Print the card of an entry."""
    print((zoo.find(entry) / "README.md").read_text("utf-8"), end="")


def predict(
    entry: Name,
    texts: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="TEXT")] = (),
    file: Path | None = None,
    encoding: str = "utf-8-sig",
    json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> None:
    """Answer texts: those given as arguments, or one a line from a file or standard input.

    An entry that answers pairs, such as a question and a passage, takes two arguments for each, or lines with
    a tab between the two.

    Args:
        texts: The texts.
        file: Read the texts from this file, one a line.
        encoding: Encoding of that file.
        json_: Print one JSON object a line.
    """
    if texts and file:
        raise InputError("Give texts as arguments or in --file, not both")
    task = zoo.load(entry)
    lines = iter(texts) if texts else _lines(file, encoding)
    if len(task.preprocessor.inputs) == 2:
        lines = _pairs(texts) if texts else map(_pair, lines)
    while chunk := list(itertools.islice(lines, CHUNK)):
        for text, answer in zip(chunk, task.predict(chunk), strict=True):
            written = text if isinstance(text, str) else "\t".join(text)
            print(json.dumps(answer, ensure_ascii=False) if json_ else f"{task.readable(answer)}\t{written}")


def _pairs(texts):
    """Take arguments in twos."""
    if len(texts) % 2:
        raise InputError(f"This entry answers pairs of texts. Expected two arguments for each. Received: {len(texts)}")
    return zip(texts[::2], texts[1::2], strict=True)


def _pair(line):
    """Cut a line at its tab."""
    if line.count("\t") != 1:
        raise InputError(f"This entry answers pairs of texts. Expected one tab in each line. Received: {line!r:.80}")
    return tuple(line.split("\t"))


def _lines(file, encoding):
    """Yield the lines of a file, or of standard input as they come."""
    from kerasnlp_zoo.datasets.user_files import read_text

    if file is None:
        stream = io.TextIOWrapper(sys.stdin.buffer, "utf-8", errors="replace")
    elif file.is_file():
        stream = io.StringIO(read_text(file, encoding), newline=None)
    else:
        raise InputError(f"{file} does not exist. Expected a text file with one text a line")
    for line in stream:
        yield line.removesuffix("\n")


def explain(
    entry: Name,
    texts: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="TEXT")],
    ngrams: int = 5,
    output: Path | None = None,
) -> None:
    """Show which n-grams of a text made a TextCNN answer as it did.

    In a terminal, the backgrounds of the words show how strongly each speaks for the answer (blue) or
    against it (orange).

    Args:
        texts: The texts.
        ngrams: Most n-grams to show for the answer, and against it.
        output: Draw the one text into this PNG file, too.
    """
    from kerasnlp_zoo import explanation, plots

    require_positive(ngrams=ngrams)
    if not texts or (output is not None and len(texts) > 1):
        expected = "at least one text" if output is None else "one text, to be drawn into one picture"
        raise InputError(f"explain takes {expected}. Received: {len(texts)} texts")
    if output is not None:
        plots.require_png(output, "explanation.png")
    task = zoo.load(entry)
    colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ  # https://no-color.org
    explanations = [explanation.fired_ngrams(task, text) for text in texts]
    print("\n\n".join(explanation.readable(found, ngrams, colored) for found in explanations))
    if output is not None:
        plots.fired_ngrams(explanations[0], output, ngrams)
        print(output)


def analogy(
    entry: Name,
    words: Annotated[tyro.conf.Positional[tuple[str, str, str]], tyro.conf.arg(metavar="A B C")],
    json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> None:
    """Answer "A is to B as C is to ?" by an entry of word vectors: man king woman.

    Args:
        words: The words.
        json_: Print a JSON object.
    """
    task = zoo.load(entry)
    if task.name != "word_embedding":
        raise InputError(f"{entry} has no word vectors, but answers {task.name}. Expected an entry of word_embedding")
    answer = {"neighbours": [{"word": word, "score": score} for word, score in task.analogy(*words)]}
    print(json.dumps(answer, ensure_ascii=False) if json_ else task.readable(answer))


def evaluate(entry: Name, options: tyro.conf.OmitArgPrefixes[DataOptions]) -> None:
    """Score an entry on the test split of a data set, by default its own, or on your --test-file.

    An entry of word vectors is scored on published word pairs and analogies, or on those of your file.
    """
    task = zoo.load(entry)
    if task.name == "word_embedding":
        print(json.dumps(task.evaluate(None if options.test_file is None else [options.test_file])))
        return
    texts, labels, _ = _test_examples(task.name, entry, options)
    scores = task.evaluate(texts, labels)
    print(json.dumps({"texts": len(texts), **scores}))


def _test_examples(task_name, entry, options):
    """Return the texts, the labels and the name of the test data that the flags, or else the entry, choose."""
    from kerasnlp_zoo.datasets.evaluation_examples import load_evaluation_examples

    if options.test_file is None:
        options.dataset = options.dataset or zoo.read_config(entry).get("data", {}).get("name", "")
        if not options.dataset:
            raise InputError(f"{entry} does not state its data. Give --dataset NAME or --test-file FILE to score it on")
    return load_evaluation_examples(task_name, options, zoo.read_config(entry))


def quantize(entry: Name, folder: tyro.conf.Positional[Path], options: tyro.conf.OmitArgPrefixes[DataOptions]) -> None:
    """Write an entry again with int8 weights, scored before and after as `evaluate` does.

    Args:
        folder: The new entry's folder.
    """
    from kerasnlp_zoo.zoo.quantizing import quantize_entry, require_quantizable

    require_quantizable(entry, folder)
    texts, labels, dataset = _test_examples(zoo.read_config(entry)["task"], entry, options)
    found = quantize_entry(entry, folder, texts, labels, dataset)
    print(
        f"{folder}: {found['float_megabytes']:.1f} MB -> {found['megabytes']:.1f} MB, test {found['metric']} "
        f"{found['float_test_score']:.1f} -> {found['test_score']:.1f} on {len(texts):,} texts"
    )


def export(
    entry: Name, folder: tyro.conf.Positional[Path], format: Literal["saved_model", "litert"] = "saved_model"
) -> None:
    """Write an entry as a SavedModel, prove it in a fresh process, and say how to serve it.

    Args:
        folder: The model's folder; the SavedModel goes into a numbered folder in it.
        format: saved_model takes strings; litert is a .tflite file for phones, which takes token ids, with
            the vocabulary and a config.json beside it.
    """
    from kerasnlp_zoo.tasks.export import check_export, serving_commands
    from kerasnlp_zoo.tasks.golden_texts import golden_texts

    task = zoo.load(entry)
    if format == "litert":
        path = task.export(folder, format="litert")
        config = json.loads((path / "config.json").read_text("utf-8"))
        print(
            f"{path / 'model.tflite'} answers as predict() to {config['largest_difference']:.0e} in a process that "
            f"imports only LiteRT: {', '.join(config['inputs'])} in, {', '.join(config['outputs'])} out.\n"
            f"{path / 'vocabulary.txt'} has the token ids by line, {path / 'config.json'} the labels and examples."
        )
        return
    texts = golden_texts(task)
    path = task.export(folder)
    difference = check_export(task, path, texts)
    print(
        f"{path} answers as predict() to {difference:.0e} in a process that imports only TensorFlow. Serve and ask it:"
    )
    print(serving_commands(task, path, texts[0]))


def check(entries: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="ENTRY")] = ()) -> None:
    """Prove that entries are whole and answer as they did when they were made.

    Args:
        entries: Names or folders; by default all entries.
    """
    for entry in entries or zoo.list_entries():
        found = zoo.check(entry)
        print(
            f"{entry}: {found['files']} files as made, {found['answers']} golden answers given "
            f"(largest difference {found['largest_difference']:.0e})"
        )


def download(
    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DATASET|ENTRY")], data_dir: Path | None = None
) -> None:
    """Fetch and prepare a data set, or an entry that is not shipped, for use without a network later.

    Args:
        name: Name of the data set or entry.
        data_dir: Where TensorFlow Datasets keeps prepared data.
    """
    if name in zoo.DOWNLOADS:
        print(f"{name}: licence of the weights: {zoo.DOWNLOADS[name].licence}", file=sys.stderr)
        print(f"{name} is here: {zoo.download(name)}")
        return
    from kerasnlp_zoo.datasets.text_classification import load_text_classification

    data = load_text_classification(DataOptions(dataset=name, data_dir=data_dir))
    print(f"{name} is here: {len(data.train)} train, {len(data.validation)} validation, {len(data.test)} test texts")


def convert(
    source: tyro.conf.Positional[Path],
    folder: tyro.conf.Positional[Path],
    language: Literal["en", "zh"] = "en",
    pairs: bool = False,
    pooling: Literal["mean", "first"] | None = None,
    cased: bool = False,
    weights_licence: str = "not stated",
) -> None:
    """Write an entry from a BERT of Hugging Face, of sentence-transformers or of Google in 2018.

    Args:
        source: Folder of that BERT; nothing in it is run.
        folder: The new entry's folder.
        language: Language of its texts.
        pairs: Whether it answers pairs of texts.
        pooling: How it makes a vector of a sentence, where its folder does not say.
        cased: Whether letters keep their case, which Google's folders do not say.
        weights_licence: Licence of the weights, for the card.
    """
    from kerasnlp_zoo.convert import read_huggingface, read_tf1_checkpoint

    google = (source / "bert_config.json").exists()
    converted = read_tf1_checkpoint(source, not cased) if google else read_huggingface(source, pooling)
    task = converted.task(language, pairs)
    zoo.save(task, folder, weights_licence=weights_licence, command=f"kerasnlp-zoo convert {source.name}")
    print(f"{folder}: {task.name}, {task.model.count_params():,} parameters, {len(converted.tokens):,} tokens")


def to_huggingface(entry: Name, folder: tyro.conf.Positional[Path]) -> None:
    """Write an entry of BERT as a folder that Hugging Face's transformers loads.

    Args:
        folder: Where config.json, vocab.txt, tokenizer_config.json and model.safetensors go.
    """
    from kerasnlp_zoo.convert import write_huggingface

    print(write_huggingface(zoo.load(entry), folder))


COMMANDS = {
    "train": train,
    "recipe": recipe,
    "list": list_,
    "show": show,
    "predict": predict,
    "explain": explain,
    "analogy": analogy,
    "evaluate": evaluate,
    "export": export,
    "quantize": quantize,
    "convert": convert,
    "to-huggingface": to_huggingface,
    "check": check,
    "download": download,
    "plot": plot,
}


def main():
    """Run the command; say what a user can mend in one line, without a traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # What follows `train RECIPE` and `plot attention` they parse themselves.
    arguments = sys.argv[1:3] if sys.argv[1:2] in (["train"], ["plot"]) else sys.argv[1:]
    try:
        tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="kerasnlp-zoo", args=arguments)
    except InputError as error:
        sys.exit(f"kerasnlp-zoo: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(f"kerasnlp-zoo: the disk is full. Nothing saved before is lost: free some space and go on. {error}")


def _recipe(name):
    """Return the module of a recipe: from the installed package, or from the source tree."""
    names = sorted(path.stem for folder in _recipe_folders() for path in folder.glob("[a-z]*.py"))
    if name not in names:
        raise InputError(f"There is no recipe {name!r}.{did_you_mean(name, names)} Recipes: {', '.join(names)}")
    package = next(package for package in ("kerasnlp_zoo.recipes", "recipes") if importlib.util.find_spec(package))
    return importlib.import_module(f"{package}.{name}")


def _recipe_folders():
    package = Path(__file__).parent
    return [folder for folder in (package / "recipes", package.parent / "recipes") if folder.is_dir()]
