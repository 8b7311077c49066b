"""What a book knows, as one comparable value: two books that answer every question alike have equal states."""

from __future__ import annotations

from typing import Any

from domain.instants import LATEST
from projections.image_index import Shelves
from projections.quota_state import QuotaBook


def state_of(book: QuotaBook) -> dict[str, Any]:
    """Everything decisions read; what is over counts as forgotten already.

    Order counts where somebody relies on it: deadlines, answers, images of a user.
    """
    users, days, reservations, overrides, refusals, answers = book._tables
    return {
        "position": book.position,
        "last_at": book.last_at,
        "policy": (book.policy_is_recorded, book.policy),
        "pool": book.pool,
        "users": dict(users.items()),
        "days": dict(days.items()),
        "reservations": {
            key: held for key, held in reservations.items() if held.open or held.forgotten_at > book.last_at
        },
        "due": [held.reservation for held in book.due(LATEST, 1_000_000)],
        "overrides": dict(overrides.items()),
        "refusals": dict(refusals.items()),
        "answers": list(answers.items()),
        "images": shelves_of(book.gallery),
        "temp_files": shelves_of(book.temps),
    }


def shelves_of(shelves: Shelves) -> dict[str, Any]:
    """Each user's names in order, folders and next number; a user without any of them is as good as unknown."""
    states = {
        user: (list(shelf.lines.items()), shelf.folders, shelf.next_number)
        for user, shelf in ((user, shelves.shelf(user)) for user in shelves.users())
    }
    return {user: state for user, state in states.items() if state != ([], {}, 1)}
