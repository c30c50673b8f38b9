"""`kerasnlp-zoo plot`: draw the plots of a run again, or attention, alignment, position vectors and trees."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import Entry, Picture, Text, Tree, load_task, require_png
from kerasnlp_zoo.errors import InputError

What = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN|attention|alignment|positions|tree")]
NUM_POSITIONS, WIDTH = 100, 128  # positions and width of the sinusoids that are drawn


def plot(what: What) -> None:
    """Draw a plot. Each kind has its own flags: see `kerasnlp-zoo plot attention --help`.

    Args:
        what: A kind of plot: "attention" of a text; "alignment" of a translation; "positions", the vector that a model
            adds at each position; "tree", a parsed sentence with a label at every node. Or the output folder of a
            training run, to draw its plots again from history.csv and metrics.json.
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
        entry: Name or folder of an entry with a Transformer encoder.
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
    title = Path(entry).absolute().name
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
    plots.alignment_maps(found, output, layer, head, Path(entry).absolute().name)
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
        vectors, title = explanation.position_vectors(task.model), Path(str(entry)).absolute().name
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
}
