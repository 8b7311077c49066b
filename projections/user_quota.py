"""What each user stores and holds, and their standing against their storage limit."""

from __future__ import annotations

from typing import NamedTuple

from domain.events import Event
from domain.limits import Status, percentage, remaining, status_of
from domain.usage import UserUsage, checked_user, evolve_user
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

    def apply(self, user: str, event: Event, *, held_change: int) -> None:
        """Takes a user past an event of theirs."""
        self._table.put(user, evolve_user(self.usage(user), event, held_change=held_change))

    def free_temp(self, user: str, size_bytes: int) -> None:
        """A temp file of a user was cleaned up."""
        usage = self.usage(user)
        self._table.put(user, checked_user(usage._replace(temp_bytes=usage.temp_bytes - size_bytes)))

    def status(self, user: str, limit_bytes: int) -> StorageStatus:
        """A user's images against their limit."""
        usage = self.usage(user)
        return storage_status(usage.image_bytes, usage.held_bytes, limit_bytes)


def storage_status(used_bytes: int, held_bytes: int, limit_bytes: int) -> StorageStatus:
    """The figures of any storage limit."""
    return StorageStatus(
        used_bytes,
        held_bytes,
        limit_bytes,
        remaining(limit_bytes, used_bytes, held_bytes),
        percentage(used_bytes, limit_bytes),
        status_of(used_bytes, limit_bytes),
    )
