"""Old temp files: which go, in which order, and in how many events."""

from __future__ import annotations

import pytest

from domain.images import MAX_CLEANUP_FILES
from tests.domain.examples import (
    DAY_SECONDS,
    NOON,
    OTHER,
    USER,
    adopted,
    clean_up,
    cleaned,
    deleted,
    key,
    on,
    saved,
)
from tests.domain.history import given


@pytest.mark.parametrize(
    ("saved_at", "goes"),
    [
        (on(3, "11:59:59.999999"), True),
        (on(3, "12:00"), True),
        (on(3, "12:00:00.000001"), False),
        (on(10), False),
    ],
)
def test_temp_files_of_that_age_or_older_go(saved_at: str, goes: bool) -> None:
    """Seven days to the microsecond, by the time in the log."""
    told = given(saved("t.png", temp=True, at=saved_at)).when(clean_up(7))
    told.then(*([cleaned((USER, "t.png", 100))] if goes else []))


@pytest.mark.parametrize(("days", "goes"), [(0, True), (1, False)])
def test_an_age_of_no_days_is_every_temp_file(days: int, goes: bool) -> None:
    """Also one that was saved just now."""
    told = given(saved("t.png", temp=True)).when(clean_up(days))
    told.then(*([cleaned((USER, "t.png", 100), days=days)] if goes else []))


def test_a_users_images_are_never_removed_by_age() -> None:
    """However old."""
    given(adopted("old.png", at="2020-01-01T00:00:00.000000Z")).when(clean_up(0)).then()


def test_nothing_to_clean_up_is_no_event() -> None:
    """Whoever asks again and again would make the log grow. A cleanup of something has its key and origin."""
    command = clean_up(7, idempotency_key=key("k"), origin="http")
    given().when(command).then()
    told = given(saved("t.png", temp=True, at=on(1))).when(command)
    told.then(cleaned((USER, "t.png", 100), request=key("k"), origin="http"))


def test_a_cleanup_without_files_of_an_earlier_version_is_read_and_answered() -> None:
    """Logs have them: nothing changes by one, and a repeat of its request gets it."""
    told = given(cleaned(request=key("k")))
    told.when(clean_up(7, idempotency_key=key("k"))).then_answered(1)


def test_the_oldest_files_of_all_users_come_first() -> None:
    """By the time of their last save; an overwrite makes a file young again, a deleted one is gone."""
    told = given(
        saved("b.png", 1, temp=True, at=on(1)),
        saved("gone.png", 2, temp=True, at=on(1)),
        saved("a.png", 3, temp=True, user=OTHER, at=on(2)),
        saved("c.png", 4, temp=True, at=on(2)),
        saved("b.png", 5, replaced=1, temp=True, at=on(3)),
        deleted("gone.png", 2, temp=True, at=on(3)),
    )
    told.when(clean_up(7)).then(cleaned((OTHER, "a.png", 3), (USER, "c.png", 4), (USER, "b.png", 5)))
    told.when(clean_up(7)).then()
    assert told.state.pool == (0, 0)


@pytest.mark.parametrize(("count", "sizes"), [(499, [499]), (500, [500]), (501, [500, 1]), (1000, [500, 500])])
def test_more_than_500_files_are_more_events(count: int, sizes: list[int]) -> None:
    """Each event has at most 500 files, and the bytes that they freed."""
    told = given()
    told.record(*(saved(f"t{n:04d}.png", 2, temp=True) for n in range(count)))
    names = [(USER, f"t{n:04d}.png", 2) for n in range(count)]
    told.when(clean_up(0)).then(*(cleaned(*names[500 * i : 500 * i + size], days=0) for i, size in enumerate(sizes)))


def test_one_cleanup_is_bounded_and_the_rest_goes_with_the_next() -> None:
    """10,000 files; the view is asked for no more."""
    assert MAX_CLEANUP_FILES == 10_000
    told = given()
    told.record(*(saved(f"t{n}.png", 1, temp=True) for n in range(MAX_CLEANUP_FILES + 1)))
    told.when(clean_up(0))
    assert len(told.events) == MAX_CLEANUP_FILES + 1 + 20
    told.when(clean_up(0), at=NOON).then(cleaned((USER, f"t{MAX_CLEANUP_FILES}.png", 1), days=0))


def test_a_day_of_age_is_86400_seconds() -> None:
    """No calendar, no daylight saving."""
    assert DAY_SECONDS == 24 * 60 * 60
    told = given(saved("t.png", temp=True, at="2026-03-29T12:00:00.000000Z"))
    told.when(clean_up(1), at="2026-03-30T11:59:59.999999Z").then()
    told.when(clean_up(1), at="2026-03-30T12:00:00.000000Z").then(
        cleaned((USER, "t.png", 100), days=1, at="2026-03-30T12:00:00.000000Z")
    )
