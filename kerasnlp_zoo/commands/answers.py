"""`kerasnlp-zoo predict`, `explain` and `analogy`: the answers of an entry, and the reasons for them."""

import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import tyro

from kerasnlp_zoo.commands.arguments import Entry, Json, Texts, Windows, load_task, load_word_vectors, require_png
from kerasnlp_zoo.errors import InputError, require_positive


def predict(
    entry: Entry,
    texts: Texts = (),
    file: Path | None = None,
    encoding: str = "utf-8-sig",
    json_: Json = False,
    windows: Windows = False,
) -> None:
    """Print the answers of an entry to texts: the arguments, or the lines of a file or of standard input.

    An entry for pairs of texts, such as a question and a passage, takes two arguments for each pair, or lines with a
    tab between the two texts.

    Args:
        texts: The texts.
        file: Read the texts from this file, one per line.
        encoding: Encoding of that file, or of standard input.
        json_: Print one JSON object per line.
    """
    if texts and file:
        raise InputError("Give texts as arguments or in --file, not both")
    task = load_task(entry, windows)
    lines: Iterator[Any] = iter(texts) if texts else _lines(file, encoding)
    if len(task.preprocessor.inputs) == 2:
        lines = _pairs(texts) if texts else map(_pair, lines)
    asked, answered = itertools.tee(lines)
    for text, answer in zip(answered, task.stream(asked), strict=True):
        written = text if isinstance(text, str) else "\t".join(text)
        print(json.dumps(answer, ensure_ascii=False) if json_ else f"{task.readable(answer)}\t{written}")


def _pairs(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Return the arguments as pairs: the first two, the next two, and so on."""
    if len(texts) % 2:
        raise InputError(f"This entry takes pairs of texts. Expected two arguments for each. Received: {len(texts)}")
    return zip(texts[::2], texts[1::2], strict=True)


def _pair(line: str) -> tuple[str, str]:
    """Split a line at its tab."""
    if line.count("\t") != 1:
        raise InputError(f"This entry takes pairs of texts. Expected one tab in each line. Received: {line!r:.80}")
    first, second = line.split("\t")
    return first, second


def _lines(file: Path | None, encoding: str) -> Iterator[str]:
    """Yield the lines of a file, or each line of standard input as soon as it is written."""
    from kerasnlp_zoo.datasets.encodings import stream_lines
    from kerasnlp_zoo.datasets.text_files import raw_lines

    if file is None:
        yield from stream_lines(sys.stdin.buffer, encoding)
    elif file.is_file():
        yield from (line.rstrip("\r\n") for line in raw_lines(file, encoding))
    else:
        raise InputError(f"{file} does not exist. Expected a text file with one text per line")


def explain(
    entry: Entry,
    texts: Texts,
    ngrams: int = 5,
    output: Path | None = None,
) -> None:
    """Show which n-grams of a text led to the answer of a TextCNN.

    In a terminal, the background of a word shows how strongly it supports the answer (blue) or opposes it (orange).

    Args:
        texts: The texts.
        ngrams: Maximum number of n-grams to show that support the answer, and that oppose it.
        output: Also draw the text into this PNG file.
    """
    require_positive(ngrams=ngrams)
    if not texts or (output is not None and len(texts) > 1):
        expected = "at least one text" if output is None else "one text for one plot"
        raise InputError(f"explain takes {expected}. Received: {len(texts)} texts")
    if output is not None:
        require_png(output, "explanation.png")
    task = load_task(entry)
    from kerasnlp_zoo import explanation, plots  # imported late: the checks above do not need TensorFlow

    colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ  # https://no-color.org
    explanations = [explanation.fired_ngrams(task, text) for text in texts]
    print("\n\n".join(explanation.readable(found, ngrams, colored) for found in explanations))
    if output is not None:
        plots.fired_ngrams(explanations[0], output, ngrams)
        print(output)


def analogy(
    entry: Entry,
    words: Annotated[tyro.conf.Positional[tuple[str, str, str]], tyro.conf.arg(metavar="A B C")],
    json_: Json = False,
) -> None:
    """Solve the analogy "A is to B as C is to ?" with an entry of word vectors. Example: man king woman.

    Args:
        words: The words.
        json_: Print a JSON object.
    """
    found = load_word_vectors(entry).analogy(*words)
    if json_:
        neighbours = [{"word": word, "score": score} for word, score in found]
        print(json.dumps({"neighbours": neighbours}, ensure_ascii=False))
    else:
        print(", ".join(f"{word} {score:.2f}" for word, score in found))
