"""Reuters R8: newswire stories of 1987 on the eight most frequent topics (Cardoso-Cachopo 2007)."""

from collections.abc import Iterator

from kerasnlp_zoo.datasets.newsgroups import read_table
from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row


class ZooReutersR8(PackageTextsBuilder):
    """7,674 newswire stories on 8 topics; the official test split has 2,189."""

    label_names = {"label": ["acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade"]}
    split_names = ("train", "test")

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the stories of the official split."""
        return read_table(f"reuters-r8-{split}", self.label_names["label"])
