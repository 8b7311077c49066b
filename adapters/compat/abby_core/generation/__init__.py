"""`abby_core.generation` is `adapters.generation`."""

from adapters.generation import ImageGenerator

__all__ = ["ImageGenerator"]
