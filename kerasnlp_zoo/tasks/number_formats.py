"""Write a file that computes numbers from token ids, for programs without TensorFlow, and check it in a new process.

Such a format has no operations for strings: a program prepares the ids and looks up the labels itself. The outputs are
those of `Task.numbers`, such as probabilities.

The folder also contains vocabulary.txt (a token's id is its line number, counted from 0) and config.json: labels,
preprocessing, names and shapes of inputs and outputs, and examples to test a program with.
"""

import dataclasses
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.tasks.exportable import Exportable, Texts
from kerasnlp_zoo.tasks.fresh_process import FreshProcess
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.types import Config, FilePath

FORMAT_VERSION = 1
TOLERANCE = 1e-4
Answers = Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]  # from the inputs of a model to numbers


@dataclasses.dataclass(frozen=True)
class NumberFormat:
    """A format of files that compute numbers from token ids.

    Attributes:
        name: its name for people.
        file: name of the file.
        packages: packages that write and check the file.
        extra: extra of this package that installs them.
        batch: number of texts of a call; None for any number.
        convert: returns the bytes of the file for a model and a function from its inputs to numbers.
        process: starts a process that computes the answers of a file. Its requests are dicts: the file's "path", and
            "rows", a list of dicts of inputs.
    """

    name: str
    file: str
    packages: tuple[str, ...]
    extra: str
    batch: int | None
    convert: Callable[[Any, Answers], bytes]
    process: Callable[[], FreshProcess]


def export_numbers(task: Exportable, folder: FilePath, form: NumberFormat) -> Path:
    """Write the folder that a program needs, and check the file in a new process.

    Args:
        task: task to export.
        folder: folder to write. An earlier export in the same format is replaced.
        form: the format.

    Returns:
        Path of the folder. The folder appears only when it is complete and checked.

    Raises:
        InputError: if a package is not installed, the folder contains other files, or the model computes in half
            precision or needs an operation that the format lacks.
        RuntimeError: if the answers of the file differ from the answers of the task.
    """
    missing = [name for name in form.packages if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"An export as {form.name} is written and checked with {', '.join(missing)}, which is not installed. "
            f'Install it: pip install "kerasnlp-zoo[{form.extra}]"'
        )
    texts = golden_texts(task)
    prepared = task.preprocessor(*task.columns(texts[:1]))
    others = [tensor.name for tensor in task.model.inputs if tensor.name not in prepared]
    if others:
        raise InputError(
            f"{form.name} has no strings and no search, but the model of {task.name} also reads {', '.join(others)}, "
            "which depend on the answer. Export it as a SavedModel (--format saved_model)"
        )
    halves = {layer.compute_dtype for layer in task.model.layers} & {"float16", "bfloat16"}
    if halves:
        raise InputError(
            f"The model {task.model.name} computes in {halves.pop()}, which is not exported as {form.name}. Load it in "
            "float32"
        )
    folder = Path(folder)
    _require_replaceable(folder, form)
    converted = form.convert(task.model, task.numbers)
    examples = _examples(task, texts, form)
    with atomic_folder(folder) as new:
        (new / form.file).write_bytes(converted)
        task.preprocessor.vocabulary.save(new / "vocabulary.txt")
        difference = _largest_difference(new, examples, form)
        write_json(new / "config.json", {**_config(task, examples, form), "largest_difference": difference})
    return folder


def check_numbers(task: Exportable, folder: FilePath, texts: Texts, form: NumberFormat) -> float:
    """Compare the answers of an export with `task.predict`, in a new process.

    Args:
        task: task that was exported.
        folder: folder that `export_numbers` wrote.
        texts: texts to answer.
        form: the format.

    Returns:
        The largest difference between two numbers.

    Raises:
        RuntimeError: if the new process fails or its answers differ.
    """
    return _largest_difference(Path(folder), _examples(task, texts, form), form)


def _examples(task: Exportable, texts: Texts, form: NumberFormat) -> list[dict[str, Any]]:
    """Return, for each text, the inputs that a program must prepare and the outputs that it must get.

    If the format takes any number of texts, the last example has all of them in one batch.
    """
    batches = [[text] for text in texts]
    if form.batch is None:
        batches.append(list(texts))
    examples = []
    for batch in batches:
        features = task.preprocessor(*task.columns(batch))
        outputs = task.numbers(features)
        inputs = {tensor.name: features[tensor.name].numpy().tolist() for tensor in task.model.inputs}
        outputs = {name: values.numpy().tolist() for name, values in outputs.items()}
        text = batch[0] if len(batch) == 1 else batch
        examples.append({"text": text, "inputs": inputs, "outputs": outputs})
    return examples


def _largest_difference(folder: Path, examples: Sequence[Mapping[str, Any]], form: NumberFormat) -> float:
    """Run the file in `folder` on the examples; return the largest difference of an output."""
    file = folder / form.file
    with form.process() as process:
        try:
            rows = process.ask({"path": str(file.absolute()), "rows": [example["inputs"] for example in examples]})
        except RuntimeError as error:
            raise RuntimeError(f"{file} fails in a new process:\n{error}") from error
    largest = 0.0
    for example, received in zip(examples, rows, strict=True):
        for name, values in example["outputs"].items():
            difference = float(np.abs(np.subtract(values, received[name], dtype="float64")).max(initial=0.0))
            if not difference <= TOLERANCE:  # also true if the difference is NaN
                raise RuntimeError(
                    f"{file} returns other values for {name!r} than predict(): {received[name]} instead of {values} "
                    f"for {example['text']!r}"
                )
            largest = max(largest, difference)
    return largest


def _config(task: Exportable, examples: Sequence[Mapping[str, Any]], form: NumberFormat) -> Config:
    return {
        "format_version": FORMAT_VERSION,
        "task": task.name,
        "model": task.model.name,
        "language": task.preprocessor.language,
        "labels": task.labels,
        **task.arguments,
        "preprocessing": {"class": type(task.preprocessor).__name__, "config": task.preprocessor.get_config()},
        "max_sequence_length": task.preprocessor.max_sequence_length,
        "inputs": {
            tensor.name: {"dtype": tensor.dtype, "shape": [form.batch, *tensor.shape[1:]]}
            for tensor in task.model.inputs
        },
        "outputs": list(examples[0]["outputs"]),
        "examples": examples,
    }


def _require_replaceable(folder: Path, form: NumberFormat) -> None:
    """Raise InputError if a folder contains other files than an earlier export, because the folder is replaced."""
    own = ("config.json", form.file, "vocabulary.txt")
    others = [folder] if folder.is_file() else [path for path in folder.glob("*") if path.name not in own]
    if others:
        raise InputError(
            f"An export as {form.name} needs a folder of its own, but {folder} contains other files, such as "
            f"{others[0].name}. Give a new folder"
        )
