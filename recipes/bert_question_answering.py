"""Fine-tune BERT to find the answer to a question in a passage.

    kerasnlp-zoo train bert_question_answering --dataset squad
    kerasnlp-zoo train bert_question_answering --train-file questions.json

Published (Devlin et al. 2019, SQuAD 1.1, validation): 88.5 answer F1 with BERT-base.
"""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringOptions, load_question_answering
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
    """Name of a data set of TensorFlow Datasets: squad, squad2, or another in SQuAD's format."""
    train_file: Path | None = None
    """Your own data instead: a JSON file in the format of SQuAD 1.1 or 2.0."""
    max_sequence_length: int = 384
    """Tokens of a question and a part of its passage; longer passages are read in several windows."""
    batch_size: int = 16
    """Windows in a batch, summed over all replicas."""


class Questions(NamedTuple):
    """Questions as the task takes them: (question, passage), a right place for training, all right answers."""

    texts: list
    labels: list
    answers: list


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bert_question_answering", config)
    run = Run("bert_question_answering", config, fold)

    data = load_question_answering(config)
    print(question_report(data))
    can_abstain = any(not example.answers for example in data.train)
    data = dataclasses.replace(
        data, **{name: questions_of(getattr(data, name)) for name in ("train", "validation", "test")}
    )

    with run.scope():
        labels = [NO_ANSWER] if can_abstain else None
        task = load_encoder(config, "question_answering", labels, pairs=True)
        num_windows = task.num_windows(data.train.texts)
        compile_for_fine_tuning(config, task.model, span_cross_entropy, [], num_windows)
    print(trainable_summary(task.model))

    best = run.fit(task, data.train, data.validation, monitor="val_loss")
    name = f"bert_{config.data_name()}_{task.preprocessor.language}"
    return finish_fine_tuning(
        run, task, data, best, lambda split: task.evaluate(split.texts, split.answers), "answer F1", "f1", name
    )


def questions_of(examples):
    """Turn examples of a data set into `Questions`."""
    return Questions(
        [(example.question, example.passage) for example in examples],
        [(example.answers[0].start, example.answers[0].end) if example.answers else None for example in examples],
        [[answer.text for answer in example.answers] for example in examples],
    )


if __name__ == "__main__":
    main(read_flags(Config))
