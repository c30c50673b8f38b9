"""Load an entry by its name, and check that it is complete and answers as it did."""

import json

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.zoo.converting import entry_of
from kerasnlp_zoo.zoo.folders import find, is_huggingface, locate, read_config, require_unchanged
from kerasnlp_zoo.zoo.loading import load_entry

GOLDEN_TOLERANCE = 1e-4  # processors round differently


def load(name_or_folder, task=None, labels=None, dtype=None, preprocessing=None):
    """Load an entry as a task object.

    Args:
        name_or_folder: name of an entry, or path of an entry folder or of a BERT folder of Hugging Face.
        task: name of another task for the same encoder; None for the entry's own.
        labels: another list of labels: the encoder keeps its weights, the head starts anew. Not for a
            quantized entry, whose weights cannot be trained.
        dtype: Keras dtype policy to build under, such as "mixed_bfloat16"; None for the current one.
        preprocessing: dict, other arguments of the preprocessor, such as {"pairs": True}.

    Returns:
        A task, such as `TextClassification`.

    Raises:
        InputError: if there is no such entry, or a file of it is missing, broken or changed.

    Example:

    >>> task = load("text_cnn_movie_reviews_en")
    >>> task.labels
    ['negative', 'positive']
    """
    folder = locate(name_or_folder)
    if not (folder / "vocabulary.txt").exists() and is_huggingface(folder):
        name_or_folder = entry_of(folder)
    return load_entry(name_or_folder, task, labels, dtype, preprocessing)


def check(name_or_folder):
    """Prove that an entry is whole and answers as it did when it was made.

    Args:
        name_or_folder: name of an entry, or path of an entry folder.

    Returns:
        dict of files and answers compared, and the largest difference between two numbers.

    Raises:
        InputError: naming the file that was changed, or the text whose answer differs.
    """
    folder = find(name_or_folder)
    config = read_config(folder)
    for name in config["sha256"]:
        require_unchanged(folder, name, config)
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    answers = load(folder).predict([example["text"] for example in golden])
    largest = 0.0
    for example, answer in zip(golden, answers, strict=True):
        apart = difference(example["answer"], answer)
        largest = max(largest, apart)
        if apart > GOLDEN_TOLERANCE:
            raise InputError(
                f"{folder} answers {example['text']!r} with {answer}, but answered {example['answer']} when it was made"
            )
    return {"files": len(config["sha256"]), "answers": len(golden), "largest_difference": largest}


def difference(expected, received):
    """Return the largest difference between numbers of two answers of the same form; else infinity.

    Of numbers above 1, such as perplexities, it is a share of them.
    """
    if isinstance(expected, dict) and isinstance(received, dict) and expected.keys() == received.keys():
        return max((difference(expected[key], received[key]) for key in expected), default=0.0)
    if isinstance(expected, list) and isinstance(received, list) and len(expected) == len(received):
        return max(map(difference, expected, received), default=0.0)
    if isinstance(expected, float) and isinstance(received, float):
        return abs(expected - received) / max(1.0, abs(expected))
    return 0.0 if expected == received else float("inf")
