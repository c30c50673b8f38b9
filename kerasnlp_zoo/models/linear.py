"""Linear classifiers and the multilayer perceptron, over bags of words or over numbers.

Perceptron, softmax regression and linear SVM are the same network, trained with different losses. The logit of a class
is w.x + b. For a text, x [V] has the weights of its words; for a row of numbers, x [F] has the standardized numbers.
With one output and squared error, the same network is linear regression.

Shapes: B batch, T length, V vocabulary, F features, C classes.
"""

from collections.abc import Sequence

import keras

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.layers import BagOfWords, BagOfWordsDense, Standardization
from kerasnlp_zoo.layers.bag_of_words import Weighting
from kerasnlp_zoo.models.builder import builder, require_two_classes
from kerasnlp_zoo.models.regularization import l1_l2


@builder
def perceptron(
    vocabulary_size: int | None = None,
    num_classes: int = 2,
    *,
    num_features: int | None = None,
    weighting: Weighting = "tf_idf",
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build the perceptron, a linear classifier to train with `training.perceptron_loss`.

    With batches of one text and SGD with learning rate 1, this loss is Rosenblatt's update. A correct prediction
    changes nothing. After a wrong one, x is added to the weights of the correct class and subtracted from the weights
    of the predicted class.

    Args:
        vocabulary_size: V, number of token ids, including `[PAD]` and `[UNK]`, for a model of texts.
        num_classes: >= 2, C.
        num_features: F, for a model of rows of numbers, instead of `vocabulary_size`. Set the statistics of its layer
            "standardization" before training.
        weighting: "binary", "count" or "tf_idf", the weight of a word in a text: see `BagOfWords`. For "tf_idf", set
            the document frequencies of the layer "bag_of_words" before training. Numbers have no weighting.
        l1, l2: >= 0, factors of the sum of absolute weights and of the sum of squared weights in the loss.

    Returns:
        `keras.Model`: token_ids int [B, T], or features float [B, F] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range, or unless exactly one of `vocabulary_size` and `num_features`
            is given.

    Example:

    >>> import numpy as np
    >>> perceptron(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])
    >>> perceptron(num_features=4, num_classes=2)(np.array([[7.0, 8.5, 6.0, 9.0]])).shape
    TensorShape([1, 2])

    Reference: Rosenblatt 1958; Collins 2002 for more than two classes.
    """
    return _linear("perceptron", vocabulary_size, num_classes, num_features, weighting, l1, l2)


@builder
def softmax_regression(
    vocabulary_size: int | None = None,
    num_classes: int = 2,
    *,
    num_features: int | None = None,
    weighting: Weighting = "tf_idf",
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build softmax regression, a linear classifier to train with cross entropy: P(class) = softmax(W x + b).

    Arguments, result and errors are the same as for `perceptron`, but `num_classes` may be 1 for a regression: one
    output w.x + b, to train with squared error.

    Example:

    >>> softmax_regression(vocabulary_size=1000, num_classes=6, weighting="count").count_params()
    6006
    """
    return _linear("softmax_regression", vocabulary_size, num_classes, num_features, weighting, l1, l2, regression=True)


@builder
def linear_svm(
    vocabulary_size: int | None = None,
    num_classes: int = 2,
    *,
    num_features: int | None = None,
    weighting: Weighting = "tf_idf",
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build the linear support vector machine, a linear classifier to train with `training.hinge_loss`.

    Its logits are margins. Their softmax ranks the classes, but its values are not probabilities.
    Arguments, result and errors are the same as for `perceptron`.

    Example:

    >>> linear_svm(vocabulary_size=1000, num_classes=2).get_layer("logits").units
    2

    Reference: Cortes and Vapnik 1995; Crammer and Singer 2001 for more than two classes.
    """
    return _linear("linear_svm", vocabulary_size, num_classes, num_features, weighting, l1, l2)


@builder
def logistic_regression(
    vocabulary_size: int | None = None,
    num_classes: int = 2,
    *,
    num_features: int | None = None,
    weighting: Weighting = "tf_idf",
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build logistic regression, with one weight per word or number: P(second class) = sigmoid(w.x + b).

    Arguments, result and errors are the same as for `perceptron`, but `num_classes` must be 2.

    Example:

    >>> logistic_regression(vocabulary_size=1000, weighting="count").count_params()
    1001
    """
    if num_classes != 2:
        raise InputError(
            f"Logistic regression has exactly 2 classes. Received: num_classes={num_classes}. "
            "For more classes use softmax_regression"
        )
    inputs, score = _first_layer(vocabulary_size, num_features, weighting, 1, "score", l1_l2(l1, l2), "zeros")
    # softmax([0, z]) = [1 - sigmoid(z), sigmoid(z)], so losses and tasks for any number of classes can be used.
    zero = keras.layers.Rescaling(0.0, name="zero")(score)
    logits = keras.layers.Concatenate(name="logits")([zero, score])
    return keras.Model(inputs, logits, name="logistic_regression")


@builder
def multilayer_perceptron(
    vocabulary_size: int | None = None,
    num_classes: int = 2,
    *,
    num_features: int | None = None,
    hidden_dims: Sequence[int] = (128,),
    weighting: Weighting = "tf_idf",
    dropout: float = 0.5,
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build a multilayer perceptron over bags of words or rows of numbers: dense layers with ReLU.

    Args:
        vocabulary_size, num_features, weighting: as for `perceptron`.
        num_classes: >= 1, C; 1 for a regression.
        hidden_dims: units of each hidden layer.
        dropout: in [0, 1), fraction of each hidden layer to drop in training.
        l1, l2: >= 0, factors of the sum of absolute weights and of the sum of squared weights of all layers in the
            loss.

    Returns:
        `keras.Model`: token_ids int [B, T], or features float [B, F] -> logits float [B, C].

    Raises:
        InputError: if an argument is outside its range, or unless exactly one of `vocabulary_size` and `num_features`
            is given.

    Example:

    >>> import numpy as np
    >>> multilayer_perceptron(vocabulary_size=1000, num_classes=2)(np.array([[4, 8, 15, 0]])).shape
    TensorShape([1, 2])

    Reference: Rumelhart, Hinton and Williams 1986.
    """
    require_positive(**{f"hidden_dims[{i}]": units for i, units in enumerate(hidden_dims)})
    if not hidden_dims:
        raise InputError("hidden_dims must have at least one hidden layer, such as (128,). Received: hidden_dims=()")
    regularizer = l1_l2(l1, l2)
    inputs, hidden = _first_layer(vocabulary_size, num_features, weighting, hidden_dims[0], "hidden_1", regularizer)
    hidden = keras.layers.ReLU(name="relu_1")(hidden)
    for number, units in enumerate(hidden_dims[1:], start=2):
        hidden = keras.layers.Dropout(dropout, name=f"dropout_{number - 1}")(hidden)
        hidden = keras.layers.Dense(units, "relu", kernel_regularizer=regularizer, name=f"hidden_{number}")(hidden)
    hidden = keras.layers.Dropout(dropout, name=f"dropout_{len(hidden_dims)}")(hidden)
    logits = keras.layers.Dense(num_classes, kernel_regularizer=regularizer, name="logits")(hidden)
    return keras.Model(inputs, logits, name="multilayer_perceptron")


def _linear(
    name: str,
    vocabulary_size: int | None,
    num_classes: int,
    num_features: int | None,
    weighting: Weighting,
    l1: float,
    l2: float,
    regression: bool = False,
) -> keras.Model:
    """Build w.x + b for every class. The initial weights are zero, because the losses are convex."""
    if not regression:
        require_two_classes(num_classes)
    regularizer = l1_l2(l1, l2)
    inputs, logits = _first_layer(vocabulary_size, num_features, weighting, num_classes, "logits", regularizer, "zeros")
    return keras.Model(inputs, logits, name=name)


def _first_layer(
    vocabulary_size: int | None,
    num_features: int | None,
    weighting: Weighting,
    units: int,
    name: str,
    regularizer: keras.regularizers.Regularizer | None,
    initializer: str = "glorot_uniform",
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the symbolic inputs of a model, and W x + b [B, units] over their bags of words or numbers."""
    if (vocabulary_size is None) == (num_features is None):
        raise InputError(
            "A linear model reads texts (vocabulary_size) or numbers (num_features): give exactly one of the two. "
            f"Received: vocabulary_size={vocabulary_size}, num_features={num_features}"
        )
    if vocabulary_size is None:
        require_positive(num_features=num_features)
        features = keras.Input((num_features,), name="features")
        numbers = Standardization(name="standardization")(features)
        dense = keras.layers.Dense(units, kernel_initializer=initializer, kernel_regularizer=regularizer, name=name)
        return features, dense(numbers)
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    words, weights = BagOfWords(vocabulary_size, weighting, name="bag_of_words")(token_ids)
    return token_ids, BagOfWordsDense(vocabulary_size, units, initializer, regularizer, name=name)(words, weights)
