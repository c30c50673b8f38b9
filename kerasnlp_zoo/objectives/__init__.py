"""What a model learns: losses and metrics of real elements, and the optimizer of models of words."""
