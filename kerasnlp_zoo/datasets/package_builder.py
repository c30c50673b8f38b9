"""What the TFDS builders of corpora in Python packages share."""

import tensorflow_datasets as tfds


class PackageTextsBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Texts with one or more class labels, read from a package of the package index.

    A subclass is called Zoo<Name>, stands in the module <name> beside this one, and gives
    `label_names`, {feature: names of its classes}, and `rows(split)`; for pairs `text_names` too.

    TFDS orders the prepared records by the hash of their keys. A key is therefore the number of the row
    in its source, which decides the order in which a model sees the data, and must never change.
    """

    VERSION = tfds.core.Version("1.0.0")
    text_names = ("text",)
    label_names = {}
    split_names = ("train",)

    def rows(self, split):
        """Yield (key, dict of texts and label ids) for every example of a split; -1 where there is no label."""
        raise NotImplementedError(f"{type(self).__name__} must define rows(split)")

    def _info(self):
        texts = {feature: tfds.features.Text() for feature in self.text_names}
        labels = {feature: tfds.features.ClassLabel(names=names) for feature, names in self.label_names.items()}
        return self.dataset_info_from_configs(
            description=type(self).__doc__,
            features=tfds.features.FeaturesDict({**texts, **labels}),
            supervised_keys=(self.text_names[0] if len(texts) == 1 else self.text_names, next(iter(labels))),
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in self.split_names}

    def _generate_examples(self, split):
        return self.rows(split)
