"""Questions on passages: TensorFlow Datasets, or the user's files in SQuAD's format. Splits share no passage."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import tyro

from kerasnlp_zoo.datasets.cloze_questions import wikitext2_clozes
from kerasnlp_zoo.datasets.opened_files import content_stem
from kerasnlp_zoo.datasets.options import SPLITS, UNSTATED, CommercialUse, DataOptions
from kerasnlp_zoo.datasets.splits import SMOKE_EXAMPLES, Split, duplicate_key, hold_out, require_examples
from kerasnlp_zoo.datasets.text_files import read_text
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import FilePath, Language
from kerasnlp_zoo.well_formed import well_formed

NEARBY = 32  # characters: largest error of a stated answer start that is repaired
CLOZE = "wikitext2_cloze"
NAMES = {"squad": "squad/v1.1", "squad2": "squad/v2.0"}  # our name -> name in TFDS


class Answer(NamedTuple):
    """A part of a passage: the characters from `start` to `end`, exclusive, in Unicode code points."""

    start: int
    end: int
    text: str


class QuestionExample(NamedTuple):
    """A question on a passage and its answers; a question without an answer has none."""

    id: str
    question: str
    passage: str
    answers: tuple[Answer, ...]


Splits: TypeAlias = dict[str, list[QuestionExample]]


@dataclasses.dataclass
class QuestionAnsweringOptions(DataOptions):
    """The questions to read: a named data set, or the user's own files.

    A recipe lists this class first, because its help texts must replace the help texts of the other classes: class
    Config(QuestionAnsweringOptions, RunConfig).
    """

    dataset: str = ""
    """Name of a data set: wikitext2_cloze, names to be found in paragraphs of Wikipedia; or, of TensorFlow Datasets,
    squad, squad2, or another in SQuAD's format."""
    train_file: Path | None = None
    """Your own data instead: a JSON file in the format of SQuAD 1.1 or 2.0."""
    drop_duplicates: tyro.conf.Suppress[bool] = False  # the splits never share a passage


@dataclasses.dataclass
class QuestionAnsweringData:
    """Questions ready for training. The splits share no passage.

    Attributes:
        dropped: number of questions that were removed, by reason.
        repaired: number of answers whose stated start was wrong.
        licence: licence of the texts.
        commercial_use: whether the licence allows it.
    """

    name: str
    train: list[QuestionExample]
    validation: list[QuestionExample]
    test: list[QuestionExample]
    dropped: dict[str, int]
    repaired: int = 0
    language: Language = "en"
    licence: str = "the user's own data"
    commercial_use: CommercialUse = "unknown"

    def fingerprint(self, splits: Sequence[str] = SPLITS) -> str:
        """Return the sha256 of the questions, passages and answers of the splits: it identifies the data of a model."""
        digest = hashlib.sha256()
        for example in (example for split in splits for example in getattr(self, split)):
            digest.update(json.dumps(example).encode() + b"\n")
        return digest.hexdigest()


def load_question_answering(options: QuestionAnsweringOptions) -> QuestionAnsweringData:
    """Load train, validation and test questions.

    Existing splits are kept. For a missing split, passages are held out by their sha256, with all their questions.
    Passages of the test split are removed from validation and training, and passages of validation from training.
    Duplicate questions within validation and within training are removed.

    Raises:
        InputError: if the data cannot be read, or an answer is not in its passage; the message names the question.
    """
    options.check_share()
    if options.train_file is not None:
        splits, repaired = _user_files(options)
    elif options.dataset == CLOZE:
        splits, repaired = {"train": _clozes()}, 0
    else:
        splits, repaired = _tfds(options)
    name = content_stem(options.train_file) if options.train_file is not None else options.dataset
    splits, dropped = _without_leaks(splits)
    share = options.validation_split
    if "test" not in splits:
        splits["train"], splits["test"] = _hold_out_passages(splits["train"], share)
        share /= 1 - share  # of the rest: the same number of passages
    if "validation" not in splits:
        splits["train"], splits["validation"] = _hold_out_passages(splits["train"], share)
    require_examples(splits, options, name)
    if options.smoke:
        splits = {split: examples[:SMOKE_EXAMPLES] for split, examples in splits.items()}
    return QuestionAnsweringData(
        name=name,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        dropped=dropped,
        repaired=repaired,
        language=options.language or "en",
        **_licence(options),
    )


def _licence(options: QuestionAnsweringOptions) -> dict[str, Any]:
    """Return the licence of the data and whether it allows commercial use."""
    if options.train_file is not None:
        return {}
    return {"licence": "CC-BY-SA", "commercial_use": "yes"} if options.dataset == CLOZE else {"licence": UNSTATED}


def _clozes() -> list[QuestionExample]:
    """Return the cloze questions of WikiText-2."""
    return [
        QuestionExample(str(number), question, passage, (Answer(start, start + len(answer), answer),))
        for number, (question, passage, answer, start) in enumerate(wikitext2_clozes())
    ]


def _without_leaks(splits: Mapping[str, Sequence[QuestionExample]]) -> tuple[Splits, dict[str, int]]:
    """Remove duplicate questions, and questions on passages of another split; count both."""
    dropped = {"duplicates": 0, "questions on passages of another split": 0}
    cleaned: Splits = {}
    seen: set[str] = set()
    for name in ("test", "validation", "train"):
        if name not in splits:
            continue
        kept: dict[object, QuestionExample] = {}
        for row, example in enumerate(splits[name]):
            passage = duplicate_key(example.passage)
            key = row if name == "test" else (passage, duplicate_key(example.question))
            if passage in seen:
                dropped["questions on passages of another split"] += 1
            elif key in kept:
                dropped["duplicates"] += 1
            else:
                kept[key] = example
        cleaned[name] = list(kept.values())
        seen |= {duplicate_key(example.passage) for example in cleaned[name]}
    return cleaned, dropped


def _hold_out_passages(
    examples: Sequence[QuestionExample], share: float
) -> tuple[list[QuestionExample], list[QuestionExample]]:
    """Hold out a share of the passages with their questions; return (rest, held out)."""
    passages = sorted({duplicate_key(example.passage) for example in examples})
    _, held_out = hold_out(Split(passages, np.zeros(len(passages), "int64")), share)
    chosen = set(held_out.texts)
    parts: dict[bool, list[QuestionExample]] = {False: [], True: []}
    for example in examples:
        parts[duplicate_key(example.passage) in chosen].append(example)
    return parts[False], parts[True]


def _user_files(options: QuestionAnsweringOptions) -> tuple[Splits, int]:
    """Return the examples of each given file, and the number of repaired answers."""
    read = {name: read_squad(path, options.encoding) for name, path in options.given_files().items()}
    return _counted(read)


def read_squad(path: FilePath, encoding: str = "utf-8-sig") -> tuple[list[QuestionExample], int]:
    """Read a file in the format of SQuAD 1.1 or 2.0.

    Args:
        path: JSON file: {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text",
            "answer_start"}], "is_impossible"}]}]}]}; answer_start is counted in characters.
        encoding: encoding of the file.

    Returns:
        The questions, and the number of answers whose start was repaired.

    Raises:
        InputError: if the file has another format, or an answer is not in its passage.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is not a file. Expected a JSON file in the format of SQuAD")
    try:
        content = well_formed(json.loads(read_text(path, encoding)))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not valid JSON: {error}. Expected the format of SQuAD: one object in the file, not one per line"
        ) from error
    examples, repaired = [], 0
    try:
        for article in content["data"]:
            for paragraph in article["paragraphs"]:
                for row in paragraph["qas"]:
                    marked = [] if row.get("is_impossible") else row["answers"]
                    pairs = [(answer["text"], answer["answer_start"]) for answer in marked]
                    example, count = _example(path, str(row["id"]), row["question"], paragraph["context"], pairs)
                    examples.append(example)
                    repaired += count
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is not in the format of SQuAD after {len(examples)} questions: {type(error).__name__} {error}. "
            'Expected {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text", '
            '"answer_start"}]}]}]}]}'
        ) from error
    if not examples:
        raise InputError(f"{path} contains no questions. Expected at least one")
    return examples, repaired


def _example(
    source: FilePath, id: str, question: str, passage: str, marked: Sequence[tuple[str, int]]
) -> tuple[QuestionExample, int]:
    """Return an example, and the number of answers whose start was repaired.

    Args:
        source: path or name of the data, for messages.
        id: id of the question.
        question: text of the question.
        passage: text of the passage.
        marked: (text, start) of each answer.
    """
    answers = [_answer(source, id, passage, *pair) for pair in marked]
    repaired = sum(answer.start != start for answer, (_, start) in zip(answers, marked, strict=True))
    return QuestionExample(id, question, passage, tuple(answers)), repaired


def _answer(source: FilePath, id: str, passage: str, text: str, start: int) -> Answer:
    """Return an answer at its stated start, or at the nearest start within NEARBY characters."""
    starts, found = [], passage.find(text, max(0, start - NEARBY)) if text else -1
    while found >= 0 and found <= start + NEARBY:
        starts.append(found)
        found = passage.find(text, found + 1)
    if not starts:
        raise InputError(
            f"{source}, question {id}: the answer {text!r:.60} is not at character {start} of its passage, nor within "
            f"{NEARBY} characters of it; {passage[start : start + len(text)]!r:.60} is there. Expected the index of "
            "its first character, counted from 0 in Unicode code points, not in bytes"
        )
    nearest = min(starts, key=lambda candidate: abs(candidate - start))
    return Answer(nearest, nearest + len(text), text)


def _tfds(options: QuestionAnsweringOptions) -> tuple[Splits, int]:
    """Return the splits of a data set of TFDS, and the number of repaired answers."""
    from kerasnlp_zoo.datasets import tfds_loading  # a slow import, not needed for the user's files

    builder = tfds_loading.named_builder(options, (CLOZE, *NAMES), (CLOZE,), NAMES.get(options.dataset))
    tfds_loading.require_features(builder, "id", "question", "context", "answers")
    # The test split of SQuAD is secret. Its validation split is our test split.
    wanted = {"train": "train", "test": "validation"}
    if "test" in builder.info.splits:
        wanted = {"train": "train", "validation": "validation", "test": "test"}

    def read(split: str) -> tuple[list[QuestionExample], int]:
        examples, repaired = [], 0
        for row in tfds_loading.read_rows(builder, split):
            pairs = list(zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True))
            example, count = _example(options.dataset, row["id"], row["question"], row["context"], pairs)
            examples.append(example)
            repaired += count
        return examples, repaired

    return _counted(tfds_loading.read_splits(builder, wanted, read))


def _counted(read: Mapping[str, tuple[list[QuestionExample], int]]) -> tuple[Splits, int]:
    """Return the examples of each split, and the number of repaired answers of all splits."""
    return {name: examples for name, (examples, _) in read.items()}, sum(count for _, count in read.values())
