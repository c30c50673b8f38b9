"""The time that a task takes to answer one text."""

import statistics
import time

from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.task import Task

TIMED_SENTENCES = 200


def milliseconds_per_sentence(task: Task, texts: Texts) -> float:
    """Return the median time to answer one text, in milliseconds."""
    texts = texts[:TIMED_SENTENCES]
    task.predict(texts[:1])
    seconds = []
    for text in texts:
        start = time.perf_counter()
        task.predict([text])
        seconds.append(time.perf_counter() - start)
    return round(1000 * statistics.median(seconds), 2)
