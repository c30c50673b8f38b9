"""Speed beside the peer: `python -m recipes.benchmarks.<family> --output FILE.json`."""
