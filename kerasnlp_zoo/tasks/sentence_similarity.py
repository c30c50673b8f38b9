"""One vector for each text; texts with the same meaning have similar vectors.

Shapes: N texts, D width of a vector.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import cosines
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.evaluation.sentence_similarity import sentence_similarity_scores
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.task import Preprocessor, Task, Texts, require_references


class SentenceSimilarityAnswer(AnyAnswer):
    """The vector of a text, D numbers."""

    vector: list[float]


class SentenceSimilarity(Task[SentenceSimilarityAnswer]):
    """Convert texts to vectors and compare them by cosine.

    Args:
        model: `keras.Model` -> vectors [N, D], such as one from `sentence_encoder`.
        preprocessor: converts strings to the model's inputs.
        labels: none.

    Raises:
        InputError: if there are labels.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, sentence_encoder
    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] a fine film".split())
    >>> model = sentence_encoder(vocabulary_size=len(vocabulary), **BERT_SIZES["tiny"])
    >>> task = SentenceSimilarity(model, WordPiecePreprocessor(vocabulary))
    >>> round(float(task.similarity(["a fine film"], ["A fine film"])[0]), 3)
    1.0
    """

    name = "sentence_similarity"
    main_metric: str = "spearman"

    def __init__(self, model: keras.Model, preprocessor: Preprocessor, labels: Sequence[str] = ()) -> None:
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"Sentence vectors have no labels. Received: {', '.join(self.labels)}")

    def answer(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return vector [N, D]."""
        return {"vector": tf.cast(outputs, tf.float32)}

    def to_python(self, row: Mapping[str, Any], text: Any) -> SentenceSimilarityAnswer:
        """Return {"vector": list of D floats}."""
        return {"vector": [float(value) for value in row["vector"]]}

    def readable(self, answer: SentenceSimilarityAnswer) -> str:
        """Return the first numbers of the vector."""
        return " ".join(f"{value:.3f}" for value in answer["vector"][:4]) + " ..."

    def vectors(self, texts: Texts, batch_size: int | None = None) -> np.ndarray:
        """Return the vectors of texts: float32 array [N, D]."""
        return self.outputs(texts, batch_size)["vector"]

    def similarity(self, first: Sequence[str], second: Sequence[str]) -> np.ndarray:
        """Return the cosine of `first[i]` and `second[i]` for every i: float array [N], from -1 to 1.

        Raises:
            InputError: if the lists differ in length.
        """
        if len(first) != len(second):
            raise InputError(f"Expected two lists of the same length. Received: {len(first)} and {len(second)} texts")
        vectors = self.vectors([*first, *second])
        return cosines(vectors[: len(first)], vectors[len(first) :])

    def most_similar(self, text: str, candidates: Sequence[str], count: int = 10) -> list[tuple[str, float]]:
        """Return the `count` candidates that are most similar to a text, and their cosines, the best first."""
        scores = cosines(self.vectors([text]), self.vectors(candidates))
        return [(candidates[index], float(scores[index])) for index in np.argsort(-scores)[:count]]

    def evaluate(
        self,
        texts: Sequence[tuple[str, str]],
        references: Sequence[float] | None = None,
        batch_size: int | None = None,
    ) -> dict[str, Any]:
        """Correlate the cosines of pairs of sentences with human scores.

        Args:
            texts: pairs of sentences.
            references: a human score for each pair, higher for more similar sentences.
            batch_size: number of sentences in a batch; None for the default of the task.

        Returns:
            dict of score, metric ("spearman"), spearman and pearson.

        Raises:
            InputError: if there are fewer than two pairs, or the numbers of scores and pairs differ.
        """
        references = require_references(texts, references, "a score", least=2)
        first, second = zip(*texts, strict=True)
        vectors = self.vectors([*first, *second], batch_size)
        scores = sentence_similarity_scores(vectors[: len(first)], vectors[len(first) :], references)
        return with_main_score(scores, self.main_metric)
