"""IMDb film reviews (Maas et al. 2011): the 25,000 training reviews, used if TFDS is unreachable."""

from collections.abc import Iterator

from kerasnlp_zoo.datasets.movie_reviews import read_source
from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row


class ZooImdbReviews(PackageTextsBuilder):
    """25,000 film reviews, half of them positive: the official training split. The official test split is missing."""

    label_names = {"label": ["neg", "pos"]}

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the reviews."""
        return read_source("imdb")
