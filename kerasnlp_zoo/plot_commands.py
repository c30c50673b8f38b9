"""The command `kerasnlp-zoo plot`: a run's pictures again, attention, vectors of positions, and labelled trees."""

import json
import sys
from pathlib import Path
from typing import Annotated

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError

What = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN|attention|alignment|positions|tree")]
Picture = Annotated[Path, tyro.conf.arg(aliases=["-o"], help="PNG file to write.")]
NUM_POSITIONS, WIDTH = 100, 128  # of the sinusoids drawn


def plot(what: What) -> None:
    """Draw pictures; `kerasnlp-zoo plot attention --help` lists its flags, and so for the others.

    Args:
        what: Output folder of a training run, whose pictures are drawn again from its history.csv and
            metrics.json; "attention" of a text; "alignment" of a translation; "positions", the vectors a model adds
            at each place; or the "tree" of a parsed sentence with a label at every node.
    """
    commands = {"attention": attention, "alignment": alignment, "positions": positions, "tree": tree}
    command = commands.get(what, lambda: _run(Path(what)))
    tyro.cli(command, prog=f"kerasnlp-zoo plot {what}", args=sys.argv[3:])


def attention(
    entry: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="ENTRY")],
    text: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TEXT")],
    text_pair: str | None = None,
    query: str | None = None,
    layer: tuple[int, ...] = (),
    head: tuple[int, ...] = (),
    output: Picture = Path("attention.png"),
) -> None:
    """Draw which word of a text looks at which: a map for each head, or what one word looks at.

    Args:
        entry: Name or folder of an entry with a Transformer's encoder.
        text: The text.
        text_pair: A second text, read together with the first.
        query: Draw what this word of the text looks at: the mean over the heads chosen.
        layer: Layers, counted from 0; by default the last one.
        head: Heads, counted from 0; by default all.
    """
    from kerasnlp_zoo import explanation, plots

    plots.require_png(output, "attention.png")
    texts = text if text_pair is None else (text, text_pair)
    found = explanation.attention_weights(zoo.load(entry), texts)
    title = Path(entry).absolute().name
    if query is None:
        plots.attention_maps(found, output, layer, head, title)
    else:
        plots.word_attention(found, query, output, layer, head, title)
    print(output)


def alignment(
    entry: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="ENTRY")],
    text: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TEXT")],
    translation: str | None = None,
    layer: tuple[int, ...] = (),
    head: tuple[int, ...] = (),
    output: Picture = Path("alignment.png"),
) -> None:
    """Draw which words of a text each word of its translation looked at.

    Args:
        entry: Name or folder of an entry that translates.
        text: The text.
        translation: A translation to look at; by default the entry's own.
        layer: Layers, counted from 0, a map for each; by default the last one.
        head: Heads, counted from 0, a map for each; by default the mean of all.
    """
    from kerasnlp_zoo import explanation, plots

    plots.require_png(output, "alignment.png")
    found = explanation.alignment_weights(zoo.load(entry), text, translation)
    plots.alignment_maps(found, output, layer, head, Path(entry).absolute().name)
    print(output)


def positions(
    entry: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="ENTRY")] = None,
    dimension: tuple[int, ...] = (),
    output: Picture = Path("positions.png"),
) -> None:
    """Draw vectors of positions: sines and cosines, or those of an entry.

    Args:
        entry: Name or folder of an entry with a Transformer's encoder; by default the Transformer's sinusoids.
        dimension: Dimensions to be drawn as waves, counted from 0.
    """
    from kerasnlp_zoo import explanation, plots
    from kerasnlp_zoo.layers.positions import sinusoids

    plots.require_png(output, "positions.png")
    if entry is None:
        vectors, title = sinusoids(NUM_POSITIONS, WIDTH), "sines and cosines, by Vaswani et al. 2017"
    else:
        vectors, title = explanation.position_vectors(zoo.load(entry).model), Path(entry).absolute().name
    title += f": {len(vectors)} positions, {vectors.shape[1]} dimensions"
    plots.positions(vectors, output, dimension, title)
    print(output)


def tree(
    entry: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="ENTRY")],
    text: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TREE")],
    output: Picture = Path("tree.png"),
) -> None:
    """Draw a parsed sentence with the label that a model gives to every node.

    Args:
        entry: Name or folder of an entry of tree_classification that labels nodes.
        text: The tree, as the entry reads it, such as "(? (? very) (? good))"; its own labels do not matter.
    """
    from kerasnlp_zoo import plots
    from kerasnlp_zoo.text.trees import read_tree

    plots.require_png(output, "tree.png")
    task = zoo.load(entry)
    if task.name != "tree_classification":
        raise InputError(f"{entry} is an entry of {task.name}. Expected one of tree_classification")
    parsed = read_tree(text, task.preprocessor.notation)
    plots.tree_labels(parsed, task.predict([text])[0], task.labels, output)
    print(output)


def _run(folder):
    """Draw the pictures of a run again from its history.csv and metrics.json."""
    from kerasnlp_zoo.training.callbacks import HistoryFile
    from kerasnlp_zoo.training.classification import draw_classification
    from kerasnlp_zoo.training.pretraining import draw_pretraining
    from kerasnlp_zoo.training.saving import draw_training
    from kerasnlp_zoo.training.word_vector_training import draw_word_vectors

    missing = [name for name in ("history.csv", "metrics.json") if not (folder / name).exists()]
    if missing:
        raise InputError(f"{folder} is not the folder of a finished run: {', '.join(missing)} missing")
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    history = HistoryFile(folder / "history.csv").rows()
    if metrics.get("task") == "word_embedding":
        pictures = draw_word_vectors(folder, history, metrics, zoo.load(folder / "entry"))
    elif metrics.get("task") == "fill_mask":
        pictures = draw_pretraining(folder, history, metrics)
    elif metrics.get("task", "text_classification") == "text_classification":
        pictures = draw_classification(folder, history, metrics)
    else:
        pictures = draw_training(folder, history, metrics)
    print(*pictures, sep="\n")
