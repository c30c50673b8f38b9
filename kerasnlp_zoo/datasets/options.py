"""Flags that select the data, the same in every recipe."""

import dataclasses
from pathlib import Path
from typing import Any, Literal, TypeAlias

import tyro

from kerasnlp_zoo.datasets.opened_files import content_stem
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.flags import PathFlags
from kerasnlp_zoo.types import Language

CommercialUse: TypeAlias = Literal["yes", "no", "unknown"]
SPLITS = ("train", "validation", "test")
UNSTATED = "not stated by its distributor; widely used in research"  # licence of most named data sets


@dataclasses.dataclass
class DataOptions(PathFlags):
    """The data to read: a named data set, or the user's own files."""

    dataset: str = ""
    """Name of a data set of this package, or of TensorFlow Datasets, with texts and labels, such as glue/sst2."""
    train_file: Path | None = None
    """Your own data instead of a named set: a table (CSV, TSV, JSON lines, a JSON array or parquet), or a folder with a
    sub-folder of .txt per class."""
    validation_file: Path | None = None
    """Your validation data, which selects the best epoch. Without it, a share of the training data is held out."""
    test_file: Path | None = None
    """Your test data, scored once at the end of training. Without it, a share of the training data is held out."""
    validation_split: float = 0.1
    """Share of the training data to hold out for validation, and for test, if the data lacks this split."""
    drop_duplicates: bool = False
    """Remove repeated texts, texts with two labels and texts of the test split from training and validation also where
    the data has a test split. Without a test split this is always done."""
    text_column: str = "text"
    """Column, JSON key or TFDS feature with the text; data.text is the key text inside the object data."""
    text_pair_column: str | None = None
    """Column, JSON key or TFDS feature with the second text of a pair. Default: each example is a single text."""
    label_column: str = "label"
    """Column, JSON key or TFDS feature with the label."""
    delimiter: str | None = None
    """Character between two fields of a table, such as ';', or '\\t' for a tab. Default: a tab in .tsv files and a
    comma in others, or another one with which the first line has the columns."""
    encoding: str = "utf-8-sig"
    """Encoding of your files; utf-8-sig reads UTF-8 with and without a byte-order mark. Chinese: often gb18030."""
    language: Language | None = None
    """Language of the text; it selects the tokenizer. Default: the language of the data set, or en for your files."""
    data_dir: Path | None = None
    """Folder of the prepared data of TensorFlow Datasets. Default: ~/tensorflow_datasets."""
    smoke: bool = False
    """Run the complete recipe in seconds, on a few examples of each class. The scores are meaningless."""

    def check_share(self) -> None:
        """Raise InputError unless --validation-split leaves enough data to train on."""
        if not 0 < self.validation_split <= 0.4:
            raise InputError(
                f"--validation-split must be above 0 and at most 0.4. Received: {self.validation_split}. The rest of "
                "the data is for training"
            )

    def data_name(self) -> str:
        """Return the name of the data, usable in a file name."""
        return (content_stem(self.train_file) if self.train_file else self.dataset).replace("/", "_")

    def given_files(self) -> dict[str, Path]:
        """Return the user's files by split; a split without a file is missing."""
        files = {"train": self.train_file, "validation": self.validation_file, "test": self.test_file}
        return {split: path for split, path in files.items() if path is not None}

    def user_data(self) -> dict[str, Any]:
        """Return the attributes `name` and `language` of the data that is loaded from the user's files."""
        return {"name": self.data_name(), "language": self.language or "en"}


@dataclasses.dataclass
class LabelOptions(DataOptions):
    """The data to read, texts with one label or with any number of labels."""

    label_separator: str | None = None
    """Character between the labels of a text in the label column, such as '|': a text can then have any number of
    labels. Lists of labels in JSON are recognized."""
    label_columns: tuple[str, ...] = ()
    """A column for each label, with 1 or true for the texts that have it: a text can then have any number of labels."""

    def check_labels(self) -> None:
        """Raise InputError if the flags of the labels are invalid or contradict each other."""
        if self.label_separator is not None and self.label_columns:
            raise InputError("--label-separator and --label-columns cannot be used together. Omit one of them")
        if self.label_separator == "":
            raise InputError("--label-separator must have at least one character, such as '|'. Received: ''")
        if len(self.label_columns) == 1:
            raise InputError(
                f"--label-columns needs at least two columns. Received: {self.label_columns[0]}. For a column with the "
                "label of each text, use --label-column"
            )


@dataclasses.dataclass
class TokenClassificationOptions(DataOptions):
    """The data to read, texts with labelled spans: a named data set, or the user's own files.

    A recipe lists this class first, because its defaults must replace the defaults of the other classes: class
    Config(TokenClassificationOptions, RunConfig).
    """

    dataset: str = ""
    """Name of a data set of this package, or of TensorFlow Datasets, with tokens and tags, such as
    universal_dependencies/en_ewt."""
    train_file: Path | None = None
    """Your own data instead: a column file with a token and its tag per line, CoNLL-U, or JSON lines with a text and
    spans."""
    label_column: str = "spans"
    """JSON key with the spans, or TFDS feature with the tags."""
    columns: tuple[int, int] = (1, -1)
    """Columns of the token and of its tag in a column file, counted from 1, or from the end as -1, -2. CoNLL-U: 2 4,
    unless you name others."""
    scheme: Literal["auto", "iob1", "iob2", "bmes", "bioes", "bilou", "ioe1", "ioe2", "tokens"] = "auto"
    """How tags mark spans in a column file. tokens: each token is a separate span, as in part-of-speech tagging."""
    skip_bad: bool = False
    """Skip and count the texts that cannot be read, instead of stopping at the first one."""


@dataclasses.dataclass
class TranslationOptions(DataOptions):
    """The sentences and translations to read."""

    drop_duplicates: tyro.conf.Suppress[bool] = False  # the splits never share a source
    dataset: str = "tatoeba"
    """tatoeba (en-es and en-uk), software (en-zh, texts of programs), both in both directions, reversal (letters in
    reversed order, for a first trial), or a data set of TensorFlow Datasets such as ted_hrlr_translate/es_to_en or
    wmt14_translate/de-en."""
    train_file: Path | None = None
    """Your own data instead of a named set: CSV, TSV or JSON lines with both languages; or a file of source sentences,
    one per line, with --target-file."""
    text_column: str = "text"
    """Column or JSON key with the source sentence; used together with --text-pair-column."""
    text_pair_column: str | None = None
    """Column or JSON key with the translation. Default: the file has no header; its first two columns are used."""
    label_column: str = "label"
    """Not available: translations have no labels."""
    language: Language | None = None
    """Not available: use --source and --target."""
    source: str = "en"
    """Code of the source language."""
    target: str = "es"
    """Code of the target language."""
    target_file: Path | None = None
    """File whose line n translates line n of --train-file. Without it, --train-file has two columns: source and
    translation."""
    validation_target_file: Path | None = None
    """File whose line n translates line n of --validation-file."""
    test_target_file: Path | None = None
    """File whose line n translates line n of --test-file."""
    held_out: int = 2000
    """Number of source sentences to hold out for validation, and for test, if the data lacks this split; limited to the
    share --validation-split of all sentences."""

    def check_data(self) -> None:
        """Raise InputError if a flag does not apply to translations, or flags contradict each other."""
        self.check_share()
        require_positive(held_out=self.held_out)
        if self.language is not None:
            raise InputError(
                f"--source and --target are the languages of translations. Received: --language {self.language}. "
                "Leave out --language"
            )
        if self.label_column != DataOptions.label_column:
            raise InputError(
                f"Translations have no labels. Received: --label-column {self.label_column}. Leave it out, and name "
                "the columns of sources and translations with --text-column and --text-pair-column"
            )
        for split in SPLITS:
            targets = "target_file" if split == "train" else f"{split}_target_file"
            if getattr(self, targets) is not None and getattr(self, f"{split}_file") is None:
                flag = "--" + targets.replace("_", "-")
                raise InputError(
                    f"{flag} has the translations of the lines of --{split}-file. Received: {flag} without "
                    f"--{split}-file. Add --{split}-file"
                )

    def data_name(self) -> str:
        """Return the name of the data and of both languages, usable in a file name."""
        return f"{super().data_name()}_{self.source}_{self.target}"
