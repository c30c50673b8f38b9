"""What every task shares: from strings to answers, in Python and in an exported graph alike.

`predict` runs the very graph that `export` saves, so what is served is what was measured.

Shapes: N texts, T tokens.
"""

import functools
import logging

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.tasks.export import export_task
from kerasnlp_zoo.tasks.litert import export_litert
from kerasnlp_zoo.text import bucketed_batches

logger = logging.getLogger("kerasnlp_zoo")
CHUNK = 4096  # texts tokenised at a time
FILLERS = {"i": -1, "S": b"", "O": b"", "f": 0.0}  # what fills a list of answers up, by NumPy's kind of dtype
FORMATS = ("saved_model", "litert")


class Task:
    """A model with its preprocessor and labels.

    A subclass names itself and says what the model's outputs mean: `answer(outputs)` in TensorFlow
    operations, and `to_python(row, text)` for one of those answers.

    Args:
        model: functional `keras.Model` from a builder.
        preprocessor: turns strings [N] into a dict of tensors that holds the model's inputs; its
            `inputs` name those strings: ("text",), or ("text", "text_pair") for pairs.
        labels: list of str; a label's id is its place.

    Raises:
        InputError: if vocabulary or labels do not fit the model.
    """

    name = None
    main_score = None  # key in what `evaluate` returns, and the factor of its unit: a share becomes percent by 100
    ranked = ()  # outputs that list texts, the best first; behind it, of two with one score either may come
    batch_size = 256  # texts answered at a time
    entry = None  # name or folder of the entry that it was loaded from
    needs_strings = False  # whether an answer is made of more than the model's inputs and outputs

    def __init__(self, model, preprocessor, labels):
        self.model = model
        self.preprocessor = preprocessor
        self.labels = [str(label) for label in labels]
        self._warned_of_cut = False
        self._check_fit()

    def answer(self, outputs):
        """Turn the model's outputs [N, ...] into a dict of dense tensors [N, ...]: what a server returns."""
        raise NotImplementedError(f"{type(self).__name__} must define answer(outputs)")

    def to_python(self, row, text):
        """Turn one row of that dict, as NumPy values, into the answer that `predict` gives for `text`."""
        raise NotImplementedError(f"{type(self).__name__} must define to_python(row, text)")

    def readable(self, answer):
        """Turn an answer of `predict` into a few words for a terminal."""
        raise NotImplementedError(f"{type(self).__name__} must define readable(answer)")

    def dataset(self, texts, labels=None, batch_size=32, training=False, seed=0):
        """Make a tf.data set for `model.fit` or `model.evaluate`.

        Args:
            texts: list of str, or of pairs (str, str) where the preprocessor takes pairs.
            labels: label names or ids, one for each text; None for all 0.
            batch_size: int, rows of every batch.
            training: bool, whether each epoch has its own order.
            seed: int, decides those orders.

        Returns:
            `tf.data.Dataset` of (inputs, labels, weights); weight 0 marks a filled-up row.

        Raises:
            InputError: if there is no text, a text is no string, or a label is unknown.
        """
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        label_ids = self.label_ids(labels) if labels is not None else np.zeros(len(texts), "int64")
        features = self._features(texts)
        dataset = bucketed_batches(features, label_ids, batch_size, shuffle=training, seed=seed)
        return dataset.map(lambda features, *rest: (self._model_inputs(features), *rest))

    def predict(self, texts, batch_size=None):
        """Answer every text.

        Args:
            texts: list of str, or of pairs (str, str) where the preprocessor takes pairs.
            batch_size: int, texts that go through the model together; None for the task's own number.

        Returns:
            list of dict, one answer a text.

        Raises:
            InputError: if `texts` is not such a list.

        Example:

        >>> from kerasnlp_zoo import zoo
        >>> zoo.load("text_cnn_movie_reviews_en").predict(["a gripping, beautifully acted film"])[0]["label"]
        'positive'
        """
        outputs = self.outputs(texts, batch_size)
        return [
            self.to_python({name: values[row] for name, values in outputs.items()}, text)
            for row, text in enumerate(texts)
        ]

    def outputs(self, texts, batch_size=None):
        """Return what an exported model would: a dict of arrays [N, ...]."""
        texts = self._checked(texts)
        batch_size = self.batch_size if batch_size is None else batch_size
        require_positive(batch_size=batch_size)
        if not texts:  # an empty batch upsets TensorFlow's convolution: answer one text and keep none
            return {name: values[:0] for name, values in self.outputs([self._empty], batch_size).items()}
        columns = self.columns(texts)
        order = np.argsort([sum(map(len, row)) for row in zip(*columns, strict=True)], kind="stable")
        batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        results = [
            self.serve(*(tf.constant([strings[row] for row in rows]) for strings in columns)) for rows in batches
        ]
        back = np.argsort(order)  # similar lengths stood together
        return {name: joined([result[name].numpy() for result in results])[back] for name in results[0]}

    def columns(self, texts):
        """Return what the graph takes: a list of bytes for each of the preprocessor's inputs."""
        rows = [(text,) for text in texts] if len(self.preprocessor.inputs) == 1 else texts
        prepared = [self.preprocessor.prepare(list(column)) for column in zip(*rows, strict=True)]
        return [[text.encode("utf-8", "surrogatepass") for text in column] for column in prepared]

    @functools.cached_property
    def serve(self):
        """The compiled graph from strings [N] to the dict of answers, as exported."""
        signature = [tf.TensorSpec([None], tf.string, name=name) for name in self.preprocessor.inputs]
        return tf.function(self._strings_to_answers, input_signature=signature, autograph=False)

    def export(self, folder, format="saved_model"):
        """Write a SavedModel that takes strings and needs only TensorFlow, or a LiteRT file for phones.

        Args:
            folder: the model's folder; the SavedModel goes into a numbered folder in it, as TensorFlow
                Serving expects: 1, then 2, ...
            format: "saved_model", or "litert": model.tflite, which takes token ids, with vocabulary.txt
                and config.json right in the folder (tasks/litert.py).

        Returns:
            Path of the numbered folder, or of the folder.

        Raises:
            InputError: for another format, or a model that LiteRT cannot run.
        """
        require_choice("format", format, FORMATS)
        return (export_litert if format == "litert" else export_task)(self, folder)

    def label_ids(self, labels):
        """Turn label names, or ids, into an int array [N].

        Raises:
            InputError: for a label this task does not have.
        """
        place_of = {label: place for place, label in enumerate(self.labels)}
        ids = np.empty(len(labels), "int64")
        for row, label in enumerate(labels):
            is_id = isinstance(label, (int, np.integer)) and 0 <= label < len(self.labels)
            if not is_id and label not in place_of:
                raise InputError(f"Label {label!r} of text {row} is unknown. Expected one of: {', '.join(self.labels)}")
            ids[row] = label if is_id else place_of[label]
        return ids

    def answer_features(self, features):
        """Turn what the preprocessor gives into the dict of answers: the part of the graph without strings."""
        return self.answer(self.model(self._model_inputs(features), training=False))

    def _strings_to_answers(self, *strings):
        return self.answer_features(self.preprocessor(*strings))

    @property
    def _empty(self):
        """A text, or pair of texts, without any character."""
        names = self.preprocessor.inputs
        return "" if len(names) == 1 else ("",) * len(names)

    def _model_inputs(self, features):
        """Pick the model's inputs out of the preprocessor's features."""
        expected = self.model.input
        return {name: features[name] for name in expected} if isinstance(expected, dict) else features[expected.name]

    def _features(self, texts):
        """Tokenise in chunks, and say once how many texts lose their end."""
        chunks = [
            self.preprocessor.features(*self.columns(texts[start : start + CHUNK] or [self._empty]))
            for start in range(0, max(len(texts), 1), CHUNK)
        ]
        features = {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}
        limit = self.preprocessor.max_sequence_length
        lengths = next(iter(features.values())).row_lengths()
        cut = 0.0 if limit is None or not texts else np.mean(lengths >= limit)
        if cut and not self._warned_of_cut:
            self._warned_of_cut = True
            logger.warning("%.1f%% of the texts reach max_sequence_length=%d and may be cut there", 100 * cut, limit)
        return features

    def _checked(self, texts):
        """Return `texts` as a list of str, or of tuples of str, as the preprocessor takes them."""
        count = len(self.preprocessor.inputs)
        if isinstance(texts, (str, bytes)) or not hasattr(texts, "__len__"):
            expected = "strings, such as [text]" if count == 1 else "pairs of strings, such as [(text, other text)]"
            raise InputError(f"Expected a list of {expected}. Received: {type(texts).__name__}")
        for place, row in enumerate(texts):
            if count > 1 and (isinstance(row, (str, bytes)) or not hasattr(row, "__len__") or len(row) != count):
                raise InputError(f"Expected pairs of strings. Received: {row!r:.60} at place {place}")
            for text in (row,) if count == 1 else row:
                if not isinstance(text, str):
                    advice = "; decode bytes first: text.decode('utf-8')" if isinstance(text, bytes) else ""
                    raise InputError(f"Expected strings. Received: {text!r:.60} at place {place}{advice}")
        return list(texts) if count == 1 else [tuple(row) for row in texts]

    def _check_fit(self):
        """Ids outside an embedding give NaN or garbage in silence, so sizes are compared here."""
        arguments = getattr(self.model, "builder_config", {"arguments": {}})["arguments"]
        size = self.preprocessor.vocabulary_size
        if arguments.get("vocabulary_size", size) != size:
            raise InputError(
                f"The model {self.model.name} was built for vocabulary_size={arguments['vocabulary_size']}, "
                f"the preprocessor's vocabulary has {size} tokens. Build the model with vocabulary_size={size}"
            )
        count = len(self.labels)
        if arguments.get("num_classes", count) != count:
            raise InputError(
                f"The model {self.model.name} was built for num_classes={arguments['num_classes']}. "
                f"Received {count} labels: {', '.join(self.labels)}"
            )
        if len(set(self.labels)) != count:
            raise InputError(f"Labels must be different. Received: {', '.join(self.labels)}")
        if keras.backend.backend() != "tensorflow":
            raise InputError(
                "Tasks work on strings, which need the TensorFlow backend: set KERAS_BACKEND=tensorflow. "
                f"Received: {keras.backend.backend()}"
            )


def joined(parts):
    """Concatenate batches [N, ...] of answers; lists of different lengths [N, L] are filled up with -1, "" or 0.

    Example:

    >>> joined([np.array([[1, 2]]), np.array([[3]])])
    array([[ 1,  2],
           [ 3, -1]])
    """
    if parts[0].ndim < 2:
        return np.concatenate(parts)
    longest = np.max([part.shape[1:] for part in parts], axis=0)
    widths = [
        [(0, 0), *((0, most - size) for most, size in zip(longest, part.shape[1:], strict=True))] for part in parts
    ]
    filler = FILLERS[parts[0].dtype.kind]
    return np.concatenate(
        [np.pad(part, width, constant_values=filler) for part, width in zip(parts, widths, strict=True)]
    )
