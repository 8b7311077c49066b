"""What each user stores and holds, and their current against their storage limit."""

from __future__ import annotations

from typing import NamedTuple

from domain.limits import Status, percentage, remaining, status_of
from domain.usage import UserUsage, evolve_user
from projections.tables import Table

_NOTHING = UserUsage()


class StorageStatus(NamedTuple):
    """Used and held bytes against a limit; `percentage` and `status` are of the used bytes."""

    used_bytes: int
    held_bytes: int
    limit_bytes: int
    remaining_bytes: int
    percentage: float
    status: Status


class UserQuota:
    """The usage of every user."""

    def __init__(self, table: Table[str, UserUsage]) -> None:
        self._table = table

    def usage(self, user: str) -> UserUsage:
        """A user's bytes; nothing for one who never had any."""
        return self._table.get(user) or _NOTHING

    def users(self) -> list[str]:
        """Every user with an entry."""
        return [user for user, _ in self._table.items()]

    def apply(self, user: str, *, image_change: int = 0, temp_change: int = 0, held_change: int = 0) -> None:
        """Takes a user past an event that changes their bytes by this much."""
        after = evolve_user(
            self.usage(user), image_change=image_change, temp_change=temp_change, held_change=held_change
        )
        self._table.put(user, after)

    def status(self, user: str, limit_bytes: int) -> StorageStatus:
        """A user's images against their limit."""
        usage = self.usage(user)
        return storage_status(usage.image_bytes, usage.held_bytes, limit_bytes)


def storage_status(used_bytes: int, held_bytes: int, limit_bytes: int) -> StorageStatus:
    """The figures of any storage limit."""
    return StorageStatus(
        used_bytes=used_bytes,
        held_bytes=held_bytes,
        limit_bytes=limit_bytes,
        remaining_bytes=remaining(limit_bytes, used_bytes, held_bytes),
        percentage=percentage(used_bytes, limit_bytes),
        status=status_of(used_bytes, limit_bytes),
    )
