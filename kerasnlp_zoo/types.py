"""Types of arguments that many functions share. Importing them does not load TensorFlow."""

import os
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    Tensor: TypeAlias = keras.KerasTensor | tf.Tensor | np.ndarray
    # None where a dimension is unknown. Any, because layers use dimensions that are known, such as the last one.
    TensorShape: TypeAlias = tuple[int | Any, ...]
    Initializer: TypeAlias = (
        str | dict[str, Any] | keras.initializers.Initializer
    )  # as `keras.initializers.get` takes it
else:
    Tensor = TensorShape = Initializer = Any

Language: TypeAlias = Literal["en", "zh"]
FilePath: TypeAlias = str | os.PathLike[str]
Config: TypeAlias = dict[str, Any]  # values that can be written as JSON
