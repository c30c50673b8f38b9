"""Scores of word vectors while they are trained."""

import keras

from kerasnlp_zoo.evaluation.analogies import analogy_scores
from kerasnlp_zoo.evaluation.word_similarity import word_similarity_scores
from kerasnlp_zoo.models.embedding_inputs import word_vectors


class WordVectorScores(keras.callbacks.Callback):
    """Score the vectors of the layer `token_embedding`, or of a trainer, after every epoch.

    The scores join the epoch's logs: the progress bar shows them, and so does a `HistoryFile` that is
    listed after this callback. Each set of word pairs adds its Spearman correlation under its own name,
    the questions add the accuracy of 3CosAdd as `analogies`. All 19,544 questions take a few seconds an
    epoch.

    Args:
        tokens: list of str, V: a row of the layer's matrix each.
        pairs: list of `WordPairs`.
        questions: `AnalogyQuestions`, or None.

    Raises:
        InputError: when training starts, if the model has no such layer, or the vocabulary knows none of
            the words.

    Example:

    >>> import numpy as np
    >>> from kerasnlp_zoo.datasets.word_evaluation import WordPairs
    >>> tokens = ["[PAD]", "[UNK]", "cup", "mug", "train"]
    >>> pairs = WordPairs("mine", [("cup", "mug"), ("cup", "train"), ("mug", "train")], [9, 1, 2])
    >>> embedding = keras.layers.Embedding(5, 8, name="token_embedding")
    >>> model = keras.Sequential([keras.Input((1,)), embedding, keras.layers.Flatten(), keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> callback = WordVectorScores(tokens, [pairs])
    >>> history = model.fit(np.array([[2], [3], [4]]), np.array([1.0, 1.0, 0.0]), callbacks=[callback], verbose=0)
    >>> list(history.history)
    ['loss', 'mine']
    """

    def __init__(self, tokens, pairs=(), questions=None):
        super().__init__()
        self.tokens = tokens
        self.pairs = pairs
        self.questions = questions

    def scores(self):
        """Return {name: score} of the vectors as they are now."""
        vectors = word_vectors(self.model)
        scores = {pairs.name: word_similarity_scores(self.tokens, vectors, pairs)["spearman"] for pairs in self.pairs}
        if self.questions is not None:
            scores["analogies"] = analogy_scores(self.tokens, vectors, self.questions)["accuracy"]
        return scores

    def on_train_begin(self, logs=None):
        """Score once, so that what cannot be scored is refused before the first step."""
        self.scores()

    def on_epoch_end(self, epoch, logs=None):
        """Add the scores to the epoch's logs."""
        logs.update(self.scores())
