"""The flags that choose the data, the same in every recipe."""

import dataclasses
from pathlib import Path
from typing import Literal

from kerasnlp_zoo.errors import InputError


@dataclasses.dataclass
class DataOptions:
    """Which data to read, from a named data set or from the user's own files."""

    dataset: str = ""
    """Name of a data set: ours, or any suitable one of TensorFlow Datasets such as imdb_reviews or glue/sst2."""
    train_file: Path | None = None
    """Your own data instead of a named set: CSV, TSV, JSON lines, or a folder with a sub-folder of .txt per class."""
    validation_file: Path | None = None
    """Data for choosing the best epoch; without it a share of the training data is held out."""
    test_file: Path | None = None
    """Data scored once at the end; without it a share of the training data is held out."""
    validation_split: float = 0.1
    """Share held out for validation, and for testing, where no such data is given."""
    text_column: str = "text"
    """Column, JSON key or TFDS feature that holds the text."""
    text_pair_column: str | None = None
    """Column, JSON key or TFDS feature that holds the second text of a pair; by default texts are single."""
    label_column: str = "label"
    """Column, JSON key or TFDS feature that holds the label."""
    delimiter: str | None = None
    """Column separator; by default a comma, in .tsv files a tab."""
    encoding: str = "utf-8-sig"
    """Encoding of your files; utf-8-sig reads UTF-8 with and without a byte-order mark. Chinese: often gb18030."""
    language: Literal["en", "zh"] | None = None
    """Language of the text, decides how it is split into tokens; by default the data set's own, for your files en."""
    data_dir: Path | None = None
    """Where TensorFlow Datasets keeps prepared data; by default its own place."""
    smoke: bool = False
    """Try the whole recipe in seconds, on a few examples of each class; its scores mean nothing."""

    def check_share(self):
        """Raise InputError unless --validation-split leaves enough to train on."""
        if not 0 < self.validation_split <= 0.4:
            raise InputError(f"--validation-split is a share above 0 and up to 0.4. Received: {self.validation_split}")

    def data_name(self):
        """Return the name of the data as part of a file's name."""
        return (self.train_file.stem if self.train_file else self.dataset).replace("/", "_")
