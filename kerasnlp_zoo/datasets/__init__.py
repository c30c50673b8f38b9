"""Data sets: the user's own files, TFDS by name, and corpora that ship in Python packages."""

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData
from kerasnlp_zoo.datasets.text_classification import SOURCES, load_text_classification

__all__ = ["SOURCES", "DataOptions", "Split", "TextClassificationData", "load_text_classification"]
