"""Run a pipeline over the ranges of text files, and report errors of workers as errors of the command."""

import dataclasses
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kerasnlp_zoo.datasets.text_ranges import TextRange, range_starts
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import is_disk_full
from kerasnlp_zoo.pipelines.storage import PARTS, find_texts, local_file, new_file, open_file

INSTALL = 'Apache Beam is not installed: pip install "kerasnlp-zoo[beam]"'
BYTES_OF_SHARD, MOST_SHARDS = 2**26, 4096  # text that shares a shard of a shuffle; maximum number of shards
LOCAL_RUNNER = "FnApiRunner"  # DirectRunner first tries to download a program that runs pipelines
LOCAL_RUNNERS = (None, LOCAL_RUNNER, "DirectRunner")
LONGEST_MESSAGE = 500


def text_ranges(text: str, encoding: str) -> list[TextRange]:
    """Return the ranges of all files of a corpus, in order.

    Args:
        text: absolute path of a file or folder, also remote.
        encoding: encoding of the files.

    Raises:
        InputError: if there is no file, or no such encoding.
    """
    ranges: list[TextRange] = []
    for path, size in find_texts(text):
        with open_file(path) as file:
            starts = range_starts(file, size, encoding)
        ends = [*starts[1:], None]
        ranges += [TextRange(len(ranges) + n, path, size, start, ends[n]) for n, start in enumerate(starts)]
    return ranges


def num_shards(ranges: Sequence[TextRange]) -> int:
    """Return the number of shards of a shuffle; each is merged in the memory of one worker."""
    total = sum(part.size for part in ranges if part.start == 0)
    return min(1 + total // BYTES_OF_SHARD, MOST_SHARDS)


def require_beam() -> None:
    """Raise InputError if Apache Beam is not installed."""
    try:
        with _quiet(True):  # it warns of clients of clouds that are not installed
            import apache_beam.options.pipeline_options  # noqa: F401
    except ImportError as error:
        raise InputError(INSTALL) from error


@dataclasses.dataclass(frozen=True)
class Reported:
    """A function of a worker whose InputError reaches the command: it is written into the working folder, then raised.

    Args:
        function: function that yields results.
        work: the working folder.
    """

    function: Callable[[Any], Iterator[Any]]
    work: str

    def __call__(self, item: Any) -> Iterator[Any]:
        """Yield the results of the function."""
        try:
            yield from self.function(item)
        except InputError as error:
            write_json_part(_error_file(self.work), str(error))
            raise


def _error_file(work: str) -> str:
    return f"{work}/{PARTS}/error.json"


def write_json_part(path: str, value: Any) -> None:
    """Write a JSON value to a path in the working folder."""
    with new_file(path) as new:
        new.write_text(json.dumps(value, ensure_ascii=False), "utf-8")


def read_json_part(path: str) -> Any:
    """Return the JSON value that `write_json_part` wrote."""
    with local_file(path) as file:
        return json.loads(file.read_text("utf-8"))


def each_range(pipeline: Any, ranges: Sequence[TextRange]) -> Any:
    """Return the ranges as a PCollection whose elements are distributed to workers."""
    import apache_beam as beam

    return pipeline | "Ranges" >> beam.Create(ranges) | "Distribute" >> beam.Reshuffle()


def run(build: Callable[[Any], Any], flags: Sequence[str], work: str) -> None:
    """Run a pipeline to its end.

    Args:
        build: function that adds the steps to a `beam.Pipeline`.
        flags: flags of Apache Beam, such as --runner FlinkRunner; without a runner, the pipeline runs here.
        work: the working folder.

    Raises:
        InputError: for a flag that Apache Beam does not know, or if the pipeline fails.
        OSError: if the disk is full.
    """
    import apache_beam as beam

    options = pipeline_options(flags)
    runner = options.view_as(beam.options.pipeline_options.StandardOptions).runner
    try:
        with _quiet(runner in LOCAL_RUNNERS), beam.Pipeline(None if runner else LOCAL_RUNNER, options) as pipeline:
            build(pipeline)
    except Exception as error:  # each runner has its own classes
        if (message := _error_of_worker(work)) is not None:
            raise InputError(message) from error
        if is_disk_full(error):
            raise
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        message = f"{type(error).__name__}: {lines[-1].strip()}"[:LONGEST_MESSAGE]
        raise InputError(f"The pipeline failed, and its output was not written. {message}") from error


def pipeline_options(flags: Sequence[str]) -> Any:
    """Return the options of Apache Beam.

    Raises:
        InputError: for a flag that Apache Beam does not know, with a runner of this machine. A runner of a cluster may
            know more flags.
    """
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

    with _quiet(True):
        options = PipelineOptions(list(flags))
        known = options.get_all_options()
        unknown = set(options.get_all_options(retain_unknown_options=True)) - set(known)
    if unknown and options.view_as(StandardOptions).runner in LOCAL_RUNNERS:
        raise InputError(
            f"Apache Beam has no flag --{min(unknown)}. Flags after -- are those of Apache Beam, such as "
            "--runner FlinkRunner"
        )
    return options


class _quiet:
    """Switch off the log of Apache Beam in a block, if it would only repeat the error of this command.

    Args:
        active: whether to do so; a remote runner logs the address of its job.
    """

    def __init__(self, active: bool) -> None:
        self.active = active

    def __enter__(self) -> None:
        self.loggers = [logging.getLogger(name) for name in ("apache_beam", "root")] if self.active else []
        self.levels = [logger.level for logger in self.loggers]
        for logger in self.loggers:
            logger.setLevel(logging.CRITICAL)

    def __exit__(self, *error: object) -> None:
        for logger, level in zip(self.loggers, self.levels, strict=True):
            logger.setLevel(level)


def _error_of_worker(work: str) -> str | None:
    """Return the message of the InputError that a worker raised; None if it raised none."""
    try:
        return read_json_part(_error_file(work))
    except OSError:
        return None
