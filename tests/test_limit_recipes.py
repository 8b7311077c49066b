"""docs/limits.md is true: its settings are taken, each recipe does what its row says, and the order is that of the
rules.
"""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.bootstrap.storage import given_limits
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.generation.prices import Asked as PricedRequest
from adapters.generation.prices import PriceBook
from adapters.generation.provider import Operation
from adapters.ledger.codec import decode
from adapters.settings.config import load_config
from domain.commands import SetPolicy
from domain.credits import PER_CREDIT
from domain.events import LimitExceeded
from domain.limit_names import ALL_LIMITS, DAILY, POOL_STORAGE, USER_STORAGE
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal
from domain.tier_events import TierDefined
from tests.adapters.cli.processes import command, run
from tests.domain.examples import NOON, give, on, reserve
from tests.domain.history import History, given

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
TEXT = (PROJECT / "docs" / "limits.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^\| (.+?) \| (`.+) \|$", TEXT.split("## Recipes")[1], re.MULTILINE))
OWN_LIMITS = {Reason.DAILY_LIMIT: DAILY, Reason.USER_STORAGE: USER_STORAGE, Reason.POOL_STORAGE: POOL_STORAGE}
TRIED, NOT_ALLOWED = "went on", "not allowed"
BOOSTER, MEMBER = "guild:9/role:5", "guild:9/role:6"


class Asks(NamedTuple):
    """A request for pictures, and the limit that refuses it; None: it is taken, "went on": a tried limit told of it."""

    refused_by: str | None
    count: int = 1  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    credits_each: int = 10
    user: str = "ada"
    guild: str | None = None
    day: int = 10
    mb_each: int = 1
    roles: tuple[str, ...] = ()
    operation: str = "text_to_image"


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
    "20 dollars a month for the whole server, boosters twice as many pictures": [
        Asks(None, 5, 100, "ada", "9", roles=(MEMBER,)),
        Asks(DAILY, 1, 100, "ada", "9", roles=(MEMBER,)),
        Asks(None, 10, 100, "bob", "9", roles=(BOOSTER,)),
        Asks(DAILY, 1, 100, "bob", "9", roles=(BOOSTER,)),
        Asks(DAILY, 6, 1, "bob", "9", day=11),
        Asks(None, 5, 100, "cyd", "9", day=11),
        Asks("pool/month/credits", 1, 1, "dan", "9", day=31, roles=(BOOSTER,)),
    ],
    "no limit of credits, but a daily number by role": [
        Asks(DAILY, user="ada", guild="9"),
        Asks(None, 5, 9_999, user="bob", guild="9", roles=(MEMBER,)),
        Asks(DAILY, user="bob", guild="9", roles=(MEMBER,)),
        Asks(None, 20, user="cyd", guild="9", roles=(MEMBER, BOOSTER)),
        Asks(DAILY, user="cyd", guild="9", roles=(MEMBER, BOOSTER)),
        Asks(None, 20, user="cyd", guild="9", roles=(BOOSTER,), day=11),
    ],
    "upscalers only for supporters": [
        Asks(NOT_ALLOWED, user="ada", guild="9", operation="upscale"),
        Asks(None, user="ada", guild="9"),
        Asks(None, user="ada", guild="9", operation="image_to_image"),
        Asks(None, user="bob", guild="9", operation="upscale", roles=(BOOSTER,)),
        Asks(NOT_ALLOWED, user="bob", guild="9", operation="upscale", day=11),
    ],
    "a week in which a new limit of whoever is no supporter is looked at before it refuses": [
        Asks(None, 2, 100, "ada", "9"),
        Asks(TRIED, 1, 1, "ada", "9"),
        Asks(None, 2, 400, "bob", "9", roles=(BOOSTER,)),
        Asks(TRIED, 1, 201, "bob", "9", roles=(BOOSTER,)),
    ],
}


def history_of(settings: str, folder: Path) -> History:
    """A log that was begun with the settings of a row, in which one user was given three generations."""
    file = folder / ".env"
    file.write_text("\n".join(re.findall(r"`([A-Z_]+=[^`]*)`", settings)), encoding="utf-8")
    limits = given_limits(load_config(env_file=file))
    tiers = [event._replace(at=NOON) for event in written(settings, folder / "root", file, limits)]
    return given(limits, *tiers, give(amount=3, user="gifted"))


def written(settings: str, root: Path, env_file: Path, limits: SetPolicy) -> list[TierDefined]:
    """What the commands of a row write into a log, each as it stands there."""
    commands = re.findall(r"`abby ([^`]*)`", settings)
    if not commands:
        return []
    open_store(root, limits=limits).close()
    for one in commands:
        told = run(command(root, env_file, *shlex.split(one)), cwd=root.parent)
        assert told.code == 0, told.err
    with closing(default_engine().open_for_reading(root, at_end=True)) as log:
        events = [decode(stored) for stored in log.read()]
    return [event for event in events if isinstance(event, TierDefined)]


def outcome(history: History, asks: Asks, number: int) -> str | None:
    """Which limit a request is refused by, or that one which is tried out would have."""
    asked = reserve(
        f"r{number}",
        user=asks.user,
        count=asks.count,
        credits_each=asks.credits_each * PER_CREDIT,
        bytes_each=asks.mb_each * MEGABYTE,
        origin=asks.guild and f"guild:{asks.guild}",
        place=asks.guild and f"guild:{asks.guild}",
        groups=asks.roles if asks.guild else None,
        operation=asks.operation,
    )
    decision = history.when(asked, at=on(asks.day)).decision
    if isinstance(decision, Refusal):
        if decision.reason is Reason.NOT_ALLOWED:
            return NOT_ALLOWED
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


def test_the_wallet_that_the_readme_begins_with_holds_the_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines are taken as they stand, every picture has a price, and five dollars are five dollars."""
    for setting in ("LIMITS", "ENFORCE", "STABILITY_MODEL", "STABILITY_API_KEY", "GENERATOR", "CREDITS_EACH"):
        monkeypatch.delenv(setting, raising=False)
    file = tmp_path / ".env"
    (lines,) = re.findall(r"```\n(STABILITY_API_KEY=\.\.\.\n.*?)```", README, re.DOTALL)
    file.write_text(lines.replace("...", f"sk-{'0' * 40}"), encoding="utf-8")
    config = load_config(env_file=file)
    limits = given_limits(config)
    assert limits.windows == (("pool/month/credits", 500 * PER_CREDIT),)
    book = PriceBook(config.api.credits_each)
    each = book.each(PricedRequest("stability", config.api.stability_model, Operation.TEXT_TO_IMAGE))
    assert each is not None
    history = given(limits, SetPolicy(by=limits.by, daily=100))
    fitting = 500 * PER_CREDIT // each
    for number in range(fitting):
        asks = Asks(None, 1, each // PER_CREDIT, f"user{number}", day=10 + number * 20 // fitting)
        assert outcome(history, asks, number) is None
    assert outcome(history, Asks(None, 1, each // PER_CREDIT, "kim", day=31), fitting) == "pool/month/credits"
    assert README.index("LIMITS=pool/month/credits=500") < README.index("## The bot")
