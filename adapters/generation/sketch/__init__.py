"""Offline sketches: compositions drawn on this computer from a prompt. The door of the room; `scenes` are behind it."""

from adapters.generation.sketch.provider import SketchProvider, make_provider, missing

__all__ = ["SketchProvider", "make_provider", "missing"]
