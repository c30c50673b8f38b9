"""Parsed sentences to the numbers that a recursive network takes.

Shapes: N texts, R rows and P places of a schedule (text/tree_schedules.py).
"""

import collections

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.tree_schedules import PLACES, read_nodes, schedule
from kerasnlp_zoo.text.trees import NOTATIONS, bracketed, read_tree
from kerasnlp_zoo.vocabulary import Vocabulary

# Written for this project: trees of a few shapes, by which an entry is checked.
GOLDEN = {
    "binary": (
        "( ( A man ) ( plays ( a guitar ) ) )",
        "( Nobody ( ( is sleeping ) . ) )",
        "Music",
        "( CAFÉ ( n't 👍🏽 ) )",
    ),
    "labelled": (
        "(S (NP (DT A) (NN man)) (VP (VBZ plays) (NP (DT a) (NN guitar))))",
        "(4 (2 A) (4 (3 truly) (4 fine)))",
        "(UH Hello)",
        "(X (X CAFÉ) (X (X n't) (X 👍🏽)))",
    ),
    "conllu": (
        "1\tA\t_\t_\t_\t_\t2\tdet\t_\t_\n2\tman\t_\t_\t_\t_\t3\tnsubj\t_\t_\n3\tsings\t_\t_\t_\t_\t0\troot\t_\t_",
        "1\tHello\t_\t_\t_\t_\t0\troot\t_\t_",
        "1\tCAFÉ\t_\t_\t_\t_\t0\troot\t_\t_\n2\t👍🏽\t_\t_\t_\t_\t1\tdep\t_\t_",
    ),
}


class TreePreprocessor:
    """Turn parsed sentences into scheduled word ids, two sentences at a time for pairs.

    In Python (`prepare`) a parse is checked and written as plain brackets; the rest is graph operations, so that an
    exported model takes those: `(((A) (dog)) (barks))`, a bracket for each node, which begins with its word if it has
    one.
    Trees have any shape and any size; nothing is cut off.

    Args:
        vocabulary: `Vocabulary`, of lower-cased words.
        notation: "binary", "labelled" or "conllu", in which texts are written: see `text.trees`.
        num_children: int, most children of a node, where each has a place of its own (`NaryTreeLSTM`); None for any
            number, added up (`ChildSumTreeLSTM`).
        pairs: bool, whether a text is two parses.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> preprocessor = TreePreprocessor.from_texts(["( ( A dog ) barks )"], num_children=2)
    >>> features = preprocessor(preprocessor.prepare(["( A dog )"]))
    >>> features["token_ids"].numpy().tolist(), features["parents"].numpy().tolist()
    ([[[0, 0, 2, 4, 0]]], [[[0, 0, 1, 2, 0]]])
    """

    vocabulary_class = Vocabulary
    modules = ()  # what an exported graph needs beside TensorFlow
    language = "en"
    max_sequence_length = None  # no tree is cut

    def __init__(self, vocabulary, notation="binary", num_children=None, pairs=False):
        require_choice("notation", notation, NOTATIONS)
        if num_children is not None:
            require_positive(num_children=num_children)
        self.vocabulary = vocabulary
        self.notation = notation
        self.num_children = num_children
        self.pairs = pairs
        entries = tf.lookup.KeyValueTensorInitializer(
            tf.constant(vocabulary.tokens), tf.range(len(vocabulary), dtype=tf.int64)
        )
        self.table = tf.lookup.StaticHashTable(entries, default_value=1)
        self.resources = (self.table,)
        self.counts = {}  # of the training words, where the vocabulary is counted on them: word -> number

    @classmethod
    def from_texts(
        cls, texts, notation="binary", num_children=None, pairs=False, min_count=1, max_vocabulary_size=None
    ):
        """Make a preprocessor whose vocabulary is counted on `texts`.

        Args:
            texts: list of str, or of pairs (str, str), the training texts and no others.
            notation, num_children, pairs: as above.
            min_count: int, rarer words become `[UNK]`.
            max_vocabulary_size: int, most entries kept; None keeps all.

        Returns:
            TreePreprocessor.

        Raises:
            InputError: if there is no text, or one is no tree.
        """
        if not len(texts):
            raise InputError("A vocabulary is counted on training texts. Received: none")
        counts = collections.Counter()
        for text in texts:
            for part in text if pairs else (text,):
                counts.update(read_tree(part, notation).words)
        del counts[""]
        words, numbers = zip(*counts.items(), strict=True)
        counts = collections.Counter()
        for word, number in zip(normalize(tf.constant(words)).numpy(), numbers, strict=True):
            counts[word.decode()] += number
        preprocessor = cls(
            Vocabulary.from_counts(counts, min_count, max_vocabulary_size), notation, num_children, pairs
        )
        preprocessor.counts = counts
        return preprocessor

    @property
    def inputs(self):
        """Names of the strings it takes."""
        return ("text", "text_pair") if self.pairs else ("text",)

    @property
    def vocabulary_size(self):
        """Number of token ids, V."""
        return len(self.vocabulary)

    @property
    def golden_texts(self):
        """Texts, or pairs of texts, by which an entry is checked."""
        texts = GOLDEN[self.notation]
        return list(zip(texts, texts[::-1], strict=True)) if self.pairs else list(texts)

    def prepare(self, texts):
        """Check parses and write them as plain brackets.

        Args:
            texts: list of str, in the notation of this preprocessor.

        Returns:
            list of str.

        Raises:
            InputError: naming text, line and column of what is wrong, or a node with too many children.
        """
        prepared = []
        for row, text in enumerate(texts):
            tree = read_tree(text, self.notation, f"text {row}")
            if self.num_children is not None:
                self._require_few_children(tree, row)
            prepared.append(bracketed(tree))
        return prepared

    def _require_few_children(self, tree, row):
        parent, most = max(collections.Counter(tree.parents).items(), key=lambda entry: entry[1])
        if most > self.num_children:
            raise InputError(
                f"text {row}: the node over {tree.text(parent)!r:.60} has {most} children, and this model takes "
                f"{self.num_children}, each with weights of its own. Give binarised trees, or use "
                "composition='child_sum'"
            )

    def __call__(self, *strings):
        """Turn plain brackets into dense int32 tensors.

        Args:
            *strings: string tensor [N], for pairs two.

        Returns:
            dict of what `features_with_nodes` gives, "nodes" filled up with -1.
        """
        features = self.features_with_nodes(*strings)
        return {name: values.to_tensor(-1 if name == "nodes" else 0) for name, values in features.items()}

    def features(self, *strings):
        """Turn plain brackets into {"token_ids", "parents"}, ragged int32 [N, (R), P]."""
        features = self.features_with_nodes(*strings)
        return {name: features[name] for name in ("token_ids", "parents")}

    def features_with_nodes(self, *strings):
        """Turn plain brackets into ragged tensors.

        Args:
            *strings: string tensor [N], for pairs two.

        Returns:
            dict of ragged int32 tensors: "token_ids" and "parents" [N, (R), P]; "nodes" [N, (nodes)], the slot
            row * P + place of each node, in the order in which they are written.
        """
        joined = tf.convert_to_tensor(strings[0], tf.string)
        if self.pairs:
            joined = tf.strings.join([joined, strings[1]], separator=" ")
        count = tf.shape(joined)[0]
        nodes = read_nodes(joined)
        scheduled = schedule(nodes, count, self.num_children or 1)
        words = self.table.lookup(normalize(nodes["words"]))
        token_ids = tf.where(nodes["words"] == "", 0, tf.cast(words, tf.int32))
        where = tf.stack([nodes["forest"], scheduled["rows"], scheduled["places"]], axis=1)
        shape = tf.stack([count, tf.reduce_max(tf.concat([scheduled["num_rows"], [1]], axis=0)), PLACES])

        def in_rows(values):
            dense = tf.ensure_shape(tf.scatter_nd(where, values, shape), [None, None, PLACES])
            lengths = tf.cast(scheduled["num_rows"], tf.int64)
            return tf.RaggedTensor.from_tensor(dense, lengths, row_splits_dtype=tf.int64)

        slots = scheduled["rows"] * PLACES + scheduled["places"]
        forests = tf.cast(nodes["forest"], tf.int64)
        return {
            "token_ids": in_rows(token_ids),
            "parents": in_rows(scheduled["parents"]),
            "nodes": tf.RaggedTensor.from_value_rowids(slots, forests, tf.cast(count, tf.int64)),
        }

    def get_config(self):
        """Return the arguments, without the vocabulary, that rebuild this preprocessor."""
        return {"notation": self.notation, "num_children": self.num_children, "pairs": self.pairs}
