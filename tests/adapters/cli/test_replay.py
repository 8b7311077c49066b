"""`abby replay`: what was, the story of it, and whether the projections are what the log says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.governing import reset_daily_blocking
from adapters.application.reserving import ReturnedPlaces, WantedPlaces, release_places, reserve_places
from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.refusals import Refusal
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import png

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def lived(root: Path) -> Path:
    """A root where ada saved two images, deleted one and was reset, and ben's generation failed."""
    store = open_store(root, limits=SetPolicy(daily=5))
    for _ in range(2):
        asyncio.run(save_image(store, NewImage("ada", png())))
    delete_image_blocking(store, "ada", "image_1.png", actor=Actor("cli"))
    reset_daily_blocking(store, "ada", "for a try", actor=Actor("cli"))
    reserved = asyncio.run(reserve_places(store, WantedPlaces("ben")))
    assert not isinstance(reserved, Refusal)
    asyncio.run(release_places(store, ReturnedPlaces("ben", reserved.reservation, "failed")))
    store.close()
    return root


def told(abby: Abby, *words: str) -> Any:
    return json.loads(abby("replay", *words, "--json").out)


@pytest.mark.usefixtures("lived")
def test_a_user_as_of_a_position(abby: Abby, fits: Any) -> None:
    """Before and after each of the events that changed something."""
    seen = [told(abby, "ada", "--position", str(position)) for position in range(8)]
    assert all(fits("replay", answer) for answer in seen)
    assert [answer["status"]["daily"]["used"] for answer in seen] == [0, 0, 1, 1, 2, 2, 2, 0]
    assert [answer["status"]["user"]["images"] for answer in seen] == [0, 0, 0, 1, 1, 2, 1, 1]
    assert seen[-1]["status"] == {name: part for name, part in told_now(abby).items() if name in seen[-1]["status"]}


def told_now(abby: Abby) -> Any:
    return json.loads(abby("status", "ada", "--json").out)


@pytest.mark.usefixtures("lived")
def test_a_time_outside_of_the_log_is_told_as_one(abby: Abby) -> None:
    """Before its first event and after now, of a user and of all; a time of another zone is told in UTC."""
    for words in ((), ("ada",)):
        assert "before the log's first event" in abby("replay", *words, "--at", "2020-01-01T00:30+02:00").out
        assert "2019-12-31 22:30 UTC" in abby("replay", *words, "--at", "2020-01-01T00:30+02:00").out
        assert "still to come" in abby("replay", *words, "--at", "2999-01-01T00:00Z").out
        now = abby("replay", *words).out
        assert "still to come" not in now
        assert "the last event" in now
        assert "first event" not in now


def test_a_clock_that_was_ahead_makes_no_moment_of_the_log_one_to_come(abby: Abby, root: Path) -> None:
    """What stood in the middle of a log is not what stands now, whatever this machine's clock says."""
    times = iter(("2998-01-01", "2999-01-01"))
    store = open_store(root, limits=SetPolicy(daily=5), clock=lambda: f"{next(times, '2999-06-01')}T00:00:00.000000Z")
    asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    middle = abby("replay", "ada", "--position", "1").out
    assert "still to come" not in middle
    assert "the last event" not in middle
    assert "still to come" in abby("replay", "ada").out


@pytest.mark.usefixtures("lived")
def test_a_user_as_of_a_time(abby: Abby, fits: Any) -> None:
    """Before all, and after all; a date is its 00:00."""
    before, after = (told(abby, "ada", "--at", at) for at in ("2020-01-01", "2100-01-01T00:00Z"))
    assert fits("replay", before)
    assert (before["position"], before["at"]) == (0, "2020-01-01T00:00:00.000000Z")
    assert (after["position"], after["status"]["user"]["images"]) == (9, 1)
    assert told(abby, "--at", "2020-01-01")["users"] == []


@pytest.mark.usefixtures("lived")
def test_everybody_and_the_pool(abby: Abby, fits: Any) -> None:
    """As `users` tells them, of then."""
    assert fits("replay", told(abby))
    assert fits("replay", told(abby, "--pool"))
    now = json.loads(abby("users", "--json").out)
    assert told(abby)["users"] == now["users"]
    assert "users" not in told(abby, "--pool")
    assert [row["user"] for row in told(abby, "--position", "3")["users"]] == ["ada"]


@pytest.mark.usefixtures("lived")
def test_a_story_has_each_line_with_what_it_changed(abby: Abby, fits: Any) -> None:
    """And a failed generation says that it counted nothing."""
    story = told(abby, "ada", "--story")
    assert fits("replay", story)
    assert [line["changed"]["counted"] for line in story["lines"]] == [0, 1, 0, 1, 0, 0, -2]
    assert [line["after"]["counted"] for line in story["lines"]] == [0, 1, 1, 2, 2, 2, 0]
    of_ben = told(abby, "ben", "--story")
    (generation,) = of_ben["generations"]
    assert (generation["counted"], generation["made"]) == (0, 0)
    assert "it failed. Counted nothing" in generation["sentence"]
    alone = told(abby, "--reservation", generation["reservation"])
    assert alone["user"] == "ben"
    assert [line["type"] for line in alone["lines"]] == ["GenerationReserved", "GenerationReleased"]
    of_image = told(abby, "ada", "--image", "IMAGE_1.png")
    assert [line["type"] for line in of_image["lines"]] == ["GenerationReserved", "ImageSaved", "ImageDeleted"]


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["ada", "--at", "soon"], 2, "no time"),
        (["ada", "--at", "2026-01-01", "--position", "3"], 2, "not both"),
        (["ada", "--position", "99"], 2, "ends at 9"),
        (["--story"], 2, "name the user"),
        (["--pool", "ada"], 2, "leave it out"),
        (["ADA"], 2, "not allowed"),
        (["--check", "ada"], 2, "whole log"),
        (["ada", "--image", "none.png"], 1, "no image none.png"),
        (["--reservation", "f" * 32], 1, "no reservation"),
    ],
)
@pytest.mark.usefixtures("lived")
def test_what_cannot_be_told_says_why(abby: Abby, words: list[str], code: int, part: str) -> None:
    """As words and as JSON, with the exit code of a wrong use or of what is not there."""
    said = abby("replay", *words)
    assert (said.code, part in said.err) == (code, True), said
    assert part in json.loads(abby("replay", *words, "--json").out)["refused"]["message"]


def test_a_check_ends_with_0_where_all_agrees(abby: Abby, lived: Path, fits: Any) -> None:
    """And with 65 where the log is damaged."""
    answer = told(abby, "--check")
    assert fits("replay", answer)
    assert (answer["agrees"], answer["live_position"]) == (True, 9)
    assert "agree" in abby("replay", "--check").out
    log = lived / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"count":1', b'"count":2', 1))
    assert abby("replay", "--check").code == 65
