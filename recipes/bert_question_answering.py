"""Fine-tune BERT to find the answer to a question in a passage.

    kerasnlp-zoo train bert_question_answering --dataset squad
    kerasnlp-zoo train bert_question_answering --dataset wikitext2_cloze --max-sequence-length 256
    kerasnlp-zoo train bert_question_answering --train-file questions.json

Published (Devlin et al. 2019, SQuAD 1.1, validation): 88.5 answer F1 with BERT-base.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringOptions, QuestionExample, load_question_answering
from kerasnlp_zoo.datasets.report import question_report
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.tasks.question_answering import NO_ANSWER
from kerasnlp_zoo.training import (
    FineTuningConfig,
    Run,
    compile_for_fine_tuning,
    finish_fine_tuning,
    is_repeated_run,
    load_encoder,
    run_repeatedly,
    span_cross_entropy,
    trainable_summary,
)


@dataclasses.dataclass
class Config(QuestionAnsweringOptions, FineTuningConfig):
    """Fine-tune BERT on questions about passages, in the format of SQuAD."""

    dataset: str = "squad"
    """Name of a data set: wikitext2_cloze, names to be found in paragraphs of Wikipedia; or, of TensorFlow Datasets,
    squad, squad2, or another in SQuAD's format."""
    train_file: Path | None = None
    """Your own data instead of a named set: a JSON file in the format of SQuAD 1.1 or 2.0."""
    max_sequence_length: int = 384
    """Length of a window in tokens, with the question and a part of the passage; long passages have several windows."""
    batch_size: int = 16
    """Number of windows in a batch, for all replicas together."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        self.refuse_label_smoothing(
            "an answer is at one position, and positions outside of the passage have no probability"
        )


class Questions(NamedTuple):
    """Questions in the form that the task takes.

    Attributes:
        texts: (question, passage) of each.
        labels: start and end of the first correct answer, in characters; None without an answer.
        references: all correct answers.
    """

    texts: list[tuple[str, str]]
    labels: list[tuple[int, int] | None]
    references: list[list[str]]


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bert_question_answering", config)
    run = Run("bert_question_answering", config, fold)

    examples = run.same_data(load_question_answering(config))
    print(question_report(examples))
    can_abstain = any(not example.answers for example in examples.train)
    splits: dict[str, Any] = {name: questions_of(getattr(examples, name)) for name in ("train", "validation", "test")}
    data: Any = dataclasses.replace(examples, **splits)

    with run.scope():
        labels = [NO_ANSWER] if can_abstain else None
        task = load_encoder(config, "question_answering", labels, pairs=True)
        num_windows = task.num_windows(data.train.texts)
        compile_for_fine_tuning(config, task.model, span_cross_entropy, [], num_windows)
    print(trainable_summary(task.model))

    best = run.fit(task, data.train, data.validation, monitor="val_loss")
    name = f"bert_{config.data_name()}_{task.preprocessor.language}"
    return finish_fine_tuning(run, task, data, best, {"f1": "answer F1"}, name)


def questions_of(examples: Sequence[QuestionExample]) -> Questions:
    """Convert examples of a data set into `Questions`."""
    return Questions(
        [(example.question, example.passage) for example in examples],
        [(example.answers[0].start, example.answers[0].end) if example.answers else None for example in examples],
        [[answer.text for answer in example.answers] for example in examples],
    )


if __name__ == "__main__":
    main(read_flags(Config))
