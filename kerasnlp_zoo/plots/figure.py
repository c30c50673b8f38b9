"""What all pictures share: colours, fonts that have Chinese characters, files written whole."""

import functools
import importlib.util
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_file

BLUE, ORANGE, GREY = "#2458a6", "#e07b00", "#8a8a8a"
DPI, PALETTE = 120, 256  # dots an inch, colours
CHINESE_FONT = "NotoSansSC-Regular.ttf"  # in the package zhplot; matplotlib's own fonts have no Chinese characters


def require_matplotlib():
    """Raise InputError unless pictures can be drawn; asked before training, not after."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError('Pictures need matplotlib: pip install "kerasnlp-zoo[recipes]"') from error


def new_figure(width, height):
    """Return an empty figure, in inches, that belongs to no window and no global state."""
    require_matplotlib()
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["font.family"] = ["DejaVu Sans", *_chinese_font()]
    return Figure(figsize=(width, height), layout="constrained", dpi=DPI)


def diverging_colors():
    """Return the colour map of numbers with a sign: orange below 0, white at 0, blue above."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("orange, white, blue", [ORANGE, "white", BLUE])


def save(figure, path, title=""):
    """Write a figure as a PNG file, whole or not at all; a palette makes it a third as large."""
    from PIL import Image  # what matplotlib itself writes pictures with

    if title:
        figure.suptitle(title, fontsize=11, parse_math=False)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=DPI)
        with Image.open(temporary) as image:
            image = image.convert("RGB").quantize(PALETTE)
        image.save(temporary, "PNG", optimize=True)


@functools.cache
def _chinese_font():
    """Return the name of the font to fall back on for Chinese labels, in a list; empty if not installed."""
    from matplotlib import font_manager

    package = importlib.util.find_spec("zhplot")  # found, not imported: only its font is wanted
    if package is None:
        return []
    font = Path(package.submodule_search_locations[0], "fonts", CHINESE_FONT)
    font_manager.fontManager.addfont(font)
    return [font_manager.FontProperties(fname=font).get_name()]
