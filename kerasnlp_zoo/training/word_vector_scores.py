"""Scores of word vectors during training."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasnlp_zoo.evaluation.analogies import AnalogyQuestions, analogy_scores
from kerasnlp_zoo.evaluation.word_similarity import WordPairs, word_similarity_scores
from kerasnlp_zoo.models.embedding_inputs import get_word_vectors


class WordVectorScores(keras.callbacks.Callback):
    """Score the vectors of the layer `token_embedding`, or of a trainer, after every epoch.

    The scores are added to the logs of the epoch. The progress bar shows them, and a `HistoryFile` that is listed
    after this callback writes them. The log of a set of word pairs is its Spearman correlation, under the name of
    the set. The log of the questions is the accuracy of 3CosAdd, under `analogies`. All 19,544 questions take a few
    seconds per epoch.

    Args:
        tokens: the V tokens, in the order of the vectors.
        word_pairs: sets of word pairs.
        questions: analogy questions, or None.

    Raises:
        InputError: at the start of training, if the model has no such layer, or if the vocabulary has none of
            the words.

    Example:

    >>> import numpy as np
    >>> tokens = ["[PAD]", "[UNK]", "cup", "mug", "train"]
    >>> word_pairs = WordPairs("mine", [("cup", "mug"), ("cup", "train"), ("mug", "train")], [9, 1, 2])
    >>> embedding = keras.layers.Embedding(5, 8, name="token_embedding")
    >>> model = keras.Sequential([keras.Input((1,)), embedding, keras.layers.Flatten(), keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> callback = WordVectorScores(tokens, [word_pairs])
    >>> history = model.fit(np.array([[2], [3], [4]]), np.array([1.0, 1.0, 0.0]), callbacks=[callback], verbose=0)
    >>> list(history.history)
    ['loss', 'mine']
    """

    def __init__(
        self, tokens: Sequence[str], word_pairs: Sequence[WordPairs] = (), questions: AnalogyQuestions | None = None
    ) -> None:
        super().__init__()
        self.tokens = tokens
        self.word_pairs = word_pairs
        self.questions = questions

    def scores(self) -> dict[str, float]:
        """Return {name: score} for the current vectors."""
        vectors = get_word_vectors(self.model)
        scores = {
            pairs.name: word_similarity_scores(self.tokens, vectors, pairs)["spearman"] for pairs in self.word_pairs
        }
        if self.questions is not None:
            scores["analogies"] = analogy_scores(self.tokens, vectors, self.questions)["accuracy"]
        return scores

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Score once: vectors that cannot be scored then raise an error before the first step."""
        self.scores()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the scores to the logs of the epoch."""
        if logs is not None:
            logs.update(self.scores())
