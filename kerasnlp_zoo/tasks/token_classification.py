"""Labelled spans in a text, such as names, from a tag for every word.

Shapes: N texts, T tokens of the model, W words, C tags.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.entities import SpansOfTexts, span_scores
from kerasnlp_zoo.evaluation.main_score import with_main_score
from kerasnlp_zoo.layers.crf import crf_marginals, crf_tags
from kerasnlp_zoo.tag_schemes import OUTSIDE, Span, parse_tag, scheme_of_tags, spans_of, tags_of
from kerasnlp_zoo.tasks.iterables import listed
from kerasnlp_zoo.tasks.long_texts import AnyAnswer
from kerasnlp_zoo.tasks.span_tags import NO_LABEL, TOKENS, TagScheme
from kerasnlp_zoo.tasks.task import CHUNK, Task, Texts, require_references
from kerasnlp_zoo.tasks.word_spans import LabelledSpan, checked_spans, require_characters, spans_in_words, word_ends
from kerasnlp_zoo.text import TokenPreprocessor, WordPiecePreprocessor
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.preprocessors.tokens import SPLIT_AT_SPACES
from kerasnlp_zoo.text.tagged_text import every_word_is_a_span, with_words_apart
from kerasnlp_zoo.text.windows import in_blocks, joined, overlapping_windows

WORD_FEATURES = ("starts", "ends", "is_word_start")


class Entity(TypedDict):
    """A labelled span of a text: text[start:end]."""

    text: str
    label: str
    start: int
    end: int
    probability: float


class TokenClassificationAnswer(AnyAnswer):
    """The words of a text, their tags and the spans that the tags mark."""

    tokens: list[str]
    tags: list[str]
    entities: list[Entity]


class TokenClassification(Task[TokenClassificationAnswer]):
    """Find spans in texts, with their labels and probabilities.

    A word that is split into pieces has the tag of its first piece. Spans are character positions in the raw text,
    and therefore independent of the tokenization.

    A model with independent tags predicts the most probable tag of each word. A model with a conditional random field
    predicts the most probable sequence of tags, which is always valid in the scheme, and the marginal probabilities of
    its tags.

    Args:
        model: `keras.Model` -> logits [N, T, C], such as one from `bert_token_classifier` or `bilstm_tagger`; or
            -> scores of a conditional random field, from `bilstm_crf`.
        preprocessor: converts strings to the model's inputs and the offsets of the tokens (`features_with_offsets`).
        labels: C different tags, such as `tags_for` returns: all of one scheme, or all without a scheme.

    Raises:
        InputError: if the labels are tags of different schemes, or the model was built for other tags.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert_token_classifier
    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] anna lives in paris".split())
    >>> from kerasnlp_zoo.tasks.span_tags import tags_for
    >>> tags = tags_for(["PER", "LOC"])
    >>> model = bert_token_classifier(vocabulary_size=len(vocabulary), num_classes=5, **BERT_SIZES["tiny"])
    >>> task = TokenClassification(model, WordPiecePreprocessor(vocabulary), tags)
    >>> task.predict(["Anna lives in Paris"])[0]["tokens"]
    ['Anna', 'lives', 'in', 'Paris']
    """

    name = "token_classification"
    main_metric: str = "f1"
    has_windows = True
    needs_strings = True
    batch_size = 64
    preprocessor: WordPiecePreprocessor | TokenPreprocessor

    def __init__(
        self,
        model: keras.Model,
        preprocessor: WordPiecePreprocessor | TokenPreprocessor,
        labels: Sequence[str],
    ) -> None:
        super().__init__(model, preprocessor, labels)
        scheme_of_tags(self.labels)  # raises InputError for tags of different schemes
        built_for = self._builder_arguments.get("tags")
        if built_for is not None and list(built_for) != self.labels:
            raise InputError(
                f"The model {model.name} was built for the tags {', '.join(built_for)}, in this order, because the "
                f"order decides which tag may follow which. Received: {', '.join(self.labels)}"
            )

    @property
    def scheme(self) -> TagScheme:
        """The scheme of the tags, or "tokens"."""
        return scheme_of_tags(self.labels)

    @property
    def outside(self) -> str:
        """The tag of words outside of spans."""
        return NO_LABEL if self.scheme == TOKENS and {NO_LABEL, OUTSIDE} <= set(self.labels) else OUTSIDE

    @property
    def span_labels(self) -> list[str]:
        """The labels of the spans that the tags mark."""
        if self.scheme == TOKENS:
            return [tag for tag in self.labels if tag != self.outside]
        return list(dict.fromkeys(label for _, label in map(parse_tag, self.labels) if label is not None))

    @functools.cached_property
    def for_given_tokens(self) -> "TokenClassification":
        """The same task for texts that are split at spaces into given tokens."""
        preprocessor = self.preprocessor
        if isinstance(preprocessor, TokenPreprocessor) and preprocessor.segmenter != SPLIT_AT_SPACES:
            preprocessor = preprocessor.changed(segmenter=SPLIT_AT_SPACES)
        task = type(self)(self.model, preprocessor, self.labels)
        return task.with_windows() if self.windows else task

    def predict(
        self, texts: Texts | Sequence[Sequence[str]], batch_size: int | None = None
    ) -> list[TokenClassificationAnswer]:
        """Return the answer to every text.

        Args:
            texts: strings; or lists of tokens. The spans of a list of tokens are positions in the tokens joined by
                spaces.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            A dict for each text.

        Raises:
            InputError: if `texts` is not a list of such texts.
        """
        texts = listed(texts, "strings, such as [text]")
        if texts and all(isinstance(text, (list, tuple)) for text in texts):
            require_characters(texts)
            joined = [" ".join(token.replace(" ", "") for token in tokens) for tokens in texts]
            return self.for_given_tokens.predict(joined, batch_size)
        return super().predict(texts, batch_size)

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[Sequence[LabelledSpan]] | None = None,
        batch_size: int = 32,
        training: bool = False,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` for `model.fit` or `model.evaluate`.

        Args:
            texts: strings.
            labels: the spans (start, end, label) of each text, in characters; None if there are none.
            batch_size: number of rows in a batch.
            training: whether to shuffle the texts in each epoch.
            seed: seed of the shuffling.

        Returns:
            Batches (inputs, tags [B, T], weights [B, T]); the weight is 1 at the first piece of a word.

        Raises:
            InputError: if there is no text, a label is unknown, or a span is not within its text.
        """
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        spans = checked_spans(texts, [[]] * len(texts) if labels is None else labels, self.span_labels)
        features = self._features(texts)
        tags = features["token_ids"].with_flat_values(tf.constant(self._tag_ids(features, spans), tf.int32))
        weights = tf.cast(features["is_word_start"], tf.float32)
        inputs = self._model_inputs(features)
        inputs = inputs if isinstance(inputs, dict) else {self.model.input.name: inputs}
        return self._batches(inputs, tags, batch_size, training, seed, weights)

    def _features(self, texts: list[Any]) -> dict[str, tf.RaggedTensor]:
        """Tokenize in chunks, with offsets."""
        prepared = self.preprocessor.prepare(texts or [""])
        chunks = [
            self.preprocessor.features_with_offsets(prepared[start : start + CHUNK])
            for start in range(0, len(prepared), CHUNK)
        ]
        return {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}

    def _tag_ids(self, features: Mapping[str, tf.RaggedTensor], spans: Sequence[Sequence[LabelledSpan]]) -> np.ndarray:
        """Convert the spans of all texts to tag ids: an int array over the tokens of all texts."""
        id_of = {tag: id_ for id_, tag in enumerate(self.labels)}
        starts, begins = (features[name].flat_values.numpy() for name in ("starts", "is_word_start"))
        splits = features["token_ids"].row_splits.numpy()
        ids = np.full(len(starts), id_of.get(self.outside, 0))
        for row, row_spans in enumerate(spans):
            words = np.flatnonzero(begins[splits[row] : splits[row + 1]]) + splits[row]
            for span in spans_in_words(row_spans, starts[words]):
                ids[words[span.start : span.end]] = [id_of[tag] for tag in self._tags_of(span)]
        return ids

    def _tags_of(self, span: Span) -> list[str]:
        """Return the tags of all words of a span."""
        size = span.end - span.start
        return [span.label] * size if self.scheme == TOKENS else tags_of([Span(0, size, span.label)], size, self.scheme)

    def _spans_of(self, tags: Sequence[str]) -> list[Span]:
        """Return the spans that tags mark; in the scheme "tokens", every word with a label is a span."""
        if self.scheme != TOKENS:
            return spans_of(tags)
        return [Span(index, index + 1, tag) for index, tag in enumerate(tags) if tag != self.outside]

    def word_starts(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Return the tokens that begin a word, for a task that finds words in characters; a graph can contain it.

        Args:
            text: strings [N].

        Returns:
            ragged int32 [N, (length)], 1 at each token of `preprocessor` that begins a word, such as the first one.
        """
        tags, _ = self._in_windows(self.preprocessor.pieces(text))
        begins_word = tf.constant([int(parse_tag(tag)[0] not in "IMEL") for tag in self.labels])
        is_first = tf.equal(tf.ragged.range(tags.row_lengths()).values, 0)
        return tags.with_values(tf.maximum(tf.gather(begins_word, tags.values), tf.cast(is_first, tf.int32)))

    def _strings_to_answers(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        pieces = self.preprocessor.pieces(text)
        if self.windows:
            tags, probabilities = self._in_windows(pieces)
            return self._of_words(padded({**pieces, "tags": tags, "probabilities": probabilities}))
        answers = self.answer_features(padded(self.preprocessor.fitted(pieces)))
        return {**answers, "truncated": self.preprocessor.are_truncated(pieces)}

    def _in_windows(self, pieces: Mapping[str, tf.RaggedTensor]) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Return tags int32 and probabilities float32 of all tokens, ragged [N, (length)], from overlapping windows.

        A token has the tag from the window with most of its context.
        """
        token_ids = pieces["token_ids"]
        windows = overlapping_windows(token_ids.row_lengths(), self.preprocessor.room)
        features = self.preprocessor.framed(windows.of({**pieces}))
        is_piece, lengths = features["starts"].values >= 0, features["starts"].row_lengths()

        def tagged(block: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            return self._tags_and_probabilities(self.model(self._model_inputs(block), training=False))

        def of_pieces(dense: tf.Tensor) -> tf.RaggedTensor:
            values = tf.boolean_mask(tf.RaggedTensor.from_tensor(dense, lengths=lengths).values, is_piece)
            return token_ids.with_values(joined(windows, values, tf.size(token_ids.values, out_type=tf.int64)))

        signature = (tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.float32))
        tags, probabilities = in_blocks(tagged, padded(features), signature)  # [W, T]
        return of_pieces(tags), of_pieces(probabilities)

    def answer_features(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the dict of answers from dense features, int [N, T] each."""
        outputs = self.model(self._model_inputs(features), training=False)
        return self.answer({"logits": outputs, **{name: features[name] for name in WORD_FEATURES}})

    def answer(self, outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the position, tag and probability of every word.

        Returns:
            dict of count [N], the number of words; starts and ends [N, W], in characters, without the end; tags
            string [N, W]; probabilities [N, W]. They are padded with -1, "" and 0.
        """
        tags, probabilities = self._tags_and_probabilities(outputs["logits"])  # [N, T]
        return self._of_words({**outputs, "tags": tags, "probabilities": probabilities})

    def numbers(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the id of the tag of every token, and its probability, [N, T] each; of a CRF, only its scores.

        The best path through the scores is found by a loop that the converters to other formats do not support.
        """
        outputs = self.model(self._model_inputs(features), training=False)
        if outputs.shape[-1] == len(self.labels) + 1:
            return {"scores": outputs}  # [N, K + T, K]
        tags, probabilities = self._tags_and_probabilities(outputs)
        return {"tag_ids": tags, "probabilities": probabilities}

    def _of_words(self, tokens: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the dict of `answer` for tags, probabilities and positions of tokens, [N, T] each."""
        begins = tf.cast(tokens["is_word_start"], tf.bool)

        def of_words(values: tf.Tensor, filler: float | str) -> tf.Tensor:
            return tf.ragged.boolean_mask(values, begins).to_tensor(filler)

        return {
            "count": tf.reduce_sum(tf.cast(begins, tf.int32), axis=1),
            "starts": of_words(tokens["starts"], -1),
            "ends": of_words(word_ends(tokens["ends"], tokens["is_word_start"]), -1),
            "tags": of_words(tf.gather(tf.constant(self.labels), tokens["tags"]), ""),
            "probabilities": of_words(tokens["probabilities"], 0.0),
        }

    def _tags_and_probabilities(self, outputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the tag of every token and its probability, int32 and float32 [N, T]."""
        outputs = tf.cast(outputs, tf.float32)
        if outputs.shape[-1] == len(self.labels) + 1:  # scores of a CRF: it has one more tag, the boundary
            tags, probabilities = crf_tags(outputs), crf_marginals(outputs)
        else:
            probabilities = tf.nn.softmax(outputs)  # [N, T, C]
            tags = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        return tags, tf.gather(probabilities, tags, batch_dims=2)

    def to_python(self, row: Mapping[str, Any], text: str) -> TokenClassificationAnswer:
        """Return {"tokens": [str], "tags": [str], "entities": [{text, label, start, end, probability}]}.

        The probability of an entity is the lowest probability of its words.
        """
        count = row["count"]
        starts, ends = row["starts"][:count].tolist(), row["ends"][:count].tolist()
        tags = [tag.decode() for tag in row["tags"][:count]]
        entities: list[Entity] = [
            {
                "text": text[starts[span.start] : ends[span.end - 1]],
                "label": span.label,
                "start": starts[span.start],
                "end": ends[span.end - 1],
                "probability": float(min(row["probabilities"][span.start : span.end])),
            }
            for span in self._spans_of(tags)
        ]
        tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        return {"tokens": tokens, "tags": tags, "entities": entities}

    def readable(self, answer: TokenClassificationAnswer) -> str:
        """Return the entities; if spans cover all words, the words, with their labels if there are several labels."""
        pairs = [(entity["text"], entity["label"]) for entity in answer["entities"]]
        if self.scheme != TOKENS and OUTSIDE in answer["tags"]:
            return ", ".join(f"{text} ({label})" for text, label in pairs) or "nothing found"
        has_labels = self.scheme == TOKENS or len({parse_tag(tag)[1] for tag in self.labels if tag != OUTSIDE}) > 1
        return " ".join(f"{text}/{label}" if has_labels else text for text, label in pairs) or "nothing found"

    def evaluate(
        self,
        texts: Sequence[str],
        references: Sequence[Sequence[LabelledSpan]] | None = None,
        batch_size: int | None = None,
    ) -> dict[str, Any]:
        """Score the task on labelled texts.

        Args:
            texts: strings.
            references: the spans (start, end, label) of each text.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of score, metric, and precision, recall, f1, macro_f1, ... from `evaluation.entities.span_scores`.
            The metric is "f1"; or "unlabelled_f1", the F1 of word segmentation, if every word of Chinese texts is a
            span. In the scheme "tokens", the spans are the given words, and the metric is "accuracy", the share of
            words with the correct tag. `of_raw_text` has the same scores for words that the task finds itself.

        Raises:
            InputError: if there is no text, or the spans are not those that `dataset` takes.
        """
        found, true, metric = self.compared_spans(texts, references, batch_size)
        scores = span_scores(found, true)
        if self.scheme == TOKENS:
            scores["accuracy"] = scores["recall"]
            if self.for_given_tokens.preprocessor is not self.preprocessor:
                of_raw_text = span_scores(self._found(texts, batch_size), references or ())
                scores["of_raw_text"] = {**of_raw_text, "accuracy": of_raw_text["recall"]}
        return with_main_score(scores, metric)

    def compared_spans(
        self, texts: Sequence[str], references: Sequence[Sequence[LabelledSpan]] | None, batch_size: int | None = None
    ) -> tuple[SpansOfTexts, SpansOfTexts, str]:
        """Return the predicted and the correct spans of each text, and the name of the main score.

        The arguments and the errors are those of `evaluate`.
        """
        references = checked_spans(texts, require_references(texts, references, "a list of spans"))
        is_segmentation = self.preprocessor.language == "zh" and every_word_is_a_span(texts, references)
        if self.scheme == TOKENS or not is_segmentation:  # a segmentation is scored without labels
            checked_spans(texts, references, self.span_labels)
        if self.scheme != TOKENS:
            metric = "unlabelled_f1" if is_segmentation else self.main_metric
            return self._found(texts, batch_size), references, metric
        given = [with_words_apart(text, spans) for text, spans in zip(texts, references, strict=True)]
        found = self.for_given_tokens._found([text for text, _ in given], batch_size)
        return found, [spans for _, spans in given], "accuracy"

    def _found(self, texts: Sequence[str], batch_size: int | None) -> list[list[tuple[int, int, str]]]:
        """Return the predicted spans of each text."""
        answers = (answer["entities"] for answer in self.predict(texts, batch_size))
        return [[(entity["start"], entity["end"], entity["label"]) for entity in entities] for entities in answers]
