"""Base class of the TFDS builders that read corpora from Python packages."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import tensorflow_datasets as tfds

Row: TypeAlias = tuple[int | str, dict[str, Any]]  # key, and texts and label ids by feature


# mypy has no types for TFDS, whose builders accept skip_registration.
class PackageTextsBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Texts with one or more class labels, read from a package of the package index.

    A subclass is called Zoo<Name>, is defined in the module <name> of this folder, and defines `rows(split)` and
    `label_names`, and for pairs of texts `text_names`.

    TFDS orders the prepared records by the hash of their keys, and a model sees the data in that order. A key is
    the number of the row in its source. Keys must never change.

    Attributes:
        text_names: features with texts.
        label_names: names of the classes of each label feature.
        split_names: official splits.
    """

    VERSION = tfds.core.Version("1.0.0")
    text_names: tuple[str, ...] = ("text",)
    label_names: dict[str, list[str]] = {}
    split_names: tuple[str, ...] = ("train",)

    def rows(self, split: str) -> Iterator[Row]:
        """Yield (key, dict of texts and label ids) for every example of a split; the id -1 means no label."""
        raise NotImplementedError(f"{type(self).__name__} must define rows(split)")

    def _info(self) -> tfds.core.DatasetInfo:
        texts = {feature: tfds.features.Text() for feature in self.text_names}
        labels = {feature: tfds.features.ClassLabel(names=names) for feature, names in self.label_names.items()}
        return self.dataset_info_from_configs(
            description=type(self).__doc__,
            features=tfds.features.FeaturesDict({**texts, **labels}),
            supervised_keys=(self.text_names[0] if len(texts) == 1 else self.text_names, next(iter(labels))),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator[Row]]:
        return {split: self._generate_examples(split) for split in self.split_names}

    def _generate_examples(self, split: str) -> Iterator[Row]:
        return self.rows(split)
