"""Pages with the source code that the documentation links to.

A link to a file of the project, such as `../kerasnlp_zoo/layers/crf.py`, becomes a link to a page of this site. A link
to `../kerasnlp_zoo/layers/crf.py#CRF.call` leads to the line of this definition. A definition that does not exist is a
warning of the build. In the reference, the source of every class and function is linked by Sphinx' extension linkcode.
"""

import ast
import functools
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".toml", ".json", ".md"}
logger = logging.getLogger(__name__)
referenced: set[PurePosixPath] = set()  # files whose definitions the reference describes


@functools.cache
def lines_of_definitions(path: Path) -> dict[str, int]:
    """Return the line of each function, class, method and constant of a Python file; a method is `Class.method`."""
    lines: dict[str, int] = {}

    def add(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                lines[prefix + node.name] = node.lineno
                if isinstance(node, ast.ClassDef):
                    add(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                lines.update({prefix + name.id: node.lineno for name in targets if isinstance(name, ast.Name)})

    add(ast.parse(path.read_text("utf-8")).body, "")
    return lines


def page_of(path: PurePosixPath) -> str:
    """Return the name of the page of a file, given relative to the root of the project."""
    return f"source/{path}"


def link_from_the_reference(domain: str, info: dict[str, str]) -> str | None:
    """Return the address of the source of a class or function, as seen from a page in reference/."""
    found: Any = sys.modules.get(info["module"])
    for name in info["fullname"].split("."):
        found = getattr(found, name, None)
    found = inspect.unwrap(found) if callable(found) else None
    file = inspect.getsourcefile(found) if inspect.isclass(found) or inspect.isfunction(found) else None
    if file is None or ROOT not in (path := Path(file)).parents:
        return None
    relative = PurePosixPath(path.relative_to(ROOT).as_posix())
    referenced.add(relative)
    line = lines_of_definitions(path).get(found.__qualname__)
    return f"../{page_of(relative)}.html" + (f"#L-{line}" if line else "")


NAME = "definition "  # MyST drops what follows # in a link to a file, but keeps the title of the link
LINK = re.compile(r"\]\(([^\s()#]+\.py)#([\w.]+)\)")


def keep_names(app: Sphinx, docname: str, source: list[str]) -> None:
    """Write the name of a definition as the title of its link, before MyST reads the page."""
    source[0] = LINK.sub(rf'](\1 "{NAME}\2")', source[0])


class SourceLinks(SphinxPostTransform):
    """Replace links to files of the project by links to their pages."""

    default_priority = 5  # before Sphinx and MyST resolve references

    def run(self, **kwargs: Any) -> None:
        """Replace the links of one document."""
        for kind in (download_reference, pending_xref):
            for node in list(self.document.findall(kind)):
                target, _, name = str(node.get("reftarget", "")).partition("#")
                if (title := str(node.get("reftitle", ""))).startswith(NAME):
                    name = title.removeprefix(NAME)
                path = (Path(self.env.doc2path(self.env.docname)).parent / target).resolve()
                if target and path.suffix in SUFFIXES and path.is_file() and ROOT in path.parents:
                    self._replace(node, path, name)

    def _replace(self, node: nodes.Element, path: Path, name: str) -> None:
        relative = PurePosixPath(path.relative_to(ROOT).as_posix())
        if relative.suffix == ".md" and relative.parts[0] == "docs":
            return
        anchor = ""
        if name:
            lines = lines_of_definitions(path)
            if name not in lines:
                logger.warning("%s has no definition %s", relative, name, location=node)
            anchor = f"#L-{lines.get(name, 1)}"
        self.env.source_pages.add(relative)
        uri = self.app.builder.get_relative_uri(self.env.docname, page_of(relative)) + anchor
        node.replace_self(nodes.reference("", "", *node.children, internal=True, refuri=uri))


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the pages of all files that the documentation links to."""
    formatter = HtmlFormatter(linenos="inline", lineanchors="L", anchorlinenos=True, linespans="line")
    for path in sorted(app.env.source_pages | referenced):
        text = (ROOT / path).read_text("utf-8")
        code = highlight(text, get_lexer_for_filename(path.name), formatter)
        yield page_of(path), {"title": str(path), "body": f"<h1>{path}</h1>\n{code}"}, "page.html"


def prepare(app: Sphinx) -> None:
    """Begin with no linked files."""
    app.env.source_pages = set()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the pages and the replacement of links."""
    app.setup_extension("sphinx.ext.linkcode")
    app.connect("builder-inited", prepare)
    app.connect("source-read", keep_names)
    app.connect("html-collect-pages", pages)
    app.add_post_transform(SourceLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
