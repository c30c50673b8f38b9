"""The attention weights between the tokens of a text, in every layer and head of a Transformer.

Shapes: L layers, H heads, T tokens, W words, D width of a vector.

Reference: Vaswani et al. 2017, section 3.2; Clark et al. 2019, "What Does BERT Look At?".
"""

import dataclasses
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.explanation.tokens import NOT_KNOWN, read_line, read_pieces, read_word_pair, read_words, shortened
from kerasnlp_zoo.layers import TransformerEncoderBlock, WindowedTransformerBlock
from kerasnlp_zoo.markup import matrix
from kerasnlp_zoo.tasks import Task
from kerasnlp_zoo.text import LanguageModelPreprocessor, WordPairPreprocessor, WordPreprocessor
from kerasnlp_zoo.vocabulary import CONTINUES

if TYPE_CHECKING:
    import tensorflow as tf

SHOWN_TOKENS = 30  # in a notebook
BLOCKS = (TransformerEncoderBlock, WindowedTransformerBlock)


def choose_heads(
    weights: np.ndarray, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None
) -> tuple[list[int], list[int]]:
    """Validate indices of layers and heads, and fill in the default ones.

    Args:
        weights: array [L, H, ...].
        layers: indices, counted from 0; None or empty for the last layer.
        heads: indices, counted from 0; None or empty for all heads.

    Returns:
        (layers, heads).

    Raises:
        InputError: if there is no such layer or head.
    """
    num_layers, num_heads = weights.shape[:2]
    layers, heads = list(layers or [num_layers - 1]), list(heads or range(num_heads))
    for name, numbers, count in (("layer", layers, num_layers), ("head", heads, num_heads)):
        if any(not 0 <= number < count for number in numbers):
            raise InputError(
                f"The model has {count} {name}s. Expected numbers from 0 to {count - 1}. "
                f"Received: {name} {', '.join(map(str, numbers))}"
            )
    return layers, heads


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Attention:
    """The attention weights of one text.

    Attributes:
        tokens: T tokens as in the text; a piece that continues a word begins with "##".
        weights: float32 array [L, H, T, T]. Row i has the attention weights of token i; its sum is 1.
        num_cut: number of truncated tokens, after max_sequence_length.
    """

    tokens: list[str]
    weights: np.ndarray
    num_cut: int

    def __repr__(self) -> str:
        layers, heads = self.weights.shape[:2]
        return f"Attention({shortened(self.tokens)}, layers={layers}, heads={heads})"

    def _repr_html_(self) -> str:
        """Show the mean of the weights over layers and heads, of the first tokens."""
        shown = self.tokens[:SHOWN_TOKENS]
        return matrix(shown, shown, self.weights.mean(axis=(0, 1))[: len(shown), : len(shown)])

    @property
    def words(self) -> list[tuple[str, list[int]]]:
        """The W words, joined from their pieces, each with the positions of its tokens."""
        words: list[tuple[str, list[int]]] = []
        for position, token in enumerate(self.tokens):
            if token.startswith(CONTINUES) and words:
                word, positions = words[-1]
                words[-1] = (word + token.removeprefix(CONTINUES), [*positions, position])
            else:
                words.append((token.removesuffix(NOT_KNOWN), [position]))
        return words

    def places(self, query: str) -> list[int]:
        """Return the positions of a word's tokens, for all its occurrences.

        Args:
            query: a word, or several consecutive words; case is ignored.

        Raises:
            InputError: if the text does not contain the word.

        Example:

        >>> Attention(["[CLS]", "Don", "'", "t", "go", "[SEP]"], np.zeros((1, 1, 6, 6)), 0).places("don't")
        [1, 2, 3]
        """
        wanted = _plain(query)
        words = [(_plain(word), positions) for word, positions in self.words]
        found: set[int] = set()
        for start in range(len(words)):
            joined = ""
            positions: list[int] = []
            for word, positions_of_word in words[start:]:
                joined, positions = joined + word, positions + positions_of_word
                if not wanted.startswith(joined):
                    break
                if joined == wanted:
                    found.update(positions)
        if not found:
            known = list(dict.fromkeys(word for word, _ in self.words))
            cut = f" {self.num_cut} more tokens were truncated." if self.num_cut else ""
            raise InputError(
                f"{query!r} is not a word of the text.{did_you_mean(query, known)}{cut} Its words: {' '.join(known)}"
            )
        return sorted(found)

    def choose(
        self, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None
    ) -> tuple[list[int], list[int]]:
        """Validate indices of layers and heads; see `choose_heads`."""
        return choose_heads(self.weights, layers, heads)

    def of_word(
        self, query: str, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None
    ) -> np.ndarray:
        """Return the attention weights from one word to all words.

        They are means over the layers, the heads and the tokens of the word. The weights of the pieces of a word are
            added.

        Args:
            query: a word, as for `places`.
            layers: indices of layers, as for `choose`.
            heads: indices of heads, as for `choose`.

        Returns:
            float array [W]; its sum is 1.

        Raises:
            InputError: if the word, a layer or a head does not exist.

        Reference: Clark et al. 2019, section 4.1.
        """
        layers, heads = self.choose(layers, heads)
        to_tokens = self.weights[np.ix_(layers, heads, self.places(query))].mean(axis=(0, 1, 2))  # [T]
        return np.array([to_tokens[positions].sum() for _, positions in self.words])


def attention_weights(task: Task, text: str | Sequence[str]) -> Attention:
    """Return the attention weights between the tokens of a text, in every layer and head.

    Args:
        task: a task with a model of `TransformerEncoderBlock`s, such as BERT or `transformer_encoder`, or with a
            `transformer_language_model`.
        text: a text; or a pair of texts, for a model of pairs or any BERT model.

    Raises:
        InputError: if `text` is not a text or a pair of texts, or has no token; or if the model has no attention or
            does not read pairs.

    Example:

    >>> from kerasnlp_zoo.models import BERT_SIZES, sentence_encoder
    >>> from kerasnlp_zoo.tasks import SentenceSimilarity
    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] it play ##s".split())
    >>> model = sentence_encoder(vocabulary_size=len(vocabulary), **BERT_SIZES["tiny"])
    >>> attention = attention_weights(SentenceSimilarity(model, WordPiecePreprocessor(vocabulary)), "It plays")
    >>> attention.tokens, attention.weights.shape
    (['[CLS]', 'It', 'play', '##s', '[SEP]'], (2, 2, 5, 5))
    """
    texts = [text] if isinstance(text, str) else text
    if not isinstance(texts, (list, tuple)) or len(texts) not in (1, 2) or not all(isinstance(t, str) for t in texts):
        raise InputError(f"Expected a text or a pair of texts. Received: {text!r:.60}")
    blocks = [layer for layer in task.model.layers if isinstance(layer, BLOCKS)]
    if not blocks:
        raise InputError(
            f"The model {task.model.name} has no attention. Expected a model of Transformer blocks, such as BERT"
        )
    tokens, num_cut, features = _read(task.preprocessor, texts)
    if not tokens:
        raise InputError(f"The text has no token. Received: {text!r:.60}")
    inputs = task.model.input
    inputs = {name: inputs[name] for name in features} if isinstance(inputs, dict) else inputs
    before = keras.Model(inputs, [keras.tree.flatten(block.input)[0] for block in blocks])
    vectors = before(features if isinstance(inputs, dict) else features[inputs.name], training=False)
    weights = [_block_weights(block, x) for block, x in zip(blocks, keras.tree.flatten(vectors), strict=True)]
    return Attention(tokens, np.stack(weights), num_cut)


def _read(preprocessor: Any, texts: Sequence[str]) -> tuple[list[str], int, dict[str, "tf.Tensor"]]:
    """Return the tokens, the number of truncated ones, and the model's inputs."""
    if not isinstance(preprocessor, (WordPreprocessor, LanguageModelPreprocessor)):
        return read_pieces(preprocessor, texts)
    if len(texts) != len(preprocessor.inputs):
        expected, received = ("one text", "a pair") if len(texts) == 2 else ("a pair of texts", "one text")
        raise InputError(f"This model of words reads {expected}. Received: {received}")
    if isinstance(preprocessor, LanguageModelPreprocessor):
        return read_line(preprocessor, texts[0])
    if isinstance(preprocessor, WordPairPreprocessor):
        return read_word_pair(preprocessor, texts)
    return read_words(preprocessor, texts[0])


def _block_weights(block: TransformerEncoderBlock | WindowedTransformerBlock, inputs: "tf.Tensor") -> np.ndarray:
    """Return the attention weights [H, T, T] of a block for one text [1, T, D] without padding."""
    inputs = block.attention_norm(inputs) if block.norm_first else inputs
    if isinstance(block, WindowedTransformerBlock):
        _, weights, _ = block.attention.attend(inputs, training=False)
    else:
        _, weights = block.attention(inputs, return_attention_scores=True, training=False)
    return keras.ops.convert_to_numpy(keras.ops.cast(weights, "float32"))[0]


def _plain(word: str) -> str:
    """Normalize a word for comparison: lower case, half-width, without spaces."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())
