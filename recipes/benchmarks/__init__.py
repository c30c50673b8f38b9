"""Speed compared with other libraries: `python -m recipes.benchmarks.<family> --output FILE.json`."""
