"""Strings in, answers out: one small class per task, joining model, preprocessor and labels."""

from kerasnlp_zoo.tasks.fill_mask import FillMask
from kerasnlp_zoo.tasks.language_modeling import LanguageModeling
from kerasnlp_zoo.tasks.question_answering import QuestionAnswering
from kerasnlp_zoo.tasks.sentence_similarity import SentenceSimilarity
from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.tasks.text_classification import TextClassification
from kerasnlp_zoo.tasks.text_regression import TextRegression
from kerasnlp_zoo.tasks.token_classification import TokenClassification
from kerasnlp_zoo.tasks.translation import Translation
from kerasnlp_zoo.tasks.tree_classification import TreeClassification
from kerasnlp_zoo.tasks.word_embedding import WordEmbedding

TASKS = {
    task.name: task
    for task in (
        TextClassification,
        TextRegression,
        TokenClassification,
        TreeClassification,
        QuestionAnswering,
        SentenceSimilarity,
        FillMask,
        LanguageModeling,
        Translation,
        WordEmbedding,
    )
}

__all__ = [
    "TASKS",
    "FillMask",
    "LanguageModeling",
    "QuestionAnswering",
    "SentenceSimilarity",
    "Task",
    "TextClassification",
    "TextRegression",
    "TokenClassification",
    "Translation",
    "TreeClassification",
    "WordEmbedding",
]
