"""Whether the extra is installed. This module imports none of its packages at the top."""

import importlib

from kerasnlp_zoo.errors import InputError

PACKAGES = ("fastapi", "uvicorn", "prometheus_client")


def require_serving() -> None:
    """Raise InputError if a package of the extra is not installed."""
    for package in PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise InputError(f'{package} is not installed: pip install "kerasnlp-zoo[serve]". {error}') from error
