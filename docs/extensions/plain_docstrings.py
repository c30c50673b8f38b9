"""Docstrings of this project are plain text with sections; this makes reStructuredText of them.

Characters that reStructuredText would read as markup are escaped, and indented equations are shown as they are written.
"""

import inspect
import re
from typing import Any

from sphinx.application import Sphinx

CODE = re.compile(r"(`[^`]*`)")
MARKUP = re.compile(r"[*|]")


def escaped(line: str) -> str:
    """Return a line in which only text between backticks is markup."""
    parts = CODE.split(line)
    return "".join(part if part.startswith("`") else MARKUP.sub(r"\\\g<0>", part) for part in parts)


def as_restructured_text(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Change the lines of a docstring in place, before the sections are read."""
    result: list[str] = []
    equation_indent: int | None = None  # of the text around the equations
    in_example = False
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if equation_indent is not None and line.strip() and indent <= equation_indent:
            equation_indent = None
        in_example = bool(line.strip()) and (in_example or line.lstrip().startswith(">>>"))
        if equation_indent is not None or in_example:
            result.append(line)
            continue
        before, after = lines[:number], lines[number + 1 : number + 2]
        is_introduction = line.rstrip().endswith(":") and number + 2 < len(lines) and after == [""]
        if is_introduction and len(lines[number + 2]) - len(lines[number + 2].lstrip()) > indent and before:
            equation_indent = indent
            line += ":"
        result.append(escaped(line))
    lines[:] = result


def signature_of_the_class(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, None] | None:
    """Return the arguments of a Keras class, whose `__new__` hides them."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    _, *arguments = inspect.signature(obj.__init__).parameters.values()  # without self
    return str(inspect.Signature(arguments)), None


def setup(app: Sphinx) -> dict[str, bool]:
    """Change docstrings before Sphinx' extension napoleon reads their sections."""
    app.connect("autodoc-process-signature", signature_of_the_class)
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
