"""Answer the lines of text files of any size with an exported SavedModel."""

import functools
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kerasnlp_zoo.datasets.text_ranges import TextRange, range_lines
from kerasnlp_zoo.pipelines.range_files import count_lines, part_name, publish_parts
from kerasnlp_zoo.pipelines.running import Reported, each_range, run, text_ranges
from kerasnlp_zoo.pipelines.storage import new_file, open_file, result_file, working_folder
from kerasnlp_zoo.tasks.iterables import pair_of_line
from kerasnlp_zoo.tasks.task import Task
from kerasnlp_zoo.zoo.served import find_saved_model, load_served

SUFFIX = ".jsonl"
_lock = threading.Lock()  # threads of a worker share a model


def predict_lines(
    model: str, text: str, output: str, encoding: str = "utf-8-sig", beam_flags: Sequence[str] = ()
) -> tuple[int, int]:
    """Write the answer to every line as a JSON line, in files part-00000.jsonl, part-00001.jsonl, ...

    The files together, in the order of their names, have the answers of `kerasnlp-zoo predict --file --json`.

    Args:
        model: absolute path of the SavedModel: the folder that `export` was given, or a numbered folder in it.
        text: absolute path of a text file or of a folder of text files.
        output: absolute path of the new folder.
        encoding: encoding of the text.
        beam_flags: flags of Apache Beam.

    Returns:
        The number of answers, and of files.

    Raises:
        InputError: if the output folder exists, or the SavedModel or the text cannot be read.
    """
    ranges = text_ranges(text, encoding)
    model = find_saved_model(model)
    with working_folder(output) as work:
        predict = functools.partial(_predict_range, model=model, work=work, encoding=encoding)

        def build(pipeline: Any) -> None:
            import apache_beam as beam

            _ = each_range(pipeline, ranges) | "Predict" >> beam.FlatMap(Reported(predict, work))

        run(build, beam_flags, work)
        return publish_parts(ranges, work, output, SUFFIX), len(ranges)


def _predict_range(part: TextRange, model: str, work: str, encoding: str) -> Iterator[None]:
    """Write the answers to the lines of a range."""
    task, written = _shared_task(model), 0
    with (
        open_file(part.path) as source,
        new_file(result_file(work, part_name(part.number, SUFFIX))) as new,
        new.open("w", encoding="utf-8", newline="") as target,
    ):
        lines: Iterable[str] = (line.rstrip("\r\n") for line in range_lines(source, part, encoding))
        texts: Iterable[Any] = lines if len(task.preprocessor.inputs) == 1 else map(pair_of_line, lines)
        for answer in task.stream(texts):
            target.write(json.dumps(answer, ensure_ascii=False) + "\n")
            written += 1
    count_lines(work, part.number, written)
    yield from ()


def _shared_task(model: str) -> Task:
    with _lock:
        return _read_task(model)


@functools.lru_cache(maxsize=1)
def _read_task(model: str) -> Task:
    return load_served(model)
