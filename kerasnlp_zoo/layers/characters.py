"""Word vectors from the characters of a word, such as its ending, capitals and digits.

Shapes: B batch, T words, L characters of the longest word, E width of a character vector, F width of a word vector.
"""

from typing import Any, ClassVar, Literal, TypeAlias

import keras
from keras import ops

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.layers.convolution import TextConvolution
from kerasnlp_zoo.layers.masking import MaskedLayer, WindowMask
from kerasnlp_zoo.layers.pooling import MaxOverTime
from kerasnlp_zoo.layers.recurrent import Recurrent
from kerasnlp_zoo.types import Config, Tensor, TensorShape

CHARACTER_ENCODERS = ("cnn", "lstm")
CharacterEncoder: TypeAlias = Literal["cnn", "lstm"]


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class WordCharacters(MaskedLayer):
    """Encode every word from its characters.

    Args:
        vocabulary_size: number of character ids, with id 0 for padding.
        character_encoder: "cnn" for a convolution over three characters and the maximum over the word, or "lstm" for
            the last states of a bidirectional LSTM.
        embedding_dim: E (>= 1).
        output_dim: F (>= 1); even for "lstm", where each direction computes one half.

    Call arguments:
        character_ids: int tensor [B, T, L]; 0 is padding.

    Returns:
        float tensor [B, T, F]. All words without characters have the same vector.

    Raises:
        InputError: if an argument is outside its range.

    Example:

    >>> WordCharacters(vocabulary_size=80)(ops.ones((2, 7, 12), dtype="int32")).shape
    TensorShape([2, 7, 50])

    References: Ma and Hovy 2016, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF", section 2.1, for
    "cnn"; Lample et al. 2016, "Neural Architectures for Named Entity Recognition", section 4.1, for "lstm".
    """

    WINDOW: ClassVar[int] = 3

    def __init__(
        self,
        vocabulary_size: int,
        character_encoder: CharacterEncoder = "cnn",
        embedding_dim: int = 30,
        output_dim: int = 50,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_positive(vocabulary_size=vocabulary_size, embedding_dim=embedding_dim, output_dim=output_dim)
        require_choice("character_encoder", character_encoder, CHARACTER_ENCODERS)
        if character_encoder == "lstm" and output_dim % 2:
            raise InputError(
                "Each direction of the LSTM computes half of output_dim, so output_dim must be even. "
                f"Received: output_dim={output_dim}"
            )
        self.vocabulary_size = vocabulary_size
        self.character_encoder = character_encoder
        self.embedding_dim = embedding_dim
        self.output_dim = output_dim
        dtype = self.dtype_policy
        self.embedding = keras.layers.Embedding(vocabulary_size, embedding_dim, dtype=dtype, name="embedding")
        if character_encoder == "cnn":
            self.convolution = TextConvolution(output_dim, self.WINDOW, dtype=dtype, name="convolution")
            self.window_mask = WindowMask(self.WINDOW, name="window_mask")
            self.pooling = MaxOverTime(dtype=dtype, name="pooling")
        else:
            self.recurrent = Recurrent(output_dim // 2, bidirectional=True, dtype=dtype, name="recurrent")

    def build(self, character_ids_shape: TensorShape) -> None:
        """Create the weights of the embedding and of the encoder."""
        self.embedding.build((None, None))
        encoder = self.convolution if self.character_encoder == "cnn" else self.recurrent
        encoder.build((None, None, self.embedding_dim))

    def call(self, character_ids: Tensor) -> Tensor:
        """Encode all words of the batch as one batch of short sequences."""
        batch, time, length = ops.shape(character_ids)
        words = ops.reshape(character_ids, (-1, length))  # [B x T, L]
        mask = ops.not_equal(words, 0)
        vectors = self.embedding(words)  # [B x T, L, E]
        if self.character_encoder == "cnn":
            features = self.pooling(self.convolution(vectors, mask=mask), mask=self.window_mask(mask))
        else:
            _, (forward, _, backward, _) = self.recurrent(vectors, mask=mask)
            features = ops.concatenate([forward, backward], axis=-1)
        return ops.reshape(features, (batch, time, self.output_dim))

    def compute_output_spec(self, character_ids: Tensor) -> keras.KerasTensor:
        """Return the symbolic output."""
        batch, time, _ = character_ids.shape
        return keras.KerasTensor((batch, time, self.output_dim), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Return the arguments that rebuild this layer."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "character_encoder": self.character_encoder,
            "embedding_dim": self.embedding_dim,
            "output_dim": self.output_dim,
        }
