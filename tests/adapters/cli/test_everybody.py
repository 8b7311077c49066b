"""`abby limits --everybody` and `abby cleanup --dry-run`: what would be is shown, and what was shown is done."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from tests.adapters.application.evidence import events_of
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import png


@pytest.fixture
def filled(root: Path) -> Path:
    """A root in which ada has made three images, and has a temp file."""
    store = open_store(root, limits=SetPolicy("system", "environment", daily=5))
    for _ in range(3):
        assert asyncio.run(save_image(store, NewImage("ada", png())))
    assert asyncio.run(save_image(store, NewImage("ada", png(), name="t.png", temp=True)))
    store.close()
    return root


def policies(root: Path) -> list[dict[str, Any]]:
    """What the log says of limits for everybody."""
    return [event["data"] for event in events_of(root, "PolicyChanged")]


def test_limits_for_everybody_are_shown_and_changed_with_a_yes(abby: Abby, filled: Path, fits: Any) -> None:
    """From what to what, who would be over them; where somebody would be, nobody who is not there says yes."""
    words = ("limits", "--everybody", "--daily", "2", "--pool-mb", "100.5", "--reason", "a busy week")
    shown = abby(*words, "--dry-run", "--json")
    assert shown.code == 0
    assert fits("limits-everybody", shown.json)
    assert shown.json["over"]["daily_users"] == 1
    refused = abby(*words)
    assert (refused.code, refused.out) == (1, "")
    assert "from 5 to 2 generations a day" in refused.err
    assert "1 user has made more today" in refused.err
    assert "--yes" in refused.err
    assert fits("refused", abby(*words, "--json").json)
    assert len(policies(filled)) == 1
    done = abby(*words, "--yes", "--json")
    assert fits("limits-everybody", done.json)
    assert (done.json["former"]["daily"], done.json["limits"]["daily"], done.json["changed"]) == (5, 2, True)
    *_, change = policies(filled)
    assert (change["by"], change["source"], change["reason"]) == ("cli", "manager", "a busy week")
    assert (change["limits"]["daily"], change["limits"]["pool_bytes"]) == (2, round(100.5 * MEGABYTE))
    assert "so already" in abby(*words).out
    assert abby("limits", "--everybody", "--daily", "3").code == 0, "nobody is over that"


def test_who_changed_the_limits_is_told_everywhere(abby: Abby, filled: Path) -> None:
    """By events, explain, what-if, the story of a user, and doctor, which says how long it holds."""
    assert abby("limits", "--everybody", "--daily", "9", "--reason", "a busy week").code == 0
    store = open_store(filled)
    asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    step = "from 5 to 9 generations a day for everybody, by a manager (cli): a busy week."
    assert step in abby("explain", "ada", "--last").out
    assert step in abby("what-if", "--daily", "1").out
    (change,) = abby("what-if", "--daily", "1", "--json").json["limits"]["changes"]
    assert (change["limit"], change["former"], change["value"], change["by"]) == ("daily", 5, 9, "cli")
    story = abby("replay", "ada", "--story", "--json").json["lines"]
    assert "from 5 to 9 generations a day, by a manager (cli): a busy week" in [line["what"] for line in story]
    assert "by a manager: a busy week" in abby("events", "--type", "PolicyChanged").out
    told = next(found for found in abby("doctor", "--json").json["checks"] if found["check"] == "settings")
    assert "MAX_USER_DAILY_GENS is not given, so the limit holds that a manager set since: 9, by cli" in str(told)
    assert abby("what-if", "--self-check").code == 0
    assert abby("replay", "--check").code == 0
    assert abby("verify").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Name a user"),
        (("--everybody",), "--daily"),
        (("--everybody", "--dry-run"), "--daily"),
        (("ada", "--everybody", "--daily", "1"), "leave the id or --everybody out"),
        (("--everybody", "--daily", "1", "--clear"), "--clear"),
        (("--everybody", "--daily", "1", "--until", "2999-01-01"), "--until"),
        (("--everybody", "--daily", "9", "--reason", ""), "reason"),
        (("--everybody", "--pool-mb", "-1"), "--pool-mb"),
        (("ada", "--daily", "1", "--dry-run"), "--everybody"),
        (("ada", "--pool-mb", "1"), "--everybody"),
    ],
)
def test_what_means_nothing_is_refused(abby: Abby, filled: Path, options: tuple[str, ...], said: str) -> None:
    """2, a sentence, and nothing is recorded."""
    told = abby("limits", *options)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert len(policies(filled)) == 1


def test_a_cleanup_shows_what_would_go(abby: Abby, filled: Path, fits: Any) -> None:
    """Kinds and users; and nothing goes."""
    shown = abby("cleanup", "--days", "0", "--dry-run", "--json")
    assert fits("cleanup", shown.json)
    assert (shown.json["files"], shown.json["would"]["users"][0]["user"]) == (1, "ada")
    for words in ("1 temp file of 0 days or more would go", "Nothing was changed", "image/png", "user ada"):
        assert words in abby("cleanup", "--days", "0", "--dry-run").out
    assert (filled / "temp" / "ada" / "t.png").exists()
    assert abby("cleanup", "--dry-run", "--json").json["files"] == 0
    assert abby("cleanup", "--days", "0", "--json").json["files"] == 1
