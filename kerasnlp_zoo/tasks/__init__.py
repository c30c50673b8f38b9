"""Strings in, answers out: one small class per task, joining model, preprocessor and labels."""

from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.tasks.text_classification import TextClassification
from kerasnlp_zoo.tasks.word_embedding import WordEmbedding

TASKS = {task.name: task for task in (TextClassification, WordEmbedding)}

__all__ = ["TASKS", "Task", "TextClassification", "WordEmbedding"]
