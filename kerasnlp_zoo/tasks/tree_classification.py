"""One label for each parsed sentence, or pair of them, or for every node of its tree.

Shapes: N texts, R rows and P places of a schedule, M nodes of a tree, C classes.
"""

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.tasks.task import CHUNK
from kerasnlp_zoo.tasks.text_classification import TextClassification
from kerasnlp_zoo.text import bucketed_batches
from kerasnlp_zoo.text.tree_schedules import PLACES
from kerasnlp_zoo.text.trees import read_tree


class TreeClassification(TextClassification):
    """Give every tree one of the labels, with probabilities; with a model of nodes, every node too.

    Texts are parses in the notation of the preprocessor. An exported model takes them as `preprocessor.prepare`
    writes them: in plain brackets such as `(((A) (dog)) (barks))`.

    Args:
        model: `keras.Model` -> logits [N, C], or [N, R, P, C]: see `models.tree_lstm`.
        preprocessor: `TreePreprocessor`.
        labels: C different strings, in the order of the logits.

    Raises:
        InputError: if model and preprocessor do not fit together.

    Example:

    >>> from kerasnlp_zoo.models import tree_lstm
    >>> from kerasnlp_zoo.text import TreePreprocessor
    >>> texts = ["(+ (0 a) (+ (+ fine) (0 film)))", "(- (0 a) (- (- dull) (0 film)))"]
    >>> preprocessor = TreePreprocessor.from_texts(texts, notation="labelled")
    >>> model = tree_lstm(preprocessor.vocabulary_size, num_classes=3, hidden_dim=8, labelled="nodes")
    >>> task = TreeClassification(model, preprocessor, labels=["-", "0", "+"])
    >>> [node["text"] for node in task.predict(["(? (? very) (? fine))"])[0]["nodes"]]
    ['very fine', 'very', 'fine']
    """

    name = "tree_classification"
    main_score = "accuracy", 100

    @property
    def has_node_labels(self):
        """Whether every node has an answer."""
        return len(self.model.output.shape) == 4

    @property
    def needs_strings(self):
        """Whether an answer is made of more than the model's inputs and outputs."""
        return self.has_node_labels

    def dataset(self, texts, labels=None, batch_size=32, training=False, seed=0):
        """Make a tf.data set for `model.fit` or `model.evaluate`.

        Args:
            texts: list of str, or of pairs (str, str) where the preprocessor takes pairs.
            labels: label names or ids, one for each text; for a model of nodes a sequence of them, one for each node
                in the order in which they are written; None for all 0.
            batch_size: int, rows of every batch.
            training: bool, whether each epoch has its own order.
            seed: int, decides those orders.

        Returns:
            `tf.data.Dataset` of (inputs, labels, weights); labels and weights are [B], or [B, R, P].

        Raises:
            InputError: if there is no text, a text is no tree, or a label is unknown.
        """
        if not self.has_node_labels:
            return super().dataset(texts, labels, batch_size, training, seed)
        texts = self._checked(texts)
        require_positive(batch_size=batch_size)
        chunks = [
            self.preprocessor.features_with_nodes(*self.columns(texts[start : start + CHUNK]))
            for start in range(0, len(texts), CHUNK)
        ]
        if not chunks:
            raise InputError("A data set needs at least one example. Received: 0 texts")
        features = {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}
        label_ids, weights = self._at_places(features, labels)
        inputs = self._model_inputs(features)
        return bucketed_batches(inputs, label_ids, batch_size, shuffle=training, seed=seed, weights=weights)

    def _at_places(self, features, labels):
        """Put the labels of nodes where the nodes stand: ragged ids and weights [N, (R), P]."""
        nodes, rows = features["nodes"], features["token_ids"]
        counts = nodes.row_lengths().numpy()
        ids = np.zeros(len(nodes.flat_values), "int64")
        if labels is not None:
            self._require_a_label_for_each(labels, counts)
            ids = self.label_ids([label for labels_of_tree in labels for label in labels_of_tree])
        first_row = np.repeat(rows.row_starts().numpy(), counts)
        places = first_row * PLACES + nodes.flat_values.numpy()
        arrays = np.zeros((2, rows.flat_values.shape[0] * PLACES), "float32")
        arrays[:, places] = ids, np.ones(len(ids))
        ids, weights = (array.reshape(-1, PLACES) for array in arrays)
        return rows.with_flat_values(tf.constant(ids, tf.int32)), rows.with_flat_values(tf.constant(weights))

    def _require_a_label_for_each(self, labels, counts):
        if len(labels) != len(counts):
            raise InputError(f"Expected labels for each text. Received: {len(labels)} for {len(counts)} texts")
        for row, (labels_of_tree, count) in enumerate(zip(labels, counts, strict=True)):
            if isinstance(labels_of_tree, (str, bytes)) or np.size(labels_of_tree) != count:
                raise InputError(
                    f"Expected a label for each of the {count} nodes of text {row}, in the order in which they are "
                    f"written. Received: {labels_of_tree!r:.60}"
                )

    def answer_features(self, features):
        """Turn what the preprocessor gives into the dict of answers.

        Returns:
            dict of label, probability and probabilities of the root, as for texts; for a model of nodes also count
            [N], node_labels [N, M] and node_probabilities [N, M, C], filled up with "" and 0.
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

    def to_python(self, row, text):
        """Return {"label", "probability", "probabilities"}, and of a model of nodes "nodes": a list of {text, label,
        probability}, the root first, each before all that is below it."""
        answer = super().to_python(row, text)
        if self.has_node_labels:
            tree = read_tree(text, self.preprocessor.notation)
            found = zip(row["node_labels"], row["node_probabilities"], strict=True)
            answer["nodes"] = [
                {"text": tree.text(node), "label": label.decode(), "probability": float(max(probabilities))}
                for node, (label, probabilities) in zip(range(int(row["count"])), found, strict=False)
            ]
        return answer

    def evaluate(self, texts, labels, batch_size=256):
        """Score the task on labelled trees.

        Args:
            texts: list of str, or of pairs (str, str).
            labels: label names or ids, one for each text; for a model of nodes a sequence of them for each.
            batch_size: int.

        Returns:
            dict of scores as for texts, for a model of nodes those of the roots; and node_accuracy.

        Raises:
            InputError: for a label this task does not have, no text, or another number of labels.
        """
        if not self.has_node_labels:
            return super().evaluate(texts, labels, batch_size)
        answers = self.predict(texts, batch_size)
        self._require_a_label_for_each(labels, [len(answer["nodes"]) for answer in answers])
        found = [node["label"] for answer in answers for node in answer["nodes"]]
        expected = [label for labels_of_tree in labels for label in labels_of_tree]
        right = np.mean(self.label_ids(found) == self.label_ids(expected)) if found else 0.0
        scores = super().evaluate(texts, [labels_of_tree[0] for labels_of_tree in labels], batch_size)
        return {**scores, "node_accuracy": float(right)}

    @property
    def _empty(self):
        """The first of the golden texts: no tree is without words."""
        return self.preprocessor.golden_texts[0]

    def _check_fit(self):
        super()._check_fit()
        arguments = getattr(self.model, "builder_config", {"arguments": {}})["arguments"]
        expected = arguments.get("num_children") if arguments.get("composition") == "n_ary" else None
        if self.preprocessor.num_children != expected:
            raise InputError(
                f"The model {self.model.name} with composition={arguments.get('composition')!r} needs a "
                f"TreePreprocessor with num_children={expected}. Received: {self.preprocessor.num_children}"
            )
