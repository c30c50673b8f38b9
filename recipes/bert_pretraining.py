"""Pretrain BERT from random weights: predict masked words, and whether one sentence follows another.

    kerasnlp-zoo train bert_pretraining
    kerasnlp-zoo train bert_pretraining --corpus my_texts/ --size mini
    kerasnlp-zoo train bert_pretraining --dataset wikipedia/20230601.en --size base --epochs 100 --epoch-steps 10000

A document ends at a blank line or at the end of a file. The input pipeline produces 2.5 million tokens per second and
core. The smallest BERT trains on nine thousand tokens per second; with --jit on a CPU, on one thousand.
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import BERT_SIZES, bert_pretrainer
from kerasnlp_zoo.models.bert import EncoderArguments
from kerasnlp_zoo.text.bert_examples import BertExamples
from kerasnlp_zoo.training import (
    SMOKE_STEPS,
    PretrainingConfig,
    Run,
    Throughput,
    compile_for_pretraining,
    finish_pretraining,
    read_documents,
)


@dataclasses.dataclass
class Config(PretrainingConfig):
    """Pretrain BERT, by default the smallest one on WikiText-2, two million words of Wikipedia."""

    score_mode: Literal["scaled_dot", "additive"] = "scaled_dot"
    """Score of a query and a key in each attention head. additive is slower and needs more memory."""


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("bert_pretraining", config)
    source, documents, preprocessor = read_documents(run)

    examples = BertExamples(documents, config.max_sequence_length, config.seed)
    steps = config.epoch_steps or examples.steps_of_a_pass(config.batch_size)
    steps = min(steps, SMOKE_STEPS) if config.smoke else steps
    validation = examples.validation(config.batch_size)

    size: EncoderArguments = {
        **BERT_SIZES[config.size],
        "max_sequence_length": config.max_sequence_length,
        "score_mode": config.score_mode,
    }
    with run.scope():
        model = bert_pretrainer(vocabulary_size=len(documents.vocabulary), **size)
        compile_for_pretraining(config, model, run.epochs * steps)

    speed = Throughput("tokens_per_second", steps * config.batch_size * config.max_sequence_length, steps)
    dataset = examples.training(config.batch_size, steps)
    run.train(model, dataset, [speed, run.history], validation_data=validation)
    return finish_pretraining(run, source, documents, model, preprocessor, validation)


if __name__ == "__main__":
    main(read_flags(Config))
