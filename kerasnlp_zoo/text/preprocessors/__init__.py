"""Preprocessors: one class for each kind of token. They convert strings into the inputs of a model."""
