"""Entries: pretrained tasks that are loaded by name. Listing and finding entries does not load TensorFlow."""

from typing import TYPE_CHECKING

from kerasnlp_zoo.lazy import lazy_attributes
from kerasnlp_zoo.zoo.cards import summaries
from kerasnlp_zoo.zoo.downloads import DOWNLOADS
from kerasnlp_zoo.zoo.folders import exact_name, find, hidden_entries, list_entries, megabytes, read_config
from kerasnlp_zoo.zoo.pins import pin

if TYPE_CHECKING:
    from kerasnlp_zoo.zoo.entries import check, difference, load
    from kerasnlp_zoo.zoo.making import download
    from kerasnlp_zoo.zoo.pushing import push
    from kerasnlp_zoo.zoo.quantizing import quantize_entry
    from kerasnlp_zoo.zoo.saving import save

__all__ = [
    "DOWNLOADS",
    "check",
    "difference",
    "download",
    "exact_name",
    "find",
    "hidden_entries",
    "list_entries",
    "load",
    "megabytes",
    "pin",
    "push",
    "quantize_entry",
    "read_config",
    "save",
    "summaries",
]

__getattr__, __dir__ = lazy_attributes(
    __name__,
    {
        "entries": ["check", "difference", "load"],
        "making": ["download"],
        "pushing": ["push"],
        "quantizing": ["quantize_entry"],
        "saving": ["save"],
    },
)
