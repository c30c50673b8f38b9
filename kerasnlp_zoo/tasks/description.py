"""The description of a task as JSON values: an entry and an exported SavedModel contain it."""

from kerasnlp_zoo.tasks.exportable import Exportable
from kerasnlp_zoo.types import Config

EXTRA = "assets.extra"  # folder of a SavedModel for files that TensorFlow does not read
DESCRIPTION = "task.json"
VOCABULARY = "vocabulary.txt"


def describe(task: Exportable) -> Config:
    """Return the class, labels, builder and preprocessing of a task whose model comes from a builder."""
    return {
        "task": task.name,
        "labels": task.labels,
        **({"task_arguments": task.arguments} if task.arguments else {}),
        "language": task.preprocessor.language,
        "builder": task.model.builder_config["builder"],
        "builder_arguments": dict(task.model.builder_config["arguments"]),
        "preprocessing": {"class": type(task.preprocessor).__name__, "config": task.preprocessor.get_config()},
    }
