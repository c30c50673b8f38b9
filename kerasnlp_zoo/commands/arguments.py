"""Arguments that several subcommands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.well_formed import well_formed
from kerasnlp_zoo.zoo.folders import require_needed

if TYPE_CHECKING:
    from kerasnlp_zoo.tasks import Task, WordEmbedding

Entry = Annotated[
    tyro.conf.Positional[str], tyro.conf.arg(metavar="ENTRY", help="Name, folder or hf:// address of an entry.")
]
# A string of the user. Bytes of the shell that are not UTF-8 become U+FFFD.
String = Annotated[
    str,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="STR",
        instance_from_str=lambda arguments: well_formed(arguments[0]),
        is_instance=lambda value: isinstance(value, str),
        str_from_instance=lambda value: [value],
    ),
]
Texts = Annotated[tyro.conf.Positional[tuple[String, ...]], tyro.conf.arg(metavar="TEXT")]
Json = Annotated[bool, tyro.conf.arg(name="json")]
Tree = Annotated[tyro.conf.Positional[String], tyro.conf.arg(metavar="TREE")]
Text = Annotated[tyro.conf.Positional[String], tyro.conf.arg(metavar="TEXT")]
Windows = Annotated[bool, tyro.conf.arg(help="Read the whole of a long text, in overlapping windows.")]
Picture = Annotated[Path, tyro.conf.arg(aliases=["-o"], help="PNG file to write.")]


def require_png(path: Path, example: str) -> None:
    """Raise InputError unless the path ends with .png."""
    if path.suffix != ".png":
        raise InputError(f"Plots are PNG files, such as --output {example}. Received: {path}")


def load_task(entry: str, windows: bool = False) -> "Task":
    """Load an entry. A name that does not exist is reported at once, before TensorFlow is loaded.

    So is an entry that needs another one, which is not there.

    Args:
        entry: name, folder or address.
        windows: whether the task reads long texts in windows.

    Raises:
        InputError: if the entry does not exist, cannot be read, or does not read windows.
    """
    require_needed(entry)
    task = zoo.load(entry)
    return task.with_windows() if windows else task


def load_word_vectors(entry: str) -> "WordEmbedding":
    """Load an entry of word vectors.

    Raises:
        InputError: as for `load_task`, or if the entry has another task.
    """
    task = load_task(entry)
    from kerasnlp_zoo.tasks import WordEmbedding  # imported late: `load_task` does not need TensorFlow to fail

    if not isinstance(task, WordEmbedding):
        raise InputError(f"{entry} has no word vectors: its task is {task.name}. Expected an entry of word_embedding")
    return task


def title_of(entry: str) -> str:
    """Return the name of an entry for a plot: its folder, or the folder of the run that trained it.

    Example:

    >>> title_of("skip_gram_mixed_en"), title_of("runs/window_2/entry")
    ('skip_gram_mixed_en', 'window_2')
    """
    folder = Path(entry).absolute()
    return folder.parent.name if folder.name == "entry" else folder.name
