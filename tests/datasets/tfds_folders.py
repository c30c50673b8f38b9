"""Small data sets in TFDS's own format, to test loading by a TFDS name."""

import tensorflow as tf
import tensorflow_datasets as tfds


def write_tfds(folder, name, features, splits, config="plain_text"):
    """Write a data set in TFDS's format: a folder per name, config and version, with record files."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        config=config,
        version="1.0.0",
        data_dir=folder,
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: tf.data.Dataset.from_tensor_slices(columns) for split, columns in splits.items()},
    )
