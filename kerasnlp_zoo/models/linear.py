"""Linear classifiers over bags of words, and the multilayer perceptron over the same bags.

Perceptron, softmax regression and linear SVM are one network and differ in the loss they are trained
with; a bag-of-words text is x [V], and a class's logit is w.x + b.

Shapes: B batch, T time, V vocabulary, C classes.
"""

import keras

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers import BagOfWords, BagOfWordsDense
from kerasnlp_zoo.models.builder import builder


@builder
def perceptron(vocabulary_size, num_classes, weighting="binary", l1=0.0, l2=0.0):
    """Build a linear classifier to be trained with `training.perceptron_loss`.

    With one text a batch and SGD of learning rate 1, that loss is Rosenblatt's update: nothing for a
    right answer, else x is added to the right class's weights and taken from the answered class's.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int >= 2, C.
        weighting: "binary", "count" or "tf_idf", the weight of a word in its bag: see `BagOfWords`.
        l1, l2: floats, factors of the sum of absolute weights and of their squares in the loss.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> perceptron(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Rosenblatt 1958; Collins 2002 for many classes.
    """
    return _linear("perceptron", vocabulary_size, num_classes, weighting, l1, l2)


@builder
def softmax_regression(vocabulary_size, num_classes, weighting="binary", l1=0.0, l2=0.0):
    """Build a linear classifier to be trained with cross entropy: P(class) = softmax(W x + b).

    Arguments, result and errors are those of `perceptron`.

    Example:

    >>> softmax_regression(vocabulary_size=1000, num_classes=6).count_params()
    6006
    """
    return _linear("softmax_regression", vocabulary_size, num_classes, weighting, l1, l2)


@builder
def linear_svm(vocabulary_size, num_classes, weighting="binary", l1=0.0, l2=0.0):
    """Build a linear classifier to be trained with `training.hinge_loss`.

    Its logits are margins: a softmax over them orders the classes, but gives no true probabilities.
    Arguments, result and errors are those of `perceptron`.

    Example:

    >>> linear_svm(vocabulary_size=1000, num_classes=2).get_layer("logits").units
    2

    Reference: Cortes and Vapnik 1995; Crammer and Singer 2001 for many classes.
    """
    return _linear("linear_svm", vocabulary_size, num_classes, weighting, l1, l2)


@builder
def logistic_regression(vocabulary_size, num_classes=2, weighting="binary", l1=0.0, l2=0.0):
    """Build the binary classifier with one weight per word: P(second class) = sigmoid(w.x + b).

    Arguments, result and errors are those of `perceptron`, for exactly two classes.

    Example:

    >>> logistic_regression(vocabulary_size=1000).count_params()
    1001
    """
    if num_classes != 2:
        raise InputError(
            f"Logistic regression tells two classes apart. Received: num_classes={num_classes}. "
            "Use softmax_regression for more"
        )
    token_ids, words, weights = _bag_of_words(vocabulary_size, weighting)
    score = BagOfWordsDense(vocabulary_size, 1, "zeros", _regularizer(l1, l2), name="score")(words, weights)
    # softmax([0, z]) = [1 - sigmoid(z), sigmoid(z)]: the same task and loss as for any number of classes
    zero = keras.layers.Rescaling(0.0, name="zero")(score)
    logits = keras.layers.Concatenate(name="logits")([zero, score])
    return keras.Model(token_ids, logits, name="logistic_regression")


@builder
def multilayer_perceptron(vocabulary_size, num_classes, hidden_dims=(128,), weighting="binary", dropout=0.5):
    """Build a multilayer perceptron over bags of words: linear maps with ReLU between them.

    Args:
        vocabulary_size: int, V, number of token ids, `[PAD]` and `[UNK]` included.
        num_classes: int >= 2, C.
        hidden_dims: ints, units of each hidden layer.
        weighting: "binary", "count" or "tf_idf", the weight of a word in its bag: see `BagOfWords`.
        dropout: float in [0, 1), share of each hidden layer dropped in training.

    Returns:
        `keras.Model`: token_ids int [B, T] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> import numpy as np
    >>> multilayer_perceptron(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Rumelhart, Hinton and Williams 1986.
    """
    require_positive(num_classes=num_classes, **{f"hidden_dims[{i}]": units for i, units in enumerate(hidden_dims)})
    if not hidden_dims:
        raise InputError("hidden_dims names at least one hidden layer, such as (128,). Received: none")
    token_ids, words, weights = _bag_of_words(vocabulary_size, weighting)
    hidden = BagOfWordsDense(vocabulary_size, hidden_dims[0], name="hidden_1")(words, weights)  # [B, hidden_dims[0]]
    hidden = keras.layers.ReLU(name="relu_1")(hidden)
    for number, units in enumerate(hidden_dims[1:], start=2):
        hidden = keras.layers.Dropout(dropout, name=f"dropout_{number - 1}")(hidden)
        hidden = keras.layers.Dense(units, "relu", name=f"hidden_{number}")(hidden)
    hidden = keras.layers.Dropout(dropout, name=f"dropout_{len(hidden_dims)}")(hidden)
    logits = keras.layers.Dense(num_classes, name="logits")(hidden)
    return keras.Model(token_ids, logits, name="multilayer_perceptron")


def _linear(name, vocabulary_size, num_classes, weighting, l1, l2):
    """Build w.x + b for every class. The weights start at zero: the losses are convex."""
    require_positive(num_classes=num_classes)
    token_ids, words, weights = _bag_of_words(vocabulary_size, weighting)
    dense = BagOfWordsDense(vocabulary_size, num_classes, "zeros", _regularizer(l1, l2), name="logits")
    logits = dense(words, weights)  # [B, C]
    return keras.Model(token_ids, logits, name=name)


def _bag_of_words(vocabulary_size, weighting):
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    return token_ids, *BagOfWords(vocabulary_size, weighting, name="bag_of_words")(token_ids)


def _regularizer(l1, l2):
    """Return a Keras regularizer; None for none, which leaves the gradient a list of rows."""
    if l1 < 0 or l2 < 0:
        raise InputError(f"l1 and l2 are factors of at least 0. Received: l1={l1}, l2={l2}")
    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
