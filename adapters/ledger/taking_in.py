"""How a log is taken in: what holds for whoever replays one. What is made of its events is the projector's."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_no_garbage() -> Iterator[None]:
    """While a log is taken in, all that is made is kept: looking for cycles in it again and again doubles a start."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
