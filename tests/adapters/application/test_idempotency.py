"""What one request key stands for: a reservation that is meant is part of it, one that is made is not."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from adapters.application.idempotency import keyed
from adapters.generation.provider import STYLES
from adapters.library.storage_manager import StorageManager
from domain.commands import (
    ChangePolicy,
    CleanUp,
    Command,
    CompleteGeneration,
    DeleteImage,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
)
from domain.limits import SharedLimits
from domain.names import malformed_style
from domain.reservations import Reservation
from tests.adapters.application.evidence import events_of
from tests.hostile.builders import png


async def reserved(storage: StorageManager, request: str | None = None) -> Reservation:
    """A place of user 1."""
    _, message, reservation = await storage.reserve("1", request=request)
    assert reservation is not None, message
    return reservation


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
async def test_the_same_key_with_another_reservation_is_a_conflict(tmp_path: Path, restarted: bool) -> None:
    """Nobody is told that places were given back, or that a picture took one, where that was another reservation's."""
    storage = StorageManager(tmp_path, 100, 50, 5)
    first, second = await reserved(storage), await reserved(storage)
    assert (await storage.release(first, request="k"))[0]
    assert (await storage.save_image(png(), "1", "a.png", reservation=second, request="l"))[0]
    third = await reserved(storage)
    if restarted:
        storage.close()
        storage = StorageManager(tmp_path)
    ok, message = await storage.release(third, request="k")
    assert (ok, "This request key was used before" in message) == (False, True)
    ok, message, _ = await storage.save_image(png(), "1", "a.png", reservation=third, request="l")
    assert (ok, "This request key was used before" in message) == (False, True)
    assert storage.get_quota_status("1")["user"]["reserved_mb"] == 1.5
    assert (await storage.release(first, request="k"))[0]
    storage.close()


async def test_a_repeat_of_a_reservation_is_answered_with_the_first(tmp_path: Path) -> None:
    """Its id is made for each attempt, and is no part of what is asked."""
    with StorageManager(tmp_path) as storage:
        assert await reserved(storage, "k") == await reserved(storage, "k")


PLACES = ReserveGeneration("1", "library", "r", 900, operation="text_to_image")
STYLED = PLACES._replace(style="anime")
CONTENT = (b'{"style":"anime"}', b"")


def digest(command: Command, *content: bytes) -> str:
    """That of a command under a key."""
    return keyed("k", command, secret=b"s" * 32, content=content).digest


def test_what_a_request_of_version_0_1_was_is_what_it_is_now() -> None:
    """A repeat of it is no other request, whatever commands have learnt since; the digests are those of then."""
    assert digest(PLACES).startswith("611f9eec99809feb")
    assert digest(PLACES, *CONTENT) == digest(STYLED, *CONTENT)
    assert digest(STYLED, *CONTENT).startswith("b963b7bed4a68318")
    assert digest(ReleasePlaces("1", "library", "r", "failed")).startswith("12f4337450d45604")


def test_the_same_key_with_another_style_is_another_request() -> None:
    """Told by the style, or by the content that has it."""
    styles = [PLACES._replace(style=style) for style in (None, "anime", "enhance")]
    assert len({digest(command) for command in styles}) == len(styles)
    assert digest(STYLED, b'{"style":"anime"}') != digest(STYLED, b'{"style":"enhance"}')


async def test_a_program_tells_a_style_and_one_key_stands_for_one(tmp_path: Path) -> None:
    """It is recorded; words of a prompt are no style, and are nowhere."""
    with StorageManager(tmp_path) as storage:
        styles = ("anime", "anime", "enhance")
        assert [(await storage.reserve("1", style=style, request="k"))[0] for style in styles] == [True, True, False]
        ok, message, _ = await storage.reserve("1", style="a cat in love")
        assert (ok, "A style has 1 to 64" in message) == (False, True)
    (reserved,) = events_of(tmp_path, "GenerationReserved")
    assert reserved["data"]["style"] == "anime"
    assert b"cat" not in (tmp_path / "logs" / "events.jsonl").read_bytes()


def test_every_style_that_there_is_has_a_key_that_the_log_takes() -> None:
    """Else a choice of the menu would be refused by the ledger."""
    assert [style for style in STYLES if malformed_style(style)] == []


OF_0_1: dict[type[Command], tuple[Command, tuple[str, ...]]] = {
    ReserveGeneration: (PLACES, ("user", "by", "count", "bytes_each", "operation")),
    CompleteGeneration: (
        CompleteGeneration("1", "library", "r", "p", "m", 1.5),
        ("user", "by", "reservation", "provider", "model", "seconds", "count", "credits", "seed"),
    ),
    ReleasePlaces: (
        ReleasePlaces("1", "library", "r", "failed"),
        ("user", "by", "reservation", "reason", "count"),
    ),
    SaveImage: (
        SaveImage("1", "library", "a.png", 1, "0" * 64, "image/png", 1, 1, "s", "n"),
        (
            *("user", "by", "name", "bytes", "sha256", "media_type", "width", "height"),
            *("operation", "temp", "reservation"),
        ),
    ),
    DeleteImage: (DeleteImage("1", "library", "a.png"), ("user", "by", "name", "temp", "reason")),
    CleanUp: (CleanUp("library", 7), ("by", "older_than_days")),
    OverrideLimits: (OverrideLimits("1", "library", "why"), ("user", "by", "reason", "user_bytes", "daily", "until")),
    ResetDaily: (ResetDaily("1", "library", "why"), ("user", "by", "reason")),
}
"""Requests that version 0.1 took under a key, and what of them it digested."""
LISTS = {"windows", "groups"}


def saying_nothing(command: Any, former: tuple[str, ...]) -> Iterator[Any]:
    """The command with each member that it has learnt since at its default, and each list of them empty."""
    yield command
    learnt = [name for name in command._fields if name in LISTS and name not in former]
    for count in range(1, len(learnt) + 1):
        for names in combinations(learnt, count):
            yield command._replace(**dict.fromkeys(names, ()))


@pytest.mark.parametrize("kind", OF_0_1, ids=lambda kind: kind.__name__)
def test_a_request_that_says_no_more_has_the_digest_of_version_0_1(kind: type[Command]) -> None:
    """Of every kind, whatever members commands have learnt since, and whether a list is empty or not there."""
    command, former = OF_0_1[kind]
    asked = {name: getattr(command, name) for name in former}
    canonical = orjson.dumps([kind.__name__, asked, sha256().hexdigest()], option=orjson.OPT_SORT_KEYS)
    then = hmac.new(b"s" * 32, canonical, sha256).hexdigest()
    assert {digest(one) for one in saying_nothing(command, former)} == {then}


def test_every_list_that_a_command_of_then_has_learnt_is_tried() -> None:
    """Else an empty one would be another request."""
    of_all = {name for kind in get_args(Command) for name, told in kind.__annotations__.items() if _is_list(told)}
    learnt = {name for kind, (_, former) in OF_0_1.items() for name in kind._fields if name not in former}
    assert of_all & learnt <= LISTS


def _is_list(annotation: object) -> bool:
    return "Windows" in str(annotation) or "tuple" in str(annotation)


def test_what_is_set_and_what_is_tried_out_are_told_apart() -> None:
    """No further limit any more, none that is only tried out: each alone is a request of its own."""
    wanted = [
        SharedLimits(windows=()),
        SharedLimits(unenforced=()),
        SharedLimits(windows=(), unenforced=()),
        SharedLimits(),
    ]
    assert len({digest(ChangePolicy("library", "why", one)) for one in wanted}) == len(wanted)
