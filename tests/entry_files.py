"""A small entry, and changes of its files as an attacker would make them: with new hashes."""

import json

from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.zoo.configs import write_entry_config

TEXTS = ("a fine and gripping film", "dull , clumsy and far too long", "the actors are wonderful")


def small_classifier():
    """Return a task that is made and loaded in milliseconds."""
    preprocessor = WordPreprocessor.from_texts(TEXTS, max_sequence_length=40)
    model = text_cnn(preprocessor.vocabulary_size, 2, embedding_dim=4, num_filters=2, filter_widths=(2,))
    return TextClassification(model, preprocessor, ["bad", "good"])


def edit_config(entry, **changes):
    """Change fields of the config, and compute all hashes again."""
    config = json.loads((entry / "config.json").read_text("utf-8"))
    write_entry_config(entry, {**config, **changes})
