"""Train the encoder of the Transformer on a text classification data set of single texts or of pairs.

kerasnlp-zoo train transformer_encoder
kerasnlp-zoo train transformer_encoder --dataset trec --embeddings glove_6b_50d --seeds 5
kerasnlp-zoo train transformer_encoder --dataset snli --embeddings glove_6b_50d
kerasnlp-zoo train transformer_encoder --train-file reviews.csv --text-column review --label-column stars
"""

import dataclasses
from typing import Any, ClassVar, Literal

from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import set_word_vectors, transformer_encoder
from kerasnlp_zoo.training import (
    Run,
    ScheduleName,
    WordVectorConfig,
    compile_labelled,
    is_repeated_run,
    labelled_task,
    run_repeatedly,
    train_labelled,
)


@dataclasses.dataclass
class Config(WordVectorConfig):
    """Train a small Transformer encoder, by default on movie_reviews, in a few minutes on two CPU cores."""

    builders = ("transformer_encoder",)
    usual_embedding_dim: ClassVar[int] = 128
    hidden_dim: int = 128
    """Width of the vectors in the blocks."""
    num_layers: int = 2
    """Number of blocks: attention and two dense layers."""
    num_heads: int = 4
    """Number of attention heads of each block."""
    intermediate_dim: int = 256
    """Number of units between the two dense layers of a block."""
    score_mode: Literal["scaled_dot", "additive"] = "scaled_dot"
    """Score of a query and a key in each attention head. additive is slower and needs more memory."""
    positions: Literal["sinusoidal", "learned", "none"] = "sinusoidal"
    """Positional encoding. none: the model is blind to the order of the words."""
    pooling: Literal["mean", "max", "first", "attention"] = "attention"
    """Pooling of the vectors of all words into one vector. first: the vector of the first token."""
    norm_first: bool = False
    """Normalize the inputs of each attention and dense layer, instead of the sums after it."""
    dropout: float = 0.3
    """Dropout rate of word vectors, attention weights, outputs of layers and features."""
    epochs: int = 10
    """Maximum number of passes over the training data."""
    learning_rate: float = 5e-4
    """Maximum learning rate."""
    label_smoothing: float = 0.1
    """Share of the probability that the loss divides among all classes, so that a model does not become overconfident
    (Vaswani et al. 2017, section 5.4)."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    warmup_steps: float = 0.1
    """Number of steps in which the learning rate increases to its maximum; a number below 1 is a share of all
    steps."""


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "transformer_encoder", config)
    run = Run("transformer_encoder", config, fold)

    data = run.same_data(config.load(fold))
    entry = run.load_entry(data.language, data.labels, data.has_pairs)
    preprocessor = entry.preprocessor if entry else config.preprocessor(data)
    print(data_report(data, preprocessor, config.batch_size))
    channels, vectors = config.load_embeddings(preprocessor, data.train.texts)

    with run.scope():
        if entry:
            model = entry.model
        else:
            model = transformer_encoder(
                vocabulary_size=preprocessor.vocabulary_size,
                num_classes=len(data.labels),
                embedding_dim=config.width(vectors),
                hidden_dim=config.hidden_dim,
                num_layers=config.num_layers,
                num_heads=config.num_heads,
                intermediate_dim=config.intermediate_dim,
                max_sequence_length=config.max_sequence_length,
                num_segments=2 if data.has_pairs else None,
                channels=channels,
                positions=None if config.positions == "none" else config.positions,
                pooling=config.pooling,
                norm_first=config.norm_first,
                dropout=config.dropout,
                score_mode=config.score_mode,
            )
        if vectors is not None:
            set_word_vectors(model, vectors)
        task = labelled_task(data, model, preprocessor)
        compile_labelled(config, task, config.make_optimizer(run.total_steps(len(data.train))))
    return train_labelled(run, task, data)


if __name__ == "__main__":
    main(read_flags(Config))
