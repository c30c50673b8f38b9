"""Strings to numbers in TensorFlow operations, usable in tf.data and in an exported graph alike."""

from kerasnlp_zoo.text.batches import bucketed_batches
from kerasnlp_zoo.text.cooccurrence_counts import cooccurrence_counts, term_document_counts
from kerasnlp_zoo.text.document_frequencies import inverse_document_frequencies
from kerasnlp_zoo.text.single_words import SingleWordPreprocessor
from kerasnlp_zoo.text.vocabulary import Vocabulary
from kerasnlp_zoo.text.words import WordPreprocessor

PREPROCESSORS = {"WordPreprocessor": WordPreprocessor, "SingleWordPreprocessor": SingleWordPreprocessor}

__all__ = [
    "PREPROCESSORS",
    "SingleWordPreprocessor",
    "Vocabulary",
    "WordPreprocessor",
    "bucketed_batches",
    "cooccurrence_counts",
    "inverse_document_frequencies",
    "term_document_counts",
]
