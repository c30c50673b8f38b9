"""Types that the signatures of many functions share. Importing them loads no TensorFlow."""

import os
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    Tensor: TypeAlias = keras.KerasTensor | tf.Tensor | np.ndarray
    TensorShape: TypeAlias = tuple[int | None, ...]
else:
    Tensor = TensorShape = Any

Language: TypeAlias = Literal["en", "zh"]
FilePath: TypeAlias = str | os.PathLike[str]
Config: TypeAlias = dict[str, Any]  # plain values that survive JSON
