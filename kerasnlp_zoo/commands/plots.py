"""`kerasnlp-zoo plot`: draw the plots of a run again, or attention, alignment, position vectors and trees."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import (
    Entry,
    Picture,
    Text,
    Tree,
    load_task,
    load_word_vectors,
    require_png,
    title_of,
)
from kerasnlp_zoo.errors import InputError, require_positive

What = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN|attention|alignment|positions|tree|words")]
NUM_POSITIONS, WIDTH = 100, 128  # positions and width of the sinusoids that are drawn


def plot(what: What) -> None:
    """Draw a plot. Each kind has its own flags: see `kerasnlp-zoo plot attention --help`.

    Args:
        what: A kind of plot: "attention" of a text; "alignment" of a translation; "positions", the vector that a model
            adds at each position; "tree", a parsed sentence with a label at every node; "words", the neighbours of
            words in one or more entries of word vectors. Or the output folder of a training run, to draw its plots
            again from history.csv and metrics.json.
    """
    command = KINDS.get(what, lambda: _run(Path(what)))
    tyro.cli(command, prog=f"kerasnlp-zoo plot {what}", args=sys.argv[3:])


def attention(
    entry: Entry,
    text: Text,
    text_pair: str | None = None,
    query: str | None = None,
    layer: tuple[int, ...] = (),
    head: tuple[int, ...] = (),
    output: Picture = Path("attention.png"),
) -> None:
    """Draw which words of a text attend to which: a map for each head, or the attention of one word.

    Args:
        entry: Name or folder of an entry with a Transformer encoder or a Transformer language model.
        text: The text.
        text_pair: A second text, read together with the first.
        query: Draw only the attention of this word: the mean over the selected heads.
        layer: Layers, counted from 0; by default the last one.
        head: Heads, counted from 0; by default all.
    """
    require_png(output, "attention.png")
    task = load_task(entry)
    from kerasnlp_zoo import explanation, plots  # imported late: the checks above do not need TensorFlow

    found = explanation.attention_weights(task, text if text_pair is None else (text, text_pair))
    title = title_of(entry)
    if query is None:
        plots.attention_maps(found, output, layer, head, title)
    else:
        plots.word_attention(found, query, output, layer, head, title)
    print(output)


def alignment(
    entry: Entry,
    text: Text,
    translation: str | None = None,
    layer: tuple[int, ...] = (),
    head: tuple[int, ...] = (),
    output: Picture = Path("alignment.png"),
) -> None:
    """Draw which words of a text each word of its translation attends to.

    Args:
        entry: Name or folder of an entry that translates.
        text: The text.
        translation: The translation to draw; by default the entry's own.
        layer: Layers, counted from 0, a map for each; by default the last one.
        head: Heads, counted from 0, a map for each; by default the mean of all.
    """
    require_png(output, "alignment.png")
    task = load_task(entry)
    from kerasnlp_zoo import explanation, plots  # imported late: the checks above do not need TensorFlow

    found = explanation.alignment_weights(task, text, translation)
    plots.alignment_maps(found, output, layer, head, title_of(entry))
    print(output)


def positions(
    entry: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="ENTRY")] = None,
    dimension: tuple[int, ...] = (),
    output: Picture = Path("positions.png"),
) -> None:
    """Draw position vectors: the sines and cosines of the Transformer, or the vectors of an entry.

    Args:
        entry: Name or folder of an entry with a Transformer encoder. Default: sines and cosines.
        dimension: Dimensions to draw as waves, counted from 0.
    """
    require_png(output, "positions.png")
    task = None if entry is None else load_task(entry)
    from kerasnlp_zoo import explanation, plots  # imported late: the checks above do not need TensorFlow
    from kerasnlp_zoo.layers.positions import sinusoids

    if task is None:
        vectors, title = sinusoids(NUM_POSITIONS, WIDTH), "sines and cosines, by Vaswani et al. 2017"
    else:
        vectors, title = explanation.position_vectors(task.model), title_of(str(entry))
    title += f": {len(vectors)} positions, {vectors.shape[1]} dimensions"
    plots.positions(vectors, output, dimension, title)
    print(output)


def tree(
    entry: Entry,
    text: Tree,
    output: Picture = Path("tree.png"),
) -> None:
    """Draw a parsed sentence with the label that a model predicts for every node.

    Args:
        entry: Name or folder of an entry of tree_classification that labels nodes.
        text: The tree in the entry's notation, such as "(? (? very) (? good))". Its own labels are ignored.
    """
    require_png(output, "tree.png")
    task = load_task(entry)
    from kerasnlp_zoo import plots  # imported late: the checks above do not need TensorFlow
    from kerasnlp_zoo.tasks import TreeClassification
    from kerasnlp_zoo.text.trees import read_tree

    if not isinstance(task, TreeClassification):
        raise InputError(f"{entry} is an entry of {task.name}. Expected an entry of tree_classification")
    parsed = read_tree(text, task.preprocessor.notation)
    plots.tree_labels(parsed, task.predict([text])[0], task.labels, output)
    print(output)


def words(
    entries: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="ENTRY")],
    word: tuple[str, ...],
    count: int = 10,
    output: Picture = Path("words.png"),
) -> None:
    """Draw the neighbours of words in several entries side by side, such as those of windows 2 and 10.

    Args:
        entries: Names or folders of entries of word vectors.
        word: The words.
        count: Number of neighbours of each word.
    """
    require_png(output, "words.png")
    require_positive(count=count)
    if not entries or not word:
        raise InputError(
            f"Expected at least one entry and one word. Received: {len(entries)} entries and {len(word)} words. "
            "Example: kerasnlp-zoo plot words skip_gram_mixed_en --word guitar"
        )
    tasks = [load_word_vectors(entry) for entry in entries]
    from kerasnlp_zoo import plots  # imported late: the checks above do not need TensorFlow

    found = {each: [task.most_similar(each, count=count) for task in tasks] for each in word}
    plots.neighbours(found, [title_of(entry) for entry in entries], output)
    print(output)


def _run(folder: Path) -> None:
    """Draw the plots of a run again from its history.csv and metrics.json."""
    missing = [name for name in ("history.csv", "metrics.json") if not (folder / name).exists()]
    if missing:
        raise InputError(
            f"{folder} is not the folder of a finished run: {', '.join(missing)} missing. Expected such a folder, "
            f"or one of {', '.join(KINDS)}"
        )
    from kerasnlp_zoo.training.callbacks import HistoryFile
    from kerasnlp_zoo.training.classification import draw_classification
    from kerasnlp_zoo.training.pretraining import draw_pretraining
    from kerasnlp_zoo.training.saving import draw_training
    from kerasnlp_zoo.training.word_vector_training import draw_word_vectors

    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    history = HistoryFile(folder / "history.csv").rows()
    if metrics.get("task") == "word_embedding":
        task = zoo.load(folder / "entry", task="word_embedding")
        pictures = draw_word_vectors(folder, history, metrics, task)
    elif metrics.get("task") == "fill_mask":
        pictures = draw_pretraining(folder, history, metrics)
    elif metrics.get("task", "text_classification") == "text_classification":
        pictures = draw_classification(folder, history, metrics)
    else:
        pictures = draw_training(folder, history, metrics)
    print(*pictures, sep="\n")


KINDS: dict[str, Callable[..., None]] = {
    "attention": attention,
    "alignment": alignment,
    "positions": positions,
    "tree": tree,
    "words": words,
}
