"""docs/limits.md is true: its settings are taken, each recipe does what its row says, and the order is that of the
rules.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.bootstrap.storage import given_limits
from adapters.settings.config import load_config
from domain.credits import PER_CREDIT
from domain.events import LimitExceeded
from domain.limit_names import ALL_LIMITS, DAILY, POOL_STORAGE, USER_STORAGE
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal
from tests.domain.examples import give, on, reserve
from tests.domain.history import History, given

TEXT = (Path(__file__).parent.parent / "docs" / "limits.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^\| (.+?) \| (`.+) \|$", TEXT.split("## Recipes")[1], re.MULTILINE))
OWN_LIMITS = {Reason.DAILY_LIMIT: DAILY, Reason.USER_STORAGE: USER_STORAGE, Reason.POOL_STORAGE: POOL_STORAGE}
TRIED = "went on"


class Asks(NamedTuple):
    """A request for pictures, and the limit that refuses it; None: it is taken, "went on": a tried limit told of it."""

    refused_by: str | None
    count: int = 1  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    credits_each: int = 10
    user: str = "ada"
    guild: str | None = None
    day: int = 10
    mb_each: int = 1


STORIES: dict[str, list[Asks]] = {
    "a bill of at most 20 dollars a month": [
        Asks(None, 5, 200, "ada"),
        Asks(None, 4, 200, "bob"),
        Asks("pool/month/credits", 1, 201, "cyd"),
        Asks(None, 1, 200, "cyd"),
        Asks("pool/month/credits", 1, 1, "dan", day=31),
    ],
    "the same, and no busy evening takes the month's money": [
        Asks(None, 1, 150, "ada"),
        Asks("pool/day/credits", 1, 1, "bob"),
        *(Asks(None, 1, 150, "ada", day=day) for day in range(11, 23)),
        Asks(None, 1, 50, "ada", day=23),
        Asks("pool/month/credits", 1, 1, "bob", day=24),
    ],
    "the same bill, and nobody has more than two dollars of it": [
        Asks(None, 4, 50, "ada"),
        *(Asks(None, 4, 50, user) for user in ("bob", "cyd", "dan", "eva", "fay", "gus", "hal", "ida", "jon")),
        Asks("pool/month/credits", 1, 1, "kim"),
        Asks("user/month/credits", 1, 1, "ada", day=31),
    ],
    "one bot in several servers, none of which takes more than half": [
        Asks(None, 5, 200, "ada", "8"),
        Asks("guild/month/credits", 1, 1, "bob", "8"),
        Asks(None, 4, 200, "bob", "9"),
        Asks(None, 1, 200, "cyd"),
        Asks("pool/month/credits", 1, 1, "cyd"),
    ],
    "ten pictures a week for each member, on whichever days": [
        Asks(None, 8, user="ada", day=9),
        Asks("user/week/generations", 3, user="ada", day=15),
        Asks(None, 2, user="ada", day=15),
        Asks(None, 10, user="bob", day=15),
        Asks("user/week/generations", 1, user="ada", day=15),
        Asks(None, 10, user="ada", day=16),
    ],
    "a computer of your own that draws at most 300 pictures a day": [
        *(Asks(None, 5, 0, f"user{number}") for number in range(60)),
        Asks("pool/day/generations", 1, 0, "ada"),
        Asks(None, 1, 0, "ada", day=11),
    ],
    "pictures only for those who are given some": [
        Asks(DAILY, user="bob"),
        Asks(None, 3, user="gifted"),
        Asks(DAILY, user="gifted"),
    ],
    "a new limit that is looked at for a week before it refuses": [
        Asks(None, 4, 50),
        Asks(TRIED, 1, 1),
    ],
    "little room on the disk": [
        Asks(None, mb_each=50),
        Asks(USER_STORAGE),
        *(Asks(None, user=f"user{number}", mb_each=50) for number in range(19)),
        Asks(POOL_STORAGE, user="bob"),
    ],
}


def history_of(settings: str, folder: Path) -> History:
    """A log that was begun with the settings of a row, in which one user was given three generations."""
    file = folder / ".env"
    file.write_text("\n".join(re.findall(r"`([A-Z_]+=[^`]*)`", settings)), encoding="utf-8")
    return given(given_limits(load_config(env_file=file)), give(amount=3, user="gifted"))


def outcome(history: History, asks: Asks, number: int) -> str | None:
    """Which limit a request is refused by, or that one which is tried out would have."""
    command = reserve(
        f"r{number}",
        user=asks.user,
        count=asks.count,
        credits_each=asks.credits_each * PER_CREDIT,
        bytes_each=asks.mb_each * MEGABYTE,
        origin=asks.guild and f"guild:{asks.guild}",
    )
    decision = history.when(command, at=on(asks.day)).decision
    if isinstance(decision, Refusal):
        return decision.window or OWN_LIMITS[decision.reason]
    return TRIED if any(isinstance(event, LimitExceeded) for event in decision) else None


def test_every_recipe_has_its_story() -> None:
    """And no story is of a row that is not there."""
    assert list(STORIES) == list(RECIPES)


@pytest.mark.parametrize("recipe", STORIES)
def test_a_recipe_does_what_it_says(recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings are taken, and requests are decided by them as the row promises."""
    for setting in ("LIMITS", "ENFORCE", "MAX_USER_DAILY_GENS", "MAX_USER_STORAGE_MB", "MAX_GLOBAL_STORAGE_MB"):
        monkeypatch.delenv(setting, raising=False)
    history = history_of(RECIPES[recipe], tmp_path)
    for number, asks in enumerate(STORIES[recipe]):
        assert outcome(history, asks, number) == asks.refused_by, f"request {number}: {asks}"


def test_the_order_is_that_of_the_rules() -> None:
    """The document lists every limit once, in the order in which they are asked."""
    assert tuple(TEXT.split("```\n")[-2].split()) == ALL_LIMITS


def test_the_settings_that_it_shows_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand in the document."""
    for setting in ("LIMITS", "ENFORCE"):
        monkeypatch.delenv(setting, raising=False)
    file = tmp_path / ".env"
    file.write_text(re.findall(r"```ini\n(.*?)```", TEXT, re.DOTALL)[0], encoding="utf-8")
    taken = given_limits(load_config(env_file=file))
    assert taken.windows is not None
    assert [name for name, _ in taken.windows] == ["guild/day/generations", "user/month/credits", "pool/month/credits"]
    assert taken.unenforced == ("user/month/credits",)
