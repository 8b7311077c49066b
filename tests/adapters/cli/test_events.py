"""`abby events`: which events, in which form, and those still to come."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.governing import reset_daily_blocking
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from adapters.wording.events import words
from domain.ask_events import AskAnswered, MoreAsked
from domain.commands import SetPolicy
from domain.events import (
    TYPES,
    Asked,
    CleanedFile,
    CleanupCompleted,
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    GrantGiven,
    GrantVoided,
    ImageDeleted,
    ImageSaved,
    LimitExceeded,
    LimitsOverridden,
    PolicyChanged,
    PreferenceSet,
    RequestRefused,
)
from domain.grants import Draw
from domain.limits import Limits, UserLimits
from domain.point_events import FavouriteSet, OfferSet, OfferWithdrawn, PointsMoved
from domain.threshold_events import ThresholdCrossed
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import WAIT_SECONDS, command, environment, png, run, started

AT = "2026-01-02T03:04:05.000006Z"


@pytest.fixture
def log(root: Path) -> list[dict[str, Any]]:
    """A log of a few events of two users; its lines as they are on the disk."""
    store = open_store(root, limits=SetPolicy(daily=2))
    for user in ("ada", "bob", "ada", "ada"):
        asyncio.run(save_image(store, NewImage(user, png())))
    delete_image_blocking(store, "ada", "image_1.png")
    store.close()
    lines = (root / "logs" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[1:]]


def test_json_lines_are_the_events_as_recorded(abby: Abby, log: list[dict[str, Any]], fits: Any) -> None:
    """Position, type, tags and data, exactly those of the file, in order."""
    told = abby("events", "--json")
    assert (told.code, told.err) == (0, "")
    assert told.lines == [{name: line[name] for name in ("pos", "type", "tags", "data")} for line in log]
    assert all(fits("event", line) for line in told.lines)


def test_the_table_has_a_line_for_each_event(abby: Abby, log: list[dict[str, Any]]) -> None:
    """A heading, then position, time, type, user and what happened; whole lines where it is no terminal."""
    heading, *lines = abby("events").out.splitlines()
    assert heading.split()[:2] == ["position", "time"]
    assert [line.split()[0] for line in lines] == [str(line["pos"]) for line in log]
    assert any("ImageDeleted" in line and "ada" in line and "image_1.png" in line for line in lines)
    assert any("DAILY_LIMIT: 2 of 2 used" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--limit", "2"), [-2, -1]),
        (("--after", "1", "--limit", "2"), [1, 2]),
        (("--after", "0"), None),
        (("--after", "1000"), []),
        (("--user", "bob"), "bob"),
        (("--user", "nobody"), []),
    ],
)
def test_which_events(abby: Abby, log: list[dict[str, Any]], options: tuple[str, ...], expected: Any) -> None:
    """The newest, the first after a position, a user's."""
    if expected is None:
        wanted = log
    elif expected == "bob":
        wanted = [line for line in log if "user:bob" in line["tags"]]
    else:
        wanted = [log[index] for index in expected]
    assert [line["pos"] for line in abby("events", "--json", *options).lines] == [line["pos"] for line in wanted]


@pytest.mark.usefixtures("log")
def test_a_user_whom_nobody_knows_is_told(abby: Abby) -> None:
    """A mistyped id has no events, and neither has a user without those that were asked for."""
    assert "knows nothing of typo" in abby("events", "--user", "typo").err
    assert abby("events", "--user", "typo", "--json").err == ""
    assert "knows nothing" not in abby("events", "--user", "bob", "--type", "ImageDeleted").err


@pytest.mark.usefixtures("log")
def test_types_are_chosen_together(abby: Abby) -> None:
    """`--type` may be given more than once, and goes with `--user` and the newest."""
    options = ("--type", "ImageSaved", "--type", "ImageDeleted", "--user", "ada", "--limit", "2")
    assert [line["type"] for line in abby("events", "--json", *options).lines] == ["ImageSaved", "ImageDeleted"]


def test_without_options_it_is_the_newest_fifty(abby: Abby, root: Path) -> None:
    """A long log does not run past; `--after 0` shows all of it."""
    store = open_store(root)
    for number in range(60):
        reset_daily_blocking(store, f"user-{number}", f"number {number}")
    store.close()
    assert [line["pos"] for line in abby("events", "--json").lines] == list(range(12, 62))
    assert len(abby("events", "--json", "--after", "0").lines) == 61


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--type", "Nonsense"), "Nonsense"),
        (("--user", "BAD"), "BAD"),
        (("--limit", "0"), "--limit"),
        (("--after", "-1"), "--after"),
        (("--follow", "--after", "1", "--limit", "1"), "--limit"),
    ],
)
def test_a_wrong_use_is_told(abby: Abby, options: tuple[str, ...], word: str) -> None:
    """Exit code 2 and a sentence that names what is wrong."""
    told = abby("events", *options)
    assert (told.code, told.out) == (2, "")
    assert word in told.err


def test_follow_sees_what_another_process_writes(root: Path, env_file: Path) -> None:
    """Events that come later are shown as they come, once each and in order, until Ctrl+C ends it with 130."""
    store = open_store(root)
    reset_daily_blocking(store, "ada", "before")
    store.close()
    store = open_store(root)
    with started(command(root, env_file, "events", "--follow", "--json", "--type", "DailyCountReset")) as process:
        assert process.stdout is not None
        seen = [json.loads(process.stdout.readline())["data"]["reason"]]
        for reason in ("first", "second"):
            reset_daily_blocking(store, "ada", reason)
            seen.append(json.loads(process.stdout.readline())["data"]["reason"])
        if os.name == "posix":
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=WAIT_SECONDS)
            assert (process.returncode, out, err) == (130, "", "")
    store.close()
    assert seen == ["before", "first", "second"]


def test_follow_stops_where_the_log_is_replaced(root: Path, env_file: Path) -> None:
    """A log that is not the one that was followed is damage, not silence."""
    store = open_store(root)
    store.close()
    with started(command(root, env_file, "events", "--follow", "--after", "0", "--json")) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["type"] == "PolicyChanged"
        log = root / "logs" / "events.jsonl"
        copy = log.with_name("copy")
        copy.write_bytes(log.read_bytes())
        copy.replace(log)
        out, _ = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 65
    assert json.loads(out)["error"]["kind"] == "LogDamaged"


def test_a_reader_who_has_had_enough_is_no_failure(root: Path, env_file: Path) -> None:
    """`abby events | head -1` ends quietly."""
    store = open_store(root)
    for number in range(200):
        reset_daily_blocking(store, "ada", f"{number} " * 60)
    store.close()
    arguments = command(root, env_file, "events", "--json", "--after", "0")
    with subprocess.Popen(
        arguments, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(WAIT_SECONDS) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("options", [("--json",), ()])
def test_any_locale_can_show_it(root: Path, env_file: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """JSON is ASCII and decodes to the text itself; in a table a character that cannot be shown is escaped."""
    store = open_store(root)
    reset_daily_blocking(store, "ada", "für Ümläute")
    store.close()
    old = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    told = run(command(root, env_file, "events", *options), cwd=tmp_path, **old)
    assert told.code == 0, told.err
    assert told.out.isascii()
    if options:
        assert told.lines[-1]["data"]["reason"] == "für Ümläute"
    else:
        assert r"f\xfcr" in told.out


SAID: list[tuple[Event, str]] = [
    (PolicyChanged(AT, "system", Limits(), "default"), "500.0 MB a user, 5000.0 MB together, 5 a day (default)"),
    (
        GenerationReserved(AT, "a", "cli", "r", "upscale", 2, 1_572_864, AT),
        "2 upscales, 1.5 MB held for each",
    ),
    (
        GenerationReserved(AT, "a", "cli", "r", "upscale", 1, 1_572_864, AT, style="anime"),
        "1 upscale in the style anime, 1.5 MB held",
    ),
    (GenerationCompleted(AT, "a", "cli", "r", 1, "sketch", "", 0.1), "1 made by sketch"),
    (GenerationCompleted(AT, "a", "cli", "r", 1, "stability", "sd3", 0.1), "1 made by stability (sd3)"),
    (GenerationReleased(AT, "a", "cli", "r", 1, 0, "failed", 1), "1 place released: it failed; nothing was counted"),
    (
        GenerationReleased(AT, "a", "cli", "r", 1, 0, "failed", 1, provider="openai"),
        "1 place released, asked of openai: it failed; nothing was counted",
    ),
    (
        ImageSaved(AT, "a", "cli", "x.png", 2048, 0, "0" * 64, "image/png", 8, 9, "upscale", True, "s"),
        "temp file x.png, 2 kB, 8x9",
    ),
    (ImageDeleted(AT, "a", "cli", "x.png", 12, False, "user"), "x.png, 12 bytes freed (user)"),
    (
        CleanupCompleted(AT, "system", (CleanedFile("a", "x", 5),), 5, 7),
        "1 temp file, 5 bytes freed, older than 7 days",
    ),
    (
        RequestRefused(AT, "a", "cli", "DAILY_LIMIT", "SaveImage", Asked(1, 5), 5, 5, 0, last=False),
        "DAILY_LIMIT: 5 of 5 used",
    ),
    (
        RequestRefused(AT, "a", "cli", "DAILY_LIMIT", "ReserveGeneration", Asked(1, 5), 5, 5, 0, last=False, style="a"),
        "DAILY_LIMIT: 5 of 5 used, style a",
    ),
    (
        RequestRefused(AT, "a", "cli", "USER_STORAGE", "SaveImage", Asked(1, 5), 1_048_576, 1024, 0, last=False),
        "USER_STORAGE: 1 kB of 1.0 MB used",
    ),
    (
        RequestRefused(
            AT,
            "a",
            "cli",
            "WINDOW_LIMIT",
            "ReserveGeneration",
            Asked(1, 5, 0, 400),
            20_000,
            19_500,
            300,
            last=False,
            window="pool/month/credits",
        ),
        "WINDOW_LIMIT: 19.5 credits of 20 credits used, 0.3 credits held, credits a month for all together",
    ),
    (
        LimitExceeded(
            AT, "a", "cli", "WINDOW_LIMIT", "ReserveGeneration", Asked(1, 5), 3, 3, 0, window="user/week/generations"
        ),
        "WINDOW_LIMIT: 3 generations of 3 generations used, generations a week for one user, went on all the same",
    ),
    (
        LimitExceeded(AT, "a", "cli", "USER_STORAGE", "SaveImage", Asked(1, 5), 1_048_576, 1024, 0),
        "USER_STORAGE: 1 kB of 1.0 MB used, went on all the same",
    ),
    (
        GrantGiven(AT, "a", "cli", "g1", "credits", 2_500, "bought", "a prize", expires_at=AT),
        "grant g1: 2.5 credits given until 2026-01-02 03:04 UTC, bought: a prize",
    ),
    (GrantVoided(AT, "a", "cli", "g1", "a mistake"), "grant g1 taken away: a mistake"),
    (
        GenerationReserved(
            AT,
            "a",
            "cli",
            "r",
            "upscale",
            2,
            1_572_864,
            AT,
            credits_each=400,
            drawn=(Draw("g1", "generations", 2), Draw("g2", "credits", 500)),
        ),
        "2 upscales, 1.5 MB and 0.4 credits held for each, 2 generations of grant g1 and 0.5 credits of grant g2",
    ),
    (
        GenerationCompleted(
            AT, "a", "cli", "r", 1, "sketch", "", 0.1, cost=1_000, returned=(Draw("g2", "credits", 100),)
        ),
        "1 made by sketch, 1 credit, 0.1 credits back to grant g2",
    ),
    (
        GenerationReleased(AT, "a", "cli", "r", 1, 0, "unknown", 0, cost=400, returned=(Draw("g1", "generations", 1),)),
        (
            "1 place released: the answer was lost; nothing was counted, 0.4 credits may be paid, "
            "1 generation back to grant g1"
        ),
    ),
    (
        PolicyChanged(
            AT, "system", Limits(windows=(("pool/month/credits", 500_000),), unenforced=("user/storage",)), "default"
        ),
        (
            "500.0 MB a user, 5000.0 MB together, 5 a day, 500 credits a month for all together, "
            "storage for one user only tried out (default)"
        ),
    ),
    (
        LimitsOverridden(AT, "a", "cli", UserLimits(windows=(("user/month/credits", 20_000),)), "prize"),
        "20 credits a month: prize",
    ),
    (LimitsOverridden(AT, "a", "cli", None, "enough"), "own limits taken away: enough"),
    (
        LimitsOverridden(AT, "a", "cli", UserLimits(1_048_576, 9), "prize", AT),
        "1.0 MB of storage, 9 a day until 2026-01-02 03:04 UTC: prize",
    ),
    (DailyCountReset(AT, "a", "cli", "mistake"), "today's count set to 0: mistake"),
    (PreferenceSet(AT, "a", "cli", "style", "anime"), "style = anime"),
    (
        ClockCorrected(AT, "cli", "2027-01-01T00:00:00.000000Z", AT),
        "from 2027-01-01 00:00 UTC back to 2026-01-02 03:04 UTC",
    ),
    (PointsMoved(AT, "cli", "mint", "user:a", 1_000, "mint", "a game"), "1,000 points made for a: a game"),
    (PointsMoved(AT, "cli", "user:a", "mint", 1, "burn", "a mistake"), "1 point taken from a: a mistake"),
    (PointsMoved(AT, "a", "user:a", "user:b", 2, "gift", "thanks"), "2 points from a to b: thanks"),
    (PointsMoved(AT, "a", "user:a", "user:b", 2, "gift"), "2 points from a to b"),
    (PointsMoved(AT, "a", "mint", "user:a", 3, "claim"), "3 points for the day to a"),
    (PointsMoved(AT, "a", "mint", "user:b", 3, "favourite"), "3 points to b, whose picture was marked"),
    (PointsMoved(AT, "a", "user:a", "market", 5, "purchase", offer="ten"), "5 points paid by a for ten"),
    (
        OfferSet(AT, "cli", "ten", "generations", 10, 5, "a fair", 30),
        "ten: 10 generations for 30 days for 5 points: a fair",
    ),
    (OfferSet(AT, "cli", "c", "credits", 1_250_400, 1, "a fair"), "c: 1,250.4 credits for 1 point: a fair"),
    (OfferSet(AT, "cli", "c", "credits", 1_000, 1, "a fair"), "c: 1 credit for 1 point: a fair"),
    (OfferSet(AT, "cli", "b", "bytes", 1_048_576, 5, "a fair", 1), "b: 1.0 MB for 1 day for 5 points: a fair"),
    (OfferWithdrawn(AT, "cli", "ten", "it is over"), "ten is no longer offered: it is over"),
    (
        ThresholdCrossed(AT, "system", "user/month/credits", 80, 16_000, 20_000, user="a", begins="2026-03-01"),
        "80 % of user/month/credits, from 2026-03-01 on: 16 credits of 20 credits used or held",
    ),
    (
        MoreAsked(AT, "a", "a", "q1", "credits", 2_500, "user/month/credits", "a fair"),
        "request q1: 2.5 credits beyond credits a month for one user: a fair",
    ),
    (
        AskAnswered(AT, "a", "cli", "q1", "approved", 2_000, "g1", AT, "for the fair"),
        "request q1 approved as grant g1 until 2026-01-02 03:04 UTC: for the fair",
    ),
    (AskAnswered(AT, "a", "cli", "q1", "withdrawn"), "request q1 withdrawn"),
    (FavouriteSet(AT, "a", "a", "b", "cat.png", 4, on=True), "cat.png of b is a favourite"),
    (FavouriteSet(AT, "a", "a", "b", "cat.png", 4, on=False), "cat.png of b is no longer a favourite"),
    (
        TierDefined(
            AT,
            "cli",
            "gold",
            UserLimits(1_048_576, 9, (("user/week/generations", 20), ("user/month/credits", 2_500))),
            ("group:vip", "guild:9/role:5"),
            "boosters",
            ("sketch",),
            ("core", "sd3"),
            ("upscale",),
            3,
            1,
        ),
        (
            "tier gold: 9 a day; 1.0 MB of storage; user/week/generations 20; user/month/credits 2.5; providers sketch "
            "alone; models core, sd3 alone; operations upscale alone; weight 3; 1 request under way; by group:vip, "
            "guild:9/role:5: boosters"
        ),
    ),
    (TierDefined(AT, "cli", "gold", UserLimits(), (), "a name"), "tier gold: as everybody: a name"),
    (TierDefined(AT, "cli", "gold", None, (), "enough"), "tier gold is no more: enough"),
    (
        TierAssigned(AT, "a", "cli", "gold", "prize", AT),
        "tier gold given by hand until 2026-01-02 03:04 UTC: prize",
    ),
    (TierUnassigned(AT, "a", "cli", "gold", "enough"), "tier gold taken back: enough"),
    (GroupsSeen(AT, "a", "cli", "guild:9", ("guild:9/role:5",)), "in guild:9/role:5 at guild:9"),
    (GroupsSeen(AT, "a", "cli", "guild:9", ()), "in no group of a tier at guild:9"),
]


@pytest.mark.parametrize(("event", "said"), SAID, ids=lambda value: type(value).__name__ if value else "")
def test_every_event_has_its_words(event: Event, said: str) -> None:
    """What happened, without what has a column of its own."""
    assert words(event) == said


def test_no_event_is_left_out() -> None:
    """The table above has a row for every type there is."""
    assert {type(event).__name__ for event, _ in SAID} == set(TYPES)


def test_python_runs_it_as_a_module(tmp_path: Path) -> None:
    """`python -m adapters.cli` is `abby`."""
    told = run([sys.executable, "-m", "adapters.cli", "--help"], cwd=tmp_path)
    assert told.code == 0
    assert "abby [OPTIONS] COMMAND" in told.out
