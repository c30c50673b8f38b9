"""One label for each parsed sentence, or pair of sentences, or for every node of its tree.

Shapes: N texts, R rows and P places of a schedule, M nodes of a tree, C classes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.class_weights import ClassWeights
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.tasks.task import CHUNK, Texts, require_references
from kerasnlp_zoo.tasks.text_classification import TextClassification, TextClassificationAnswer, require_labels
from kerasnlp_zoo.text import TreePreprocessor
from kerasnlp_zoo.text.tree_schedules import PLACES
from kerasnlp_zoo.text.trees import read_tree


class TreeClassification(TextClassification):
    """Assign one of the labels to every tree, with probabilities; a model with node labels also labels every node.

    Texts are parses in the notation of the preprocessor. An exported model takes the output of
    `preprocessor.prepare`: plain brackets such as `(((A) (dog)) (barks))`.

    Args:
        model: `keras.Model` -> logits [N, C], or [N, R, P, C]: see `models.tree_lstm`.
        preprocessor: `TreePreprocessor`.
        labels: C different labels, in the order of the logits.

    Raises:
        InputError: if model and preprocessor do not fit each other.

    Example:

    >>> from kerasnlp_zoo.models import tree_lstm
    >>> from kerasnlp_zoo.text import TreePreprocessor
    >>> texts = ["(+ (0 a) (+ (+ fine) (0 film)))", "(- (0 a) (- (- dull) (0 film)))"]
    >>> preprocessor = TreePreprocessor.from_texts(texts, notation="labelled")
    >>> model = tree_lstm(preprocessor.vocabulary_size, 3, hidden_dim=8, composition="child_sum", labelled="nodes")
    >>> task = TreeClassification(model, preprocessor, labels=["-", "0", "+"])
    >>> [node["text"] for node in task.predict(["(? (? very) (? fine))"])[0]["nodes"]]
    ['very fine', 'very', 'fine']
    """

    name = "tree_classification"
    main_metric: str = "accuracy"
    preprocessor: TreePreprocessor

    @property
    def has_node_labels(self) -> bool:
        """Whether the model labels every node."""
        return len(self.model.output.shape) == 4

    @property
    def needs_strings(self) -> bool:
        """Whether an answer needs more than the model's inputs and outputs."""
        return self.has_node_labels

    def dataset(
        self,
        texts: Texts,
        labels: Sequence[Any] | None = None,
        batch_size: int = 32,
        training: bool = False,
        seed: int = 0,
        class_weights: ClassWeights | None = None,
    ) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` for `model.fit` or `model.evaluate`.

        Args:
            texts: parses, or pairs of parses where the preprocessor takes pairs.
            labels: a label name or id for each text. With node labels: for each text a sequence of them, one for each
                node, in the order in which the nodes are written. None for all 0.
            batch_size: number of rows in a batch.
            training: whether to shuffle the trees in each epoch.
            seed: seed of the shuffling.
            class_weights: {label: weight}, or "balanced": see `TextClassification.dataset`.

        Returns:
            Batches (inputs, labels, weights); labels and weights are [B], or [B, R, P] with node labels.

        Raises:
            InputError: if there is no text, a text is not a tree, or a label is unknown.
        """
        if not self.has_node_labels:
            return super().dataset(texts, labels, batch_size, training, seed, class_weights)
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        chunks = [
            self.preprocessor.features_with_nodes(*self.columns(texts[start : start + CHUNK]))
            for start in range(0, len(texts), CHUNK)
        ]
        if not chunks:
            raise InputError("A data set needs at least one example. Received: 0 texts")
        features = {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}
        label_ids, weights = self._at_places(features, labels, class_weights)
        inputs = self._model_inputs(features)
        return self._batches(inputs, label_ids, batch_size, training, seed, weights)

    def _at_places(
        self,
        features: Mapping[str, tf.RaggedTensor],
        labels: Sequence[Any] | None,
        class_weights: ClassWeights | None,
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Return label ids and weights at the positions of the nodes in the schedules: ragged [N, (R), P]."""
        nodes, rows = features["nodes"], features["token_ids"]
        counts = nodes.row_lengths().numpy()
        ids = np.zeros(len(nodes.flat_values), "int64")
        if labels is not None:
            self._require_a_label_for_each(labels, counts)
            ids = self.label_ids([label for labels_of_tree in labels for label in labels_of_tree])
        node_weights = np.ones(len(ids))
        if class_weights is not None:
            require_labels(labels)
            node_weights = self._class_weights(class_weights, ids)[ids]
        first_row = np.repeat(rows.row_starts().numpy(), counts)
        positions = first_row * PLACES + nodes.flat_values.numpy()
        arrays = np.zeros((2, rows.flat_values.shape[0] * PLACES), "float32")
        arrays[:, positions] = ids, node_weights
        ids, weights = (array.reshape(-1, PLACES) for array in arrays)
        return rows.with_flat_values(tf.constant(ids, tf.int32)), rows.with_flat_values(tf.constant(weights))

    def _require_a_label_for_each(self, labels: Sequence[Any], counts: Sequence[int] | np.ndarray) -> None:
        if len(labels) != len(counts):
            raise InputError(f"Expected labels for each text. Received: {len(labels)} for {len(counts)} texts")
        for row, (labels_of_tree, count) in enumerate(zip(labels, counts, strict=True)):
            if isinstance(labels_of_tree, (str, bytes)) or np.size(labels_of_tree) != count:
                raise InputError(
                    f"Expected a label for each of the {count} nodes of text {row}, in the order in which they are "
                    f"written. Received: {labels_of_tree!r:.60}"
                )

    def answer_features(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Convert the features of the preprocessor to the dict of answers.

        Returns:
            dict of label, probability and probabilities of the root. With node labels also count [N],
            node_labels [N, M] and node_probabilities [N, M, C], padded with "" and 0.
        """
        logits = self.model(self._model_inputs(features), training=False)
        if not self.has_node_labels:
            return self.answer(logits)
        nodes = features["nodes"]
        is_node = nodes >= 0
        logits = tf.reshape(tf.cast(logits, tf.float32), [tf.shape(nodes)[0], -1, len(self.labels)])
        of_nodes = self.answer(tf.gather(logits, tf.maximum(nodes, 0), batch_dims=1))  # [N, M, C]
        return {
            **self.answer(logits[:, 0]),
            "count": tf.reduce_sum(tf.cast(is_node, tf.int32), axis=1),
            "node_labels": tf.where(is_node, of_nodes["label"], ""),
            "node_probabilities": tf.where(is_node[..., None], of_nodes["probabilities"], 0.0),
        }

    def to_python(self, row: Mapping[str, Any], text: str) -> TextClassificationAnswer:
        """Return {"label", "probability", "probabilities"}, with node labels also "nodes".

        "nodes" is a list of {"text", "label", "probability"}, every node before the nodes below it.
        """
        answer = super().to_python(row, text)
        if self.has_node_labels:
            tree = read_tree(text, self.preprocessor.notation)
            found = zip(row["node_labels"], row["node_probabilities"], strict=True)
            answer["nodes"] = [
                {"text": tree.text(node), "label": label.decode(), "probability": float(max(probabilities))}
                for node, (label, probabilities) in zip(range(int(row["count"])), found, strict=False)
            ]
        return answer

    def evaluate(
        self, texts: Texts, references: Sequence[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Score the task on labelled trees.

        Args:
            texts: parses, or pairs of parses where the preprocessor takes pairs.
            references: a label name or id for each text; with node labels, a sequence of them for each text.
            batch_size: number of texts in a batch; None for the default of the task.

        Returns:
            dict of the scores of `TextClassification.evaluate`. With node labels they are the scores of the roots, and
            node_accuracy is the accuracy of all nodes.

        Raises:
            InputError: if there is no text, the number of labels is wrong, or a label is unknown.
        """
        if not self.has_node_labels:
            return super().evaluate(texts, references, batch_size)
        labels = require_references(texts, references, "the labels of all nodes")
        answers = self.predict(texts, batch_size)
        self._require_a_label_for_each(labels, [len(answer["nodes"]) for answer in answers])
        found = [node["label"] for answer in answers for node in answer["nodes"]]
        expected = [label for labels_of_tree in labels for label in labels_of_tree]
        right = np.mean(self.label_ids(found) == self.label_ids(expected)) if found else 0.0
        scores = super().evaluate(texts, [labels_of_tree[0] for labels_of_tree in labels], batch_size)
        return {**scores, "node_accuracy": float(right)}

    @property
    def _empty(self) -> Any:
        """The first golden text; an empty text is not a tree."""
        return self.preprocessor.golden_texts[0]

    def _check_fit(self) -> None:
        super()._check_fit()
        arguments = self._builder_arguments
        expected = arguments.get("num_children") if arguments.get("composition") == "n_ary" else None
        if self.preprocessor.num_children != expected:
            raise InputError(
                f"The model {self.model.name} with composition={arguments.get('composition')!r} needs a "
                f"TreePreprocessor with num_children={expected}. Received: {self.preprocessor.num_children}"
            )
