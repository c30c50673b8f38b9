"""From strings to the inputs of a model, in TensorFlow operations: one preprocessor per kind of token."""
