"""Attributes of a package that are imported on first use (PEP 562), which makes the import of the package fast."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def lazy_attributes(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions `__getattr__` and `__dir__` of a package that imports its attributes on first use.

    The package must import the same names under `if TYPE_CHECKING`, for editors and type checkers.

    Args:
        package: name of the package, `__name__`.
        modules: names of modules in the package, each with the attributes that it defines.

    Returns:
        (`__getattr__`, `__dir__`).

    Example:

    >>> get, _ = lazy_attributes("kerasnlp_zoo", {"errors": ["InputError"]})
    >>> get("InputError").__name__
    'InputError'
    """
    origins = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name in origins:
            value = getattr(importlib.import_module(f"{package}.{origins[name]}"), name)
        elif name in modules:
            value = importlib.import_module(f"{package}.{name}")
        else:
            known = ", ".join(names())
            raise AttributeError(f"module {package!r} has no attribute {name!r}. Expected one of {known}")
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*sys.modules[package].__all__, *origins, *(name for name in modules if "." not in name)})

    return get, names
