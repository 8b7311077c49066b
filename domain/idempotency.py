"""A caller's own key for a command, as events keep it."""

from __future__ import annotations

from typing import NamedTuple


class IdempotencyKey(NamedTuple):
    """A caller's own key for a command, and the digest of the command it was first sent with (64 hex)."""

    key: str
    digest: str
