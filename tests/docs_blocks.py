"""The commands, Python blocks and outputs in the documentation."""

import ast
import dataclasses
import itertools
import re
from pathlib import Path

TREE = Path(__file__).parents[1]
CHINESE_PAGES = [TREE / "README.zh.md", *sorted((TREE / "docs" / "zh").glob("*.md"))]  # with commands of other pages
PAGES = [TREE / "README.md", *(page for page in sorted((TREE / "docs").rglob("*.md")) if page not in CHINESE_PAGES)]
OTHER_PAGES = [*(TREE / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")), *CHINESE_PAGES]
FAMILIES = [page for page in sorted((TREE / "docs" / "families").glob("*.md")) if page.stem != "index"]
BLOCK = re.compile(r"^```(\w*|\{\w+\}[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: path in the tree, such as "docs/training.md".
        line: line number of its first line.
        language: "bash", "python", "text", "", or a directive of the site such as "{architecture} text_cnn".
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
    """Return the anchors of a page's headings, as GitHub makes them; of Python code the names of its definitions."""
    text = page.read_text("utf-8")
    if page.suffix == ".py":
        return set(_definitions(ast.parse(text).body))
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _definitions(body, prefix=""):
    """Yield the names of functions, classes and constants; of a method `Class.method`."""
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield prefix + node.name
            yield from _definitions(node.body if isinstance(node, ast.ClassDef) else [], f"{prefix}{node.name}.")
