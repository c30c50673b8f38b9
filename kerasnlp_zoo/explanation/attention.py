"""Which token looks at which: the attention weights of every layer and head of a Transformer's encoder.

Shapes: L layers, H heads, T tokens, W words.

Reference: Vaswani et al. 2017, section 3.2; Clark et al. 2019, "What Does BERT Look At?".
"""

import dataclasses
import unicodedata

import keras
import numpy as np

from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.explanation.tokens import CONTINUES, NOT_KNOWN, read_pieces, read_words
from kerasnlp_zoo.layers import TransformerEncoderBlock


def choose_heads(weights, layers=None, heads=None):
    """Check numbers of layers and heads.

    Args:
        weights: array [L, H, ...].
        layers: list of int, counted from 0; None or none for the last one.
        heads: list of int, counted from 0; None or none for all.

    Returns:
        two lists of int.

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


@dataclasses.dataclass(frozen=True, eq=False)
class Attention:
    """The attention weights of one text.

    Attributes:
        tokens: list of T str, as in the text, pieces that go on a word with "##".
        weights: float32 array [L, H, T, T]: row i tells how token i's attention is shared out, and adds up to 1.
        num_cut: int, tokens behind max_sequence_length, which the model did not see.
    """

    tokens: list
    weights: np.ndarray
    num_cut: int

    @property
    def words(self):
        """List of W (str, list of int): each word, its pieces put together, and the places of its tokens."""
        words = []
        for place, token in enumerate(self.tokens):
            if token.startswith(CONTINUES) and words:
                word, places = words[-1]
                words[-1] = (word + token.removeprefix(CONTINUES), [*places, place])
            else:
                words.append((token.removesuffix(NOT_KNOWN), [place]))
        return words

    def places(self, query):
        """Return the places of a word's tokens, everywhere it stands.

        Args:
            query: str, one word or several that follow each other; case does not count.

        Returns:
            list of int.

        Raises:
            InputError: if it does not stand in the text.

        Example:

        >>> Attention(["[CLS]", "Don", "'", "t", "go", "[SEP]"], np.zeros((1, 1, 6, 6)), 0).places("don't")
        [1, 2, 3]
        """
        wanted = _plain(query)
        words = [(_plain(word), places) for word, places in self.words]
        found = set()
        for start in range(len(words)):
            joined, places = "", []
            for word, its_places in words[start:]:
                joined, places = joined + word, places + its_places
                if not wanted.startswith(joined):
                    break
                if joined == wanted:
                    found.update(places)
        if not found:
            known = list(dict.fromkeys(word for word, _ in self.words))
            cut = f" {self.num_cut} more tokens were not read." if self.num_cut else ""
            raise InputError(
                f"{query!r} is not a word of the text.{did_you_mean(query, known)}{cut} Its words: {' '.join(known)}"
            )
        return sorted(found)

    def choose(self, layers=None, heads=None):
        """Check numbers of layers and heads; see `choose_heads`."""
        return choose_heads(self.weights, layers, heads)

    def of_word(self, query, layers=None, heads=None):
        """Tell how one word's attention is shared out over all words.

        The mean over the layers, the heads and the tokens of the word; what goes to several pieces of a
        word is added up.

        Args:
            query: str, as for `places`.
            layers, heads: as for `choose`.

        Returns:
            float array [W]; its sum is 1.

        Raises:
            InputError: if the word, a layer or a head does not exist.

        Reference: Clark et al. 2019, section 4.1.
        """
        layers, heads = self.choose(layers, heads)
        to_tokens = self.weights[np.ix_(layers, heads, self.places(query))].mean(axis=(0, 1, 2))  # [T]
        return np.array([to_tokens[places].sum() for _, places in self.words])


def attention_weights(task, text):
    """Read a text and return which token looks at which, in every layer and head.

    Args:
        task: a task whose model has `TransformerEncoderBlock`s, such as every BERT and `transformer_encoder`.
        text: str, or a pair of str, which every BERT can read, whatever its task.

    Returns:
        Attention.

    Raises:
        InputError: if `text` is neither, holds no token, or the model has no attention or reads no pairs.

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
    blocks = [layer for layer in task.model.layers if isinstance(layer, TransformerEncoderBlock)]
    if not blocks:
        raise InputError(
            f"The model {task.model.name} has no attention. Expected one of Transformer blocks, such as a BERT"
        )
    tokens, num_cut, features = _read(task.preprocessor, texts)
    if not tokens:
        raise InputError(f"The text has no token that could attend to another. Received: {text!r:.60}")
    inputs = task.model.input
    inputs = {name: inputs[name] for name in features} if isinstance(inputs, dict) else inputs
    before = keras.Model(inputs, [keras.tree.flatten(block.input)[0] for block in blocks])
    vectors = before(features if isinstance(inputs, dict) else features[inputs.name], training=False)
    weights = [_block_weights(block, x) for block, x in zip(blocks, keras.tree.flatten(vectors), strict=True)]
    return Attention(tokens, np.stack(weights), num_cut)


def _read(preprocessor, texts):
    """Return the tokens, the number of those cut off, and the model's inputs."""
    if hasattr(preprocessor, "pieces"):
        return read_pieces(preprocessor, texts)
    if len(texts) == 2:
        raise InputError("A model over words reads one text. Received: a pair")
    return read_words(preprocessor, texts[0])


def _block_weights(block, inputs):
    """Return the attention weights [H, T, T] of a block for a text [1, T, D]; nothing in it is padding."""
    inputs = block.attention_norm(inputs) if block.norm_first else inputs
    _, weights = block.attention(inputs, return_attention_scores=True, training=False)
    return keras.ops.convert_to_numpy(keras.ops.cast(weights, "float32"))[0]


def _plain(word):
    """Return a word as words are compared: without case, spaces and differences of width."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())
