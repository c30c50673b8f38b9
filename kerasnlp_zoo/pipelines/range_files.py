"""An output folder with one file for each range of the text, in the order of the text."""

from collections.abc import Sequence

from kerasnlp_zoo.datasets.text_ranges import TextRange
from kerasnlp_zoo.pipelines.running import read_json_part, write_json_part
from kerasnlp_zoo.pipelines.storage import PARTS, publish, result_file

FILES = "files.json"  # which file of the output comes from which file of the text


def part_name(number: int, suffix: str) -> str:
    """Return the name of the file of a range.

    Example:

    >>> part_name(3, ".txt")
    'part-00003.txt'
    """
    return f"part-{number:05}{suffix}"


def count_lines(work: str, number: int, lines: int) -> None:
    """Write how many lines a worker wrote for a range."""
    write_json_part(f"{work}/{PARTS}/lines-{number:05}.json", lines)


def publish_parts(ranges: Sequence[TextRange], work: str, output: str, suffix: str) -> int:
    """Move the files of all ranges and files.json into the output folder; return the number of their lines.

    Args:
        ranges: ranges of the text.
        work: the working folder.
        output: the output folder.
        suffix: suffix of the files.
    """
    lines = [read_json_part(f"{work}/{PARTS}/lines-{part.number:05}.json") for part in ranges]
    names = [part_name(part.number, suffix) for part in ranges]
    rows = [
        {"part": name, "lines": count, "file": part.path, "start": part.start, "end": part.end}
        for name, count, part in zip(names, lines, ranges, strict=True)
    ]
    write_json_part(result_file(work, FILES), rows)
    publish(work, output, names, FILES)
    return sum(lines)
