"""Classifiers of parsed sentences: a Tree-LSTM from the words to the root, for one tree or two.

Shapes: B batch, R rows, P places of a row (layers/tree_composition.py), V vocabulary, D embedding width, H units,
C classes.

Reference: Tai, Socher and Manning 2015, "Improved Semantic Representations From Tree-Structured Long Short-Term Memory
Networks".
"""

from typing import Literal, TypeAlias

import keras

from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.layers import ChildSumTreeLSTM, NaryTreeLSTM, PairFeatures, TreeMean
from kerasnlp_zoo.layers.tree_composition import INNER_PLACES, LEAF_PLACES
from kerasnlp_zoo.models.builder import builder, require_two_classes
from kerasnlp_zoo.models.embedding_inputs import Channels, embed_words

COMPOSITIONS = ("child_sum", "n_ary", "mean")
LABELLED = ("root", "nodes")
Composition: TypeAlias = Literal["child_sum", "n_ary", "mean"]
Labelled: TypeAlias = Literal["root", "nodes"]


@builder
def tree_lstm(
    vocabulary_size: int,
    num_classes: int,
    *,
    embedding_dim: int = 100,
    hidden_dim: int = 150,
    composition: Composition = "n_ary",
    num_children: int = 2,
    labelled: Labelled = "root",
    channels: Channels = "random",
    dropout: float = 0.2,
) -> keras.Model:
    """Build a classifier of trees, or of every node of a tree.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: >= 2, C.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of a node.
        composition: "n_ary" has separate weights for each child, for binary trees; "child_sum" sums the states of the
            children; "mean", a baseline, ignores the tree and averages the words.
        num_children: maximum number of children of a node for "n_ary", as in the preprocessor.
        labelled: "root" to classify each tree, "nodes" to classify each node.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        dropout: in [0, 1), fraction of the word vectors and of a node's state to drop in training.

    Returns:
        `keras.Model`: {"token_ids", "parents"} int [B, R, P] -> logits float [B, C], or [B, R, P, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.text import TreePreprocessor
    >>> preprocessor = TreePreprocessor.from_texts(["( ( A dog ) barks )"], num_children=2)
    >>> model, features = tree_lstm(preprocessor.vocabulary_size, 5), preprocessor(["(((A) (dog)) (barks))"])
    >>> model({name: features[name] for name in model.input}).shape
    TensorShape([1, 5])

    Reference: Tai et al. 2015, sections 3 and 4.1.
    """
    require_two_classes(num_classes)
    require_choice("labelled", labelled, LABELLED)
    num_roots = 1 if labelled == "root" else None
    inputs, states = _composed(
        vocabulary_size, embedding_dim, hidden_dim, composition, num_children, channels, dropout, num_roots
    )
    if num_roots:
        states = keras.layers.Reshape((hidden_dim,), name="root")(states)  # [B, H]
    states = keras.layers.Dropout(dropout, name="dropout_states")(states)
    logits = keras.layers.Dense(num_classes, name="logits")(states)
    return keras.Model(inputs, logits, name="tree_lstm")


@builder
def tree_lstm_pair(
    vocabulary_size: int,
    num_classes: int,
    *,
    embedding_dim: int = 100,
    hidden_dim: int = 150,
    intermediate_dim: int = 200,
    composition: Composition = "n_ary",
    num_children: int = 2,
    channels: Channels = "random",
    dropout: float = 0.2,
) -> keras.Model:
    """Build a classifier of pairs of trees, such as a premise and a hypothesis.

    The two trees are composed in the same steps with the same weights.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`.
        num_classes: >= 2, C.
        embedding_dim: D, width of a word vector.
        hidden_dim: H, units of a node.
        intermediate_dim: units of the layer between the pair's features and the logits.
        composition: "n_ary", "child_sum" or "mean", as for `tree_lstm`.
        num_children: maximum number of children of a node for "n_ary", as in the preprocessor.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        dropout: in [0, 1), fraction of the word vectors, of the pair's features and of the layer above them to drop
            in training.

    Returns:
        `keras.Model`: {"token_ids", "parents"} int [B, R, P] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.text import TreePreprocessor
    >>> preprocessor = TreePreprocessor.from_texts([("( A dog )", "( A pet )")], num_children=2, pairs=True)
    >>> model = tree_lstm_pair(preprocessor.vocabulary_size, num_classes=3)
    >>> features = preprocessor(["((A) (dog))"], ["((A) (pet))"])
    >>> model({name: features[name] for name in model.input}).shape
    TensorShape([1, 3])

    Reference: Tai et al. 2015, section 4.2.
    """
    require_two_classes(num_classes)
    inputs, roots = _composed(
        vocabulary_size, embedding_dim, hidden_dim, composition, num_children, channels, dropout, num_roots=2
    )
    features = PairFeatures(name="pair")(roots)  # [B, 4H]
    features = keras.layers.Dropout(dropout, name="dropout_pair")(features)
    features = keras.layers.Dense(intermediate_dim, "relu", name="hidden")(features)
    features = keras.layers.Dropout(dropout, name="dropout_hidden")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(inputs, logits, name="tree_lstm_pair")


def _composed(
    vocabulary_size: int,
    embedding_dim: int,
    hidden_dim: int,
    composition: Composition,
    num_children: int,
    channels: Channels,
    dropout: float,
    num_roots: int | None,
) -> tuple[dict[str, keras.KerasTensor], keras.KerasTensor]:
    """Return the symbolic inputs, and the states of the roots [B, num_roots, H], or of all nodes [B, R, P, H].

    The arguments are the same as for the builders.
    """
    require_choice("composition", composition, COMPOSITIONS)
    shape = (None, INNER_PLACES + LEAF_PLACES)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels, shape)
    parents = keras.Input(shape, dtype="int32", name="parents")
    vectors = keras.layers.Dropout(dropout, name="dropout_words")(vectors)
    if composition == "n_ary":
        layer = NaryTreeLSTM(hidden_dim, num_children, num_roots, name="tree")
    else:
        layer = {"child_sum": ChildSumTreeLSTM, "mean": TreeMean}[composition](hidden_dim, num_roots, name="tree")
    return {"token_ids": token_ids, "parents": parents}, layer(vectors, parents, mask=mask)
