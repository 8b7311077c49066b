"""The state of a book as plain rows, and the book that is made of them: what a snapshot keeps.

Rows are named tuples by key. How they are stored, and which version of them, is the projector's; a book made of stored
rows answers as the one they came from, and goes on as it would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from domain.limits import Limits, Override, UserLimits
from domain.usage import Answer, DayCount, PoolUsage, Reservation, UserUsage
from projections.gallery import Gallery
from projections.image_index import Shelf, Shelves, Unpack
from projections.quota_state import QuotaBook, Tables
from projections.tables import Table

Rows = Iterable[tuple[Any, Any]]
"""Keys and values as they come back from being stored: lists in place of tuples."""


class BookState(NamedTuple):
    """Tables of rows by name, and the shelves of both name spaces by user."""

    tables: dict[str, dict[Any, Any]]
    shelves: dict[str, dict[str, Shelf | bytes]]


def dump(book: QuotaBook) -> BookState:
    """The book as it is at this moment; what it does later changes nothing of it. For the thread that changes it."""
    tables: dict[str, dict[Any, Any]] = {name: table.dump() for name, table in book.tables._asdict().items()}
    tables["book"] = {
        "position": book.position,
        "last_at": book.last_at,
        "policy": book.policy,
        "policy_is_recorded": book.policy_is_recorded,
        "pool": book.pool,
    }
    return BookState(tables, {"images": book.gallery.dump(), "temps": book.temps.dump()})


def load(rows: Mapping[str, Rows], shelves: Mapping[str, dict[str, bytes]], unpack: Unpack) -> QuotaBook:
    """The book of stored rows. Raises KeyError, TypeError or ValueError where they are not those of a book."""
    tables = Tables(
        users=Table({user: UserUsage(*usage) for user, usage in rows["users"]}),
        days=Table({user: tuple(DayCount(*count) for count in days) for user, days in rows["days"]}),
        reservations=Table({reservation: Reservation(*held) for reservation, held in rows["reservations"]}),
        overrides=Table({user: Override(UserLimits(*own), until) for user, (own, until) in rows["overrides"]}),
        refusals=Table({(user, reason): (day, times) for (user, reason), (day, times) in rows["refusals"]}),
        answers=Table({tag: _answer(*members) for tag, members in rows["answers"]}),
    )
    book = QuotaBook(tables, Gallery(shelves["images"], unpack), Shelves(shelves["temps"], unpack))
    whole = dict(rows["book"])
    book.position, book.last_at = whole["position"], whole["last_at"]
    book.policy, book.policy_is_recorded = Limits(*whole["policy"]), whole["policy_is_recorded"]
    book.whole.pool = PoolUsage(*whole["pool"])
    return book


def _answer(digest: str, positions: Iterable[int], at: str, reservation: str | None) -> Answer:
    return Answer(digest, tuple(positions), at, reservation)
