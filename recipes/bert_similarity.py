"""Fine-tune BERT to score pairs of texts, for example by the similarity of two sentences.

    kerasnlp-zoo train bert_similarity
    kerasnlp-zoo train bert_similarity --language zh --pretrained bert-base-chinese/
    kerasnlp-zoo train bert_similarity --train-file pairs.tsv --text-column first --text-pair-column second

The model reads both sentences together. Its scores are better than the cosine of two sentence vectors
(`sentence_similarity`), but every pair needs one pass of the model.
"""

import dataclasses
from typing import Any

from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.datasets.text_regression import load_text_regression
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.training import (
    FineTuningConfig,
    Run,
    compile_for_fine_tuning,
    finish_fine_tuning,
    is_repeated_run,
    load_encoder,
    run_repeatedly,
    squared_error,
    trainable_summary,
)


@dataclasses.dataclass
class Config(FineTuningConfig):
    """Fine-tune BERT on texts labelled with numbers, by default MiniLM on the pairs of the STS Benchmark."""

    dataset: str = "sts_benchmark"
    """Name of a data set: sts_benchmark, or a data set of TensorFlow Datasets whose labels are numbers."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        self.refuse_label_smoothing("the labels are numbers, not classes")


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bert_similarity", config)
    run = Run("bert_similarity", config, fold)

    data = run.same_data(load_text_regression(config))
    with run.scope():
        task = load_encoder(config, "text_regression", data.labels, pairs=data.has_pairs)
        compile_for_fine_tuning(config, task.model, squared_error, [], len(data.train))
    print(data_report(data, task.preprocessor, config.batch_size))
    print(trainable_summary(task.model))

    best = run.fit(task, data.train, data.validation, monitor="val_loss")
    name = f"bert_{config.data_name()}_{task.preprocessor.language}"
    return finish_fine_tuning(run, task, data, best, {"spearman": "Spearman"}, name)


if __name__ == "__main__":
    main(read_flags(Config))
