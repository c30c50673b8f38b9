"""Strings to numbers in TensorFlow operations, usable in tf.data and in an exported graph alike."""

import importlib

from kerasnlp_zoo.text.batches import bucketed_batches
from kerasnlp_zoo.text.cooccurrence_counts import cooccurrence_counts, term_document_counts
from kerasnlp_zoo.text.document_frequencies import inverse_document_frequencies
from kerasnlp_zoo.text.language_model_preprocessor import LanguageModelPreprocessor
from kerasnlp_zoo.text.single_words import SingleWordPreprocessor
from kerasnlp_zoo.text.tokens import TokenPreprocessor
from kerasnlp_zoo.text.tree_words import TreePreprocessor
from kerasnlp_zoo.text.vocabulary import GenerativeVocabulary, Vocabulary, WordPieceVocabulary
from kerasnlp_zoo.text.wordpiece_training import learn_wordpiece_vocabulary
from kerasnlp_zoo.text.words import WordPreprocessor

PREPROCESSORS = (  # what an entry may name
    "LanguageModelPreprocessor",
    "SingleWordPreprocessor",
    "TokenPreprocessor",
    "TranslationPreprocessor",
    "TreePreprocessor",
    "WordPiecePreprocessor",
    "WordPreprocessor",
)

__all__ = [
    "GenerativeVocabulary",
    "LanguageModelPreprocessor",
    "PREPROCESSORS",
    "SingleWordPreprocessor",
    "TokenPreprocessor",
    "TranslationPreprocessor",
    "TreePreprocessor",
    "Vocabulary",
    "WordPiecePreprocessor",
    "WordPieceVocabulary",
    "WordPreprocessor",
    "bucketed_batches",
    "cooccurrence_counts",
    "inverse_document_frequencies",
    "learn_wordpiece_vocabulary",
    "term_document_counts",
]


# They load tensorflow-text, which Windows does not have.
OF_TENSORFLOW_TEXT = {"TranslationPreprocessor": "translation", "WordPiecePreprocessor": "wordpiece"}


def __getattr__(name):
    if name in OF_TENSORFLOW_TEXT:
        return getattr(importlib.import_module(f"kerasnlp_zoo.text.{OF_TENSORFLOW_TEXT[name]}"), name)
    raise AttributeError(f"module 'kerasnlp_zoo.text' has no attribute {name!r}")
