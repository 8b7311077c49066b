"""The old names of the adapters, so that code written against them runs unchanged; aliases and nothing else."""
