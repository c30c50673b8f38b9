"""`kerasnlp-zoo corpus`: count, encode, deduplicate and answer text that is larger than a machine, with Apache Beam."""

import sys
from collections.abc import Callable
from typing import Annotated, Literal

import tyro

from kerasnlp_zoo.errors import InputError, did_you_mean

Kind = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="count|ids|bert|deduplicate|predict")]
Corpus = Annotated[
    tyro.conf.Positional[str],
    tyro.conf.arg(
        metavar="TEXT",
        help="A text file, or a folder of .txt files, also compressed; also a path such as gs://bucket/texts.",
    ),
]
Output = Annotated[
    tyro.conf.Positional[str],
    tyro.conf.arg(
        metavar="OUTPUT", help="The new folder. It appears when it is complete. An existing one is not replaced."
    ),
]
Encoding = Annotated[str, tyro.conf.arg(help="Encoding of the text.")]
Segmenter = Literal["jieba", "spaces", "characters"]
END_OF_FLAGS = "--"


def corpus(kind: Kind) -> None:
    """Count, encode, deduplicate or answer text that is larger than a machine, with Apache Beam.

    Without further flags, the pipeline runs on this machine. Flags after -- are those of Apache Beam, such as
    `-- --runner FlinkRunner`. Each kind has its own flags: see `kerasnlp-zoo corpus count --help`.

    Args:
        kind: "count": the vocabulary and the counts of words. "ids": word ids, to train word2vec, glove and
            cooccurrence on. "bert": ids of word pieces, to train bert_pretraining on. "deduplicate": the text
            without duplicate lines. "predict": the answers of an exported SavedModel to all lines.
    """
    if kind not in KINDS:
        raise InputError(
            f"corpus has no command {kind!r}.{did_you_mean(kind, KINDS)} Expected one of: {', '.join(KINDS)}"
        )
    arguments, _ = _divided(sys.argv[3:])
    tyro.cli(KINDS[kind], prog=f"kerasnlp-zoo corpus {kind}", args=arguments)


def count(
    text: Corpus,
    output: Output,
    language: Literal["en", "zh"] = "en",
    segmenter: Segmenter | None = None,
    min_count: int = 5,
    max_vocabulary_size: int | None = None,
    encoding: Encoding = "utf-8-sig",
) -> None:
    """Count the words of a text, and write vocabulary.txt, counts.npy and counts.tsv.

    Args:
        language: Language of the text; it selects the tokenizer.
        segmenter: How to split the text into words: jieba finds Chinese words; spaces splits at spaces; characters
            makes each Chinese character a word. Default: that of the language.
        min_count: Minimum number of occurrences of a word.
        max_vocabulary_size: Maximum size of the vocabulary; the most frequent words are kept.
    """
    _require_beam()
    from kerasnlp_zoo.pipelines.storage import absolute
    from kerasnlp_zoo.pipelines.word_counts import WordFlags, count_words

    flags = WordFlags(encoding, language, segmenter, min_count, max_vocabulary_size)
    number = count_words(absolute(text), absolute(output), flags, _beam_flags())
    print(f"{output}: {number:,} different words that occur at least {min_count} times")


def ids(
    text: Corpus,
    output: Output,
    language: Literal["en", "zh"] = "en",
    segmenter: Segmenter | None = None,
    min_count: int = 5,
    max_vocabulary_size: int | None = None,
    encoding: Encoding = "utf-8-sig",
) -> None:
    """Convert a text to word ids, to train word2vec, glove and cooccurrence with --corpus OUTPUT.

    Args:
        language: Language of the text; it selects the tokenizer.
        segmenter: How to split the text into words: jieba finds Chinese words; spaces splits at spaces; characters
            makes each Chinese character a word. Default: that of the language.
        min_count: Minimum number of occurrences of a word. Rarer words are dropped from the text.
        max_vocabulary_size: Maximum size of the vocabulary; the most frequent words are kept.
    """
    _require_beam()
    from kerasnlp_zoo.pipelines.storage import absolute
    from kerasnlp_zoo.pipelines.token_ids import encode_words
    from kerasnlp_zoo.pipelines.word_counts import WordFlags

    flags = WordFlags(encoding, language, segmenter, min_count, max_vocabulary_size)
    words, sentences, different = encode_words(absolute(text), absolute(output), flags, _beam_flags())
    print(f"{output}: {words:,} words in {sentences:,} sentences, {different:,} different words")
    print(f"Train on it: kerasnlp-zoo train word2vec --corpus {output} --min-count {min_count}")


def bert(
    text: Corpus,
    output: Output,
    vocabulary: str,
    cased: bool = False,
    language: Literal["en", "zh"] = "en",
    encoding: Encoding = "utf-8-sig",
) -> None:
    """Convert a text to ids of word pieces in documents, to train bert_pretraining with --corpus OUTPUT.

    Training draws new sentence pairs and masks from the documents in every epoch.

    Args:
        vocabulary: Entry, or vocab.txt file, with the word pieces.
        cased: Keep case and accents of letters. Ignored if --vocabulary is an entry, which contains this setting.
        language: Language of the text.
    """
    _require_beam()
    from kerasnlp_zoo.pipelines.storage import absolute
    from kerasnlp_zoo.pipelines.token_ids import encode_pieces

    tokens, documents = encode_pieces(
        absolute(text), absolute(output), vocabulary, cased, language, encoding, _beam_flags()
    )
    print(f"{output}: {tokens:,} tokens in {documents:,} documents")
    print(f"Train on it: kerasnlp-zoo train bert_pretraining --corpus {output}")


def deduplicate(text: Corpus, output: Output, encoding: Encoding = "utf-8-sig") -> None:
    """Write a text without duplicate lines: of lines that differ only in case, character width and spaces, the first.

    Blank lines are kept, because they end documents. The files of the output are in the order of the text.
    """
    _require_beam()
    from kerasnlp_zoo.pipelines.duplicates import remove_duplicate_lines
    from kerasnlp_zoo.pipelines.storage import absolute

    lines, files = remove_duplicate_lines(absolute(text), absolute(output), encoding, _beam_flags())
    print(f"{output}: {lines:,} lines in {files:,} files")


def predict(
    model: Annotated[
        tyro.conf.Positional[str], tyro.conf.arg(metavar="MODEL", help="Folder from `kerasnlp-zoo export`.")
    ],
    text: Corpus,
    output: Output,
    encoding: Encoding = "utf-8-sig",
) -> None:
    """Write the answers of an exported SavedModel to all lines, as JSON lines.

    Each line is a text; for a model of pairs of texts, a tab separates the two. The files of the output are in the
    order of the text, and have the answers of `kerasnlp-zoo predict --file --json`.
    """
    _require_beam()
    from kerasnlp_zoo.pipelines.predictions import predict_lines
    from kerasnlp_zoo.pipelines.storage import absolute

    answers, files = predict_lines(absolute(model), absolute(text), absolute(output), encoding, _beam_flags())
    print(f"{output}: {answers:,} answers in {files:,} files")


KINDS: dict[str, Callable[..., None]] = {
    "count": count,
    "ids": ids,
    "bert": bert,
    "deduplicate": deduplicate,
    "predict": predict,
}


def _divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments before -- and after it."""
    place = arguments.index(END_OF_FLAGS) if END_OF_FLAGS in arguments else len(arguments)
    return arguments[:place], arguments[place + 1 :]


def _beam_flags() -> list[str]:
    return _divided(sys.argv[3:])[1]


def _require_beam() -> None:
    from kerasnlp_zoo.pipelines.running import require_beam

    require_beam()
