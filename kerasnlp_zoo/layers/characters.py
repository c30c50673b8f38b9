"""What the letters of a word tell about it: its ending, its capital, whether it is a number.

Shapes: B batch, T words, L letters of the longest word, E width of a letter's vector, F width of a word's features.
"""

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers.convolution import TextConvolution
from kerasnlp_zoo.layers.masking import MaskedLayer, WindowMask
from kerasnlp_zoo.layers.pooling import MaxOverTime
from kerasnlp_zoo.layers.recurrent import Recurrent

READERS = ("cnn", "lstm")


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WordCharacters(MaskedLayer):
    """Read every word letter by letter and give it a vector.

    Args:
        vocabulary_size: int, number of character ids, 0 for padding included.
        reader: "cnn" for the strongest match of each filter over windows of three letters, or "lstm" for the last
            states of an LSTM that reads the word forwards and of one that reads it backwards.
        embedding_dim: int >= 1, E.
        output_dim: int >= 1, F; for "lstm" even: half of it from each direction.

    Call arguments:
        character_ids: int tensor [B, T, L]; 0 is padding.

    Returns:
        float tensor [B, T, F]. A word without letters has the same vector wherever it stands.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> WordCharacters(vocabulary_size=80)(ops.ones((2, 7, 12), dtype="int32")).shape
    TensorShape([2, 7, 50])

    References: Ma and Hovy 2016, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF", section 2.1, for
    "cnn"; Lample et al. 2016, "Neural Architectures for Named Entity Recognition", section 4.1, for "lstm".
    """

    WINDOW = 3

    def __init__(self, vocabulary_size, reader="cnn", embedding_dim=30, output_dim=50, **kwargs):
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size, embedding_dim=embedding_dim, output_dim=output_dim)
        require_choice("reader", reader, READERS)
        if reader == "lstm" and output_dim % 2:
            raise InputError(f"Each direction of an LSTM gives half of output_dim. Received: output_dim={output_dim}")
        self.vocabulary_size = vocabulary_size
        self.reader = reader
        self.embedding_dim = embedding_dim
        self.output_dim = output_dim
        dtype = self.dtype_policy
        self.embedding = keras.layers.Embedding(vocabulary_size, embedding_dim, dtype=dtype, name="embedding")
        if reader == "cnn":
            self.convolution = TextConvolution(output_dim, self.WINDOW, dtype=dtype, name="convolution")
            self.window_mask = WindowMask(self.WINDOW, name="window_mask")
            self.pooling = MaxOverTime(dtype=dtype, name="pooling")
        else:
            self.recurrent = Recurrent(output_dim // 2, bidirectional=True, dtype=dtype, name="recurrent")

    def build(self, character_ids_shape):
        """Make the weights of the letters and of their reader."""
        self.embedding.build((None, None))
        reader = self.convolution if self.reader == "cnn" else self.recurrent
        reader.build((None, None, self.embedding_dim))

    def call(self, character_ids):
        """Read all words of the batch as so many short sequences."""
        batch, time, letters = ops.shape(character_ids)
        words = ops.reshape(character_ids, (-1, letters))  # [B x T, L]
        mask = ops.not_equal(words, 0)
        vectors = self.embedding(words)  # [B x T, L, E]
        if self.reader == "cnn":
            features = self.pooling(self.convolution(vectors, mask=mask), mask=self.window_mask(mask))
        else:
            _, (forward, _, backward, _) = self.recurrent(vectors, mask=mask)
            features = ops.concatenate([forward, backward], axis=-1)
        return ops.reshape(features, (batch, time, self.output_dim))

    def compute_output_spec(self, character_ids):
        """Return the symbolic vectors of the words."""
        batch, time, _ = character_ids.shape
        return keras.KerasTensor((batch, time, self.output_dim), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "reader": self.reader,
            "embedding_dim": self.embedding_dim,
            "output_dim": self.output_dim,
        }
