"""`kerasnlp-zoo tune`: search for the flags of a recipe with the best validation score."""

import dataclasses
import sys
from typing import Any

from kerasnlp_zoo.commands.recipes import Recipe, import_recipe
from kerasnlp_zoo.flags import read_flags


def tune(recipe: Recipe) -> None:
    """Search for the flags of a recipe with the best validation score, such as --search dropout=0.1,0.3,0.5.

    `kerasnlp-zoo tune RECIPE --help` lists the flags of the search and of the recipe.
    """
    module = import_recipe(recipe)
    from kerasnlp_zoo.training.tuning import SearchOptions, search_flags  # imported late: it loads TensorFlow

    both: Any = dataclasses.dataclass(type("Config", (SearchOptions, module.Config), {"__doc__": tune.__doc__}))
    flags = read_flags(both, prog=f"kerasnlp-zoo tune {recipe}", args=sys.argv[3:])
    own = {field.name: getattr(flags, field.name) for field in dataclasses.fields(module.Config)}
    search_flags(module.main, recipe, module.Config(**own), flags.search, flags.trials)
