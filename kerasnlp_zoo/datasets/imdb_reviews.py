"""IMDb film reviews (Maas et al. 2011): the 25,000 training reviews, for where TFDS cannot be reached."""

from kerasnlp_zoo.datasets.movie_reviews import read_source
from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder


class ZooImdbReviews(PackageTextsBuilder):
    """25,000 film reviews, half of them positive: the official training split, without the official test."""

    label_names = {"label": ["neg", "pos"]}

    def rows(self, split):
        """Yield the reviews."""
        return read_source("imdb")
