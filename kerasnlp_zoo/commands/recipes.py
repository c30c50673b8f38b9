"""`kerasnlp-zoo train` and `recipe`: run a recipe, or print its source."""

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import tyro

from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.flags import read_flags

Recipe = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RECIPE", help="Name, such as text_cnn.")]


def train(recipe: Recipe) -> None:
    """Train a model by a recipe. `kerasnlp-zoo train RECIPE --help` lists its flags."""
    module = import_recipe(recipe)
    module.main(read_flags(module.Config, prog=f"kerasnlp-zoo train {recipe}", args=sys.argv[3:]))


def recipe(recipe: Recipe) -> None:
    """Print the source of a recipe, to change it and run it as your own script."""
    print(_path(recipe).read_text("utf-8"), end="")


def recipe_list() -> str:
    """Return the recipes, one per line, each with the first line of its docstring."""
    paths = _paths()
    width = max(map(len, paths))
    return "\n".join(f"  {name:<{width}}  {_first_line(path)}" for name, path in paths.items())


def _first_line(path: Path) -> str:
    """Return the first line of a script's docstring, without running the script."""
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]


def _path(name: str) -> Path:
    paths = _paths()
    if name not in paths:
        raise InputError(f"There is no recipe {name!r}.{did_you_mean(name, [*paths])} Recipes: {', '.join(paths)}")
    return paths[name]


def _paths() -> dict[str, Path]:
    """Return the recipes of the installed package, or of the source tree, by name."""
    package = Path(__file__).parents[1]
    folders = [folder for folder in (package / "recipes", package.parent / "recipes") if folder.is_dir()]
    return {path.stem: path for path in sorted(folders[0].glob("[a-z]*.py"))}


def import_recipe(name: str) -> ModuleType:
    """Return the module of a recipe.

    Raises:
        InputError: if there is no such recipe.
    """
    _path(name)
    package = next(package for package in ("kerasnlp_zoo.recipes", "recipes") if importlib.util.find_spec(package))
    return importlib.import_module(f"{package}.{name}")
