"""The subcommands of `kerasnlp-zoo`. Each loads TensorFlow only when it runs, and only if it needs it."""
