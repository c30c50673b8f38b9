"""Tasks take strings and return answers. A task joins a model, its preprocessor and its labels."""

from typing import Literal, TypeAlias

from kerasnlp_zoo.tasks.feature_classification import FeatureClassification
from kerasnlp_zoo.tasks.fill_mask import FillMask
from kerasnlp_zoo.tasks.language_modeling import LanguageModeling
from kerasnlp_zoo.tasks.multi_label_classification import MultiLabelClassification
from kerasnlp_zoo.tasks.question_answering import QuestionAnswering
from kerasnlp_zoo.tasks.sentence_similarity import SentenceSimilarity
from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.tasks.text_classification import TextClassification
from kerasnlp_zoo.tasks.text_regression import TextRegression
from kerasnlp_zoo.tasks.token_classification import TokenClassification
from kerasnlp_zoo.tasks.translation import Translation
from kerasnlp_zoo.tasks.tree_classification import TreeClassification
from kerasnlp_zoo.tasks.word_embedding import WordEmbedding

TaskName: TypeAlias = Literal[
    "text_classification",
    "multi_label_classification",
    "feature_classification",
    "text_regression",
    "token_classification",
    "tree_classification",
    "question_answering",
    "sentence_similarity",
    "fill_mask",
    "language_modeling",
    "translation",
    "word_embedding",
]
TASKS: dict[str, type[Task]] = {
    task.name: task
    for task in (
        TextClassification,
        MultiLabelClassification,
        FeatureClassification,
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
    "FeatureClassification",
    "FillMask",
    "LanguageModeling",
    "MultiLabelClassification",
    "QuestionAnswering",
    "SentenceSimilarity",
    "Task",
    "TaskName",
    "TextClassification",
    "TextRegression",
    "TokenClassification",
    "Translation",
    "TreeClassification",
    "WordEmbedding",
]
