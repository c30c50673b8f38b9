"""Data sets: your own files, TensorFlow Datasets by name, and corpora inside Python packages."""

from typing import TYPE_CHECKING

from kerasnlp_zoo.datasets.options import DataOptions, TokenClassificationOptions, TranslationOptions
from kerasnlp_zoo.lazy import lazy_attributes

if TYPE_CHECKING:
    from kerasnlp_zoo.datasets.labelled_texts import load_labelled_texts
    from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringOptions, load_question_answering
    from kerasnlp_zoo.datasets.splits import Split, TextClassificationData
    from kerasnlp_zoo.datasets.text_classification import SOURCES, load_text_classification
    from kerasnlp_zoo.datasets.text_regression import load_text_regression
    from kerasnlp_zoo.datasets.token_classification import load_token_classification
    from kerasnlp_zoo.datasets.translation import load_translation

__all__ = [
    "SOURCES",
    "DataOptions",
    "QuestionAnsweringOptions",
    "Split",
    "TextClassificationData",
    "TokenClassificationOptions",
    "TranslationOptions",
    "load_labelled_texts",
    "load_question_answering",
    "load_text_classification",
    "load_text_regression",
    "load_token_classification",
    "load_translation",
]

__getattr__, __dir__ = lazy_attributes(
    __name__,
    {
        "labelled_texts": ["load_labelled_texts"],
        "question_answering": ["QuestionAnsweringOptions", "load_question_answering"],
        "splits": ["Split", "TextClassificationData"],
        "text_classification": ["SOURCES", "load_text_classification"],
        "text_regression": ["load_text_regression"],
        "token_classification": ["load_token_classification"],
        "translation": ["load_translation"],
    },
)
