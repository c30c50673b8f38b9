"""Remove duplicate lines from a corpus of any size; the first line of several equal ones stays.

Lines are equal if they have the same `duplicate_key`. Only a digest of the key and the position of each line are
shuffled, 16 bytes, not the text. Then the text is read again, and lines are left out.
"""

import functools
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.datasets.splits import duplicate_key
from kerasnlp_zoo.datasets.text_ranges import TextRange, range_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines.range_files import count_lines, part_name, publish_parts
from kerasnlp_zoo.pipelines.running import Reported, each_range, num_shards, run, text_ranges
from kerasnlp_zoo.pipelines.storage import new_file, open_file, result_file, working_folder

# 96 bits of a digest: for ten billion different lines, the probability that two are taken for equal is below 1e-9.
ENTRY = np.dtype([("high", "<u8"), ("low", "<u4"), ("line", "<u4")])
DIGEST = 12  # bytes
MOST_LINES = 2**32  # lines in a range
AT_ONCE = 2**18  # lines whose digests are sent together
SUFFIX = ".txt"


def remove_duplicate_lines(
    text: str, output: str, encoding: str = "utf-8-sig", beam_flags: Sequence[str] = ()
) -> tuple[int, int]:
    """Write a corpus of any size without duplicate lines, in UTF-8, in files part-00000.txt, part-00001.txt, ...

    Blank lines are kept, because they end documents.

    Args:
        text: absolute path of a text file or of a folder of text files.
        output: absolute path of the new folder.
        encoding: encoding of the text.
        beam_flags: flags of Apache Beam.

    Returns:
        The number of lines in the output, and of files.

    Raises:
        InputError: if the output folder exists, or the text cannot be read.
    """
    ranges = text_ranges(text, encoding)
    with working_folder(output) as work:
        digest = functools.partial(_digest_range, encoding=encoding, shards=num_shards(ranges))
        write = functools.partial(_write_range, ranges=ranges, work=work, encoding=encoding)

        def build(pipeline: Any) -> None:
            import apache_beam as beam

            digests = each_range(pipeline, ranges) | "Digest" >> beam.FlatMap(Reported(digest, work)).with_output_types(
                tuple[int, tuple[int, bytes]]
            )
            find = beam.FlatMap(_repeated_lines).with_output_types(tuple[int, bytes])
            repeated = digests | "Shards" >> beam.GroupByKey() | "Find" >> find
            every = pipeline | "Numbers" >> beam.Create([(part.number, b"") for part in ranges])
            by_range = (repeated, every) | "Both" >> beam.Flatten()
            _ = by_range | "ByRange" >> beam.GroupByKey() | "Write" >> beam.FlatMap(Reported(write, work))

        run(build, beam_flags, work)
        return publish_parts(ranges, work, output, SUFFIX), len(ranges)


def _digest_range(part: TextRange, encoding: str, shards: int) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Yield (shard, (number of the range, entries as bytes)) for the lines of a range that are not blank."""
    with open_file(part.path) as file:
        numbered = enumerate(map(duplicate_key, range_lines(file, part, encoding)))
        entries = ((key, line) for line, key in numbered if key)
        while chunk := list(itertools.islice(entries, AT_ONCE)):
            if chunk[-1][1] >= MOST_LINES:
                raise InputError(f"{part.path} has more than {MOST_LINES:,} lines in one range. Split the file")
            digests = b"".join(hashlib.blake2b(key.encode(), digest_size=DIGEST).digest() for key, _ in chunk)
            found = np.empty(len(chunk), ENTRY)
            split = np.frombuffer(digests, [("high", "<u8"), ("low", "<u4")])
            found["high"], found["low"] = split["high"], split["low"]
            found["line"] = [line for _, line in chunk]
            shard = found["high"] % np.uint64(shards)
            order = np.argsort(shard, kind="stable")
            edges = np.searchsorted(shard[order], np.arange(shards + 1))
            for number in np.flatnonzero(np.diff(edges)).tolist():
                yield number, (part.number, found[order[edges[number] : edges[number + 1]]].tobytes())


def _repeated_lines(shard: tuple[int, Iterable[tuple[int, bytes]]]) -> Iterator[tuple[int, bytes]]:
    """Yield (number of a range, its lines that occurred before, uint32 as bytes) for a shard."""
    packets = [(number, np.frombuffer(data, ENTRY)) for number, data in shard[1]]
    entries = np.concatenate([entries for _, entries in packets])
    ranges = np.repeat([number for number, _ in packets], [len(entries) for _, entries in packets])
    order = np.lexsort((entries["line"], ranges, entries["low"], entries["high"]))
    entries, ranges = entries[order], ranges[order]
    is_repeated = (entries["high"][1:] == entries["high"][:-1]) & (entries["low"][1:] == entries["low"][:-1])
    lines, ranges = entries["line"][1:][is_repeated], ranges[1:][is_repeated]
    for number in np.unique(ranges).tolist():
        yield number, lines[ranges == number].tobytes()


def _write_range(
    item: tuple[int, Iterable[bytes]], ranges: Sequence[TextRange], work: str, encoding: str
) -> Iterator[None]:
    """Write the lines of a range without those that occurred before."""
    number, packets = item
    repeated = np.unique(np.frombuffer(b"".join(packets), "<u4"))
    part, written = ranges[number], 0
    with (
        open_file(part.path) as source,
        new_file(result_file(work, part_name(number, SUFFIX))) as new,
        new.open("w", encoding="utf-8", newline="") as target,
    ):
        left_out = iter([*repeated.tolist(), None])
        next_one = next(left_out)
        for line, string in enumerate(range_lines(source, part, encoding)):
            if line == next_one:
                next_one = next(left_out)
            else:
                target.write(string.rstrip("\r\n") + "\n")
                written += 1
    count_lines(work, number, written)
    yield from ()
