"""How a pass over a log tells how far it is. Who shows it is the caller's to say."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[int, int], None]
"""Called with how far it is, and with how far it goes."""
EVENTS_BETWEEN_PROGRESS = 2_000
