"""In whose name a request waits in line: by turns, each user is one owner, and all whom nothing vouches for are one.

Over HTTP ids cost nothing to invent. So a thousand of them wait behind each other and not in front of everybody else,
and whoever has a count, an image or limits of their own waits as themselves. What is bounded for an owner is bounded
for strangers together. The log cannot tell an invented id that has had its pictures from a person. Discord vouches for
its members, a program for whom it asks, and the operator for the holder of a token.
"""

from __future__ import annotations

from typing import Final

from adapters.application.results import CLAIMED, LOCAL_PROGRAM, Actor
from adapters.application.storage import Storage
from adapters.ports.faults import Fault
from domain.usage import UserUsage

STRANGERS: Final = ""
"""The owner of all whom nobody vouches for, and the log does not know; no user has this id."""


def owner_of(storage: Storage, user: str, actor: Actor) -> str:
    """The owner in whose name a request of the user waits; while the log cannot be asked, everybody's own."""
    if not (actor.by == LOCAL_PROGRAM or actor.by.startswith(CLAIMED)):
        return user
    try:
        state = storage.running().state
    except Fault:
        return user
    known = state.days(user) or state.override(user) or state.user(user) != UserUsage()
    return user if known else STRANGERS
