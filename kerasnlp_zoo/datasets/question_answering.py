"""Questions on passages by name or from the user's files in SQuAD's format, split by passage."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.splits import SMOKE_EXAMPLES, Split, comparable, cut, require_examples
from kerasnlp_zoo.datasets.text_classification import UNSTATED
from kerasnlp_zoo.datasets.user_files import read_text
from kerasnlp_zoo.errors import InputError

NEARBY = 32  # characters that the stated place of an answer may be wrong by
NAMES = {"squad": "squad/v1.1", "squad2": "squad/v2.0"}  # ours -> TFDS's


class Answer(NamedTuple):
    """A part of a passage: characters `start` up to but not including `end`, Unicode code points."""

    start: int
    end: int
    text: str


class QuestionExample(NamedTuple):
    """A question on a passage, and the answers people found in it: none where it has no answer."""

    id: str
    question: str
    passage: str
    answers: tuple


@dataclasses.dataclass
class QuestionAnsweringOptions(DataOptions):
    """Which questions to read, from a named data set or from the user's own files.

    A recipe's flags name it before the others, so that its help holds: class Config(QuestionAnsweringOptions,
    RunConfig).
    """

    dataset: str = ""
    """Name of a data set of TensorFlow Datasets: squad, squad2, or another in SQuAD's format."""
    train_file: Path | None = None
    """Your own data instead: a JSON file in the format of SQuAD 1.1 or 2.0."""


@dataclasses.dataclass
class QuestionAnsweringData:
    """Questions ready for training; no passage stands in two splits.

    Attributes:
        name: str.
        train, validation, test: lists of QuestionExample.
        dropped: dict, reason -> number of questions that were left out.
        repaired: int, answers that stood beside the place that was stated.
        language: "en" or "zh".
        licence: str, of the texts.
        commercial_use: "yes", "no" or "unknown".
    """

    name: str
    train: list
    validation: list
    test: list
    dropped: dict
    repaired: int = 0
    language: str = "en"
    licence: str = "the user's own data"
    commercial_use: str = "unknown"

    def fingerprint(self):
        """Return a sha256 over all questions, passages and answers: which data a model was trained on."""
        digest = hashlib.sha256()
        for example in (*self.train, *self.validation, *self.test):
            digest.update(json.dumps(example).encode() + b"\n")
        return digest.hexdigest()


def load_question_answering(options):
    """Load train, validation and test questions.

    Splits that were given are kept; where there is none, passages are held out by their sha256, with all
    their questions. A passage of the test split is dropped from validation and training, one of validation from
    training, and so is a question that stands twice in one of them.

    Args:
        options: `QuestionAnsweringOptions`.

    Returns:
        QuestionAnsweringData.

    Raises:
        InputError: if the data cannot be had, or an answer does not stand in its passage, naming its question.
    """
    options.check_share()
    splits, repaired = _user_files(options) if options.train_file is not None else _tfds(options)
    name = options.train_file.stem if options.train_file is not None else options.dataset
    splits, dropped = _without_leaks(splits)
    share = options.validation_split
    if "test" not in splits:
        splits["train"], splits["test"] = _cut(splits["train"], share)
        share /= 1 - share  # of the rest: as many passages again
    if "validation" not in splits:
        splits["train"], splits["validation"] = _cut(splits["train"], share)
    require_examples(splits, options, name)
    if options.smoke:
        splits = {split: examples[:SMOKE_EXAMPLES] for split, examples in splits.items()}
    licence = {} if options.train_file is not None else {"licence": UNSTATED}
    return QuestionAnsweringData(
        name=name, dropped=dropped, repaired=repaired, language=options.language or "en", **licence, **splits
    )


def _without_leaks(splits):
    """Drop questions that stand twice, and those on passages of a more important split."""
    dropped, cleaned, seen = {"duplicates": 0, "questions on passages of another split": 0}, {}, set()
    for name in ("test", "validation", "train"):
        if name not in splits:
            continue
        kept = {}
        for row, example in enumerate(splits[name]):
            passage = comparable(example.passage)
            key = row if name == "test" else (passage, comparable(example.question))
            if passage in seen:
                dropped["questions on passages of another split"] += 1
            elif key in kept:
                dropped["duplicates"] += 1
            else:
                kept[key] = example
        cleaned[name] = list(kept.values())
        seen |= {comparable(example.passage) for example in cleaned[name]}
    return cleaned, dropped


def _cut(examples, share):
    """Hold out a share of the passages with their questions, chosen by the passages themselves."""
    passages = sorted({comparable(example.passage) for example in examples})
    _, held_out = cut(Split(passages, np.zeros(len(passages), "int64")), share)
    chosen = set(held_out.texts)
    parts = {False: [], True: []}
    for example in examples:
        parts[comparable(example.passage) in chosen].append(example)
    return parts[False], parts[True]


def _user_files(options):
    files = {"train": options.train_file, "validation": options.validation_file, "test": options.test_file}
    splits, repaired = {}, 0
    for name, path in files.items():
        if path is not None:
            splits[name], count = read_squad(path, options.encoding)
            repaired += count
    return splits, repaired


def read_squad(path, encoding="utf-8-sig"):
    """Read a file in the format of SQuAD 1.1 or 2.0.

    Args:
        path: Path of a JSON file: {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers":
            [{"text", "answer_start"}], "is_impossible"}]}]}]}; places are counted in characters.
        encoding: its encoding.

    Returns:
        (list of QuestionExample, number of answers whose place was repaired).

    Raises:
        InputError: for a file that is no such JSON, or an answer that does not stand in its passage.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is no file. Expected a JSON file in the format of SQuAD")
    try:
        content = json.loads(read_text(path, encoding))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is no JSON: {error}. Expected the format of SQuAD: one object, not one a line"
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
        raise InputError(f"{path} holds no questions. Expected at least one")
    return examples, repaired


def _example(source, id, question, passage, marked):
    """Make an example, and count the answers whose place was repaired.

    Args:
        source: path or name of the data, for messages.
        id, question, passage: str.
        marked: list of (text, start) of the answers.
    """
    answers = [_answer(source, id, passage, *pair) for pair in marked]
    repaired = sum(answer.start != start for answer, (_, start) in zip(answers, marked, strict=True))
    return QuestionExample(id, question, passage, tuple(answers)), repaired


def _answer(source, id, passage, text, start):
    """Find an answer at its place, or else where it stands nearby."""
    places, place = [], passage.find(text, max(0, start - NEARBY)) if text else -1
    while place >= 0 and place <= start + NEARBY:
        places.append(place)
        place = passage.find(text, place + 1)
    if not places:
        raise InputError(
            f"{source}, question {id}: the answer {text!r:.60} does not stand at character {start} of its passage, "
            f"where {passage[start : start + len(text)]!r:.60} is, nor nearby. Expected the place of its first "
            "character, counted in Unicode code points from 0, not in bytes"
        )
    place = min(places, key=lambda place: abs(place - start))
    return Answer(place, place + len(text), text)


def _tfds(options):
    from kerasnlp_zoo.datasets import tfds_loading  # importing TFDS takes a while: not for the user's files

    if not options.dataset:
        raise InputError(f"Name a data set with --dataset ({', '.join(NAMES)}) or give --train-file in SQuAD's format")
    builder = tfds_loading.load_builder(NAMES.get(options.dataset, options.dataset), options.data_dir)
    tfds_loading.require_features(builder, "id", "question", "context", "answers")
    # The test split of SQuAD is hidden: its validation split is the one to score.
    wanted = {"train": "train", "test": "validation"}
    if "test" in builder.info.splits:
        wanted = {"train": "train", "validation": "validation", "test": "test"}
    splits, repaired = {}, 0
    for name, split in wanted.items():
        if split in builder.info.splits:
            splits[name] = []
            for row in tfds_loading.read_rows(builder, split):
                pairs = list(zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True))
                example, count = _example(options.dataset, row["id"], row["question"], row["context"], pairs)
                splits[name].append(example)
                repaired += count
    return splits, repaired
