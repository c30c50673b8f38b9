"""Functional-API builders, one family per file; importing this package registers them all."""

from kerasnlp_zoo.models.builder import BUILDERS, build, builder
from kerasnlp_zoo.models.text_cnn import text_cnn, text_cnn_tagger

__all__ = ["BUILDERS", "build", "builder", "text_cnn", "text_cnn_tagger"]
