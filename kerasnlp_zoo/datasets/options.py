"""Flags that choose the data, the same in every recipe."""

import dataclasses
from pathlib import Path
from typing import Literal, TypeAlias

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Language

CommercialUse: TypeAlias = Literal["yes", "no", "unknown"]


@dataclasses.dataclass
class DataOptions:
    """The data to read: a named data set, or the user's own files."""

    dataset: str = ""
    """Name of a data set: ours, or one of TensorFlow Datasets with texts and labels, such as glue/sst2."""
    train_file: Path | None = None
    """Your own data instead of a named set: CSV, TSV, JSON lines, or a folder with a sub-folder of .txt per class."""
    validation_file: Path | None = None
    """Data to choose the best epoch with. Without it, a share of the training data is held out."""
    test_file: Path | None = None
    """Data to score the model on, once, at the end. Without it, a share of the training data is held out."""
    validation_split: float = 0.1
    """Share of the training data to hold out for each of validation and test, if the data has no such split."""
    text_column: str = "text"
    """Column, JSON key or TFDS feature with the text."""
    text_pair_column: str | None = None
    """Column, JSON key or TFDS feature with the second text of a pair; by default each example has one text."""
    label_column: str = "label"
    """Column, JSON key or TFDS feature with the label."""
    delimiter: str | None = None
    """Column separator; by default a tab in .tsv files and a comma in others."""
    encoding: str = "utf-8-sig"
    """Encoding of your files; utf-8-sig reads UTF-8 with and without a byte-order mark. Chinese: often gb18030."""
    language: Language | None = None
    """Language of the text; the tokenizer depends on it. By default that of the data set, and en for your files."""
    data_dir: Path | None = None
    """Folder of prepared TensorFlow Datasets; by default the one that TensorFlow Datasets uses."""
    smoke: bool = False
    """Run the complete recipe in seconds, on a few examples of each class. The scores mean nothing."""

    def check_share(self) -> None:
        """Raise InputError unless --validation-split leaves enough data to train on."""
        if not 0 < self.validation_split <= 0.4:
            raise InputError(
                f"--validation-split must be above 0 and at most 0.4. Received: {self.validation_split}. The rest of "
                "the data is for training"
            )

    def data_name(self) -> str:
        """Return the name of the data, usable in a file name."""
        return (self.train_file.stem if self.train_file else self.dataset).replace("/", "_")
