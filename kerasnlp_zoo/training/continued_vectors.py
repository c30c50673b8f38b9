"""Word vectors whose training continues: the vocabulary and both tables of an entry.

Shapes: V vocabulary, E vocabulary of the entry, D width of a vector.
"""

import dataclasses
from collections.abc import Sequence
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.corpora import CorpusOptions, open_corpus
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models.embedding_inputs import TRAINED
from kerasnlp_zoo.models.word_embedding import OUTPUT
from kerasnlp_zoo.tasks import WordEmbedding
from kerasnlp_zoo.training.table_trainer import TableTrainer
from kerasnlp_zoo.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class ContinuedVectors:
    """The vectors of an entry, from which training continues.

    Attributes:
        name: name or folder of the entry.
        vocabulary: its tokens, which keep their ids.
        tables: the input vectors and the output vectors, float32 [E, D] each.
    """

    name: str
    vocabulary: Vocabulary
    tables: tuple[np.ndarray, np.ndarray]

    @classmethod
    def read(cls, entry: str, options: CorpusOptions, embedding_dim: int) -> Self:
        """Read an entry that was trained with --keep-output.

        Args:
            entry: name or folder of the entry.
            options: the text to train on, which must have the language of the entry.
            embedding_dim: D, which must be the width of the entry's vectors.

        Raises:
            InputError: if the entry has no output vectors, or does not fit the text or the width.
        """
        task = zoo.load(entry)
        if not isinstance(task, WordEmbedding) or not task.has_output_vectors:
            raise InputError(
                f"{entry} has no output vectors, without which training cannot continue. Expected an entry of "
                "kerasnlp-zoo train word2vec --keep-output"
            )
        language, width = open_corpus(options).language, task.vectors.shape[1]
        if language != task.preprocessor.language:
            raise InputError(
                f"{entry} has words of the language {task.preprocessor.language!r}. Received: a text of the language "
                f"{language!r}. Use a text of the entry's language, or --language {task.preprocessor.language}"
            )
        if width != embedding_dim:
            raise InputError(
                f"{entry} has vectors of {width} columns. Received: --embedding-dim {embedding_dim}. "
                f"Use --embedding-dim {width}"
            )
        output = keras.ops.convert_to_numpy(task.model.get_layer(OUTPUT).embeddings)
        return cls(entry, task.preprocessor.vocabulary, (task.vectors, output))

    def assign(self, variables: Sequence[keras.Variable]) -> None:
        """Set the first rows of the input and output table [V, D or more] of a model; new words keep their values."""
        for variable, values in zip(variables, self.tables, strict=True):
            table = np.array(variable)
            table[: len(values), : values.shape[1]] = values
            variable.assign(table)

    def loss(self, trainer: TableTrainer, dataset: tf.data.Dataset) -> float:
        """Return the loss of the assigned vectors on a text, in a pass that only fills the sums of Adagrad.

        Without these sums, the first steps would be as large as those of random vectors.
        """
        trainer.compile(0.0)
        return trainer.fit(dataset, shuffle=False, verbose=0).history["loss"][0]


def both_tables(model: keras.Model) -> tuple[keras.Variable, keras.Variable]:
    """Return the variables of the input and output vectors of a word2vec trainer or of a plain word2vec model."""
    if isinstance(model, TableTrainer):
        inputs, outputs = model.tables
        return inputs.vectors, outputs.vectors
    return model.get_layer(TRAINED).embeddings, model.get_layer("word_prediction").embeddings
