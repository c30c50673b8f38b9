"""Fine-tune BERT to mark spans in texts: names, words, parts of speech.

    kerasnlp-zoo train bert_tagging --dataset conll2003
    kerasnlp-zoo train bert_tagging --dataset msra --pretrained bert-base-chinese/
    kerasnlp-zoo train bert_tagging --train-file names.conll --columns 1 4

Published (Devlin et al. 2019, CoNLL 2003): 92.4 entity F1 with BERT-base.
"""

import dataclasses
from pathlib import Path
from typing import Any, Literal

from kerasnlp_zoo.datasets.options import TokenClassificationOptions
from kerasnlp_zoo.datasets.report import alignment_report, span_report
from kerasnlp_zoo.datasets.token_classification import load_token_classification
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.tasks.span_tags import tags_for
from kerasnlp_zoo.training import (
    SPAN_METRICS,
    FineTuningConfig,
    Run,
    ValidationScore,
    classification_metrics,
    compile_for_fine_tuning,
    finish_fine_tuning,
    is_repeated_run,
    load_encoder,
    run_repeatedly,
    trainable_summary,
)


@dataclasses.dataclass
class Config(TokenClassificationOptions, FineTuningConfig):
    """Fine-tune BERT on texts with marked spans, by default MiniLM on the names of CoNLL 2003."""

    dataset: str = "conll2003"
    """Name of a data set of this package, or of TensorFlow Datasets with tokens and tags, such as
    universal_dependencies/en_ewt."""
    train_file: Path | None = None
    """Your own data instead of a named set: a column file with one token and its tag per line, or JSON lines with a
    text and its spans."""
    tags: Literal["iob2", "bmes", "bioes"] = "iob2"
    """Scheme in which the model encodes spans as tags."""
    train_examples: int | None = None
    """Train only on the first N texts of every class; the class of a text is the rarest label of its spans."""
    learning_rate: float = 3e-4
    """Maximum learning rate."""


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bert_tagging", config)
    run = Run("bert_tagging", config, fold)

    data = run.same_data(load_token_classification(config))
    print(span_report(data))
    train = data.train if config.train_examples is None else data.train.first_of_each_class(config.train_examples)

    with run.scope():
        task = load_encoder(config, "token_classification", tags_for(data.labels, config.tags))
        compile_for_fine_tuning(
            config, task.model, config.smoothed_cross_entropy(), classification_metrics(), len(train)
        )
    print(alignment_report(train, task.preprocessor))
    print(trainable_summary(task.model))

    score = ValidationScore(task, data.validation.texts, data.validation.references, "f1")
    best = run.fit(task, train, data.validation, "val_f1", scores=[score])
    name = f"bert_{config.data_name()}_{task.preprocessor.language}"
    return finish_fine_tuning(run, task, data, best, SPAN_METRICS, name)


if __name__ == "__main__":
    main(read_flags(Config))
