"""`ImageGenerator` under its former module path."""

from adapters.library.image_generator import ImageGenerator

__all__ = ["ImageGenerator"]
