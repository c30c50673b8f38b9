"""Marked spans in a text, such as names, by a tag for every word.

Shapes: N texts, T tokens of the model, W words, C tags.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.entities import span_scores
from kerasnlp_zoo.tasks.task import CHUNK, Task
from kerasnlp_zoo.text import bucketed_batches
from kerasnlp_zoo.text.tag_schemes import OUTSIDE, Span, spans_of, tags_of

WORD_FEATURES = ("starts", "ends", "is_word_start")


def tags_for(labels, scheme="iob2"):
    """Return the tags of a scheme for span labels, in a fixed order.

    Args:
        labels: list of str, such as ["PER", "LOC"].
        scheme: as in `text.tag_schemes`.

    Returns:
        list of str, O first.

    Example:

    >>> tags_for(["LOC", "PER"])
    ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    """
    tags = [OUTSIDE]
    for label in labels:
        written = [tags_of([Span(0, size, label)], size, scheme) for size in (3, 1)]
        tags += dict.fromkeys(tag for sequence in written for tag in sequence)
    return tags


class TokenClassification(Task):
    """Find spans in texts, with their labels and probabilities.

    Words that are cut into pieces have the tag of their first piece. Spans are places in the raw text, so
    that it does not matter how the text was split where they come from.

    Args:
        model: `keras.Model` -> logits [N, T, C], such as `bert_token_classifier` makes.
        preprocessor: turns strings into the model's inputs and says where its tokens stand
            (`features_with_offsets`).
        labels: C different tags, as `tags_for` gives them.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, bert_token_classifier
    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] anna lives in paris".split())
    >>> tags = tags_for(["PER", "LOC"])
    >>> model = bert_token_classifier(vocabulary_size=len(vocabulary), num_classes=5, **BERT_SIZES["tiny"])
    >>> task = TokenClassification(model, WordPiecePreprocessor(vocabulary), tags)
    >>> task.predict(["Anna lives in Paris"])[0]["tokens"]
    ['Anna', 'lives', 'in', 'Paris']
    """

    name = "token_classification"
    needs_strings = True
    batch_size = 64

    def __init__(self, model, preprocessor, labels):
        super().__init__(model, preprocessor, labels)
        spans_of(self.labels)  # refuses what is no tag

    @property
    def scheme(self):
        """The scheme whose letters the tags have."""
        letters = {tag[0] for tag in self.labels if tag != OUTSIDE}
        return "bmes" if "M" in letters else "bioes" if "E" in letters else "iob2"

    def dataset(self, texts, labels=None, batch_size=32, training=False, seed=0):
        """Make a tf.data set for `model.fit` or `model.evaluate`.

        Args:
            texts: list of str.
            labels: list of lists of spans (start, end, label), in characters of the text; None for none.
            batch_size: int, rows of every batch.
            training: bool, whether each epoch has its own order.
            seed: int, decides those orders.

        Returns:
            `tf.data.Dataset` of (inputs, tags [B, T], weights [B, T]); the weight is 1 at the first piece
            of a word.

        Raises:
            InputError: if there is no text, or a span has a label this task does not have.
        """
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        spans = [[]] * len(texts) if labels is None else labels
        if len(spans) != len(texts):
            raise InputError(f"Expected a list of spans for each text. Received: {len(spans)} for {len(texts)} texts")
        features = self._features(texts)
        tags = features["token_ids"].with_flat_values(tf.constant(self._tag_ids(features, spans), tf.int32))
        weights = tf.cast(features["is_word_start"], tf.float32)
        inputs = self._model_inputs(features)
        inputs = inputs if isinstance(inputs, dict) else {self.model.input.name: inputs}
        dataset = bucketed_batches(inputs, tags, batch_size, shuffle=training, seed=seed, weights=weights)
        return dataset.map(lambda features, *rest: (self._model_inputs(features), *rest))

    def _features(self, texts):
        """Tokenise in chunks, with offsets."""
        prepared = self.preprocessor.prepare(texts or [""])
        chunks = [
            self.preprocessor.features_with_offsets(prepared[start : start + CHUNK])
            for start in range(0, len(prepared), CHUNK)
        ]
        return {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}

    def _tag_ids(self, features, spans):
        """Write the spans of all texts as the ids of tags, an int array over the tokens of all texts."""
        id_of = {tag: place for place, tag in enumerate(self.labels)}
        starts, begins = (features[name].flat_values.numpy() for name in ("starts", "is_word_start"))
        splits = features["token_ids"].row_splits.numpy()
        ids = np.full(len(starts), id_of.get(OUTSIDE, 0))
        for row, row_spans in enumerate(spans):
            words = np.flatnonzero(begins[splits[row] : splits[row + 1]]) + splits[row]
            for span in spans_in_words(row_spans, starts[words]):
                tags = tags_of([Span(0, span.end - span.start, span.label)], span.end - span.start, self.scheme)
                if any(tag not in id_of for tag in tags):
                    raise InputError(
                        f"A span of text {row} has the label {span.label!r}, which is unknown. "
                        f"Expected the label of one of: {', '.join(self.labels)}"
                    )
                ids[words[span.start : span.end]] = [id_of[tag] for tag in tags]
        return ids

    def _strings_to_answers(self, text):
        features = self.preprocessor.features_with_offsets(text)
        inputs = {name: values.to_tensor() for name, values in features.items()}
        return self.answer_features(inputs)

    def answer_features(self, features):
        """Return the dict of answers from dense features, int [N, T] each."""
        outputs = self.model(self._model_inputs(features), training=False)
        return self.answer({"logits": outputs, **{name: features[name] for name in WORD_FEATURES}})

    def answer(self, outputs):
        """Return what is known of every word.

        Returns:
            dict of count [N], the number of words; starts and ends [N, W], the characters a word stands
            for, end excluded; tags string [N, W]; probabilities [N, W]; filled up with -1, "" and 0.
        """
        probabilities = tf.nn.softmax(tf.cast(outputs["logits"], tf.float32))  # [N, T, C]
        begins = tf.cast(outputs["is_word_start"], tf.bool)  # [N, T]

        def of_words(values, filler):
            return tf.ragged.boolean_mask(values, begins).to_tensor(filler)

        return {
            "count": tf.reduce_sum(tf.cast(begins, tf.int32), axis=1),
            "starts": of_words(outputs["starts"], -1),
            "ends": of_words(_word_ends(outputs["ends"], outputs["is_word_start"]), -1),
            "tags": of_words(tf.gather(tf.constant(self.labels), tf.argmax(probabilities, axis=-1)), ""),
            "probabilities": of_words(tf.reduce_max(probabilities, axis=-1), 0.0),
        }

    def to_python(self, row, text):
        """Return {"tokens": [str], "tags": [str], "entities": [{text, label, start, end, probability}]}.

        The probability of an entity is that of its least certain word.
        """
        count = row["count"]
        starts, ends = row["starts"][:count].tolist(), row["ends"][:count].tolist()
        tags = [tag.decode() for tag in row["tags"][:count]]
        entities = [
            {
                "text": text[starts[span.start] : ends[span.end - 1]],
                "label": span.label,
                "start": starts[span.start],
                "end": ends[span.end - 1],
                "probability": float(min(row["probabilities"][span.start : span.end])),
            }
            for span in spans_of(tags)
        ]
        tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        return {"tokens": tokens, "tags": tags, "entities": entities}

    def readable(self, answer):
        """Return the entities and their labels."""
        return ", ".join(f"{entity['text']} ({entity['label']})" for entity in answer["entities"]) or "nothing found"

    def evaluate(self, texts, labels, batch_size=None):
        """Score the task on marked texts.

        Args:
            texts: list of str.
            labels: list of lists of spans (start, end, label).
            batch_size: int.

        Returns:
            dict of precision, recall, f1, macro_f1, ... as `evaluation.entities.span_scores` gives them.

        Raises:
            InputError: if there is no text, or not a list of spans for each.
        """
        answers = self.predict(texts, batch_size)
        found = [[(e["start"], e["end"], e["label"]) for e in answer["entities"]] for answer in answers]
        return span_scores(found, labels)


def spans_in_words(spans, starts):
    """Count spans in words instead of characters: the words that begin in them.

    Args:
        spans: spans (start, end, label) in characters.
        starts: int array [W], where each word begins, increasing.

    Returns:
        list of Span; a span in which no word begins is left out.

    Example:

    >>> spans_in_words([(0, 8, "PER")], np.array([0, 5, 9]))
    [Span(start=0, end=2, label='PER')]
    """
    found = []
    for start, end, label in spans:
        first, last = np.searchsorted(starts, [start, end])
        if first < last:
            found.append(Span(int(first), int(last), label))
    return found


def _word_ends(ends, is_word_start):
    """Return, at the first piece of every word, where its last piece ends: int [N, T]."""
    # The pieces of a word have its number; places before the first word and after the last end at -1.
    width = tf.shape(ends)[1]
    number = tf.cumsum(is_word_start, axis=1) + tf.range(tf.shape(ends)[0])[:, None] * (width + 1)  # [N, T]
    count = tf.shape(ends)[0] * (width + 1)
    last = tf.math.unsorted_segment_max(tf.reshape(ends, [-1]), tf.reshape(number, [-1]), count)
    return tf.gather(last, number)
