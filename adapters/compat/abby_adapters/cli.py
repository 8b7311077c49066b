"""`main`, the entry point of `abby`, under a name that is the same in a checkout and where the package is installed."""

from adapters.cli import main

__all__ = ["main"]
