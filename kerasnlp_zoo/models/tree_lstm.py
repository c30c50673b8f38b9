"""Classifiers of parsed sentences: a Tree-LSTM from the words up to the root, for one tree or for two.

Shapes: B batch, R rows, P places of a row (layers/tree_composition.py), V vocabulary, D embedding width, H units,
C classes.

Reference: Tai, Socher and Manning 2015, "Improved Semantic Representations From Tree-Structured Long Short-Term Memory
Networks".
"""

import keras

from kerasnlp_zoo.errors import require_choice, require_positive
from kerasnlp_zoo.layers import ChildSumTreeLSTM, NaryTreeLSTM, PairFeatures, TreeMean
from kerasnlp_zoo.layers.tree_composition import INNER_PLACES, LEAF_PLACES
from kerasnlp_zoo.models.builder import builder
from kerasnlp_zoo.models.embedding_inputs import embed_words

COMPOSITIONS = ("child_sum", "n_ary", "average")
LABELLED = ("root", "nodes")


@builder
def tree_lstm(
    vocabulary_size,
    num_classes,
    embedding_dim=300,
    hidden_dim=150,
    composition="child_sum",
    num_children=2,
    labelled="root",
    channels="random",
    dropout=0.5,
):
    """Build a classifier of trees, or of every node of a tree.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int >= 2, C.
        embedding_dim: int, D, width of a word vector.
        hidden_dim: int, H, units of a node.
        composition: "child_sum" adds up a node's children; "n_ary" has weights for each place; "average" knows words
            alone: the baseline.
        num_children: int, most children of a node for "n_ary".
        labelled: "root" classifies each tree, "nodes" each node.
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        dropout: float in [0, 1), share of the word vectors and of a node's state dropped in training.

    Returns:
        `keras.Model`: {"token_ids", "parents"} int [B, R, P] -> logits float [B, C], or [B, R, P, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.text import TreePreprocessor
    >>> preprocessor = TreePreprocessor.from_texts(["( ( A dog ) barks )"])
    >>> model, features = tree_lstm(preprocessor.vocabulary_size, 5), preprocessor(["(((A) (dog)) (barks))"])
    >>> model({name: features[name] for name in model.input}).shape
    TensorShape([1, 5])

    Reference: Tai et al. 2015, sections 3 and 4.1.
    """
    require_positive(num_classes=num_classes)
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
    vocabulary_size,
    num_classes,
    embedding_dim=300,
    hidden_dim=150,
    intermediate_dim=200,
    composition="child_sum",
    num_children=2,
    channels="random",
    dropout=0.2,
):
    """Build a classifier of two trees, such as a sentence and what may follow from it.

    Both roots stand in one schedule, so that the two trees are composed in the same steps with the same weights.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int >= 2, C.
        embedding_dim: int, D, width of a word vector.
        hidden_dim: int, H, units of a node.
        intermediate_dim: int, units of the layer between the pair and its class.
        composition: "child_sum", "n_ary" or "average", as for `tree_lstm`.
        num_children: int, most children of a node for "n_ary".
        channels: "random", "static", "non_static" or "multichannel" word vectors: see `embed_words`.
        dropout: float in [0, 1), share of the word vectors, of the pair's features and of the layer above them
            dropped in training.

    Returns:
        `keras.Model`: {"token_ids", "parents"} int [B, R, P] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.text import TreePreprocessor
    >>> preprocessor = TreePreprocessor.from_texts([("( A dog )", "( A pet )")], pairs=True)
    >>> model = tree_lstm_pair(preprocessor.vocabulary_size, num_classes=3)
    >>> features = preprocessor(["((A) (dog))"], ["((A) (pet))"])
    >>> model({name: features[name] for name in model.input}).shape
    TensorShape([1, 3])

    Reference: Tai et al. 2015, section 4.2.
    """
    require_positive(num_classes=num_classes, intermediate_dim=intermediate_dim)
    inputs, roots = _composed(
        vocabulary_size, embedding_dim, hidden_dim, composition, num_children, channels, dropout, num_roots=2
    )
    features = PairFeatures(name="pair")(roots)  # [B, 4H]
    features = keras.layers.Dropout(dropout, name="dropout_pair")(features)
    features = keras.layers.Dense(intermediate_dim, "relu", name="hidden")(features)
    features = keras.layers.Dropout(dropout, name="dropout_hidden")(features)
    logits = keras.layers.Dense(num_classes, name="logits")(features)
    return keras.Model(inputs, logits, name="tree_lstm_pair")


def _composed(vocabulary_size, embedding_dim, hidden_dim, composition, num_children, channels, dropout, num_roots):
    """Return the symbolic inputs and states: [B, num_roots, H], or [B, R, P, H] for None."""
    require_choice("composition", composition, COMPOSITIONS)
    shape = (None, INNER_PLACES + LEAF_PLACES)
    token_ids, mask, vectors = embed_words(vocabulary_size, embedding_dim, channels, shape)
    parents = keras.Input(shape, dtype="int32", name="parents")
    vectors = keras.layers.Dropout(dropout, name="dropout_words")(vectors)
    if composition == "n_ary":
        layer = NaryTreeLSTM(hidden_dim, num_children, num_roots, name="tree")
    else:
        layer = {"child_sum": ChildSumTreeLSTM, "average": TreeMean}[composition](hidden_dim, num_roots, name="tree")
    return {"token_ids": token_ids, "parents": parents}, layer(vectors, parents, mask=mask)
