"""Statistics of a data set, printed before training: they may explain a bad score."""

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.datasets.feature_tables import FeatureData
from kerasnlp_zoo.datasets.labels import alike
from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringData
from kerasnlp_zoo.datasets.splits import Split, TextClassificationData, parts_of
from kerasnlp_zoo.datasets.tagged_texts import TaggedTexts, TokenClassificationData
from kerasnlp_zoo.datasets.trees import TreeData
from kerasnlp_zoo.text import TokenPreprocessor, TreePreprocessor, WordPiecePreprocessor
from kerasnlp_zoo.text.batches import BatchRows
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.tagged_text import inside_words
from kerasnlp_zoo.vocabulary import UNKNOWN

SHOWN_LABELS = 12
ROWS = 4096  # texts tokenized at a time


def data_report(data: TextClassificationData, preprocessor: Preprocessor, batch_size: int) -> str:
    """Return lines with statistics of the labelled texts and of their tokens.

    Args:
        data: labelled texts.
        preprocessor: preprocessor built from the training texts, or the preprocessor of a pretrained model; for pairs
            of texts, a preprocessor of pairs.
        batch_size: batch size; the share of padding depends on it.
    """
    splits = _splits(data)
    lines = [
        *_first_lines(data),
        *(_score_lines(splits) if data.kind == "score" else _label_lines(data.labels, splits)),
    ]
    if data.kind == "labels":
        counts = [len(labels) for labels in data.train.labels]
        lines.append(
            f"  labels        {np.mean(counts):.1f} per text of train ({min(counts)} to {max(counts)}), "
            f"{counts.count(0):,} texts without label"
        )
    for name, split in splits.items():
        lines.append(f"  {name:<13} {_token_shares(split, preprocessor, batch_size)}")
    origin = "of the pretrained model" if type(preprocessor).__name__ == "WordPiecePreprocessor" else "counted on train"
    if added := getattr(preprocessor, "num_added", 0):
        origin += f", {added:,} of them from pretrained vectors"
    lines.append(f"  vocabulary    {preprocessor.vocabulary_size:,} tokens, {origin}")
    return "\n".join(lines)


def feature_report(data: FeatureData) -> str:
    """Return lines with statistics of rows of numbers."""
    lines = [*_first_lines(data), *_label_lines(data.labels, _splits(data))]
    for name, values in zip(data.columns, data.numbers().T, strict=True):
        lines.append(
            f"  column        {name}: mean {values.mean():.4g}, standard deviation {values.std():.4g}, "
            f"{values.min():g} to {values.max():g}"
        )
    return "\n".join(lines)


def span_report(data: TokenClassificationData) -> str:
    """Return lines with statistics of texts with labelled spans."""
    splits = _splits(data)
    lines = _first_lines(data)
    for name, split in splits.items():
        lengths = [len(text) for text in split.texts]
        spans = sum(map(len, split.labels))
        lines.append(
            f"  {name:<13} {len(split):,} texts, {sum(lengths):,} characters (median {np.median(lengths):.0f}, longest "
            f"{max(lengths):,}), {spans:,} spans"
        )
    counts = {
        name: collections.Counter(span.label for spans in split.labels for span in spans)
        for name, split in splits.items()
    }
    order = sorted(data.labels, key=lambda label: -counts["train"][label])
    lines += [
        f"  spans         {label}: " + ", ".join(f"{count[label]:,} {name}" for name, count in counts.items())
        for label in order[:SHOWN_LABELS]
    ]
    if rest := order[SHOWN_LABELS:]:
        count = sum(counts["train"][label] for label in rest)
        lines.append(f"  spans         {len(rest)} more labels, {count:,} train spans")
    if data.repaired:
        lines.append(
            f"  repaired      {data.repaired:,} tags that do not follow the scheme, read as conlleval reads them"
        )
    return "\n".join(lines)


def alignment_report(train: TaggedTexts, preprocessor: Preprocessor) -> str:
    """Return a line about how the spans fit to the words of a tagger: which ones begin or end inside a word.

    Args:
        train: training texts with labelled spans.
        preprocessor: preprocessor of the tagger.
    """
    assert isinstance(preprocessor, (TokenPreprocessor, WordPiecePreprocessor))
    count, first = 0, ""
    for start in range(0, len(train), ROWS):
        texts, spans = train.texts[start : start + ROWS], train.labels[start : start + ROWS]
        features = preprocessor.features_with_offsets(preprocessor.prepare(texts))
        columns = (features[name].to_list() for name in ("starts", "ends", "is_word_start"))
        for text, own, *row in zip(texts, spans, *columns, strict=True):
            for span in inside_words(own, *_word_places(*row)):
                count += 1
                first = first or f"{text[span[0] : span[1]]!r} in {text[max(0, span[0] - 10) : span[1] + 10]!r}"
    if not count:
        return "  inside words  no train span begins or ends inside a word"
    return (
        f"  inside words  {count:,} train spans begin or end inside a word. They are learned as the words that begin "
        f"in them, or not at all; the first: {first}"
    )


def _word_places(starts: list[int], ends: list[int], begins: list[int]) -> tuple[list[int], list[int]]:
    """Return the starts and ends of words from those of their pieces."""
    words: list[list[int]] = []
    for start, end, begins_word in zip(starts, ends, begins, strict=True):
        if begins_word:
            words.append([start, end])
        elif words and end > 0:  # special tokens have the end -1
            words[-1][1] = end
    return [start for start, _ in words], [end for _, end in words]


def tree_report(data: TreeData, preprocessor: TreePreprocessor) -> str:
    """Return lines with statistics of parsed sentences.

    Args:
        data: labelled trees.
        preprocessor: preprocessor built from the training trees.
    """
    splits = _splits(data)
    lines = _first_lines(data)
    if data.has_node_labels:
        counts = collections.Counter(label for labels in data.train.labels for label in labels)
        named = ", ".join(f"{label} {counts[index]:,}" for index, label in enumerate(data.labels))
        lines.append(f"  labels        of train nodes: {named}")
    else:
        lines += _label_lines(data.labels, splits)
    known = preprocessor.vocabulary.ids
    total = sum(preprocessor.counts.values())
    unknown = sum(count for word, count in preprocessor.counts.items() if word not in known)
    lines.append(
        f"  words         {total / len(data.train):.1f} per text of train, {unknown / total:.1%} unknown; vocabulary "
        f"{preprocessor.vocabulary_size:,}, counted on train"
    )
    return "\n".join(lines)


def question_report(data: QuestionAnsweringData) -> str:
    """Return lines with statistics of questions on passages."""
    lines = _first_lines(data)
    for name, examples in _splits(data).items():
        passages = {example.passage for example in examples}
        unanswered = np.mean([not example.answers for example in examples])
        length = np.median([len(passage) for passage in passages])
        lines.append(
            f"  {name:<13} {len(examples):,} questions on {len(passages):,} passages of {length:.0f} characters "
            f"(median), {unanswered:.0%} without an answer"
        )
    if data.repaired:
        lines.append(f"  repaired      {data.repaired:,} answers whose stated start was wrong")
    return "\n".join(lines)


def _splits(data: Any) -> dict[str, Any]:
    """Return the splits of any of the data classes by name."""
    return {"train": data.train, "validation": data.validation, "test": data.test}


def _first_lines(data: Any) -> list[str]:
    """Return the sizes of any of the data classes, and the removed rows."""
    sizes = ", ".join(f"{len(split):,} {name}" for name, split in _splits(data).items())
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in data.dropped.items() if count)
    lines = [f"Data set {data.name}: {sizes}", f"  dropped       {dropped or 'nothing'}"]
    for group in alike(getattr(data, "labels", ())):  # ascii shows invisible characters
        lines.append(f"  alike         labels {', '.join(map(ascii, group))}: one label, or are they different?")
    lines += [f"  note          {note}" for note in getattr(data, "notes", ())]
    return lines


def _score_lines(splits: Mapping[str, Split]) -> list[str]:
    return [
        f"  score         {name}: mean {split.labels.mean():.2f}, {split.labels.min():g} to {split.labels.max():g}"
        for name, split in splits.items()
    ]


def _label_lines(labels: Sequence[str], splits: Mapping[str, Split]) -> list[str]:
    counts = {name: np.bincount(_label_ids(split), minlength=len(labels)) for name, split in splits.items()}
    order = np.argsort(-counts["train"], kind="stable")
    lines = [
        f"  label         {labels[index]}: " + ", ".join(f"{count[index]:,} {name}" for name, count in counts.items())
        for index in order[:SHOWN_LABELS]
    ]
    if len(labels) > SHOWN_LABELS:
        rest = order[SHOWN_LABELS:]
        lines.append(f"  label         {len(rest)} more, {counts['train'][rest].sum():,} train texts")
    unseen = [
        label for index, label in enumerate(labels) if not counts["validation"][index] or not counts["test"][index]
    ]
    if unseen:
        number = "1 label has" if len(unseen) == 1 else f"{len(unseen):,} labels have"
        names = ", ".join(unseen[:SHOWN_LABELS]) + (" ..." if len(unseen) > SHOWN_LABELS else "")
        lines.append(f"  label         {number} no text to validate or test with: {names}")
    return lines


def _label_ids(split: Split) -> np.ndarray:
    """Return the ids of all labels of a split; a text with a set of labels has several."""
    if split.labels.dtype != object:
        return split.labels
    return np.array([label for labels in split.labels for label in labels], "int64")


def _token_shares(split: Split, preprocessor: Preprocessor, batch_size: int) -> str:
    """Return lengths, and shares of truncated texts, of unknown tokens and of padding, as text."""
    columns = zip(*map(parts_of, split.texts), strict=True)
    token_ids = preprocessor.features(*(preprocessor.prepare(list(column)) for column in columns))["token_ids"]
    lengths = token_ids.row_lengths().numpy()
    limit = preprocessor.max_sequence_length
    unknown_id = preprocessor.vocabulary.ids[UNKNOWN]
    unknown = np.mean(token_ids.flat_values.numpy() == unknown_id) if lengths.sum() else 0.0
    positions = sum(batch_size * int(length) for _, length in BatchRows(lengths, batch_size, shuffle=False, seed=0))
    return (
        f"{np.mean(lengths):.1f} tokens per text (median {np.median(lengths):.0f}, longest {lengths.max()}), "
        f"{np.mean(lengths >= limit):.1%} truncated to {limit}, {unknown:.1%} unknown tokens, "
        f"{1 - lengths.sum() / positions:.0%} padding"
    )
