"""Load an entry by its name, and check that it is complete and that its answers have not changed."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, Unpack, overload

import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import read_json
from kerasnlp_zoo.tasks import (
    FeatureClassification,
    FillMask,
    LanguageModeling,
    MultiLabelClassification,
    QuestionAnswering,
    SentenceSimilarity,
    Task,
    TaskName,
    TextClassification,
    TextRegression,
    TokenClassification,
    Translation,
    TreeClassification,
    WordEmbedding,
)
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.zoo.addresses import is_address
from kerasnlp_zoo.zoo.configs import require_all_unchanged
from kerasnlp_zoo.zoo.converting import entry_of
from kerasnlp_zoo.zoo.folders import exact_name, find, locate, read_config
from kerasnlp_zoo.zoo.huggingface_folders import is_huggingface
from kerasnlp_zoo.zoo.loading import load_entry
from kerasnlp_zoo.zoo.pins import require_pinned

GOLDEN_TOLERANCE = 1e-4  # processors round differently


Labels: TypeAlias = Sequence[str] | None


class LoadOptions(TypedDict, total=False):
    """The further arguments of `load`."""

    dtype: str | None
    preprocessing: Config | None
    lock: FilePath | None


class CheckReport(TypedDict):
    """The number of files and answers that `check` compared, and the largest difference between two numbers."""

    files: int
    answers: int
    largest_difference: float


# The name of a task determines the class that `load` returns.
@overload
def load(
    name_or_folder: FilePath,
    task: Literal["text_classification"],
    labels: Labels = None,
    **options: Unpack[LoadOptions],
) -> TextClassification: ...
@overload
def load(
    name_or_folder: FilePath,
    task: Literal["multi_label_classification"],
    labels: Labels = None,
    **options: Unpack[LoadOptions],
) -> MultiLabelClassification: ...
@overload
def load(
    name_or_folder: FilePath,
    task: Literal["feature_classification"],
    labels: Labels = None,
    **options: Unpack[LoadOptions],
) -> FeatureClassification: ...
@overload
def load(
    name_or_folder: FilePath, task: Literal["text_regression"], labels: Labels = None, **options: Unpack[LoadOptions]
) -> TextRegression: ...
@overload
def load(
    name_or_folder: FilePath,
    task: Literal["token_classification"],
    labels: Labels = None,
    **options: Unpack[LoadOptions],
) -> TokenClassification: ...
@overload
def load(
    name_or_folder: FilePath,
    task: Literal["tree_classification"],
    labels: Labels = None,
    **options: Unpack[LoadOptions],
) -> TreeClassification: ...
@overload
def load(
    name_or_folder: FilePath, task: Literal["question_answering"], labels: Labels = None, **options: Unpack[LoadOptions]
) -> QuestionAnswering: ...
@overload
def load(
    name_or_folder: FilePath,
    task: Literal["sentence_similarity"],
    labels: Labels = None,
    **options: Unpack[LoadOptions],
) -> SentenceSimilarity: ...
@overload
def load(
    name_or_folder: FilePath, task: Literal["fill_mask"], labels: Labels = None, **options: Unpack[LoadOptions]
) -> FillMask: ...
@overload
def load(
    name_or_folder: FilePath, task: Literal["language_modeling"], labels: Labels = None, **options: Unpack[LoadOptions]
) -> LanguageModeling: ...
@overload
def load(
    name_or_folder: FilePath, task: Literal["translation"], labels: Labels = None, **options: Unpack[LoadOptions]
) -> Translation: ...
@overload
def load(
    name_or_folder: FilePath, task: Literal["word_embedding"], labels: Labels = None, **options: Unpack[LoadOptions]
) -> WordEmbedding: ...
@overload
def load(
    name_or_folder: FilePath, task: TaskName | None = None, labels: Labels = None, **options: Unpack[LoadOptions]
) -> Task: ...
def load(
    name_or_folder: FilePath,
    task: TaskName | None = None,
    labels: Labels = None,
    dtype: str | None = None,
    preprocessing: Config | None = None,
    lock: FilePath | None = None,
) -> Task:
    """Load an entry as a task.

    Args:
        name_or_folder: name of an entry, path of an entry folder or of a BERT folder from Hugging Face, or address of
            one of them on the Hugging Face Hub, such as hf://organisation/name@revision.
        task: name of the task; None for the task of the entry. Only an entry with a BERT encoder can be loaded for
            another task than its own. With a name, type checkers and editors know the class of the returned task.
        labels: new labels; None for the labels of the entry. With new labels, the encoder keeps its weights, and
            the output layer gets new weights to train. A quantized entry cannot have new labels.
        dtype: Keras dtype policy of the model, such as "mixed_bfloat16"; None for the current policy.
        preprocessing: arguments of the preprocessor to change, such as {"pairs": True}.
        lock: lock file of `zoo.pin`, from which the entry must not differ; None for the file in the environment
            variable KERASNLP_ZOO_LOCK, if it is set.

    Returns:
        A task, such as `TextClassification`.

    Raises:
        InputError: if the entry does not exist or cannot be downloaded, a file is missing, damaged or changed, the
            entry differs from the lock file, or the task or the labels do not fit the entry.

    Example:

    >>> load("text_cnn_movie_reviews_en")
    TextClassification(text_cnn, labels=['negative', 'positive'], language='en', entry='text_cnn_movie_reviews_en')
    """
    require_pinned(name_or_folder, lock)
    folder = locate(name_or_folder)
    if (folder / "vocabulary.txt").exists() or not is_huggingface(folder):
        return load_entry(name_or_folder, task, labels, dtype, preprocessing)
    loaded = load_entry(entry_of(folder), task, labels, dtype, preprocessing)
    if is_address(name_or_folder):
        loaded.entry = exact_name(name_or_folder)  # the folder of the converted entry is only on this machine
    return loaded


def check(name_or_folder: FilePath) -> CheckReport:
    """Check that an entry is complete and that its answers have not changed since it was saved.

    Args:
        name_or_folder: name, address or folder of an entry.

    Returns:
        dict of the number of files and of answers, and the largest difference between two numbers.

    Raises:
        InputError: if a file was changed, there are no golden answers to compare, or the answer to a text differs; the
            message names the file or the text.
    """
    require_pinned(name_or_folder)
    folder = find(name_or_folder)
    config = read_config(folder)
    require_all_unchanged(folder, config)
    golden = _golden_answers(folder)
    answers = _answers(load_entry(folder), [example["text"] for example in golden], folder)
    largest = 0.0
    for example, answer in zip(golden, answers, strict=True):
        apart = difference(example["answer"], answer)
        largest = max(largest, apart)
        if not apart <= GOLDEN_TOLERANCE:
            raise InputError(
                f"The answer of {folder} to {example['text']!r:.200} has changed. Expected the answer when it was "
                f"saved, {str(example['answer'])[:1000]}. Received: {str(answer)[:1000]}"
            )
    return {"files": len(config["sha256"]), "answers": len(golden), "largest_difference": largest}


def _golden_answers(folder: Path) -> list[dict[str, Any]]:
    """Return the texts and answers that an entry was saved with."""
    path = folder / "golden.json"
    golden = read_json(path, "the golden answers of an entry", "Copy or train the entry again")
    if not isinstance(golden, list) or not golden:
        raise InputError(f"{path} has no answers, so nothing proves the entry. Copy or train the entry again")
    for example in golden:
        if not isinstance(example, dict) or not {"text", "answer"} <= example.keys():
            raise InputError(f'{path} is damaged: expected objects {{"text", "answer"}}. Received: {example!r:.80}')
    return golden


def _answers(task: Task, texts: list[Any], folder: Path) -> list[Any]:
    """Return the answers of a task to texts. Any error is an error of the entry: its files may be of a stranger."""
    try:
        return task.predict(texts)
    except InputError:
        raise
    except (tf.errors.OpError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise InputError(
            f"{folder} cannot answer its golden texts: its config or its weights are damaged. Copy or train the entry "
            f"again. {type(error).__name__}: {str(error)[:300]}"
        ) from error


def difference(expected: Any, received: Any) -> float:
    """Return the largest difference between two numbers of two answers; infinity if anything else differs.

    For numbers above 1, such as perplexities, the difference is relative. NaN differs from every number.
    """
    if isinstance(expected, dict) and isinstance(received, dict) and expected.keys() == received.keys():
        return max((difference(expected[key], received[key]) for key in expected), default=0.0)
    if isinstance(expected, list) and isinstance(received, list) and len(expected) == len(received):
        return max(map(difference, expected, received), default=0.0)
    if isinstance(expected, float) and isinstance(received, float):
        apart = abs(expected - received) / max(1.0, abs(expected))
        return math.inf if math.isnan(apart) else apart
    return 0.0 if expected == received else math.inf
