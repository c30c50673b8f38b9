"""Command-line flags from a dataclass, in groups: most-used, data, text, model, training and run."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_type_hints

import docstring_parser
import tyro

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ConfigClass = TypeVar("ConfigClass", bound="DataclassInstance")

MOST_USED = (
    "dataset",
    "train_file",
    "text_column",
    "label_column",
    "corpus",
    "language",
    "source",
    "target",
    "pretrained",
    "embeddings",
    "model",
    "epochs",
    "batch_size",
    "learning_rate",
    "output_dir",
    "seed",
)
MOST_USED_COUNT = 10
GROUPS = {
    "data": (
        "validation_file test_file validation_split text_pair_column label_separator label_columns score delimiter "
        "encoding data_dir columns scheme notation labelled target_file validation_target_file test_target_file "
        "held_out train_examples drop_duplicates folds skip_bad long_pairs dataset train_file text_column label_column "
        "corpus source target feature_columns"
    ).split(),
    "text": (
        "language segmenter min_count max_vocabulary_size max_vectors max_sequence_length vocabulary vocabulary_size "
        "cased unit tags word_length entry_size"
    ).split(),
    "training": (
        "epochs batch_size learning_rate rnn_learning_rate optimizer schedule warmup_steps clip_norm weight_decay "
        "label_smoothing class_weights accumulate_steps patience steps epoch_steps segment_length beam_width "
        "length_penalty freeze_encoder loss lora_rank random_weights num_sampled num_negatives subsample window_kind "
        "keep_output from_entry plain"
    ).split(),
    "run": (
        "datasets models single_seed_minutes search trials seed seeds output_dir resume save_steps strategy "
        "mixed_precision jit deterministic smoke"
    ).split(),
}
TITLES = ("most used", "data", "text", "model", "training", "run")


class PathFlags:
    """The base class of flags. In Python, the path of a file or folder may also be a string.

    Example:

    >>> @dataclasses.dataclass
    ... class Config(PathFlags):
    ...     output_dir: Path | None = None
    >>> Config(output_dir="runs/first").output_dir.name
    'first'
    """

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, str) and Path in get_args(kind):
                setattr(self, name, Path(value))


def read_flags(
    config_class: type[ConfigClass], prog: str | None = None, args: Sequence[str] | None = None
) -> ConfigClass:
    """Read the flags of a recipe from the command line.

    Args:
        config_class: dataclass whose fields are the flags; the text below a field is its help.
        prog: the command that the help shows; None for the name of the script.
        args: the flags; None for `sys.argv[1:]`.

    Returns:
        An instance of `config_class`.

    Raises:
        SystemExit: after printing the help, or if a flag is unknown or has a wrong value.

    Example:

    >>> @dataclasses.dataclass
    ... class Config:
    ...     epochs: int = 20
    ...     num_filters: int = 100
    >>> read_flags(Config, args=["--epochs", "3"])
    Config(epochs=3, num_filters=100)
    """
    fields: dict[str, Any] = {field.name: field for field in dataclasses.fields(config_class)}
    types, texts = get_type_hints(config_class, include_extras=True), _help_texts(config_class)
    groups: dict[str, list[tuple[str, Any, Any]]] = {title: [] for title in TITLES}
    for name, title in _titles(list(fields)).items():
        default = dataclasses.field(default=fields[name].default)
        if fields[name].default is dataclasses.MISSING:
            default = dataclasses.field(default_factory=fields[name].default_factory)
        groups[title].append((name, Annotated[types[name], tyro.conf.arg(help=texts.get(name))], default))
    # tyro prints one box for each nested dataclass. Here the flags keep their names, without a prefix for the group.
    parts = {
        title.replace(" ", "_"): dataclasses.make_dataclass(title, members)
        for title, members in groups.items()
        if members
    }
    all_flags = dataclasses.make_dataclass(
        "Flags", [(name, part, dataclasses.field(default_factory=part)) for name, part in parts.items()]
    )
    all_flags.__doc__ = config_class.__doc__
    parsed: Any = tyro.cli(all_flags, prog=prog, args=args, config=(tyro.conf.OmitArgPrefixes,))
    return config_class(**{name: value for part in vars(parsed).values() for name, value in vars(part).items()})


def group_of(name: str) -> str:
    """Return the group of a flag; a flag that is not listed in GROUPS belongs to the model.

    Example:

    >>> group_of("epochs"), group_of("num_filters")
    ('training', 'model')
    """
    return next((group for group, members in GROUPS.items() if name in members), "model")


def _titles(names: list[str]) -> dict[str, str]:
    """Return the group of every flag, in the order of the help."""
    most_used = [name for name in MOST_USED if name in names][:MOST_USED_COUNT]
    rest = [name for name in names if name not in most_used]
    return dict.fromkeys(most_used, "most used") | {name: group_of(name) for name in rest}


def _help_texts(config_class: type) -> dict[str, str]:
    """Return the text below each field; a subclass overrides the texts of its bases."""
    texts: dict[str, str] = {}
    for base in reversed(config_class.__mro__):
        if dataclasses.is_dataclass(base):
            described = docstring_parser.parse_from_object(base).params
            texts |= {part.arg_name: " ".join(part.description.split()) for part in described if part.description}
    return texts
