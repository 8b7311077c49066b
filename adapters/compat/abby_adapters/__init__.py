"""The old names of the adapters, so that code written against `abby_adapters` runs unchanged; aliases and nothing else."""
