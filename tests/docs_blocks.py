"""The commands, Python blocks and outputs in the documentation."""

import dataclasses
import itertools
import re
from pathlib import Path

TREE = Path(__file__).parents[1]
PAGES = [TREE / "README.md", *sorted((TREE / "docs").rglob("*.md"))]
OTHER_PAGES = [TREE / "CONTRIBUTING.md", TREE / "CHANGELOG.md", TREE / "SECURITY.md"]
FAMILIES = sorted((TREE / "docs" / "families").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: path in the tree, such as "docs/training.md".
        line: line number of its first line.
        language: "bash", "python", "text" or "".
        text: its lines.
        output: the text block that follows with at most one empty line between; None if there is none.
    """

    page: str
    line: int
    language: str
    text: str
    output: str | None = None

    def __str__(self):
        return f"{self.page}:{self.line}"

    @property
    def lines(self):
        return self.text.splitlines()


def name(page):
    return page.relative_to(TREE).as_posix()


def blocks(page):
    """Return the blocks of a page. A text block is the output of the previous block, or is independent."""
    content = page.read_text("utf-8")
    found = list(BLOCK.finditer(content))
    result = []
    for match, after in itertools.zip_longest(found, found[1:]):
        follows = after is not None and after[1] == "text" and content[match.end() : after.start()] == "\n\n"
        line = content.count("\n", 0, match.start()) + 2
        result.append(Block(name(page), line, match[1], match[2], after[2] if follows else None))
    return result


def all_blocks(language):
    return [block for page in PAGES for block in blocks(page) if block.language == language]


def inline_commands(page):
    """Return the commands in the text and tables of a page, outside blocks."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    return [" ".join(code.split()) for code in re.findall(r"`(kerasnlp-zoo [^`]+)`", text)]


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
