"""Users as whoever runs the service looks for them: those whose id has some letters, the busiest or largest first.

From memory alone; it goes through all users, so it is for a worker.
"""

from __future__ import annotations

from typing import Literal, assert_never

from adapters.application.quota_figures import UserUsage
from adapters.application.reading import ReadableStorage, known_users, usage_of
from domain.instants import day_of
from domain.usage import find_day

UserOrder = Literal["id", "today", "storage"]


def page_of_users(
    storage: ReadableStorage, search: str, order: UserOrder, *, offset: int, limit: int
) -> tuple[list[UserUsage], int]:
    """Some of the users whose id has the searched letters in it, and how many these are: in the order of their ids, or
    first whoever used the most places today, or whose images and holds are largest.
    """
    found = [user for user in known_users(storage) if search in user]
    if order != "id":
        measured = [(-_measure(storage, user, order), user) for user in found]
        found = [user for _, user in sorted(measured)]
    return [usage_of(storage, user) for user in found[offset : offset + limit]], len(found)


def _measure(storage: ReadableStorage, user: str, order: Literal["today", "storage"]) -> int:
    root = storage.running()
    match order:
        case "today":
            today = find_day(root.state.days(user), day_of(root.now()))
            return today.count if today else 0
        case "storage":
            usage = root.state.user(user)
            return usage.image_bytes + usage.held_bytes
        case _:
            assert_never(order)
