"""Quick garbage collections."""

import gc


def freeze_objects():
    """Exclude all present objects from later garbage collections: Keras collects for each weight that it quantizes."""
    gc.collect()
    gc.freeze()
