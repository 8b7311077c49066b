"""Whose the storage is that all share: who has most of it, and what is held for generations under way.

It answers from the quota state, whatever moment that is of.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.reservations import Reservation
from projections.quota_state import QuotaState

NAMED = 10
"""Users and holds that are named, the largest; the figures are of all."""


class Share(NamedTuple):
    """One user's part, temp files included. Bytes."""

    user: str
    used_bytes: int
    held_bytes: int


class PoolShares(NamedTuple):
    """The parts of the pool: the largest by name, and how many more there are, of users and of holds. Bytes."""

    used_bytes: int
    held_bytes: int
    largest: tuple[Share, ...]
    other_users: int
    other_bytes: int
    holds: tuple[Reservation, ...]
    other_holds: int


def shares_of(state: QuotaState) -> PoolShares:
    """Whose the pool is; of two alike the name that comes first is told first."""
    parts = []
    for user in state.users.users():
        usage = state.user(user)
        parts.append(Share(user, usage.image_bytes + usage.temp_bytes, usage.held_bytes))
    parts = sorted((part for part in parts if part.used_bytes + part.held_bytes), key=_largest_first)
    holds = sorted(state.open_reservations(), key=lambda held: (-held.held_bytes, held.user, held.reservation))
    return PoolShares(
        used_bytes=state.pool.used_bytes,
        held_bytes=state.pool.held_bytes,
        largest=tuple(parts[:NAMED]),
        other_users=len(parts[NAMED:]),
        other_bytes=sum(part.used_bytes + part.held_bytes for part in parts[NAMED:]),
        holds=tuple(holds[:NAMED]),
        other_holds=len(holds[NAMED:]),
    )


def _largest_first(part: Share) -> tuple[int, str]:
    return -(part.used_bytes + part.held_bytes), part.user
