"""Count the words of a corpus: each range counts its own words, and shards of all words are summed.

A shard has the words with the same hash. Only counts are shuffled, not text.
"""

import collections
import dataclasses
import functools
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasnlp_zoo.datasets.corpora import TextSource, require_segmenter
from kerasnlp_zoo.datasets.encoded_text import EncodedText, Segmenter
from kerasnlp_zoo.datasets.text_ranges import TextRange, range_blocks
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.pipelines.running import (
    Reported,
    each_range,
    num_shards,
    read_json_part,
    run,
    text_ranges,
    write_json_part,
)
from kerasnlp_zoo.pipelines.storage import PARTS, local_result, new_file, open_file, working_folder
from kerasnlp_zoo.text.corpus import (
    COUNTS,
    NO_WORDS,
    VOCABULARY,
    as_text,
    no_frequent_word,
    write_provisional,
)
from kerasnlp_zoo.types import Language
from kerasnlp_zoo.vocabulary import Vocabulary

COUNTS_TABLE = "counts.tsv"


@dataclasses.dataclass(frozen=True)
class WordFlags:
    """How the words of a text are found and which are kept; the flags of `kerasnlp-zoo corpus count` and `ids`."""

    encoding: str = "utf-8-sig"
    language: Language = "en"
    segmenter: Segmenter | None = None
    min_count: int = 5
    max_vocabulary_size: int | None = None

    def check(self) -> None:
        """Raise InputError if flags are invalid or cannot be combined."""
        require_positive(min_count=self.min_count)
        require_segmenter(self.segmenter, self.language)

    def encoded(self) -> EncodedText:
        """Return the description of the token ids."""
        return EncodedText("words", self.language, self.segmenter, self.min_count)


def count_words(text: str, output: str, flags: WordFlags, beam_flags: Sequence[str] = ()) -> int:
    """Write the vocabulary and the counts of a corpus of any size, as `encode_corpus` finds them.

    The output folder has vocabulary.txt, counts.npy (int64, by id) and counts.tsv (word, tab, count).

    Args:
        text: absolute path of a text file or of a folder of text files.
        output: absolute path of the new folder.
        flags: how to find words.
        beam_flags: flags of Apache Beam.

    Returns:
        The size of the vocabulary, without special tokens.

    Raises:
        InputError: if the output folder exists, the text cannot be read, or no word is frequent enough.
    """
    flags.check()
    ranges = text_ranges(text, flags.encoding)
    with working_folder(output) as work:
        vocabulary, counts = sum_of_counts(ranges, flags, work, beam_flags, keeps_ids=False)
        with local_result(work, output, COUNTS_TABLE) as new:
            new.mkdir()
            np.save(new / COUNTS, counts)
            vocabulary.save(new / VOCABULARY)
            rows = zip(vocabulary.tokens[2:], counts[2:].tolist(), strict=True)
            (new / COUNTS_TABLE).write_text("".join(f"{word}\t{count}\n" for word, count in rows), "utf-8", newline="")
    return len(vocabulary) - 2


def sum_of_counts(
    ranges: Sequence[TextRange], flags: WordFlags, work: str, beam_flags: Sequence[str], keeps_ids: bool
) -> tuple[Vocabulary, np.ndarray]:
    """Count the words of all ranges; return the vocabulary and the counts by id, int64.

    Args:
        ranges: ranges of the text.
        flags: how to find words.
        work: the working folder.
        beam_flags: flags of Apache Beam.
        keeps_ids: whether the ranges are also written as provisional ids.

    Raises:
        InputError: if the text cannot be read, or no word is frequent enough.
    """
    shards = num_shards(ranges)
    count_one = functools.partial(_count_range, flags=flags, work=work, shards=shards, keeps_ids=keeps_ids)
    merge = functools.partial(_merge_shard, min_count=flags.min_count, work=work)

    def build(pipeline: Any) -> None:
        import apache_beam as beam

        counted = each_range(pipeline, ranges) | "Count" >> beam.FlatMap(Reported(count_one, work)).with_output_types(
            tuple[int, bytes]
        )
        _ = counted | "Shards" >> beam.GroupByKey() | "Sum" >> beam.FlatMap(Reported(merge, work))

    run(build, beam_flags, work)
    merged = [read_json_part(_shard_file(work, shard)) for shard in range(shards)]
    words: dict[str, int] = {}
    for shard in merged:
        words |= shard["words"]
    if not words:
        different = sum(shard["different"] for shard in merged)
        if not different:
            raise InputError(NO_WORDS)
        most, count = max((shard["most"] for shard in merged), key=lambda most: most[1])
        raise no_frequent_word(most, count, different, flags.min_count)
    vocabulary = Vocabulary.from_counts(words, max_size=flags.max_vocabulary_size)
    return vocabulary, np.array([0, 0, *(words[token] for token in vocabulary.tokens[2:])], "int64")


def _count_range(
    part: TextRange, flags: WordFlags, work: str, shards: int, keeps_ids: bool
) -> Iterator[tuple[int, bytes]]:
    """Yield (shard, {word: count} as compressed JSON) for a range; write its provisional ids if they are kept."""
    source = TextSource(part.path, lambda: range_blocks(file, part, flags.encoding), flags.language, flags.segmenter)
    with open_file(part.path) as file, tempfile.TemporaryDirectory() as folder:
        ids = Path(folder, "ids") if keeps_ids else Path(os.devnull)
        words, counts = write_provisional(source.chunks(), ids)
        if keeps_ids:
            with new_file(ids_file(work, part.number)) as new:
                shutil.copyfile(ids, new)
            write_json_part(words_file(work, part.number), {as_text(word): place for word, place in words.items()})
    by_shard: list[dict[str, int]] = [{} for _ in range(shards)]
    for word, place in words.items():
        by_shard[zlib.crc32(as_text(word).encode()) % shards][as_text(word)] = int(counts[place])
    for shard, shard_counts in enumerate(by_shard):
        yield shard, zlib.compress(json.dumps(shard_counts, ensure_ascii=False).encode(), level=1)


def _merge_shard(shard: tuple[int, Iterable[bytes]], min_count: int, work: str) -> Iterator[None]:
    """Sum the counts of a shard, and write those of frequent words, the most frequent word and the number of words."""
    number, packets = shard
    total: collections.Counter[str] = collections.Counter()
    for packet in packets:
        total.update(json.loads(zlib.decompress(packet)))
    frequent = {word: count for word, count in total.items() if count >= min_count}
    most: tuple[str, int] = max(total.items(), key=lambda item: item[1], default=("", 0))
    write_json_part(_shard_file(work, number), {"words": frequent, "most": most, "different": len(total)})
    yield from ()


def _shard_file(work: str, shard: int) -> str:
    return f"{work}/{PARTS}/counts-{shard:05}.json"


def words_file(work: str, number: int) -> str:
    """Return the path of {word: provisional id} of a range."""
    return f"{work}/{PARTS}/words-{number:05}.json"


def ids_file(work: str, number: int) -> str:
    """Return the path of the ids of a range."""
    return f"{work}/{PARTS}/ids-{number:05}"


def as_places(words: Mapping[str, int], vocabulary: Vocabulary) -> dict[str, int]:
    """Return {word: provisional id} of the words in a vocabulary."""
    return {word: place for word, place in words.items() if word in vocabulary.ids}
