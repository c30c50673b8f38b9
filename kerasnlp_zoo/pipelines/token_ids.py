"""Convert a corpus of any size into the token ids that word2vec, GloVe and BERT are trained on.

The result is the folder that `encode_corpus` or `encode_documents` writes. Workers convert ranges of the text; the
command joins their ids, which needs little memory.
"""

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from kerasnlp_zoo.datasets.corpora import parallel_map
from kerasnlp_zoo.datasets.encoded_text import SOURCE, EncodedText
from kerasnlp_zoo.datasets.text_ranges import TextRange, range_blocks
from kerasnlp_zoo.pipelines.running import Reported, each_range, read_json_part, run, text_ranges
from kerasnlp_zoo.pipelines.storage import PARTS, local_file, local_result, new_file, open_file, working_folder
from kerasnlp_zoo.pipelines.word_counts import WordFlags, as_places, ids_file, sum_of_counts, words_file
from kerasnlp_zoo.text import WordPiecePreprocessor
from kerasnlp_zoo.text.corpus import (
    BLOCK,
    DTYPE,
    IDS,
    VOCABULARY,
    new_ids,
    renumber,
    write_facts,
)
from kerasnlp_zoo.text.documents import encode_documents, ids_of_sentences
from kerasnlp_zoo.training.pretraining import given_vocabulary
from kerasnlp_zoo.types import Language
from kerasnlp_zoo.vocabulary import TokenList, Vocabulary, WordPieceVocabulary

Item = TypeVar("Item")
_lock = threading.Lock()  # threads of a worker share a vocabulary


def encode_words(text: str, output: str, flags: WordFlags, beam_flags: Sequence[str] = ()) -> tuple[int, int, int]:
    """Write a corpus of any size as word ids, as `encode_corpus` does.

    The first pass counts, and keeps provisional ids; the second one renumbers them, so the text is tokenized once.

    Args:
        text: absolute path of a text file or of a folder of text files.
        output: absolute path of the new folder.
        flags: how to find words.
        beam_flags: flags of Apache Beam.

    Returns:
        The number of words, of sentences, and of different words.

    Raises:
        InputError: as for `word_counts.count_words`.
    """
    flags.check()
    ranges = text_ranges(text, flags.encoding)
    with working_folder(output) as work:
        vocabulary, counts = sum_of_counts(ranges, flags, work, beam_flags, keeps_ids=True)
        _share_vocabulary(vocabulary, work)
        _write_parts(functools.partial(_renumber_range, work=work), ranges, work, beam_flags)
        with local_result(work, output, SOURCE) as new:
            new.mkdir()
            num_tokens = num_ids = 0
            with open(new / IDS, "wb") as file:
                for ids in _joined(ranges, work):
                    num_tokens, num_ids = num_tokens + int(np.count_nonzero(ids)), num_ids + len(ids)
                    file.write(ids.tobytes())
            write_facts(new, vocabulary, counts, num_tokens, num_ids - num_tokens)
            flags.encoded().save(new)
    return num_tokens, num_ids - num_tokens, len(vocabulary) - 2


def encode_pieces(
    text: str,
    output: str,
    vocabulary: str,
    cased: bool = False,
    language: Language = "en",
    encoding: str = "utf-8-sig",
    beam_flags: Sequence[str] = (),
) -> tuple[int, int]:
    """Write a corpus of any size as ids of word pieces in documents, as `bert_pretraining` reads it.

    Args:
        text: absolute path of a text file or of a folder of text files.
        output: absolute path of the new folder.
        vocabulary: an entry with word pieces, or a vocab.txt.
        cased: whether to keep the case of letters; an entry contains this setting.
        language: language of the text.
        encoding: encoding of the text.
        beam_flags: flags of Apache Beam.

    Returns:
        The number of pieces and of documents.

    Raises:
        InputError: if the output folder exists, or the text or the vocabulary cannot be read.
    """
    pieces, lower_case = given_vocabulary(vocabulary, cased)
    assert pieces is not None
    ranges = text_ranges(text, encoding)
    with working_folder(output) as work:
        _share_vocabulary(pieces, work)
        encode = functools.partial(
            _encode_range, work=work, lower_case=lower_case, language=language, encoding=encoding
        )
        _write_parts(encode, ranges, work, beam_flags)
        with local_result(work, output, SOURCE) as new:
            documents = encode_documents(_joined(ranges, work), pieces, new)
            EncodedText("pieces", language, lower_case=lower_case).save(new)
    return documents.num_tokens, documents.num_documents


def _write_parts(function: Any, ranges: Sequence[TextRange], work: str, beam_flags: Sequence[str]) -> None:
    """Run a function on all ranges."""

    def build(pipeline: Any) -> None:
        import apache_beam as beam

        _ = each_range(pipeline, ranges) | "Encode" >> beam.FlatMap(Reported(function, work))

    run(build, beam_flags, work)


def _renumber_range(part: TextRange, work: str) -> Iterator[None]:
    """Replace the provisional ids of a range by ids of the vocabulary."""
    vocabulary = _shared(_words, work)
    words = read_json_part(words_file(work, part.number))
    size = 1 + max(words.values(), default=0)
    with local_file(ids_file(work, part.number)) as source, new_file(_final_file(work, part.number)) as new:
        renumber(source, new, new_ids(as_places(words, vocabulary), vocabulary, size))
    yield from ()


def _encode_range(part: TextRange, work: str, lower_case: bool, language: Language, encoding: str) -> Iterator[None]:
    """Write the ids of the pieces of a range."""
    preprocessor = WordPiecePreprocessor(_shared(_pieces, work), lower_case, language)
    with open_file(part.path) as file, new_file(_final_file(work, part.number)) as new, new.open("wb") as ids:
        blocks = range_blocks(file, part, encoding)
        after: list[list[str]] = [[""]] if part.end is None else []  # a document ends at the end of a file
        for chunk in parallel_map(functools.partial(ids_of_sentences, preprocessor), itertools.chain(blocks, after)):
            ids.write(chunk.astype(DTYPE).tobytes())
    yield from ()


def _joined(ranges: Sequence[TextRange], work: str) -> Iterator[np.ndarray]:
    """Yield the ids of all ranges in order, int32 arrays."""
    for part in ranges:
        with local_file(_final_file(work, part.number)) as path, path.open("rb") as file:
            while len(ids := np.fromfile(file, DTYPE, BLOCK)):
                yield ids


def _final_file(work: str, number: int) -> str:
    return f"{work}/{PARTS}/final-{number:05}"


def _share_vocabulary(vocabulary: TokenList, work: str) -> None:
    with new_file(f"{work}/{PARTS}/{VOCABULARY}") as new:
        vocabulary.save(new)


def _shared(read: Callable[[str], Item], work: str) -> Item:
    with _lock:
        return read(work)


@functools.lru_cache(maxsize=1)
def _words(work: str) -> Vocabulary:
    with local_file(f"{work}/{PARTS}/{VOCABULARY}") as path:
        return Vocabulary.load(path)


@functools.lru_cache(maxsize=1)
def _pieces(work: str) -> WordPieceVocabulary:
    with local_file(f"{work}/{PARTS}/{VOCABULARY}") as path:
        return WordPieceVocabulary.load(path)
