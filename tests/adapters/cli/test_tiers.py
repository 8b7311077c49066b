"""`abby tiers`, on the log itself and through a service that holds it: the same words, the same answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.application.tiers import define_tier_blocking, see_groups
from adapters.cli.reach.on_log import OperationsOnLog
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limits import UserLimits
from domain.tiers import Tier
from tests.adapters.application.evidence import events_of
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import SMALL

GOLD = ("--daily", "9", "--limit", "user/month/credits=2.5", "--group", "guild:9/role:5", "--weight", "3")


def all_of_it(abby: Abby, root: Path, fits: Any) -> None:
    """A tier is defined, given, asked about, changed and taken away."""

    def told(*words: str) -> Any:
        answer = abby("tiers", *words, "--json")
        assert answer.code == 0, answer.err
        assert fits("tiers", answer.json)
        return answer.json

    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 0
    assert "There are no tiers." in abby("tiers").out
    dry = told("define", "gold", *GOLD, "--dry-run")
    assert (dry["changed"], dry["wanted"]["limits"]) == (False, "user/month/credits=2.5")
    assert told("define", "gold", *GOLD, "--reason", "boosters")["changed"] is True
    assert told("list") == {"tiers": [dry["wanted"]]}
    assert told("assign", "ada", "gold", "--until", "2999-01-01")["held"][0]["until"] == "2999-01-01T00:00:00.000000Z"
    assert "gold: by hand until 2999-01-01 00:00 UTC" in abby("tiers", "of", "ada").out
    over = abby("tiers", "define", "gold", "--daily", "0", "--dry-run").out
    assert "It would be tier gold: 0 a day.\n" in over
    assert "Over a limit then, and not now: 1 user (ada)." in over
    assert told("unassign", "ada", "gold") == {**told("of", "ada"), "changed": True}
    assert told("remove", "gold")["wanted"] is None
    assert abby("tiers", "remove", "gold").code == 1
    reasons = [event["data"]["reason"] for event in events_of(root, "TierDefined")]
    assert reasons == ["boosters", "by an operator"]


def test_on_the_log(abby: Abby, root: Path, fits: Any) -> None:
    """Where no service runs."""
    all_of_it(abby, root, fits)


@pytest.mark.usefixtures("service")
def test_through_a_service(abby: Abby, root: Path, fits: Any) -> None:
    """That holds the log."""
    all_of_it(abby, root, fits)


def test_a_role_of_discord_counts_as_it_was_last_seen(abby: Abby, root: Path) -> None:
    """Of whoever asks by a command nobody tells roles."""
    store = open_store(root, limits=SetPolicy(daily=0, source="environment"))
    define_tier_blocking(store, Tier("gold", UserLimits(daily=1), groups=("guild:9/role:5",)), "boosters")
    asyncio.run(see_groups(store, "ada", "guild:9", ("guild:9/role:5",)))
    store.close()
    asked = [abby("generate", "a fox", "--user", user, *SMALL) for user in ("ada", "ada", "ben")]
    assert [answer.code == 0 for answer in asked] == [True, False, False]
    assert "1 of 1 generations are used today" in asked[1].err
    assert "0 of 0 generations are used today" in asked[2].err


WRONG = [
    (("define",), "Write it as: abby tiers define TIER."),
    (("assign", "ada"), "Write it as: abby tiers assign USER TIER."),
    (("list", "gold"), "Write it as: abby tiers list."),
    (("define", "No tier"), "A tier has 1 to 64"),
    (("assign", "CON", "gold"), "not allowed"),
    (("define", "gold", "--limit", "user/month/credits"), "In --limit, entry 1"),
    (("define", "gold", "--limit", "pool/month/credits=1"), "no limit that one user can have"),
    (("define", "gold", "--group", "role:5"), "A group is guild:ID/role:ID, or group:NAME."),
    (("remove", "gold", "--daily", "5"), "given with `define`"),
    (("define", "gold", "--until", "2999-01-01"), "--until is for a tier that is assigned"),
    (("assign", "ada", "gold", "--until", "soon"), "is no time"),
    (("of", "ada", "--dry-run"), "--dry-run is for `define` and `remove`."),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_written_wrong_is_told(abby: Abby, root: Path, words: tuple[str, ...], sentence: str) -> None:
    """With exit code 2, and nothing is recorded."""
    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 0
    answer = abby("tiers", *words)
    assert (answer.code, sentence in " ".join(answer.err.split())) == (2, True), answer.err
    assert events_of(root, "TierDefined", "TierAssigned") == []


@pytest.mark.parametrize("action", ["define", "remove"])
def test_whoever_would_be_over_or_lose_a_tier_is_asked_about_first(abby: Abby, root: Path, action: str) -> None:
    """Without a terminal nothing is changed; with --yes it is."""
    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 0
    assert abby("tiers", "define", "gold", "--daily", "9").code == 0
    assert abby("tiers", "assign", "ada", "gold").code == 0
    assert abby("tiers", "define", "gold", "--daily", "8").code == 0
    words = ("tiers", action, "gold", *(("--daily", "0") if action == "define" else ()))
    refused = abby(*words, "--json")
    assert (refused.code, refused.json["refused"]["reason"]) == (1, "NOT_AGREED")
    assert "Nothing was changed." in refused.json["refused"]["message"]
    assert len(events_of(root, "TierDefined")) == 2
    assert abby(*words, "--yes").code == 0
    assert len(events_of(root, "TierDefined")) == 3


def test_a_tier_is_changed_as_it_was_shown(root: Path, abby: Abby, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody else changes it between the question and the change, nothing is."""
    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 0
    assert abby("tiers", "define", "gold", "--daily", "9").code == 0
    shown = OperationsOnLog.tier_step

    def meanwhile(self: OperationsOnLog, key: str, tier: Tier | None, reason: str) -> Any:
        """Is answered, and then somebody else is quicker."""
        step = shown(self, key, tier, reason)
        define_tier_blocking(self._store, Tier("gold", UserLimits(daily=1)), "quicker")
        return step

    monkeypatch.setattr(OperationsOnLog, "tier_step", meanwhile)
    told = abby("tiers", "define", "gold", "--daily", "5", "--json")
    assert (told.code, told.json["refused"]["reason"]) == (1, "LIMITS_CHANGED")
    assert [event["data"]["limits"]["daily"] for event in events_of(root, "TierDefined")] == [9, 1]
