"""The flags that recipes of word-level classifiers share, and what follows from them."""

import dataclasses
from typing import Literal

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.training.run import RunConfig
from kerasnlp_zoo.training.starting_vectors import read_word_vectors


@dataclasses.dataclass
class WordClassifierConfig(RunConfig):
    """Flags that choose data, repetitions and vocabulary."""

    dataset: str = "movie_reviews"
    """Name of a data set: ours, or any suitable one of TensorFlow Datasets such as imdb_reviews or glue/sst2."""
    folds: int = 0
    """Cross-validate over this many folds instead of training once; for data without a test split."""
    seeds: int = 0
    """Train with this many seeds instead of one, and report mean and standard deviation."""
    min_count: int = 2
    """Words seen less often in the training texts become [UNK], which is thereby trained."""
    max_vocabulary_size: int | None = None
    """Most words kept, the most frequent ones."""
    segmenter: Literal["jieba"] | None = None
    """Chinese words instead of characters, found by this library."""
    max_sequence_length: int = 512
    """Longest text in tokens; longer ones lose their end."""

    def preprocessor(self, data):
        """Return a WordPreprocessor whose vocabulary is counted on the training texts."""
        return WordPreprocessor.from_texts(
            data.train.texts,
            language=data.language,
            segmenter=self.segmenter,
            min_count=self.min_count,
            max_vocabulary_size=self.max_vocabulary_size,
            max_sequence_length=self.max_sequence_length,
        )


@dataclasses.dataclass
class WordVectorConfig(WordClassifierConfig):
    """Flags that choose word vectors, beside those of `WordClassifierConfig`."""

    embeddings: str | None = None
    """Pretrained word vectors: glove_6b_50d; an entry of word vectors, or an encoder such as bert_minilm_en, which
    is given each word alone; or a text file of word2vec, GloVe or fastText (also .gz)."""
    channels: Literal["random", "static", "non_static", "multichannel"] | None = None
    """What becomes of pretrained vectors: fine-tuned (non_static, the default with --embeddings), fixed, or both."""
    embedding_dim: int = 300
    """Width of a word vector; columns beyond those of --embeddings are random."""

    def word_vectors(self, preprocessor, texts):
        """Read the pretrained vectors, if any, and say how many words have one.

        Args:
            preprocessor: WordPreprocessor.
            texts: list of str, the training texts.

        Returns:
            (channels, float array [V, embedding_dim] or None).

        Raises:
            InputError: if flags do not fit together or the vectors cannot be read.
        """
        channels = self.channels or ("non_static" if self.embeddings else "random")
        if (channels == "random") != (self.embeddings is None):
            raise InputError(
                f"--channels random is for training without --embeddings, the others need them. "
                f"Received: --channels {channels} and --embeddings {self.embeddings}"
            )
        if self.embeddings is None:
            return channels, None
        vectors = read_word_vectors(self.embeddings, preprocessor.vocabulary, self.embedding_dim, self.seed)
        print("  vectors       " + vectors.coverage(self.token_ids(preprocessor, texts)))
        return channels, vectors.values

    def token_ids(self, preprocessor, texts):
        """Return the ids of the training texts, ragged int [N, (length)]."""
        return preprocessor.features(preprocessor.prepare(texts))["token_ids"]
