"""The directive `architecture`: the layers of a model, drawn from the model that a builder returns.

    ```{architecture} text_cnn
    {"vocabulary_size": 1000, "num_classes": 2, "embedding_dim": 50}
    ```

The content has the arguments of the builder as JSON. Arrows lead from a layer to the layers that read its output.
Layers that compute masks are left out. In shapes, B is the batch, T a length, and L the length of an element.
"""

import html
import json
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

CHARACTER, LINE, GAP_X, GAP_Y, PADDING = 7.3, 17, 26, 34, 9  # pixels
HEIGHT = 2 * LINE + PADDING  # of a box
Place = tuple[float, float, float]  # left, top and width of a box


class Architecture(Directive):
    """Draw the model of a builder."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the picture as SVG within the page."""
        from kerasnlp_zoo import models

        name = self.arguments[0]
        model = models.build({"builder": name, "arguments": json.loads("\n".join(self.content))})
        return [nodes.raw("", f'<div class="architecture">{picture(model, name)}</div>', format="html")]


def picture(model: Any, title: str) -> str:
    """Return the layers of a functional model as SVG. The colour of text and lines is that of the page."""
    sources = calls(model)
    depth: dict[Any, int] = {}
    for call, before in sources.items():  # in the order of computation
        depth[call] = 1 + max((depth[source] for source in before), default=-1)
    for call, before in sources.items():  # inputs stand right above the first layer that reads them
        readers = [depth[reader] for reader in sources if call in sources[reader]]
        if not before and readers:
            depth[call] = min(readers) - 1
    arrows = {}  # a long arrow has a narrow place of its own in each row that it passes
    for call, before in sources.items():
        for source in before:
            passed = [(source, row) for row in range(depth[source] + 1, depth[call])]
            depth |= {place: place[1] for place in passed}
            arrows[source, call] = [source, *passed, call]
    labels = {call: label(call) if call in sources else [""] for call in depth}
    above = {path[number + 1]: path[number] for path in arrows.values() for number in range(len(path) - 1)}
    places, width, height = arranged(depth, labels, above)
    drawn = [box(labels[call], *places[call]) for call in sources]
    drawn += [arrow([places[call] for call in path]) for path in arrows.values()]
    return (
        f'<svg role="img" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>Layers of {html.escape(title)}</title>'
        '<defs><marker id="tip" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 6 3 0 6z" fill="currentColor"/></marker></defs>{"".join(drawn)}</svg>'
    )


def calls(model: Any) -> dict[Any, list[Any]]:
    """Return the calls of layers, which are Keras' nodes, and for each of them the calls whose outputs it reads.

    They are in the order of computation. A layer that is called twice, such as a translator's embedding, stands twice.
    """
    nodes_of_model = [
        node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]
    ]
    drawn = [node for node in nodes_of_model if not all(tensor.dtype == "bool" for tensor in node.output_tensors)]
    return {node: [parent for parent in dict.fromkeys(node.parent_nodes) if parent in drawn] for node in drawn}


def label(call: Any) -> list[str]:
    """Return the lines of a box: the class of a layer and the shapes of its outputs."""
    kind = type(call.operation).__name__
    shapes = ", ".join(map(_written, dict.fromkeys(tensor.shape for tensor in call.output_tensors)))
    return ["input", f"{call.operation.name}: {shapes}"] if kind == "InputLayer" else [kind, shapes]


def _written(shape: tuple[int | None, ...]) -> str:
    """Return a shape such as [B, T, 50]."""
    letters = iter("BTLMN")
    return "[" + ", ".join(next(letters) if size is None else f"{size}" for size in shape) + "]"


def arranged(
    depth: dict[Any, int], labels: dict[Any, list[str]], above: dict[Any, Any]
) -> tuple[dict[Any, Place], float, float]:
    """Return the place of each box, and the width and height of the picture.

    A row for each depth is centred. Its boxes are in the order of those that they read.
    """
    rows = [[call for call in depth if depth[call] == row] for row in range(max(depth.values()) + 1)]
    widths = {call: max(map(len, lines)) * CHARACTER + 2 * PADDING for call, lines in labels.items()}
    total = max(sum(widths[call] for call in row) + GAP_X * (len(row) - 1) for row in rows)
    places: dict[Any, Place] = {}
    top = 2.0
    for row in filter(None, rows):
        left = (total - sum(widths[call] for call in row) - GAP_X * (len(row) - 1)) / 2 + 2
        for call in sorted(row, key=lambda call: places[above[call]][0] if call in above else 0):
            places[call] = (left, top, widths[call])
            left += widths[call] + GAP_X
        top += HEIGHT + GAP_Y
    return places, total + 4, top - GAP_Y + 4


def box(lines: list[str], left: float, top: float, width: float) -> str:
    """Return a box with its lines."""
    text = "".join(
        f'<text x="{left + width / 2:.1f}" y="{top + LINE * (number + 1) - 1:.1f}" class="line-{number}">'
        f"{html.escape(line)}</text>"
        for number, line in enumerate(lines)
    )
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="5"/>{text}'


def arrow(path: list[Place]) -> str:
    """Return a curve from the lower edge of the first place to the upper edge of the last one."""
    middles = [left + width / 2 for left, _, width in path]
    tops = [top for _, top, _ in path]
    curve = f"M{middles[0]:.1f} {tops[0] + HEIGHT:.1f}"
    for number in range(1, len(path)):
        begin, end = tops[number - 1] + HEIGHT, tops[number]
        half = (begin + end) / 2
        curve += (
            f" C{middles[number - 1]:.1f} {half:.1f} {middles[number]:.1f} {half:.1f} {middles[number]:.1f} {end:.1f}"
        )
        if number < len(path) - 1:
            curve += f" V{end + HEIGHT:.1f}"
    return f'<path class="arrow" marker-end="url(#tip)" d="{curve}"/>'


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("architecture", Architecture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
