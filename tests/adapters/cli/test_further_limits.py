"""`abby limits --limit`, `--try` and `--enforce`: what is not named stays, who would be over is told, a wrong word
names its place; on the log itself and beside a service alike.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.application.governing import policy_step
from adapters.application.results import PolicyStep
from adapters.application.saving import NewImage, save_image
from adapters.application.window_figures import windows_told
from adapters.cli.ledger.further import Further, tried_after, windows_after
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limit_names import ALL_LIMITS
from domain.limits import SharedLimits
from tests.adapters.application.evidence import events_of
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import png

WEEK, MONTH, POOL = "user/week/generations", "user/month/credits", "pool/day/generations"


@pytest.fixture
def filled(root: Path) -> Path:
    """A root in which ada has made three images and bob one."""
    store = open_store(root, limits=SetPolicy("system", "environment", daily=9))
    for user in ("ada", "ada", "ada", "bob"):
        assert asyncio.run(save_image(store, NewImage(user, png())))
    store.close()
    return root


def limits(abby: Abby, *words: str) -> Any:
    """What is answered to a program."""
    told = abby("limits", *words, "--json")
    assert told.code == 0, told.err
    return told.json


def of_all(abby: Abby, filled: Path, fits: Any) -> None:
    """One after the other: given, changed, tried out, put in force, taken away."""
    first = limits(abby, "--everybody", "--limit", f"{MONTH}=20.5, {WEEK}=5")
    assert fits("limits-everybody", first)
    assert (first["former"]["windows"], first["limits"]["windows"]) == ({}, {WEEK: 5, MONTH: 20.5})
    assert first["over"]["windows"] == {}
    dry = limits(abby, "--everybody", "--limit", f"{WEEK}=2", "--limit", f"{POOL}=3", "--dry-run")
    assert dry["over"]["windows"] == {WEEK: 1, POOL: 1}
    assert dry["limits"]["windows"] == {WEEK: 2, POOL: 3, MONTH: 20.5}
    refused = abby("limits", "--everybody", "--limit", f"{WEEK}=2")
    assert (refused.code, refused.out) == (1, "")
    for words in ("2 generations a week for one user (before: 5 generations)", "1 user has used more", "--yes"):
        assert words in refused.err
    done = abby("limits", "--everybody", "--limit", f"{WEEK}=2", "--try", WEEK, "--yes")
    assert done.code == 0
    assert "only tried out, nobody is refused" in done.out
    assert abby("limits", "--everybody", "--limit", f"{MONTH}=30").code == 0, "who is over another limit is no matter"
    again = abby("limits", "--everybody", "--enforce", WEEK)
    assert (again.code, "1 user has used more generations a week" in again.err) == (1, True)
    assert limits(abby, "--everybody", "--enforce", WEEK, "--yes")["limits"]["unenforced"] == []
    gone = limits(abby, "--everybody", "--limit", f"{MONTH}=none")
    assert gone["limits"]["windows"] == {WEEK: 2}
    last = limits(abby, "--everybody", "--limit", "none", "--limit", f"{POOL}=100", "--try", "user/storage")
    assert (last["limits"]["windows"], last["limits"]["unenforced"]) == ({POOL: 100}, ["user/storage"])
    assert "so already" in abby("limits", "--everybody", "--limit", f"{POOL}=100").out
    *_, recorded = events_of(filled, "PolicyChanged")
    assert (recorded["data"]["source"], recorded["data"]["limits"]["windows"]) == ("manager", {POOL: 100})


def test_on_the_log(abby: Abby, filled: Path, fits: Any) -> None:
    """Where no service runs."""
    of_all(abby, filled, fits)


def test_beside_a_service(abby: Abby, filled: Path, fits: Any, request: pytest.FixtureRequest) -> None:
    """The same, carried out by whoever holds the log."""
    request.getfixturevalue("service")
    of_all(abby, filled, fits)


@pytest.mark.parametrize("beside_a_service", [False, True])
def test_one_users_further_limits(
    abby: Abby, filled: Path, request: pytest.FixtureRequest, beside_a_service: bool
) -> None:
    """They stand in the place of those for everybody, each until it is taken away."""
    assert abby("limits", "--everybody", "--limit", f"{WEEK}=100").code == 0
    if beside_a_service:
        request.getfixturevalue("service")
    told = abby("limits", "ada", "--limit", f"{WEEK}=2, {MONTH}=1.5", "--until", "2999-01-31", "--json")
    assert {one["limit"]: one["most"] for one in told.json["windows"]} == {WEEK: 2, MONTH: 1.5}
    assert abby("limits", "ada", "--daily", "4").code == 0
    told = abby("limits", "ada", "--limit", f"{WEEK}=none", "--json")
    assert {one["limit"]: one["most"] for one in told.json["windows"]} == {WEEK: 100, MONTH: 1.5}
    assert (told.json["daily"]["limit"], told.json["limits"]["until"][:10]) == (4, "2999-01-31")
    assert abby("limits", "ada", "--limit", "none").code == 0
    *_, recorded = events_of(filled, "LimitsOverridden")
    assert "windows" not in recorded["data"]["limits"]
    assert abby("limits", "bob", "--limit", f"{MONTH}=3").code == 0
    assert abby("limits", "bob", "--limit", f"{MONTH}=none").code == 0
    *_, recorded = events_of(filled, "LimitsOverridden")
    assert recorded["data"].get("limits") is None, "nothing of their own is left"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--everybody", "--limit", "user/year/credits=1"), "entry 1, 'user/year/credits=1', has no such window"),
        (("--everybody", "--limit", f"{MONTH}=1,{WEEK}"), f"entry 2, '{WEEK}', has no value"),
        (("--everybody", "--limit", "user/day/generations=1"), "MAX_USER_DAILY_GENS"),
        (("--everybody", "--limit", "user/year/credits=none"), "no such window"),
        (("--everybody", "--limit", f"{MONTH}=none,{MONTH}=1"), "given and taken away"),
        (("--everybody", "--limit", " , "), "names no limit"),
        (("--everybody", "--try", "user/month"), "'user/month' is no limit"),
        (("--everybody", "--try", MONTH, "--enforce", MONTH), "--try and to --enforce"),
        (("ada", "--limit", "guild/day/credits=1"), "no limit that one user can have"),
        (("ada", "--limit", f"{MONTH}=1", "--clear"), "--clear"),
        (("ada", "--try", MONTH), "--everybody"),
        (("ada", "--daily", "1", "--enforce", MONTH), "--everybody"),
    ],
)
def test_what_means_nothing_is_refused(abby: Abby, filled: Path, options: tuple[str, ...], said: str) -> None:
    """2, a sentence, and nothing is recorded."""
    told = abby("limits", *options)
    assert (told.code, told.out) == (2, "")
    assert said in told.err.replace("\n", " ")
    assert len(events_of(filled, "PolicyChanged")) == 1
    assert not events_of(filled, "LimitsOverridden")


@pytest.mark.parametrize(
    ("texts", "after"),
    [
        ((f"{MONTH}=20",), {MONTH: 20.0, POOL: 1}),
        ((f" {MONTH} = 0.001 ",), {MONTH: 0.001, POOL: 1}),
        ((f"{POOL}=none",), {MONTH: 7.0}),
        ((f"{POOL.upper()}=NONE",), {MONTH: 7.0}),
        (("none",), {}),
        (("None", f"{WEEK}=1"), {WEEK: 1}),
        ((f"{WEEK}=none",), {MONTH: 7.0, POOL: 1}),
    ],
)
def test_what_is_not_named_stays(texts: tuple[str, ...], after: dict[str, float]) -> None:
    """As a table, from one limit of credits and one of generations."""
    former = windows_told({MONTH: 7.0, POOL: 1})
    assert windows_after(former, texts) == windows_told(after)


def test_what_is_tried_out_is_in_the_one_order() -> None:
    """Whatever order it is named in, and once."""
    assert tried_after([POOL], Further(tried=(MONTH, WEEK, WEEK))) == (WEEK, POOL, MONTH)
    assert tried_after(list(ALL_LIMITS), Further(enforced=ALL_LIMITS)) == ()


def test_a_limit_that_is_put_in_force_tells_who_is_over(filled: Path) -> None:
    """The daily one and storage too, which are given in other ways."""
    store = open_store(filled, limits=SetPolicy("system", "environment", daily=1, user_bytes=1, pool_bytes=1))
    tried = ("user/day/generations", "user/storage", "pool/storage")
    store.close()
    store = open_store(filled, limits=SetPolicy("system", "environment", unenforced=tried))
    kept, freed = (policy_step(store, SharedLimits(unenforced=names)) for names in (tried, ()))
    store.close()
    assert isinstance(kept, PolicyStep)
    assert isinstance(freed, PolicyStep)
    assert tuple(kept.over) == (0, 0, 0, 0)
    assert (freed.over.users, freed.over.daily_users, freed.over.storage_users) == (2, 1, 2)
    assert freed.over.pool_bytes > 0
