"""`kerasnlp-zoo explain` and `analogy`: why a model answers so, and what its word vectors know."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import tyro

from kerasnlp_zoo.commands.arguments import Entry, Json, String, Texts, load_task, load_word_vectors, require_png
from kerasnlp_zoo.errors import InputError, require_positive


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
    words: Annotated[tyro.conf.Positional[tuple[String, String, String]], tyro.conf.arg(metavar="A B C")],
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
