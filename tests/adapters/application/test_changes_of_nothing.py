"""What changes nothing is no event, or one only a few times a day, however often somebody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from adapters.application.default_style import FIRST_STYLE, forget_default_style, set_default_style
from adapters.application.deleting import clean_up_blocking, delete_image
from adapters.application.erasing import forget_user
from adapters.application.governing import (
    correct_clock_blocking,
    override_limits_blocking,
    reset_daily_blocking,
    set_preference,
)
from adapters.application.reserving import ReturnedPlaces, WantedPlaces, release_places, reserve_places
from adapters.application.results import LIBRARY, Changed, CleanedUp
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.events import MAX_RECORDED_REFUSALS
from domain.limits import UserLimits
from domain.policies import MAX_RECORDED_RESETS
from domain.refusals import Refusal
from tests.adapters.application.evidence import events_of
from tests.hostile.builders import png

TIMES = 1_000
KEY = "k"
LIMITS = UserLimits(daily=2)

Repeated = Callable[[Storage], Awaitable[object]]


async def _blocking(storage: Storage, deed: Callable[[], object]) -> object:
    return await storage.workers.changing.run(deed)


async def _conflict(storage: Storage) -> object:
    return await reserve_places(storage, WantedPlaces("1", 3), idempotency_key=KEY)


async def _answered(storage: Storage) -> object:
    return await reserve_places(storage, WantedPlaces("1"), idempotency_key=KEY)


DEEDS: dict[str, tuple[Repeated, int]] = {
    "a cleanup without old files": (lambda store: _blocking(store, lambda: clean_up_blocking(store)), 0),
    "a reset of a count of 0": (
        lambda store: _blocking(store, lambda: reset_daily_blocking(store, "9", "x")),
        MAX_RECORDED_RESETS,
    ),
    "a reset": (lambda store: _blocking(store, lambda: reset_daily_blocking(store, "1", "x")), MAX_RECORDED_RESETS),
    "limits": (lambda store: _blocking(store, lambda: override_limits_blocking(store, "1", "x", LIMITS)), 1),
    "no limits": (lambda store: _blocking(store, lambda: override_limits_blocking(store, "1", "x", UserLimits())), 0),
    "a preference": (lambda store: set_preference(store, "1", "size", "large"), 1),
    "a style": (lambda store: set_default_style(store, "1", "anime", actor=LIBRARY), 1),
    "the first style": (lambda store: set_default_style(store, "1", FIRST_STYLE, actor=LIBRARY), 1),
    "a style forgotten": (lambda store: forget_default_style(store, "9", actor=LIBRARY), 0),
    "a user forgotten": (lambda store: forget_user(store, "9", up_to=9, actor=LIBRARY), 0),
    "a deletion of nothing": (lambda store: delete_image(store, "9", "a.png"), 0),
    "a clock that is right": (lambda store: _blocking(store, lambda: correct_clock_blocking(store)), 0),
    "places that nobody holds": (lambda store: release_places(store, ReturnedPlaces("1", "0" * 32)), 0),
    "a key of another request": (_conflict, 0),
    "a repeated request": (_answered, 0),
    "a request beyond a limit": (lambda store: reserve_places(store, WantedPlaces("9", 100)), MAX_RECORDED_REFUSALS),
    "a malformed request": (lambda store: reserve_places(store, WantedPlaces("9", 101)), 0),
}
"""What is asked, and how many events it may be, however often it is asked."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A store with a charged place of user 1, asked for under a key."""
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize(("deed", "most"), DEEDS.values(), ids=DEEDS)
async def test_a_thousand_repeats_of_what_changes_nothing(
    store: Storage, tmp_path: Path, deed: Repeated, most: int
) -> None:
    """No line, or those of the first; what tells that somebody acted or was refused has the first 20 of a day."""
    await _answered(store)
    before = len(events_of(tmp_path))
    await deed(store)  # one alone, then many at once
    await asyncio.gather(*(deed(store) for _ in range(TIMES - 1)))
    assert len(events_of(tmp_path)) - before == most


async def test_the_answer_says_that_nothing_was_changed(store: Storage) -> None:
    """Position 0: there is no event to point at; else that of the last event."""
    await save_image(store, NewImage("1", png(), name="t.png", temp=True))
    for expected in (True, False):
        answers = [
            clean_up_blocking(store, 0),
            override_limits_blocking(store, "1", "x", LIMITS),
            await set_preference(store, "1", "size", "large"),
        ]
        assert not any(isinstance(answer, Refusal) for answer in answers)
        moved = [answer.position > 0 for answer in answers if isinstance(answer, Changed | CleanedUp)]
        assert moved == [expected] * 3
