"""Strings in, answers out: one small class per task, joining model, preprocessor and labels."""

from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.tasks.text_classification import TextClassification

TASKS = {task.name: task for task in (TextClassification,)}

__all__ = ["TASKS", "Task", "TextClassification"]
