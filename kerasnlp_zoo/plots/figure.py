"""Figures with our colours and fonts with Chinese characters, written as PNG files."""

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file
from kerasnlp_zoo.types import FilePath

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#2458a6", "#e07b00", "#8a8a8a"
DPI, PALETTE = 120, 256  # dots per inch; number of colours
CHINESE_FONT = "NotoSansSC-Regular.ttf"  # in the package zhplot; matplotlib's own fonts have no Chinese characters


def require_matplotlib() -> None:
    """Raise InputError unless matplotlib is installed. Recipes call this before training."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError('Plots need matplotlib. Install it: pip install "kerasnlp-zoo[recipes]"') from error


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of this size in inches, without a window or global state."""
    require_matplotlib()
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["font.family"] = ["DejaVu Sans", *_chinese_font()]
    return Figure(figsize=(width, height), layout="constrained", dpi=DPI)


def diverging_colors() -> "Colormap":
    """Return the colour map of signed numbers: orange below 0, white at 0, blue above 0."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("orange, white, blue", [ORANGE, "white", BLUE])


def save(figure: "Figure", path: FilePath, title: str = "") -> None:
    """Write a figure as a PNG file, completely or not at all. A palette reduces its size to a third."""
    from PIL import Image  # matplotlib requires it

    if title:
        figure.suptitle(title, fontsize=11, parse_math=False)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=DPI)
        with Image.open(temporary) as image:
            reduced = image.convert("RGB").quantize(PALETTE)
        reduced.save(temporary, "PNG", optimize=True)


@functools.cache
def _chinese_font() -> list[str]:
    """Return the name of the fallback font for Chinese characters in a list, empty if it is not installed."""
    from matplotlib import font_manager

    package = importlib.util.find_spec("zhplot")  # no import, because only its font is used
    if package is None or not package.submodule_search_locations:
        return []
    font = Path(package.submodule_search_locations[0], "fonts", CHINESE_FONT)
    font_manager.fontManager.addfont(font)
    return [font_manager.FontProperties(fname=font).get_name()]
