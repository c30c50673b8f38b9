"""Words and their vectors: similar words, analogies, and the word that does not match the others.

Words are compared by the cosine of their vectors. A word is looked up as written, and then in normalized spelling:
"Paris" finds "paris" in a vocabulary of lower-case words.

Shapes: N words or texts, T = 1 word per text, D width of a vector, V vocabulary, K neighbours.
"""

import functools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.evaluation.analogies import AnalogyQuestions, analogy_scores
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.evaluation.word_similarity import WordPairs, word_similarity_scores
from kerasnlp_zoo.models import sentence_vectors, set_word_vectors, word_embedding
from kerasnlp_zoo.models.embedding_inputs import TRAINED
from kerasnlp_zoo.models.sentence_vectors import FIRST_WORD
from kerasnlp_zoo.models.word_embedding import set_output_vectors
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.ranked_words import cosines, ranked_words, word_probabilities
from kerasnlp_zoo.tasks.task import Task, refuse_references
from kerasnlp_zoo.tasks.word_queries import NEIGHBOURS, WordQueries
from kerasnlp_zoo.text import SingleWordPreprocessor
from kerasnlp_zoo.types import Language
from kerasnlp_zoo.vocabulary import Vocabulary

logger = logging.getLogger("kerasnlp_zoo")
Method: TypeAlias = Literal["mean", "sif"]
METHODS: tuple[Method, ...] = ("mean", "sif")


class Neighbour(TypedDict):
    """A similar word and the cosine of the two vectors."""

    word: str
    score: float


class Context(TypedDict):
    """A word and the probability that it is a context of another word."""

    word: str
    probability: float


class WordEmbeddingAnswer(AnyAnswer):
    """A word with its neighbours, the most similar one first, and its most probable contexts.

    An unknown word has none of them. Contexts require output vectors.
    """

    word: str
    neighbours: list[Neighbour]
    contexts: NotRequired[list[Context]]


class WordEmbedding(WordQueries, Task[WordEmbeddingAnswer]):
    """Find the words with the most similar vectors, and calculate with word vectors.

    The task copies the vectors from the model when it first needs them. After training, create a new task.

    Args:
        model: `keras.Model` from `word_embedding`.
        preprocessor: `SingleWordPreprocessor`.
        labels: none.

    Raises:
        InputError: if the vocabulary does not fit the model, or there are labels.

    Example:

    >>> from kerasnlp_zoo.text import Vocabulary
    >>> vocabulary = Vocabulary(["[PAD]", "[UNK]", "cup", "mug", "train"])
    >>> task = WordEmbedding.from_vectors(vocabulary, [[0, 0], [0, 0], [3, 1], [2, 1], [0, 1]])
    >>> task.most_similar("cup", count=1)
    [('mug', 0.98...)]
    >>> task.doesnt_match(["cup", "mug", "train"])
    'train'
    """

    name = "word_embedding"
    batch_size = 32  # the cosines of 32 words and 400,000 other words need 50 MB
    preprocessor: SingleWordPreprocessor

    def __init__(self, model: keras.Model, preprocessor: SingleWordPreprocessor, labels: Sequence[str] = ()) -> None:
        super().__init__(model, preprocessor, labels)
        if self.labels:
            raise InputError(f"Word vectors have no labels. Received: {', '.join(self.labels)}")
        self.has_output_vectors = isinstance(model.output, dict)
        vectors = model.output["vectors"] if self.has_output_vectors else model.output
        if all(layer.name != TRAINED for layer in model.layers) or len(vectors.shape) != 3:
            raise InputError(
                f"Expected a model from ids to word vectors [B, T, D] with a layer {TRAINED!r}, such as "
                f"word_embedding(vocabulary_size, embedding_dim). Received: {model.name}"
            )

    @classmethod
    def from_vectors(
        cls,
        vocabulary: Vocabulary,
        vectors: np.ndarray | Sequence[Sequence[float]],
        language: Language = "en",
        segmenter: Literal["jieba"] | None = None,
        output: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> "WordEmbedding":
        """Create a task from words and their vectors.

        Args:
            vocabulary: the words, the most frequent first.
            vectors: float array [V, D], a row per token id; the rows of `[PAD]` and `[UNK]` are not used.
            language: language of the words; it selects the rules that split sentences into words.
            segmenter: "jieba" if the vocabulary contains Chinese words that jieba finds.
            output: the output vectors [V, D] of word2vec and their bias [V] (`models.word2vec.word2vec_bias`), to
                predict contexts and to continue the training; None for none.

        Raises:
            InputError: if the numbers of vectors and tokens differ, or a vector contains NaN or infinity.
        """
        vectors = np.asarray(vectors, "float32")
        if vectors.ndim != 2 or len(vectors) != len(vocabulary) or not vectors.size:
            raise InputError(
                f"Expected vectors [V, D], a row for each of the {len(vocabulary):,} tokens of the vocabulary. "
                f"Received the shape {vectors.shape}"
            )
        broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(broken):
            raise InputError(
                f"{len(broken):,} word vectors contain NaN or infinity; the first one is for "
                f"{vocabulary.tokens[broken[0]]!r}. Train them again with a lower learning rate, or copy them again"
            )
        model = word_embedding(*vectors.shape, has_output_vectors=output is not None)
        set_word_vectors(model, vectors)
        if output is not None:
            set_output_vectors(model, *output)
        return cls(model, SingleWordPreprocessor(vocabulary, language, segmenter))

    @property
    def tokens(self) -> list[str]:
        """The V tokens of the vocabulary, `[PAD]` and `[UNK]` first."""
        return self.preprocessor.vocabulary.tokens

    @functools.cached_property
    def vectors(self) -> np.ndarray:
        """The vectors of all tokens: float32 array [V, D]."""
        return np.asarray(self._matrix())

    def ids(self, words: Sequence[str]) -> np.ndarray:
        """Return the id of every word as an int array [N]; 1 if the word is unknown."""
        strings = [word.encode("utf-8", "surrogatepass") for word in self._checked(words)]
        return self.preprocessor.features(tf.constant(strings, tf.string))["token_ids"].flat_values.numpy()

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and bool(self.ids([word])[0] >= FIRST_WORD)

    def contexts(self, word: str, count: int = NEIGHBOURS) -> list[tuple[str, float]]:
        """Return the most probable words near a word: pairs (context, P(context | word)), the most probable first.

        Raises:
            InputError: if the word is unknown, or the vectors have no output vectors.
        """
        require_positive(count=count)
        probabilities = self._context_probabilities(word)
        rows = np.argsort(-probabilities, kind="stable")[: min(count, len(self.tokens) - FIRST_WORD)]
        return [(self.tokens[row], float(probabilities[row])) for row in rows]

    def context_probability(self, context: str, word: str) -> float:
        """Return P(context | word). Errors are as in `contexts`."""
        return float(self._context_probabilities(word)[self.known_ids([context])[0]])

    def sentence_vector(
        self, texts: Sequence[str], method: Method = "mean", counts: np.ndarray | Sequence[int] | None = None
    ) -> np.ndarray:
        """Average the vectors of the words of each text.

        Args:
            texts: N texts.
            method: "mean"; or "sif", which weights frequent words less and then removes the direction that all `texts`
                share. Its vectors depend on all texts of the call: pass all texts that you want to compare in one call.
                `models.sentence_vectors` has the single steps.
            counts: int array [V], the count of each token, such as `Corpus.counts`, for "sif"; None estimates the
                counts from the order of the vocabulary by Zipf's law.

        Returns:
            float array [N, D], zeros for a text without known words.

        Raises:
            InputError: for another method, counts of another length, or "sif" of a single text.
        """
        require_choice("method", method, METHODS)
        texts = self._checked(texts)
        if counts is not None and np.shape(counts) != (len(self.tokens),):
            raise InputError(f"Expected {len(self.tokens):,} counts, one per token. Received: {np.shape(counts)}")
        preprocessor = self.preprocessor.sentences()
        token_ids = preprocessor.complete_features(preprocessor.prepare(texts))["token_ids"]
        if method == "mean":
            return sentence_vectors.mean_vectors(token_ids, self.vectors)
        if len(texts) < 2:
            raise InputError(f"The method 'sif' needs at least 2 texts. Received: {len(texts)}. Use 'mean'")
        if counts is None:
            probabilities = sentence_vectors.zipf_probabilities(len(self.tokens))
        else:
            probabilities = sentence_vectors.probabilities_from_counts(counts)
        weights = sentence_vectors.inverse_frequency_weights(probabilities)
        means = sentence_vectors.mean_vectors(token_ids, self.vectors, weights)
        return sentence_vectors.without_direction(means, sentence_vectors.common_direction(means))

    def embedding_layer(self, vocabulary: Vocabulary, trainable: bool = False) -> keras.layers.Embedding:
        """Create an embedding layer for any Keras model: these vectors in the order of another vocabulary.

        Words without a vector are logged. Their rows are zeros in a fixed layer. In a trainable layer they are random,
        with the variance of the known vectors.

        Args:
            vocabulary: vocabulary of the model.
            trainable: whether training changes the vectors.

        Returns:
            A layer int [B, T] -> float [B, T, D], named "token_embedding".
        """
        ids = self.ids(vocabulary.tokens)
        found = ids >= FIRST_WORD
        known = self.vectors[ids[found]]
        values = np.zeros((len(ids), self.vectors.shape[1]), "float32")
        if trainable:
            variance = known.var() if len(known) else self.vectors[FIRST_WORD:].var()
            limit = np.sqrt(3 * variance)  # U(-a, a) has the variance a^2 / 3
            values = keras.random.uniform(values.shape, -limit, limit)
            values = np.array(values)
        values[0] = 0  # [PAD]
        values[found] = known
        missing = [token for token, is_found in zip(vocabulary.tokens, found, strict=True) if not is_found][FIRST_WORD:]
        if missing:
            logger.warning(
                "%s of %s words have no vector and are %s: %s%s",
                f"{len(missing):,}",
                f"{len(ids) - FIRST_WORD:,}",
                "random" if trainable else "zeros",
                ", ".join(missing[:7]),
                " ..." if len(missing) > 7 else "",
            )
        layer = keras.layers.Embedding(*values.shape, trainable=trainable, name=TRAINED)
        layer.build()
        layer.embeddings.assign(values)
        return layer

    def evaluate(
        self,
        texts: Sequence[WordPairs | AnalogyQuestions],
        references: Sequence[Any] | None = None,
        batch_size: int | None = None,
    ) -> dict[str, Any]:
        """Score the vectors on word similarity and analogies.

        Args:
            texts: sets of word pairs and of analogy questions with different names, such as
                `datasets.word_evaluation.published_word_sets("en")`.
            references: none; the sets contain them.
            batch_size: not used.

        Returns:
            dict of score and metric, the Spearman correlation or accuracy of the first set; and for the name of each
            set a dict of its scores (`evaluation.word_similarity_scores` or `evaluation.analogy_scores`).

        Raises:
            InputError: if there is no set, a set contains no word of the vocabulary, or there are references.
        """
        refuse_references(references, "Sets of word pairs and of analogy questions contain their references.")
        for given in texts:
            if not isinstance(given, (WordPairs, AnalogyQuestions)):
                raise InputError(
                    "Expected WordPairs and AnalogyQuestions, such as published_word_sets('en') of "
                    f"datasets.word_evaluation. Received: {given!r:.60}"
                )
        names = [Path(given.name).stem for given in texts]
        if not names or len({*names, "score", "metric"}) != len(names) + 2:
            raise InputError(
                "Expected one or more sets with different names, other than score and metric. "
                f"Received: {', '.join(names) or 'no set'}"
            )
        scores = dict(zip(names, map(self._score, texts), strict=True))
        main = "spearman" if isinstance(texts[0], WordPairs) else "accuracy"
        return with_main_score(scores, names[0], main)

    def _score(self, given: WordPairs | AnalogyQuestions) -> dict[str, Any]:
        if isinstance(given, WordPairs):
            return word_similarity_scores(self.tokens, self.vectors, given)
        return analogy_scores(self.tokens, self.vectors, given)

    def answer_features(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the dict of answers for token_ids int [N, T]; the first token of a row is the word."""
        token_ids = features["token_ids"][:, :1]
        outputs = self.model(token_ids, training=False)
        outputs = outputs if self.has_output_vectors else {"vectors": outputs}  # [N, 1, ...]
        first = {name: tf.cast(values[:, 0], tf.float32) for name, values in outputs.items()}
        return self.answer({"token_ids": token_ids[:, 0], **first})

    def answer(self, outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the vector and the neighbours of each word.

        Returns:
            dict of word [N]; known bool [N]; vector [N, D], zeros if the word is unknown; count [N], the number of
            neighbours; neighbours string [N, K], neighbour_ids and scores, padded with "", -1 and 0. With output
            vectors also contexts string [N, K], context_ids and context_probabilities.
        """
        token_ids, vectors = outputs["token_ids"], outputs["vectors"]
        known = token_ids >= FIRST_WORD
        candidates = tf.range(len(self.tokens))
        is_word = known[:, None] & (candidates >= FIRST_WORD)  # [N, V]
        is_other = is_word & (candidates != token_ids[:, None])
        neighbours = ranked_words(self.tokens, cosines(vectors, self._matrix()), is_other, NEIGHBOURS)
        answer = {
            "word": tf.gather(tf.constant(self.tokens), token_ids),
            "known": known,
            "vector": tf.where(known[:, None], vectors, 0.0),
            "count": neighbours.count,
            "neighbours": neighbours.words,
            "neighbour_ids": neighbours.ids,
            "scores": neighbours.scores,
        }
        if not self.has_output_vectors:
            return answer
        found = ranked_words(self.tokens, word_probabilities(outputs["context_logits"]), is_word, NEIGHBOURS)
        return {**answer, "contexts": found.words, "context_ids": found.ids, "context_probabilities": found.scores}

    def to_python(self, row: Mapping[str, Any], text: Any) -> WordEmbeddingAnswer:
        """Return {"word": str, "neighbours": [{"word": str, "score": float}]}; an unknown word has none.

        With output vectors also "contexts": [{"word": str, "probability": float}].
        """
        neighbours = zip(row["neighbours"][: row["count"]], row["scores"], strict=False)
        answer: WordEmbeddingAnswer = {
            "word": row["word"].decode(),
            "neighbours": [{"word": word.decode(), "score": float(score)} for word, score in neighbours],
        }
        if self.has_output_vectors:
            contexts = zip(row["contexts"], row["context_probabilities"], strict=True)
            answer["contexts"] = [{"word": word.decode(), "probability": float(p)} for word, p in contexts if word]
        return answer

    def readable(self, answer: WordEmbeddingAnswer) -> str:
        """Return the neighbours and their cosines, and the contexts and their probabilities if there are any.

        For an unknown word, return the known words of a similar spelling.
        """
        neighbours = ", ".join(f"{neighbour['word']} {neighbour['score']:.2f}" for neighbour in answer["neighbours"])
        contexts = ", ".join(
            f"{context['word']} {context['probability']:.3f}" for context in answer.get("contexts", ())
        )
        if not neighbours:
            return f"unknown word.{self.did_you_mean(answer['word'])}".rstrip(".")
        return f"{neighbours}; contexts: {contexts}" if contexts else neighbours

    def _strings_to_answers(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answer words: a known word in the spelling of the vocabulary, an unknown word as written."""
        answer = super()._strings_to_answers(text)
        written = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
        return {**answer, "word": tf.where(answer["known"], answer["word"], written)}

    def _matrix(self) -> tf.Tensor:
        """Return all vectors as a float32 tensor [V, D]."""
        layer = self.model.get_layer(TRAINED)
        values = layer(keras.ops.arange(len(self.tokens))) if layer.quantization_mode else layer.embeddings
        return keras.ops.cast(values, "float32")

    def _context_probabilities(self, word: str) -> np.ndarray:
        """Return P(context | word) of all V tokens as contexts."""
        ids = self.known_ids([word])
        if not self.has_output_vectors:
            raise InputError(
                "These word vectors have no output vectors, which predict contexts. Expected an entry that was trained "
                "with --keep-output, such as kerasnlp-zoo train word2vec --keep-output"
            )
        return word_probabilities(self.model(ids[:, None], training=False)["context_logits"][:, 0]).numpy()[0]
