"""`abby status` and `abby users`: the figures, as a table and as JSON, beside whoever writes."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.application.governing import override_limits_blocking
from adapters.application.reading import quota_status
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.application.tiers import assign_tier_blocking, define_tier_blocking
from adapters.engines.opening import open_store
from adapters.wording.figures import minute
from domain.commands import SetPolicy
from domain.limits import MEGABYTE, UserLimits
from domain.tiers import Tier
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import command, environment, png

UNKNOWN_USER = "4242"
LATER = "2999-01-02T03:04:05.000000Z"
NARROW_COLUMNS = 60
TERMINAL_BYTES = 65_536


def fill(root: Path, **images: int) -> None:
    """A root of which these users have so many images."""
    store = open_store(root, limits=SetPolicy(user_bytes=MEGABYTE, daily=3))
    for user, count in images.items():
        for _ in range(count):
            asyncio.run(save_image(store, NewImage(user, png(120_000))))
    store.close()


def test_status_says_what_the_ledger_says(abby: Abby, root: Path, fits: Any) -> None:
    """The JSON is the status dictionary itself, as a program that embeds the storage gets it."""
    fill(root, ada=2)
    told = abby("status", "ada", "--json")
    store = open_store(root)
    assert (told.code, told.err) == (0, "")
    assert fits("status", told.json)
    assert told.json == quota_status(store, "ada") | {"daily": told.json["daily"]}
    assert told.json["daily"]["used"] == 2
    store.close()


def test_status_is_a_table_for_people(abby: Abby, root: Path) -> None:
    """Storage of the user and of all, today's count with the time of reset, the images, the position."""
    fill(root, ada=2)
    told = abby("status", "ada")
    assert told.code == 0
    for part in ("Quota of ada", "all users", "1.00 MB", "Today: 2 of 3", "1 left", "00:00 UTC", "2 images"):
        assert part in told.out
    assert "\x1b" not in told.out


def test_status_of_a_stranger_says_that_it_is_one(abby: Abby, root: Path) -> None:
    """A mistyped id looks like a user without images, so a note says that the log does not know it."""
    fill(root, ada=1)
    told = abby("status", UNKNOWN_USER)
    assert told.code == 0
    assert f"knows nothing of {UNKNOWN_USER}" in told.err
    assert abby("status", UNKNOWN_USER, "--json").err == ""


@pytest.mark.parametrize("user", ["ADA", "../x", "a" * 65, ""])
def test_a_malformed_id_is_a_wrong_use(abby: Abby, user: str, fits: Any) -> None:
    """Exit code 2, before a log is looked for, with the sentence that says what an id may be."""
    assert (abby("status", user).code, abby("status", user).out) == (2, "")
    told = abby("status", user, "--json")
    assert fits("refused", told.json)
    assert told.json["refused"]["reason"] == "MALFORMED"


@pytest.mark.parametrize("words", [("status", "ada"), ("users",), ("events",), ("verify",), ("events", "--follow")])
def test_reading_needs_a_log_and_makes_none(abby: Abby, root: Path, words: tuple[str, ...], fits: Any) -> None:
    """Exit code 65, and a mistyped root is not made."""
    told = abby(*words)
    assert (told.code, told.out) == (65, "")
    assert "There is no log" in told.err
    as_json = abby(*words, "--json")
    assert as_json.code == 65
    assert fits("error", as_json.json)
    assert not root.exists()


def test_users_lists_everybody_and_the_pool(abby: Abby, root: Path, fits: Any) -> None:
    """Each user's figures in the order of their ids, and what they use together."""
    fill(root, ada=2, bob=1)
    told = abby("users", "--json")
    assert fits("users", told.json)
    assert [(row["user"], row["images"], row["daily_used"]) for row in told.json["users"]] == [
        ("ada", 2, 2),
        ("bob", 1, 1),
    ]
    table = abby("users").out
    assert all(part in table for part in ("2 users", "ada", "bob", "2/3", "1/3", "Together:"))


def test_users_of_an_empty_log(abby: Abby, root: Path, fits: Any) -> None:
    """A log without users is an answer, not an error."""
    fill(root)
    assert fits("users", abby("users", "--json").json)
    assert "0 users" in abby("users").out


def test_reading_goes_on_beside_a_writer(abby: Abby, store: Storage) -> None:
    """The lock is the writer's; the figures are those that are surely on the disk."""
    asyncio.run(save_image(store, NewImage("ada", png())))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and abby("status", "ada", "--json").json["user"]["images"] != 1:
        time.sleep(0.05)
    assert abby("status", "ada", "--json").json["user"]["images"] == 1
    assert abby("verify").code == 0


def test_brackets_are_only_brackets(abby: Abby, tmp_path: Path) -> None:
    """What comes from outside is text and no markup."""
    root = tmp_path / "[bold]x[/bold]"
    fill(root)
    assert "[bold]x[/bold]" in abby("verify", root=root).out


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is a thing of POSIX")
@pytest.mark.parametrize("no_colour", [False, True])
def test_a_terminal_gets_colours_and_its_own_width(root: Path, env_file: Path, *, no_colour: bool) -> None:
    """A status near its limit is coloured unless NO_COLOR is set; no line is wider than the terminal."""
    fill(root, ada=3)
    store = open_store(root, limits=SetPolicy(user_bytes=1))
    store.close()
    shown = on_a_terminal(command(root, env_file, "status", "ada"), **({"NO_COLOR": "1"} if no_colour else {}))
    assert ("\x1b[31m" in shown or "\x1b[1;31m" in shown) is not no_colour
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "CRITICAL" in plain
    assert max(map(len, plain.splitlines())) <= NARROW_COLUMNS


def on_a_terminal(arguments: list[str], **variables: str) -> str:
    """What a program prints on a narrow terminal."""
    import pty

    ours, theirs = pty.openpty()
    size = {"COLUMNS": str(NARROW_COLUMNS), "LINES": "40", "TERM": "xterm-256color"}
    subprocess.run(arguments, stdout=theirs, env=environment(**size, **variables), timeout=20, check=True)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # so Linux ends a pseudo-terminal that nobody writes to
        while piece := os.read(ours, TERMINAL_BYTES):
            shown += piece
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def test_images_are_listed_newest_first(abby: Abby, root: Path, fits: Any) -> None:
    """As the service lists them; a part of them where that is asked."""
    fill(root, ada=3)
    told = abby("images", "ada", "--json")
    assert fits("images", told.json)
    assert [image["name"] for image in told.json["images"]] == ["image_3.png", "image_2.png", "image_1.png"]
    part = abby("images", "ada", "--json", "--offset", "1", "--limit", "1").json
    assert ([image["name"] for image in part["images"]], part["total"]) == (["image_2.png"], 3)
    assert all(name in abby("images", "ada").out for name in ("3 images of ada", "image_1.png", "200x200"))


def test_images_of_a_stranger_are_none_and_it_says_so(abby: Abby, root: Path, fits: Any) -> None:
    """A mistyped id has no images, and neither has a new user."""
    fill(root, ada=1)
    told = abby("images", UNKNOWN_USER)
    assert (told.code, "0 images" in told.out) == (0, True)
    assert f"knows nothing of {UNKNOWN_USER}" in told.err
    assert fits("images", abby("images", UNKNOWN_USER, "--json").json)


LIMITS_SAID: list[tuple[UserLimits, str | None, str]] = [
    (UserLimits(), None, "The limits are those for everybody."),
    (UserLimits(5, 2), None, "The storage limit and the daily limit are ada's own, for good."),
    (UserLimits(None, 2), None, "The daily limit is ada's own, for good; the storage limit is that for everybody."),
    (UserLimits(5), LATER, f"The storage limit is ada's own, until {minute(LATER)}; the daily limit is that for"),
]


@pytest.mark.parametrize(("own", "until", "said"), LIMITS_SAID)
def test_status_says_whose_the_limits_are(
    own: UserLimits, until: str | None, said: str, abby: Abby, root: Path, fits: Any
) -> None:
    """Everybody's, or the user's own, for good or until when; for programs too."""
    fill(root, ada=1)
    store = open_store(root)
    override_limits_blocking(store, "ada", "x", own, until=until)
    store.close()
    assert said in abby("status", "ada").out
    told = abby("status", "ada", "--json").json
    assert fits("status", told)
    assert told["limits"] == {
        "storage": "everybody" if own.user_bytes is None else "own",
        "daily": "everybody" if own.daily is None else "own",
        "until": until,
    }


def test_limits_that_are_over_are_everybodys_again(abby: Abby, root: Path) -> None:
    """Nothing is recorded when they end."""
    fill(root, ada=1)
    store = open_store(root)
    override_limits_blocking(store, "ada", "x", UserLimits(5, 2), until="2020-01-01T00:00:00.000000Z")
    store.close()
    assert "The limits are those for everybody." in abby("status", "ada").out


def test_status_tells_which_limits_are_nearly_used_up(abby: Abby, root: Path, fits: Any) -> None:
    """In the words in which their user hears of them; nothing where no percentage is to be told."""
    fill(root, ada=2)
    assert "are used or held" not in abby("status", "ada").out
    open_store(root, limits=SetPolicy(user_bytes=MEGABYTE, daily=2, tell_at=(80, 100))).close()
    told = abby("status", "ada")
    figures = abby("status", "ada", "--json").json
    assert "100 % of ada's generations for today are used or held: 2 generations of 2 generations." in told.out
    assert fits("status", figures)
    assert figures["reached"] == [
        {
            "limit": "user/day/generations",
            "percent": 100,
            "unit": "generations",
            "used": 2,
            "most": 2,
            "sentence": "100 % of your generations for today are used or held: 2 generations of 2 generations.",
        }
    ]


def test_status_says_by_which_tier_a_limit_is(abby: Abby, root: Path, fits: Any) -> None:
    """Beside the user's own and everybody's; a replay of that moment too."""
    fill(root, ada=1)
    store = open_store(root)
    gold = Tier("gold", UserLimits(daily=9, windows=(("user/month/credits", 20_000),)))
    define_tier_blocking(store, gold, "thanks")
    assign_tier_blocking(store, "ada", "gold", "a friend")
    override_limits_blocking(store, "ada", "x", UserLimits(5 * MEGABYTE))
    store.close()
    said = (
        "ada's own, for good: storage.",
        "By the tier gold: generations a day and credits a month.",
        "All other limits are everybody's.",
    )
    shown, replayed = abby("status", "ada").out, abby("replay", "ada").out
    for sentence in said:
        assert (sentence in shown, sentence in replayed) == (True, True)
    told = abby("status", "ada", "--json").json
    assert fits("status", told)
    assert (told["tiers"], told["daily"]["limit"]) == (["gold"], 9)
    assert [(one["limit"], one["whose"], one["tiers"]) for one in told["sources"]] == [
        ("user/day/generations", "tier", ["gold"]),
        ("user/month/credits", "tier", ["gold"]),
        ("user/storage", "own", []),
        ("pool/storage", "everybody", []),
    ]
    assert fits("replay", abby("replay", "ada", "--json").json)
