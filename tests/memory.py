"""Memory of this process, and quick garbage collections."""

import gc
import resource
from pathlib import Path


def freeze_objects():
    """Exclude all present objects from later garbage collections: Keras collects for each weight that it quantizes."""
    gc.collect()
    gc.freeze()


def resident_megabytes():
    """Return the memory that this process uses now; where the system does not tell it, the most it has used."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
