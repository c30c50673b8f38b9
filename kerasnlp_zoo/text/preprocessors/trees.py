"""Preprocessing for Tree-LSTMs: parsed sentences to scheduled word ids.

Shapes: N texts, R rows and P places of a schedule (text/tree_schedules.py).
"""

import collections
from collections.abc import Sequence
from typing import Self

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.text.lookup import lookup_table
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.strings import string_tensor
from kerasnlp_zoo.text.tree_schedules import PLACES, read_nodes, schedule, tree_faults
from kerasnlp_zoo.text.trees import NOTATIONS, Notation, Tree, bracketed, read_tree
from kerasnlp_zoo.text.types import Features, Strings
from kerasnlp_zoo.types import Config
from kerasnlp_zoo.vocabulary import Vocabulary

# Trees with which an entry is checked. They were written for this project.
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


class TreePreprocessor(Preprocessor):
    """Convert parsed sentences, or pairs of them, into scheduled word ids.

    `prepare` runs in Python: it validates a parse and writes it in plain brackets. The other steps run in the graph,
    so an exported model takes plain brackets, such as `(((A) (dog)) (barks))`. Each node is a bracket, which begins
    with the word of the node, if it has one. Trees can have any shape and size. They are not truncated.

    Args:
        vocabulary: known words, in lower case.
        notation: notation of the texts, see `text.trees`.
        num_children: maximum number of children of a node, for `NaryTreeLSTM`, which has weights for each child; None
            for any number, for `ChildSumTreeLSTM`, which adds the children.
        pairs: whether a text consists of two parses.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> preprocessor = TreePreprocessor.from_texts(["( ( A dog ) barks )"], num_children=2)
    >>> features = preprocessor(preprocessor.prepare(["( A dog )"]))
    >>> features["token_ids"].numpy().tolist(), features["parents"].numpy().tolist()
    ([[[0, 0, 2, 4, 0]]], [[[0, 0, 1, 2, 0]]])
    """

    vocabulary_class = Vocabulary
    vocabulary: Vocabulary
    language = "en"
    max_sequence_length = None

    def __init__(
        self,
        vocabulary: Vocabulary,
        notation: Notation = "binary",
        num_children: int | None = None,
        pairs: bool = False,
    ) -> None:
        require_choice("notation", notation, NOTATIONS)
        if num_children is not None:
            require_positive(num_children=num_children)
        self.vocabulary = vocabulary
        self.notation = notation
        self.num_children = num_children
        self.pairs = pairs
        self.table = lookup_table(vocabulary)
        self.resources = (self.table,)
        self.counts: dict[str, int] = {}  # word -> occurrences in the training texts; empty without `from_texts`

    @classmethod
    def from_texts(
        cls,
        texts: Sequence[str] | Sequence[tuple[str, str]],
        notation: Notation = "binary",
        num_children: int | None = None,
        pairs: bool = False,
        min_count: int = 1,
        max_vocabulary_size: int | None = None,
    ) -> Self:
        """Return a preprocessor whose vocabulary is built from `texts`.

        Args:
            texts: training texts, or pairs of them.
            notation, num_children, pairs: as above.
            min_count: rarer words become `[UNK]`.
            max_vocabulary_size: maximum size of the vocabulary, special tokens included; None keeps all words.

        Raises:
            InputError: if there are no texts, or a text is not a tree.
        """
        if not len(texts):
            raise InputError("A vocabulary is built from training texts. Expected at least one text. Received: none")
        counts = word_counts(texts, notation)
        preprocessor = cls(
            Vocabulary.from_counts(counts, min_count, max_vocabulary_size), notation, num_children, pairs
        )
        preprocessor.counts = counts
        return preprocessor

    def extended(self, words: Sequence[str]) -> Self:
        """Return a preprocessor whose vocabulary also has other words, after its own, if they are in lower case."""
        spelled = normalize(string_tensor(words)).numpy()
        kept = [
            word for word, same in zip(words, spelled, strict=True) if same == word.encode() and word.split() == [word]
        ]
        kept = [word for word in kept if word not in self.vocabulary.special and not set(word) & set("()")]
        vocabulary = Vocabulary(dict.fromkeys([*self.vocabulary.tokens, *kept]))
        wider = type(self)(vocabulary, **self.get_config())
        wider.counts = self.counts
        return wider

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the string tensors that the preprocessor takes."""
        return ("text", "text_pair") if self.pairs else ("text",)

    @property
    def golden_texts(self) -> list[str] | list[tuple[str, str]]:
        """Texts, or pairs of texts, with which an entry is checked."""
        texts = GOLDEN[self.notation]
        return list(zip(texts, texts[::-1], strict=True)) if self.pairs else list(texts)

    def prepare(self, texts: Sequence[str]) -> list[str]:
        """Validate parses and write them in plain brackets.

        Args:
            texts: parses in the notation of this preprocessor.

        Raises:
            InputError: if a parse is invalid (the message names text, line and column), or a node has too many
                children.
        """
        prepared = []
        for row, text in enumerate(texts):
            tree = read_tree(text, self.notation, f"text {row}")
            self._require_few_children(tree, row)
            prepared.append(bracketed(tree))
        return prepared

    def faults(self, *texts: Strings) -> tf.Tensor:
        """Return which rows are not trees in plain brackets that this model can read: string [N]."""
        found = [tree_faults(strings, self.num_children) for strings in texts]
        return found[0] if len(found) == 1 else tf.where(found[0] == "", found[1], found[0])

    def _require_few_children(self, tree: Tree, row: int) -> None:
        parent, most = max(collections.Counter(tree.parents).items(), key=lambda entry: entry[1])
        if self.num_children is not None and most > self.num_children:
            raise InputError(
                f"text {row}: the node over {tree.text(parent)!r:.60} has {most} children, but this model takes at "
                f"most {self.num_children}, each with its own weights. Use binarized trees, or train with "
                "composition='child_sum'"
            )

    def __call__(self, *strings: Strings) -> dict[str, tf.Tensor]:
        """Convert plain brackets into dense int32 tensors.

        Args:
            *strings: one string tensor [N]; two for pairs.

        Returns:
            dict with the tensors of `features_with_nodes`; "nodes" is padded with -1, the others with 0.
        """
        features = self.features_with_nodes(*strings)
        return {name: values.to_tensor(-1 if name == "nodes" else 0) for name, values in features.items()}

    def features(self, *strings: Strings) -> Features:
        """Convert plain brackets into {"token_ids", "parents"}, ragged int32 [N, (R), P]."""
        features = self.features_with_nodes(*strings)
        return {name: features[name] for name in ("token_ids", "parents")}

    def features_with_nodes(self, *strings: Strings) -> Features:
        """Convert plain brackets into ragged tensors.

        Args:
            *strings: one string tensor [N]; two for pairs.

        Returns:
            dict of ragged int32 tensors: "token_ids" and "parents" [N, (R), P]; "nodes" [N, (nodes)], the index
            row * P + place of each node, in the order of the text.
        """
        joined = string_tensor(strings[0])
        if self.pairs:
            joined = tf.strings.join([joined, string_tensor(strings[1])], separator=" ")
        count = tf.shape(joined)[0]
        nodes = read_nodes(joined)
        scheduled = schedule(nodes, count, self.num_children or 1)
        words = self.table.lookup(normalize(nodes["words"]))
        token_ids = tf.where(nodes["words"] == "", 0, tf.cast(words, tf.int32))
        where = tf.stack([nodes["forest"], scheduled["rows"], scheduled["places"]], axis=1)
        shape = tf.stack([count, tf.reduce_max(tf.concat([scheduled["num_rows"], [1]], axis=0)), PLACES])

        def in_rows(values: tf.Tensor) -> tf.RaggedTensor:
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

    def get_config(self) -> Config:
        """Return the constructor's arguments, without the vocabulary."""
        return {"notation": self.notation, "num_children": self.num_children, "pairs": self.pairs}


def word_counts(texts: Sequence[str] | Sequence[tuple[str, str]], notation: Notation) -> dict[str, int]:
    """Return how often each normalized word occurs in trees, or in pairs of trees."""
    written: collections.Counter[str] = collections.Counter()
    for text in texts:
        for part in (text,) if isinstance(text, str) else text:
            written.update(read_tree(part, notation).words)
    del written[""]
    words, numbers = zip(*written.items(), strict=True)
    counts: collections.Counter[str] = collections.Counter()
    for word, number in zip(normalize(string_tensor(words)).numpy(), numbers, strict=True):
        counts[word.decode()] += number
    return counts
