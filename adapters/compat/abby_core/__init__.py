"""The old names of the library, so that code written against `abby_core` runs unchanged; aliases and nothing else."""
