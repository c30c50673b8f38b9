"""Reuters R8: newswire of 1987 with one of its eight most frequent topics (Cardoso-Cachopo 2007)."""

from kerasnlp_zoo.datasets.newsgroups import read_table
from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder


class ZooReutersR8(PackageTextsBuilder):
    """7,674 newswire stories on 8 topics; official test of 2,189."""

    label_names = {"label": ["acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade"]}
    split_names = ("train", "test")

    def rows(self, split):
        """Yield the stories of the official split."""
        return read_table(f"reuters-r8-{split}", self.label_names["label"])
