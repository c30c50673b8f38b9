"""The base class of tasks: from strings to answers, in Python and in an exported graph.

`predict` runs the graph that `export` saves, so served answers are equal to the measured ones.

Shapes: N texts, T tokens.
"""

import functools
import logging
import reprlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.tasks.export import export_task
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.fit import require_fit
from kerasnlp_zoo.tasks.iterables import listed
from kerasnlp_zoo.tasks.litert import LITERT
from kerasnlp_zoo.tasks.many_texts import CHUNK, Answer, ManyTexts
from kerasnlp_zoo.tasks.notebook import Answers, task_html
from kerasnlp_zoo.tasks.number_formats import export_numbers
from kerasnlp_zoo.tasks.onnx import ONNX
from kerasnlp_zoo.tasks.rows import concatenate_padded, emptied
from kerasnlp_zoo.tasks.trainable import Trainable
from kerasnlp_zoo.text import bucketed_batches
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.well_formed import well_formed

Format: TypeAlias = Literal["saved_model", "litert", "onnx"]
Reference = TypeVar("Reference")  # the correct answer to a text, as a task's `evaluate` takes it

logger = logging.getLogger("kerasnlp_zoo")
NUMBER_FORMATS = {"litert": LITERT, "onnx": ONNX}
FORMATS: tuple[Format, ...] = ("saved_model", "litert", "onnx")


class Task(Trainable, ManyTexts[Answer]):
    """A model with its preprocessor and labels.

    A subclass defines `answer(outputs)`, in TensorFlow operations, and `to_python(row, text)`, for one text.

    Args:
        model: functional `keras.Model` from a builder.
        preprocessor: converts strings [N] to a dict of tensors that contains the model's inputs.
        labels: a label's id is its index.

    Raises:
        InputError: if the vocabulary or the labels do not fit the model.
    """

    name: str
    main_metric: str | None = None  # the usual "metric" of `evaluate`; None if the task has no single main score
    ranked_outputs: tuple[str, ...] = ()  # outputs that list texts, the best first; the order of ties is undefined
    batch_size: int = 256  # texts answered at a time
    unit: str = "text"  # word for one input, in messages
    entry: str | None = None  # name or folder of the entry that it was loaded from

    def __init__(self, model: keras.Model, preprocessor: Preprocessor, labels: Sequence[str]) -> None:
        self.model = model
        self.preprocessor = preprocessor
        self.labels: list[str] = [well_formed(str(label)) for label in labels]
        self._check_fit()

    def __repr__(self) -> str:
        shown = [f"{name}={_REPR.repr(value)}" for name, value in self._facts.items() if value is not None]
        return f"{type(self).__name__}({', '.join([self.model.name, *shown])})"

    def _repr_html_(self) -> str:
        facts = {"model": self.model.name, **self._facts, "weights": f"{self.model.count_params():,}"}
        return task_html(type(self).__name__, facts)

    @property
    def _facts(self) -> dict[str, Any]:
        return {
            "labels": self.labels or None,
            "language": self.preprocessor.language,
            "target_language": getattr(self.preprocessor, "target_language", None),
            "entry": self.entry,
        }

    @property
    def needs_strings(self) -> bool:
        """Whether an answer needs more than the model's inputs and outputs."""
        return False

    @property
    def arguments(self) -> Config:
        """Arguments of the class besides model, preprocessor and labels, as JSON values; an entry keeps them."""
        return {}

    def answer(self, outputs: Any) -> dict[str, tf.Tensor]:
        """Convert the model's outputs [N, ...] to a dict of dense tensors [N, ...], which a server returns."""
        raise NotImplementedError(f"{type(self).__name__} must define answer(outputs)")

    def to_python(self, row: Mapping[str, Any], text: Any) -> Answer:
        """Convert one row of that dict, as NumPy values, to the answer that `predict` returns for `text`."""
        raise NotImplementedError(f"{type(self).__name__} must define to_python(row, text)")

    def readable(self, answer: Answer) -> str:
        """Return an answer of `predict` as a short text for a terminal."""
        raise NotImplementedError(f"{type(self).__name__} must define readable(answer)")

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[Any] | None = None,
        batch_size: int = 32,
        training: bool = False,
        seed: int = 0,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` for `model.fit` or `model.evaluate`.

        Args:
            texts: strings, or pairs of strings where the preprocessor takes pairs.
            labels: a label name or id for each text; None for all 0.
            batch_size: number of rows in a batch.
            training: whether to shuffle the examples in each epoch.
            seed: seed of the shuffling.

        Returns:
            Batches (inputs, labels, weights). The padding rows of the last batch have weight 0.

        Raises:
            InputError: if there is no text, a text is not a string, or a label is unknown.
        """
        texts = self._checked(texts)
        label_ids = self.label_ids(labels) if labels is not None else np.zeros(len(texts), "int64")
        return self._batches(self._features(texts), label_ids, batch_size, training, seed)

    def _batches(
        self,
        features: Mapping[str, tf.RaggedTensor],
        targets: Any,
        batch_size: int,
        training: bool,
        seed: int,
        weights: Any = None,
    ) -> tf.data.Dataset:
        """Return batches (inputs, targets, weights); without weights, every text or token has weight 1."""
        require_positive(batch_size=batch_size)
        self._warn_of_plain_loss()
        dataset = bucketed_batches(features, targets, batch_size, shuffle=training, seed=seed, weights=weights)
        return dataset.map(lambda features, *rest: (self._model_inputs(features), *rest))

    def predict(self, texts: Texts, batch_size: int | None = None) -> list[Answer]:
        """Return the answer to every text.

        Args:
            texts: strings, or pairs of strings where the preprocessor takes pairs: a list or any other iterable, such
                as a column of a table or a generator.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            A dict for each text; a notebook shows the list as a table. If only a part of a text was read, its answer
            also has "truncated": True, and the share of such texts is logged once.

        Raises:
            InputError: if `texts` is not an iterable of such texts.

        Example:

        >>> from kerasnlp_zoo import zoo
        >>> zoo.load("text_cnn_movie_reviews_en").predict(["a gripping, beautifully acted film"])[0]["label"]
        'positive'
        """
        texts = self._checked(texts)
        outputs = self.outputs(texts, batch_size)
        answers = [
            self.to_python({name: values[row] for name, values in outputs.items()}, text)
            for row, text in enumerate(texts)
        ]
        for row in np.flatnonzero(outputs.get("truncated", ())):
            answers[row]["truncated"] = True
        return Answers(answers, texts, self.labels, self.readable)

    def evaluate(
        self, texts: Sequence[Any], references: Sequence[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Score the task on texts whose correct answers are known.

        Args:
            texts: the test texts.
            references: the correct answer to each text; None for tasks that do not need references.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of "metric", the name of the main score; "score", its value in percent, BLEU points or perplexity; and
            all scores by name, where a share is from 0 to 1.

        Raises:
            InputError: if the examples do not fit the task, or the task has no score.
        """
        raise InputError(f"{self.name} has no score: this package has no metric for its answers")

    def outputs(self, texts: Texts, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Return the outputs of the exported model: a dict of arrays [N, ...]."""
        texts = self._checked(texts)
        batch_size = self.batch_size if batch_size is None else batch_size
        require_positive(batch_size=batch_size)
        if not texts:  # TensorFlow's convolution fails on an empty batch: use one text and drop its answer
            return {name: values[:0] for name, values in self.outputs([self._empty], batch_size).items()}
        columns = self.columns(texts)
        order = np.argsort([sum(map(len, row)) for row in zip(*columns, strict=True)], kind="stable")
        batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        results = [
            self.serve(*(tf.constant([strings[row] for row in rows]) for strings in columns)) for rows in batches
        ]
        back = np.argsort(order)  # the batches were sorted by length
        outputs = {name: concatenate_padded([result[name].numpy() for result in results])[back] for name in results[0]}
        status = outputs.pop("status", np.array([], "S"))
        for row in np.flatnonzero(status):
            raise InputError(f"text {row}: {status[row].decode()}")
        self._warn_of_cut(int(np.sum(outputs.get("truncated", 0))), len(texts))
        return outputs

    def columns(self, texts: Texts) -> list[list[Any]]:
        """Return the inputs of the graph: a list of bytes for each of the preprocessor's inputs."""
        rows: Sequence[tuple[Any, ...]]
        rows = [(text,) for text in texts] if len(self.preprocessor.inputs) == 1 else [tuple(row) for row in texts]
        prepared = [self.preprocessor.prepare(list(column)) for column in zip(*rows, strict=True)]
        return [[text.encode("utf-8", "surrogatepass") for text in column] for column in prepared]

    @functools.cached_property
    def serve(self) -> Callable[..., dict[str, tf.Tensor]]:
        """The compiled graph from strings [N] to the dict of answers, which `export` saves.

        Servers also send batches without texts. Some operations cannot process them, so the graph then reads one empty
        text and drops its answer. Where the preprocessor cannot read every text, the answers have a "status": it says
        what is wrong with a text, whose other answers are empty, or is "".
        """

        def serve(*strings: tf.Tensor) -> dict[str, tf.Tensor]:
            count = tf.shape(strings[0])[0]
            missing = tf.cast(tf.equal(count, 0), tf.int32)
            rows = [tf.concat([values, tf.zeros([missing, *values.shape[1:]], values.dtype)], 0) for values in strings]
            faults = self.preprocessor.faults(*rows)
            if faults is not None:
                is_sound = tf.equal(faults, "")
                rows = [emptied(values, ~is_sound) for values in rows]
                answers = self._strings_to_answers(*rows)
                answers = {name: emptied(values, ~is_sound) for name, values in answers.items()} | {"status": faults}
            else:
                answers = self._strings_to_answers(*rows)
            return {name: values[:count] for name, values in answers.items()}

        return tf.function(serve, input_signature=self.preprocessor.signature, autograph=False)

    def export(self, folder: FilePath, format: Format = "saved_model") -> Path:
        """Write a SavedModel that takes strings, a LiteRT file for phones, or an ONNX file.

        A SavedModel needs only TensorFlow; one with word pieces also needs tensorflow_text.

        Args:
            folder: folder of the model. The SavedModel is written into a numbered folder in it (1, then 2, ...), as
                TensorFlow Serving expects.
            format: "saved_model"; or "litert" and "onnx", which write model.tflite or model.onnx, vocabulary.txt and
                config.json into `folder` (tasks/number_formats.py).

        Returns:
            Path of the numbered folder, or of `folder`.

        Raises:
            InputError: for another format, or a model that the format lacks operations for.
        """
        require_choice("format", format, FORMATS)
        if format == "saved_model":
            return export_task(self, folder)
        return export_numbers(self, folder, NUMBER_FORMATS[format])

    def label_ids(self, labels: Sequence[Any]) -> np.ndarray:
        """Convert label names, or ids, to an int array [N].

        Raises:
            InputError: for a label that this task does not have.
        """
        id_of = {label: id_ for id_, label in enumerate(self.labels)}
        ids = np.empty(len(labels), "int64")
        for row, label in enumerate(map(well_formed, labels)):
            is_id = isinstance(label, (int, np.integer)) and 0 <= label < len(self.labels)
            if not is_id and label not in id_of:
                raise InputError(f"Label {label!r} of text {row} is unknown. Expected one of: {', '.join(self.labels)}")
            ids[row] = label if is_id else id_of[label]
        return ids

    def answer_features(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Convert the features of the preprocessor to the dict of answers: the part of the graph without strings."""
        return self.answer(self.model(self._model_inputs(features), training=False))

    def numbers(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what can be computed of the answers without strings, for `number_formats`.

        These are the numbers of the answers. If the answers consist of strings, they are the outputs of the model.
        """
        if not self.needs_strings:
            return {
                name: values for name, values in self.answer_features(features).items() if values.dtype != tf.string
            }
        outputs = self.model(self._model_inputs(features), training=False)
        return dict(outputs) if isinstance(outputs, dict) else {"logits": outputs}

    def _strings_to_answers(self, *strings: tf.Tensor) -> dict[str, tf.Tensor]:
        features = self.preprocessor.read(*strings)
        cut = {name: features[name] for name in ("truncated",) if name in features}
        return {**self.answer_features(features), **cut}

    @property
    def _empty(self) -> Any:
        """A text, or pair of texts, without characters."""
        names = self.preprocessor.inputs
        return "" if len(names) == 1 else ("",) * len(names)

    @property
    def _builder_arguments(self) -> Config:
        """The arguments that the model was built with; empty if it does not come from a builder."""
        return getattr(self.model, "builder_config", {"arguments": {}})["arguments"]

    def _model_inputs(self, features: Mapping[str, Any]) -> Any:
        """Select the model's inputs from the preprocessor's features."""
        expected = self.model.input
        return {name: features[name] for name in expected} if isinstance(expected, dict) else features[expected.name]

    def _features(self, texts: list[Any]) -> dict[str, tf.RaggedTensor]:
        """Tokenize in chunks, and log once how many texts may be truncated."""
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
            logger.warning("%.1f%% of the texts reach max_sequence_length=%d and may be truncated", 100 * cut, limit)
        return features

    def _checked(self, texts: Any) -> list[Any]:
        """Return `texts` as a list of str, or of tuples of str, as the preprocessor takes them."""
        count = len(self.preprocessor.inputs)
        rows = listed(texts, "strings, such as [text]" if count == 1 else "pairs, such as [(text, other text)]")
        for index, row in enumerate(rows):
            if count > 1 and (isinstance(row, (str, bytes)) or not hasattr(row, "__len__") or len(row) != count):
                raise InputError(f"Expected pairs of strings. Received: {row!r:.60} at index {index}")
            for text in (row,) if count == 1 else row:
                if not isinstance(text, str):
                    advice = "; decode bytes first: text.decode('utf-8')" if isinstance(text, bytes) else ""
                    raise InputError(f"Expected strings. Received: {text!r:.60} at index {index}{advice}")
        return rows if count == 1 else [tuple(row) for row in rows]

    def _check_fit(self) -> None:
        """Raise InputError unless the preprocessor and the labels fit the model."""
        require_fit(self.model, self._builder_arguments, self.preprocessor, self.labels)
        if keras.backend.backend() != "tensorflow":
            raise InputError(
                "Tasks take strings, which need the TensorFlow backend. "
                f"Received: {keras.backend.backend()}. Set KERAS_BACKEND=tensorflow"
            )


_REPR = reprlib.Repr()
_REPR.maxlist, _REPR.maxstring = 4, 60


def require_references(
    texts: Sequence[Any], references: Sequence[Reference] | None, kind: str, least: int = 1
) -> Sequence[Reference]:
    """Return the references of texts to evaluate a task on.

    Args:
        texts: the test texts.
        references: a reference for each text.
        kind: the kind of a reference, such as "a label", for the message.
        least: minimum number of texts.

    Raises:
        InputError: if there are too few texts, or the numbers of references and texts differ.
    """
    if references is None or len(texts) < least or len(references) != len(texts):
        raise InputError(
            f"evaluate needs {least} or more texts, and {kind} for each. Received: {len(texts)} texts and "
            f"{'no' if references is None else len(references)} references"
        )
    return references


def refuse_references(references: Sequence[Any] | None, reason: str) -> None:
    """Raise InputError if there are references; `reason` is the reason why the task does not use them."""
    if references is not None:
        raise InputError(f"{reason} Leave references out. Received: {references!r:.60}")
