"""Train a recurrent classifier, by default a bidirectional LSTM, on a text classification data set.

kerasnlp-zoo train bilstm
kerasnlp-zoo train bilstm --dataset trec --embeddings glove_6b_50d
kerasnlp-zoo train bilstm --dataset trec --cell gru --pooling attention --seeds 5
kerasnlp-zoo train bilstm --dataset imdb_reviews --size standard
kerasnlp-zoo train bilstm --train-file reviews.csv --text-column review --label-column stars
"""

import dataclasses
from typing import Any, ClassVar, Literal

from kerasnlp_zoo.datasets.report import data_report
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.layers.cells_by_name import Cell
from kerasnlp_zoo.models import bilstm, set_word_vectors
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

# small is the default of the builder; standard is the usual size of stacked networks.
SIZES = {
    "small": {"hidden_dim": 128, "num_layers": 2, "dropout": 0.5},
    "standard": {"hidden_dim": 512, "num_layers": 2, "dropout": 0.3},
}


@dataclasses.dataclass
class Config(WordVectorConfig):
    """Train a recurrent classifier, by default a BiLSTM on movie_reviews, in a few minutes on two CPU cores."""

    builders = ("bilstm",)
    size: Literal["small", "standard"] = "small"
    """Size of the model: 2 layers of 128 units with dropout 0.5, or standard: 2 layers of 512 with dropout 0.3.
    --hidden-dim, --num-layers and --dropout override its values."""
    usual_embedding_dim: ClassVar[int] = 100
    hidden_dim: int | None = None
    """Number of units of each layer, per direction; default: the value of --size."""
    num_layers: int | None = None
    """Number of recurrent layers; default: the value of --size."""
    cell: Cell = "lstm"
    """Type of the recurrent cell."""
    bidirectional: bool = True
    """Use recurrent layers in both directions."""
    merge: Literal["concat", "sum"] = "concat"
    """Combination of the outputs of the two directions: concatenation or sum."""
    skip_connections: bool = False
    """Add the inputs of each recurrent layer after the first to its outputs."""
    layer_norm: bool = False
    """Normalize the inputs of each recurrent layer after the first."""
    num_input_layers: int = 0
    """Number of dense layers with tanh before the recurrent layers."""
    num_output_layers: int = 0
    """Number of dense layers with tanh after the recurrent layers."""
    pooling: Literal["max", "mean", "last", "attention"] = "max"
    """Pooling of the outputs of all positions into one vector. last: the final state of each direction."""
    filter_width: int | None = None
    """Window width, in words, of a convolution before the recurrent layers. Default: no convolution."""
    dropout: float | None = None
    """Dropout rate before and after each layer; a feature is dropped at all positions. Default: the value of --size."""
    epochs: int = 10
    """Maximum number of passes over the training data."""
    learning_rate: float = 2e-3
    """Maximum learning rate."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    clip_norm: float | None = 5.0
    """Maximum norm of the gradient of all weights together; without a limit, long texts can make it explode."""

    def sizes(self) -> dict[str, Any]:
        """Return the arguments of the model that --size and its three flags determine."""
        chosen = {name: getattr(self, name) for name in SIZES[self.size]}
        return {name: SIZES[self.size][name] if value is None else value for name, value in chosen.items()}


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bilstm", config)
    run = Run("bilstm", config, fold)

    data = run.same_data(config.load(fold))
    entry = run.load_entry(data.language, data.labels, data.has_pairs)
    preprocessor = entry.preprocessor if entry else config.preprocessor(data)
    print(data_report(data, preprocessor, config.batch_size))
    channels, vectors = config.load_embeddings(preprocessor, data.train.texts)

    with run.scope():
        if entry:
            model = entry.model
        else:
            model = bilstm(
                vocabulary_size=preprocessor.vocabulary_size,
                num_classes=len(data.labels),
                embedding_dim=config.width(vectors),
                cell=config.cell,
                bidirectional=config.bidirectional,
                merge=config.merge,
                skip_connections=config.skip_connections,
                layer_norm=config.layer_norm,
                num_input_layers=config.num_input_layers,
                num_output_layers=config.num_output_layers,
                pooling=config.pooling,
                channels=channels,
                filter_width=config.filter_width,
                **config.sizes(),
            )
        if vectors is not None:
            set_word_vectors(model, vectors)
        task = labelled_task(data, model, preprocessor)
        compile_labelled(config, task, config.make_optimizer(run.total_steps(len(data.train))))
    return train_labelled(run, task, data)


if __name__ == "__main__":
    main(read_flags(Config))
