"""`abby digest`: the same week for people, for programs and as a picture, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.cli.reports import digesting
from tests.adapters.cli.conftest import Abby
from tests.adapters.reports.guild_weeks import Deed, write

DEEDS = [
    Deed("2026-11-16T10:00:00.000000Z", "11", 71, made=1),
    Deed("2026-11-23T10:00:00.000000Z", "11", 71, made=3, failed=2),
    Deed("2026-11-24T10:00:00.000000Z", "22", 72, made=2, refused=12),
]


@pytest.fixture
def weeks(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of two weeks; today is the Monday after."""
    write(root, DEEDS)
    monkeypatch.setattr(digesting, "utc_now", lambda: "2026-11-30T01:00:00.000000Z")
    return root


@pytest.mark.usefixtures("weeks")
def test_the_last_whole_week_is_told_for_people_and_programs(abby: Abby, tmp_path: Path, fits: Any) -> None:
    """With what to do in the words of a terminal; its picture is a file."""
    told = abby("digest", "--json").json
    assert fits("digest", told)
    assert (told["week"], told["guild"], told["this"]["made"], told["former"]["made"]) == ("2026-W48", None, 5, 1)
    said = abby("digest", "--picture", str(tmp_path / "week.png")).out
    for words in (
        "Week 48: 23 to 29 November 2026, all servers and everything else",
        "5 pictures by 2 people, 400 % more than the week before.",
        "Made most: 11 (3), 22 (2)",
        "Went wrong: 5 made, not kept · 2 failed",
        "12 refusals by the daily limit of 5. `abby limits USER` gives a member more",
        told["forecast"]["sentence"],
        told["advice"]["sentence"],
    ):
        assert words in said
    assert (tmp_path / "week.png").read_bytes().startswith(b"\x89PNG")
    assert abby("digest", "--picture", str(tmp_path / "week.png")).code == 2


@pytest.mark.usefixtures("weeks")
def test_of_one_server_and_another_week(abby: Abby) -> None:
    """Its members alone."""
    told = abby("digest", "--guild", "71", "--json").json
    assert [maker["user"] for maker in told["this"]["makers"]] == ["11"]
    assert abby("digest", "--week", "2026-W47", "--json").json["this"]["made"] == 1
    assert "Nothing was made or asked for in this week." in abby("digest", "--week", "2020-W53").out


@pytest.mark.usefixtures("weeks")
@pytest.mark.parametrize("name", ["48", "2026-W54", "2026-11-23", "last"])
def test_no_such_week(abby: Abby, name: str, fits: Any) -> None:
    """A sentence with the form of one."""
    told = abby("digest", "--week", name)
    assert (told.code, told.out) == (2, "")
    assert "2026-W48" in told.err
    assert fits("refused", abby("digest", "--week", name, "--json").json)


def test_an_empty_log_has_an_empty_week(abby: Abby, root: Path, store: Any, fits: Any) -> None:
    """And that is no failure."""
    store.close()
    assert fits("digest", abby("digest", "--json", root=root).json)
    assert abby("digest", root=root).code == 0
