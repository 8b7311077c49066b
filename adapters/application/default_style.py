"""A user's own default style: the one they chose, and `enhance` before that."""

from __future__ import annotations

from adapters.application.governing import set_preference
from adapters.application.reading import ReadableStorage, preference_of
from adapters.application.results import Actor, Changed
from adapters.application.storage import Storage
from domain.refusals import Refusal

STYLE = "style"
"""The name of the preference in the log."""
FIRST_STYLE = "enhance"


def default_style(storage: ReadableStorage, user: str) -> str:
    """The style of a user's pictures where a request names none."""
    return preference_of(storage, user, STYLE) or FIRST_STYLE


async def set_default_style(storage: Storage, user: str, style: str, *, actor: Actor) -> Changed | Refusal:
    """The style from now on. Raises Faults."""
    return await set_preference(storage, user, STYLE, style, actor=actor)


async def forget_default_style(storage: Storage, user: str, *, actor: Actor) -> None:
    """As if none had been chosen. Raises Faults."""
    if default_style(storage, user) != FIRST_STYLE:
        await set_default_style(storage, user, FIRST_STYLE, actor=actor)
