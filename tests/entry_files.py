"""Change the files of an entry as an attacker would: with new hashes."""

import json

from kerasnlp_zoo.zoo.configs import write_entry_config


def edit_config(entry, **changes):
    """Change fields of the config, and compute all hashes again."""
    config = json.loads((entry / "config.json").read_text("utf-8"))
    write_entry_config(entry, {**config, **changes})
