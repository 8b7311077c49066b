"""`ImageGenerator` under its former module path."""

from adapters.generation import ImageGenerator

__all__ = ["ImageGenerator"]
