"""Keeping, replacing, adopting and deleting: what each writes, and which bytes it charges and frees."""

from __future__ import annotations

import pytest

from domain.commands import DELETE_REASONS, SaveImage
from domain.events import Asked, Event
from domain.refusals import Reason
from tests.domain.examples import (
    NOON,
    OTHER,
    USER,
    adopt,
    adopted,
    cleaned,
    delete,
    deleted,
    key,
    policy,
    reserved,
    save,
    saved,
    saved_plainly,
)
from tests.domain.history import History, given


def used(history: History) -> int:
    return history.state.daily.status(USER, 5, NOON).used


def test_a_plain_save_reserves_its_real_size_and_settles_it_in_one_decision() -> None:
    """GenerationReserved(1, its size) and ImageSaved, with the caller's key in both; it counts as one generation."""
    told = given().when(save(size=123, idempotency_key=key("k"))).then(*saved_plainly(size=123, request=key("k")))
    assert used(told) == 1
    assert told.state.user(USER) == (123, 0, 0)
    assert told.state.pool == (123, 0)


def test_a_plain_save_keeps_its_operation_and_origin_in_both_events() -> None:
    """The place tells what it was for."""
    told = given().when(save(operation="upscale", origin="http"))
    told.then(*saved_plainly(operation="upscale", origin="http"))


def test_a_plain_save_asks_for_one_place_and_its_size() -> None:
    """That is what its refusal tells."""
    told = given(policy(daily=0), adopted("cat.png", 40)).when(save("cat.png", 100))
    told.then_refused(Reason.DAILY_LIMIT, asked=Asked(1, 100, 40))


def test_a_temp_file_is_no_generation() -> None:
    """It charges the pool and the user's temp bytes, no day and no images."""
    told = given(policy(daily=0)).when(save(size=60, temp=True)).then(saved(size=60, temp=True))
    assert used(told) == 0
    assert told.state.user(USER) == (0, 60, 0)
    assert told.state.pool == (60, 0)


def test_a_refused_temp_file_asked_for_no_place() -> None:
    """Bytes alone."""
    given(policy(user_bytes=1)).when(save(temp=True)).then_refused(Reason.USER_STORAGE, asked=Asked(0, 100))


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101])
def test_an_overwrite_charges_the_difference(size: int) -> None:
    """bytes - replaced_bytes, for the user and the pool; still one generation."""
    told = given(adopted("cat.png", 100)).when(save("cat.png", size)).then(*saved_plainly(size=size, replaced=100))
    assert told.state.user(USER) == (size, 0, 0)
    assert told.state.pool == (size, 0)
    assert used(told) == 1


@pytest.mark.parametrize("size", [0, 99, 100, 101])
def test_overwriting_a_temp_file_charges_the_difference_to_temp_bytes(size: int) -> None:
    """And to the pool."""
    past = saved("t.png", 100, temp=True)
    told = given(past).when(save("t.png", size, temp=True)).then(saved("t.png", size, temp=True, replaced=100))
    assert told.state.user(USER) == (0, size, 0)
    assert told.state.pool == (size, 0)


def test_an_overwrite_with_a_reservation_settles_a_place_too() -> None:
    """The hold goes, the difference is charged."""
    told = given(adopted("cat.png", 100), reserved(bytes_each=50)).when(save("cat.png", 70, reservation="r1"))
    told.then(saved("cat.png", 70, replaced=100, reservation="r1"))
    assert told.state.user(USER) == (70, 0, 0)


@pytest.mark.parametrize(
    ("given_operation", "reserved_for", "stored"),
    [("upscale", "text_to_image", "upscale"), (None, "text_to_image", "text_to_image")],
)
def test_a_save_without_an_operation_takes_that_of_its_reservation(
    given_operation: str | None, reserved_for: str, stored: str
) -> None:
    """One that is given is kept."""
    told = given(reserved(operation=reserved_for)).when(save(reservation="r1", operation=given_operation))
    told.then(saved(reservation="r1", operation=stored))


def test_adopting_charges_bytes_and_no_generation() -> None:
    """Operation `adopted`, no reservation; a temp file may be adopted too."""
    told = given().when(adopt("old.png", 70, origin="cli", idempotency_key=key("k")))
    told.then(adopted("old.png", 70, request=key("k"), origin="cli"))
    told.when(adopt("t.png", 30, temp=True)).then(adopted("t.png", 30, temp=True))
    assert told.state.user(USER) == (70, 30, 0)
    assert told.state.pool == (100, 0)
    assert used(told) == 0


def test_adopting_asks_no_limit() -> None:
    """The bytes are there already."""
    given(policy(user_bytes=0, pool_bytes=0, daily=0)).when(adopt()).then(adopted())


def test_adopting_over_a_standing_name_replaces_it() -> None:
    """As a save would."""
    told = given(adopted("old.png", 70)).when(adopt("OLD.png", 50)).then(adopted("old.png", 50, replaced=70))
    assert told.state.user(USER).image_bytes == 50


@pytest.mark.parametrize("reason", DELETE_REASONS)
def test_a_deletion_frees_the_bytes_that_stand(reason: str) -> None:
    """Of the user and the pool; the day's count stays."""
    told = given(save(size=100)).when(delete(reason=reason, origin="page"))
    told.then(deleted(size=100, reason=reason, origin="page"))
    assert told.state.user(USER) == (0, 0, 0)
    assert told.state.pool == (0, 0)
    assert used(told) == 1


def test_deleting_a_temp_file_frees_temp_bytes() -> None:
    """And the pool's."""
    told = given(saved("t.png", temp=True)).when(delete("t.png", temp=True)).then(deleted("t.png", temp=True))
    assert told.state.user(USER) == (0, 0, 0)
    assert told.state.pool == (0, 0)


@pytest.mark.parametrize(
    "command",
    [delete("dog.png"), delete("cat.png", temp=True), delete("cat.png", user=OTHER), delete("gone.png")],
    ids=["no such name", "the other name space", "another user's", "deleted before"],
)
def test_deleting_what_does_not_stand_is_not_found(command: object) -> None:
    """Names are a user's own, and of one name space."""
    told = given(adopted("cat.png"), adopted("gone.png"), deleted("gone.png")).when(command)  # type: ignore[arg-type]  # a table of commands
    told.then_refused(Reason.NOT_FOUND, user=command.user, detail=command.name)  # type: ignore[attr-defined]  # as above


def test_a_user_and_the_pool_are_charged_apart() -> None:
    """Two users' bytes make the pool's."""
    told = given(adopted("a.png", 10), adopted("a.png", 20, user=OTHER), reserved(user=OTHER, bytes_each=5))
    assert (told.state.user(USER), told.state.user(OTHER)) == ((10, 0, 0), (20, 0, 5))
    assert told.state.pool == (30, 5)


def test_a_cleanup_frees_temp_bytes_of_every_user_in_it() -> None:
    """Images of the same names stay."""
    past: list[Event] = [
        saved("t.png", 10, temp=True),
        saved("t.png", 20, temp=True, user=OTHER),
        adopted("t.png", 30),
        cleaned((USER, "t.png", 10), (OTHER, "t.png", 20)),
    ]
    told = given(*past)
    assert (told.state.user(USER), told.state.user(OTHER)) == ((30, 0, 0), (0, 0, 0))
    assert told.state.pool == (30, 0)


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        ([], save(only_asked=True), None),
        ([], save(only_asked=True, temp=True), None),
        ([reserved("r1")], save(only_asked=True, reservation="r1"), None),
        ([policy(daily=0)], save(only_asked=True), Reason.DAILY_LIMIT),
        ([policy(user_bytes=99)], save(only_asked=True), Reason.USER_STORAGE),
        ([policy(pool_bytes=99)], save(only_asked=True), Reason.POOL_STORAGE),
        ([], save(only_asked=True, reservation="r9"), Reason.UNKNOWN_RESERVATION),
        ([adopted("cat.png")], save("cat.png/a.png", only_asked=True), Reason.NAME_TAKEN),
    ],
)
def test_a_save_that_is_only_asked_for_is_refused_alike_and_otherwise_changes_nothing(
    past: list[Event], command: SaveImage, reason: Reason | None
) -> None:
    """With the refusal and its record of the save itself."""
    asked = given(*past).when(command)
    if reason is None:
        asked.then()
    else:
        asked.then_refused(reason)
        assert asked.decision == given(*past).when(command._replace(only_asked=False)).decision
