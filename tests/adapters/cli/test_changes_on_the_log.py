"""The writing commands where no service runs: they open the log themselves, or say why they cannot."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time
from PIL import Image

from adapters.application.governing import reset_daily_blocking
from adapters.application.saving import NewImage, save_image
from adapters.cli.times import instant
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import SMALL, WAIT_SECONDS, command, holding, png, started

WRITING = [
    ("delete", "ada", "image_1.png"),
    ("reset", "ada", "--reason", "mistake"),
    ("limits", "ada", "--daily", "9"),
    ("cleanup",),
    ("clock-corrected",),
]


def recorded(root: Path) -> list[dict[str, Any]]:
    """The events of a log."""
    lines = (root / "logs" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[1:]]


@pytest.fixture
def filled(root: Path) -> Path:
    """A root in which ada has an image and a temp file, and whose limits are not the defaults."""
    store = open_store(root, limits=SetPolicy(daily=3, user_bytes=7 * MEGABYTE))
    asyncio.run(save_image(store, NewImage("ada", png())))
    asyncio.run(save_image(store, NewImage("ada", png(), temp=True)))
    store.close()
    return root


def test_generate_keeps_a_picture_and_copies_it(abby: Abby, root: Path, tmp_path: Path, fits: Any) -> None:
    """In an empty root: the picture is kept, charged, and the copy is the same bytes."""
    out = tmp_path / "fox.png"
    told = abby("generate", "a fox", *SMALL, "--style", "anime", "--seed", "7", "--out", str(out), "--json")
    assert (told.code, told.err) == (0, "")
    assert fits("generate", told.json)
    (picture,) = told.json["pictures"]
    assert Path(picture["image"]["path"]).read_bytes() == out.read_bytes()
    assert (picture["seed"], picture["file"], told.json["provider"]) == (7, str(out), "sketch")
    assert abby("status", "local", "--json").json["daily"]["used"] == 1
    assert {event["data"]["by"] for event in recorded(root)} == {"cli"}
    assert "a fox" not in (root / "logs" / "events.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "form"),
    [("x.jpg", "JPEG"), ("x.JPEG", "JPEG"), ("x.jpe", "JPEG"), ("x.webp", "WEBP"), ("x.gif", "GIF"), ("x", "PNG")],
)
def test_a_copy_is_what_its_name_says(name: str, form: str, abby: Abby, root: Path, tmp_path: Path) -> None:
    """In whatever format the picture was made and is kept; a name without an extension gets it as it is."""
    out = tmp_path / name
    assert abby("generate", "a fox", *SMALL, "--out", str(out)).code == 0
    with Image.open(out) as copy:
        assert (copy.format, copy.size) == (form, (64, 64))
    kept = root / "images" / "users" / "local" / "text_to_image" / "image_1.png"
    assert kept.read_bytes().startswith(b"\x89PNG")
    assert (out.read_bytes() == kept.read_bytes()) is (form == "PNG")


def test_generate_tells_people_where_it_lies(abby: Abby, root: Path) -> None:
    """The name, the size and the path."""
    told = abby("generate", "a fox", "--user", "ada", *SMALL)
    assert told.code == 0
    assert "kept as text_to_image/image_1.png of ada (64x64" in told.out
    assert str(root / "images" / "users" / "ada" / "text_to_image" / "image_1.png") in told.out


@pytest.mark.usefixtures("filled")
def test_the_daily_limit_refuses_in_words_and_in_json(abby: Abby, fits: Any) -> None:
    """1; on standard error the ledger's sentence, with --json the reason, the figures and the time of reset."""
    for _ in range(2):
        assert abby("generate", "x", "--user", "ada", *SMALL).code == 0
    told = abby("generate", "x", "--user", "ada", *SMALL)
    assert (told.code, told.out) == (1, "")
    assert "Daily limit reached: 3 of 3" in told.err
    as_json = abby("generate", "x", "--user", "ada", *SMALL, "--json")
    assert (as_json.code, as_json.err) == (1, "")
    assert fits("refused", as_json.json)
    refused = as_json.json["refused"]
    assert (refused["reason"], refused["used"], refused["limit"]) == ("DAILY_LIMIT", 3, 3)
    assert refused["resets_at"].endswith("T00:00:00.000000Z")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("", *SMALL), "prompt is empty"),
        (("x", "--style", "nonsense"), "nonsense"),
        (("x", "--width", "9"), "width"),
        (("x", "--user", "ADA"), "user id"),
        (("x", "--out", "/nowhere/at/all.png"), "folder"),
        (("x", "--out", "x.exe"), "Name it x.png instead"),
        (("x", "--out", "x.bmp"), "Name it x.png instead"),
        (("x", "--out", "x.tiff"), "Name it x.png instead"),
    ],
)
def test_a_wish_that_cannot_be_meant_costs_nothing(abby: Abby, words: tuple[str, ...], said: str, fits: Any) -> None:
    """2, a sentence, and nobody is charged."""
    told = abby("generate", *words)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert fits("refused", abby("generate", *words, "--json").json)
    assert abby("users").code == 65 or "0 users" in abby("users").out


def test_without_a_provider_there_is_no_picture(abby: Abby, tmp_path: Path, fits: Any) -> None:
    """69: the provider that is set is not there, and the sentence says so."""
    settings = tmp_path / "no-provider.env"
    settings.write_text("GENERATOR=openai\n", encoding="utf-8")
    told = abby("generate", "x", env_file=settings)
    assert told.code == 69
    assert "not available" in told.err
    as_json = abby("generate", "x", "--json", env_file=settings)
    assert fits("refused", as_json.json)
    assert as_json.json["refused"]["reason"] == "unavailable"


def test_a_picture_that_may_not_be_kept_is_not_thrown_away(
    abby: Abby, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: Any
) -> None:
    """1; made and charged, there is no room for its real size: its bytes are in a new file in the current folder."""
    open_store(root, limits=SetPolicy(user_bytes=100, gen_bytes=1)).close()
    monkeypatch.chdir(tmp_path)
    told = abby("generate", "x", "--seed", "7", *SMALL, "--json")
    assert told.code == 1
    assert fits("generate", told.json)
    (picture,) = told.json["pictures"]
    assert (picture["image"], picture["file"]) == (None, "abby-not-kept-1.png")
    assert picture["not_kept"].startswith("not kept: Your storage quota is full")
    again = abby("generate", "x", "--seed", "7", *SMALL)
    assert again.code == 1
    assert "abby-not-kept-2.png" in again.out
    assert (tmp_path / "abby-not-kept-2.png").read_bytes() == (tmp_path / "abby-not-kept-1.png").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere Ctrl+C cannot be sent to one process")
def test_ctrl_c_gives_the_place_back(root: Path, env_file: Path) -> None:
    """130, quietly; the place that was held for the picture is released and not counted."""
    log = root / "logs" / "events.jsonl"
    with started(command(root, env_file, "generate", "x")) as process:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and not (log.exists() and b"GenerationReserved" in log.read_bytes()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out, err) == (130, "", "")
    released = recorded(root)[-1]
    assert released["type"] == "GenerationReleased"
    assert (released["data"]["reason"], released["data"]["refunded"]) == ("cancelled", 1)


@pytest.mark.skipif(sys.platform != "linux", reason="a folder in which nobody may make a file, not even root")
def test_a_copy_that_cannot_be_written_says_what_is_kept(abby: Abby, root: Path) -> None:
    """74; the picture is kept all the same, and the sentence names it."""
    told = abby("generate", "x", *SMALL, "--out", "/proc/copy.png")
    assert told.code == 74
    assert "kept as text_to_image/image_1.png" in told.err
    assert (root / "images" / "users" / "local" / "text_to_image" / "image_1.png").exists()


def test_delete(abby: Abby, filled: Path, fits: Any) -> None:
    """The image is gone from the log and the disk; a second time it is not there."""
    told = abby("delete", "ada", "image_1.png", "--json")
    assert told.code == 0
    assert fits("delete", told.json)
    assert not (filled / "images" / "users" / "ada" / "image_1.png").exists()
    again = abby("delete", "ada", "image_1.png")
    assert (again.code, again.out) == (1, "")
    assert "Image not found" in again.err
    assert abby("delete", "ada", "../image_1.png").code == 2


@pytest.mark.usefixtures("filled")
def test_delete_in_words(abby: Abby) -> None:
    """What is deleted, whose it was, what is free."""
    assert "Deleted image_1.png of ada" in abby("delete", "ada", "image_1.png").out


def test_reset(abby: Abby, filled: Path, fits: Any) -> None:
    """Today's count is 0 again, the reason is recorded, the answer is the status."""
    told = abby("reset", "ada", "--reason", "a mistake", "--json")
    assert told.code == 0
    assert fits("status", told.json)
    assert told.json["daily"]["used"] == 0
    assert recorded(filled)[-1]["data"]["reason"] == "a mistake"
    assert "Today: 0 of 3" in abby("reset", "ada", "--reason", "again").out
    assert abby("reset", "ada").code == 0
    assert recorded(filled)[-1]["data"]["reason"] == "by an operator"
    assert abby("reset", "ada", "--reason", "x" * 201).code == 2


def test_limits(abby: Abby, filled: Path, fits: Any) -> None:
    """Bytes from MB, until a time in UTC; what is not given stays, the end too; --clear takes all of it away."""
    told = abby("limits", "ada", "--storage-mb", "1.5", "--daily", "9", "--until", "2999-01-31", "--json")
    assert told.code == 0
    assert fits("status", told.json)
    assert (told.json["user"]["limit_mb"], told.json["daily"]["limit"]) == (1.5, 9)
    assert recorded(filled)[-1]["data"]["until"] == "2999-01-31T00:00:00.000000Z"
    assert recorded(filled)[-1]["data"]["limits"] == {"user_bytes": 1_572_864, "daily": 9}
    other = abby("limits", "ada", "--daily", "8", "--json")
    assert (other.json["user"]["limit_mb"], other.json["daily"]["limit"]) == (1.5, 8)
    assert other.json["limits"]["until"] == "2999-01-31T00:00:00.000000Z"
    other = abby("limits", "ada", "--storage-mb", "2")
    assert "of their own now: 8 generations a day and 2.0 MB of storage, until 2999-01-31 00:00" in other.err
    cleared = abby("limits", "ada", "--clear", "--reason", "over")
    assert cleared.code == 0
    assert "no limits of their own" in cleared.err
    assert "of 3 generations" in cleared.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--clear"),
        (("--clear", "--daily", "1"), "leave the others out"),
        (("--until", "2999-01-01"), "--daily"),
        (("--daily", "1", "--until", "soon"), "soon"),
        (("--daily", "1", "--until", "2001-01-01"), "passed"),
        (("--daily", "-1"), "--daily"),
        (("--storage-mb", "x"), "--storage-mb"),
    ],
)
def test_limits_that_mean_nothing(abby: Abby, filled: Path, options: tuple[str, ...], said: str) -> None:
    """2, a sentence, and nothing is recorded."""
    before = recorded(filled)
    told = abby("limits", "ada", *options)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert recorded(filled) == before


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
        ("2026-01-31T18:00", "2026-01-31T18:00:00.000000Z"),
        ("2026-01-31 18:00:05", "2026-01-31T18:00:05.000000Z"),
        ("2026-01-31T00:30:00+01:00", "2026-01-30T23:30:00.000000Z"),
        ("2026-01-31T18:00:00.000001Z", "2026-01-31T18:00:00.000001Z"),
    ],
)
def test_times_as_people_write_them(text: str, meant: str) -> None:
    """Without an offset it is UTC, and a date is its first moment."""
    assert instant(text) == meant


def test_cleanup(abby: Abby, filled: Path, fits: Any) -> None:
    """Young temp files stay; with --days 0 they go, and images never do."""
    assert abby("cleanup", "--json").json["files"] == 0
    told = abby("cleanup", "--days", "0", "--json")
    assert told.code == 0
    assert fits("cleanup", told.json)
    assert told.json["files"] == 1
    assert "Removed 0 temp files" in abby("cleanup", "--days", "0").out
    assert (filled / "images" / "users" / "ada" / "image_1.png").exists()


def test_the_policy_is_left_alone(abby: Abby, filled: Path, tmp_path: Path) -> None:
    """A command takes the log's limits, whatever the settings say; only the service changes them."""
    settings = tmp_path / "other.env"
    settings.write_text("GENERATOR=sketch\nMAX_USER_DAILY_GENS=99\nMAX_USER_STORAGE_MB=1\n", encoding="utf-8")
    for words in WRITING:
        assert abby(*words, env_file=settings).code == 0
    assert [event["type"] for event in recorded(filled)].count("PolicyChanged") == 1
    abby("limits", "ada", "--clear", env_file=settings)
    assert abby("status", "ada", "--json", env_file=settings).json["daily"]["limit"] == 3


@pytest.mark.parametrize("words", WRITING, ids=lambda words: words[0])
def test_changes_need_a_log_and_make_none(abby: Abby, root: Path, words: tuple[str, ...], fits: Any) -> None:
    """65: a mistyped root is not made by a change of what is not there."""
    told = abby(*words)
    assert (told.code, told.out) == (65, "")
    assert "There is no log" in told.err
    assert fits("error", abby(*words, "--json").json)
    assert not root.exists()


def test_a_log_that_is_lost_is_not_made_anew(abby: Abby, filled: Path) -> None:
    """65: images without a log are evidence of loss, and the sentence names the way out."""
    (filled / "logs" / "events.jsonl").unlink()
    for words in (*WRITING, ("generate", "x")):
        told = abby(*words)
        assert told.code == 65
        assert "abby adopt" in told.err


def test_a_log_held_without_an_address_is_left_alone(abby: Abby, filled: Path, fits: Any) -> None:
    """73, naming the process; reading goes on."""
    with holding(filled) as pid:
        told = abby("reset", "ada", "--reason", "x", "--json")
        assert told.code == 73
        assert fits("error", told.json)
        assert told.json["error"]["pid"] == pid
        said = abby("clock-corrected")
        assert (said.code, said.out) == (73, "")
        assert f"process {pid}" in said.err
        assert "stop that" in said.err
        assert abby("status", "ada").code == 0
    assert "no address" in told.json["error"]["message"]


def test_a_service_that_cannot_be_reached(abby: Abby, filled: Path, fits: Any) -> None:
    """69: the lock names an address where nobody listens."""
    with holding(filled, "http://127.0.0.1:1"):
        told = abby("reset", "ada", "--reason", "x", "--json")
    assert told.code == 69
    assert fits("error", told.json)
    assert told.json["error"]["kind"] == "ServiceUnavailable"


def test_an_address_that_is_not_this_machine_is_not_asked(abby: Abby, filled: Path) -> None:
    """69: whoever can write the lock file cannot send prompts elsewhere."""
    with holding(filled, "http://192.0.2.1:80"):
        told = abby("generate", "secret", *SMALL)
    assert told.code == 69
    assert "no address of this machine" in told.err


def test_an_unfinished_adoption_is_named(abby: Abby, filled: Path) -> None:
    """65: nothing is written in between."""
    (filled / "logs" / "adopting").write_text("/old/images\n", encoding="utf-8")
    told = abby("reset", "ada", "--reason", "x")
    assert told.code == 65
    assert "adopt /old/images --yes" in told.err


def test_clock_corrected(abby: Abby, root: Path, fits: Any) -> None:
    """After a clock that stood ahead commands are refused until it is recorded that it is right; once is enough."""
    ahead = open_store(root, clock=lambda: "2999-01-01T00:00:00.000000Z")
    reset_daily_blocking(ahead, "ada", "from the future")
    ahead.close()
    refused = abby("reset", "ada", "--reason", "x", "--json")
    assert refused.code == 1
    assert fits("refused", refused.json)
    assert refused.json["refused"]["reason"] == "CLOCK_BEHIND"
    corrected = abby("clock-corrected", "--json")
    assert corrected.code == 0
    assert fits("clock-corrected", corrected.json)
    assert corrected.json["corrected"] is True
    assert abby("reset", "ada", "--reason", "x").code == 0
    again = abby("clock-corrected", "--json")
    assert (again.code, again.json) == (0, {"corrected": False, "position": None})
    assert "Nothing to correct" in abby("clock-corrected").out


def test_a_clock_that_once_stood_ten_years_ahead(abby: Abby, root: Path) -> None:
    """Back from there every command is refused until `clock-corrected`; then today's count is what it was, and so is
    that of the day ten years on.
    """
    with freeze_time("2026-03-09T12:00:00Z", real_asyncio=True) as clock:
        open_store(root, limits=SetPolicy(daily=2)).close()
        assert abby("generate", "x", *SMALL).code == 0
        clock.move_to("2036-03-09T12:00:00Z")
        assert [abby("generate", "x", *SMALL).code for _ in range(3)] == [0, 0, 1]
        clock.move_to("2026-03-09T12:05:00Z")
        for words in (("generate", "x", *SMALL), ("delete", "local", "text_to_image/image_1.png"), ("cleanup",)):
            assert abby(*words, "--json").json["refused"]["reason"] == "CLOCK_BEHIND"
        assert abby("clock-corrected").code == 0
        again = [abby("generate", "x", *SMALL, "--json") for _ in range(2)]
        assert [told.code for told in again] == [0, 1]
        assert again[1].json["refused"]["reason"] == "DAILY_LIMIT"
        clock.move_to("2036-03-09T13:00:00Z")
        assert abby("generate", "x", *SMALL).code == 1
