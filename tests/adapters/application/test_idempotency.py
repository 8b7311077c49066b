"""What one request key stands for: a reservation that is meant is part of it, one that is made is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.application.idempotency import keyed
from adapters.generation.provider import STYLES
from adapters.library.storage_manager import StorageManager
from domain.commands import ReleasePlaces, ReserveGeneration
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


def digest(command: ReserveGeneration | ReleasePlaces, *content: bytes) -> str:
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
