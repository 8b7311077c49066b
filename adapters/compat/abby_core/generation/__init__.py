"""`ImageGenerator`: makes images with the configured provider, or with one that is given."""

from adapters.library.image_generator import ImageGenerator

__all__ = ["ImageGenerator"]
