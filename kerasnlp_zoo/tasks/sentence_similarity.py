"""One vector for each text: texts that mean the same have vectors that point the same way.

Shapes: N texts, D width of a vector.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.correlation import cosines
from kerasnlp_zoo.evaluation.sentence_similarity import sentence_similarity_scores
from kerasnlp_zoo.tasks.task import Task


class SentenceSimilarity(Task):
    """Turn texts into vectors and compare them by cosine.

    Args:
        model: `keras.Model` -> vectors [N, D], such as `sentence_encoder` makes.
        preprocessor: turns strings into the model's inputs.
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
    main_score = "spearman", 100

    def __init__(self, model, preprocessor, labels=()):
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"Sentence vectors have no labels. Received: {', '.join(self.labels)}")

    def answer(self, outputs):
        """Return vector [N, D]."""
        return {"vector": tf.cast(outputs, tf.float32)}

    def to_python(self, row, text):
        """Return {"vector": list of D floats}."""
        return {"vector": [float(value) for value in row["vector"]]}

    def readable(self, answer):
        """Return the first numbers of the vector."""
        return " ".join(f"{value:.3f}" for value in answer["vector"][:4]) + " ..."

    def vectors(self, texts, batch_size=None):
        """Return the vectors of a list of str: float32 array [N, D]."""
        return self.outputs(texts, batch_size)["vector"]

    def similarity(self, first, second):
        """Return the cosine of each text of `first` with the one in its place in `second`.

        Args:
            first, second: lists of N str.

        Returns:
            float array [N], from -1 to 1.

        Raises:
            InputError: if the lists differ in length.
        """
        if len(first) != len(second):
            raise InputError(f"Expected two lists of one length. Received: {len(first)} and {len(second)} texts")
        vectors = self.vectors([*first, *second])
        return cosines(vectors[: len(first)], vectors[len(first) :])

    def most_similar(self, text, candidates, count=10):
        """Return the candidates that are closest to a text.

        Args:
            text: str.
            candidates: list of str.
            count: int, most that are returned.

        Returns:
            list of (str, float cosine), the closest first.
        """
        scores = cosines(self.vectors([text]), self.vectors(candidates))
        return [(candidates[place], float(scores[place])) for place in np.argsort(-scores)[:count]]

    def evaluate(self, pairs, scores, batch_size=256):
        """Correlate cosines with what people say of pairs of sentences.

        Args:
            pairs: list of (str, str).
            scores: list of numbers, the higher the more alike.
            batch_size: int.

        Returns:
            dict of spearman and pearson.

        Raises:
            InputError: if there are fewer than two pairs, or another number of scores.
        """
        if len(pairs) < 2 or len(pairs) != len(scores):
            raise InputError(
                "A correlation needs at least two pairs, and one score for each. "
                f"Received: {len(pairs)} pairs and {len(scores)} scores"
            )
        first, second = zip(*pairs, strict=True)
        vectors = self.vectors([*first, *second], batch_size)
        return sentence_similarity_scores(vectors[: len(first)], vectors[len(first) :], scores)
