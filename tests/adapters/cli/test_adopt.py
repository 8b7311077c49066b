"""`abby adopt`: what it would do and what it does, in words and JSON; what it says when it may not, or was killed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.application.adoption_mark import AdoptionMark, adopt_command
from adapters.application.governing import reset_daily_blocking
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.ports.clock import utc_now
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, state_of_disk
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import WAIT_SECONDS, Service, command, environment, png, run

MANY = 30
"""Images of an adoption that is killed on the way."""
KILLED_AFTER = (1, 6)
"""Lines of the log after which it is killed."""
POLL_SECONDS = 0.001
SLOW_DISK = """
import sys, time
from adapters.disk.files import Files
from adapters.cli import main
sync = Files.sync_directory
Files.sync_directory = lambda *arguments: (time.sleep(0.05), sync(*arguments))
sys.exit(main(sys.argv[1:]))
"""
"""The command on a disk that is slow, so that it is not done before it is interrupted."""
TERMINAL_BYTES = 65_536


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder of before with images of two users, and one file that is none."""
    directory = tmp_path / "old images"
    put(directory, "images/users/ada/generated.png", png(300_000))
    put(directory, "users/ada/upscale/image_1.png", png())
    put(directory, "users/bob/text_to_image/image_2.png", png())
    put(directory, "users/bob/notes.txt", b"no picture")
    return directory


def put(directory: Path, path: str, data: bytes) -> None:
    """A file of before."""
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def traces(directory: Path) -> list[tuple[Path, bytes, int, int]]:
    """The files of a folder, with what changing one would change."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return [(path, path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns) for path in files]


def test_without_yes_it_is_only_shown(abby: Abby, old: Path, root: Path) -> None:
    """A table per user, what is skipped and why, and the command that does it; nothing is made."""
    told = abby("adopt", str(old))
    assert (told.code, told.err) == (1, "")
    for part in ("Nothing was changed", "To be brought in", "ada", "bob", "notes.txt", "not a picture", "3 images"):
        assert part in told.out
    assert not root.exists()


@pytest.mark.skipif(os.name == "nt", reason="the shell of these tests is that of POSIX")
def test_the_command_that_is_shown_does_it(abby: Abby, old: Path, root: Path, tmp_path: Path) -> None:
    """As it stands there, from any folder, spaces and all."""
    shown = next(line for line in abby("adopt", str(old)).out.splitlines() if line.startswith("  abby "))
    words = shlex.split(shown)
    assert words[0] == "abby"
    done = run([sys.executable, "-m", "adapters.cli", *words[1:]], cwd=tmp_path)
    assert (done.code, done.err) == (1, "")
    for part in ("Brought in: 3 images", "were copied and are as they were", "notes.txt"):
        assert part in done.out
    assert abby("adopt", str(old), "--json").json["command"] is None
    assert_disk_and_log_agree(root)


def test_json_of_both(abby: Abby, old: Path, root: Path, fits: Any) -> None:
    """The same figures before and after; afterwards nothing is left to do."""
    would, did, again = (abby("adopt", str(old), *words, "--json") for words in ((), ("--yes",), ("--yes",)))
    for told in (would, did, again):
        assert (told.code, told.err) == (1, "")
        assert fits("adopt", told.json)
    assert [(user["user"], user["images"]) for user in did.json["users"]] == [("ada", 2), ("bob", 1)]
    after = {"done": True, "command": None, "disk_free_bytes": did.json["disk_free_bytes"]}
    assert would.json | after == did.json
    assert "adopt" in would.json["command"]
    assert (again.json["images"], again.json["already"], again.json["copied_bytes"]) == (0, 3, 0)
    assert len(events_of(root, "ImageSaved")) == 3
    assert abby("verify").code == 0


def test_nothing_skipped_is_0(abby: Abby, old: Path) -> None:
    """With and without --yes, and once everything is in."""
    (old / "users/bob/notes.txt").unlink()
    assert [abby("adopt", str(old), *words).code for words in ((), ("--yes",), ())] == [0, 0, 0]
    assert "nothing to bring in" in abby("adopt", str(old)).out
    assert "3 images stood already" in abby("adopt", str(old), "--yes").out


def test_who_is_over_is_told(abby: Abby, old: Path, env_file: Path, root: Path) -> None:
    """By the limits that are set where the log has none yet; it is brought in all the same, and a save is refused."""
    with env_file.open("a", encoding="utf-8") as settings:
        settings.write("MAX_USER_STORAGE_MB=0\nMAX_GLOBAL_STORAGE_MB=0\n")
    for words, are in (((), "would be"), (("--yes",), "are")):
        told = abby("adopt", str(old), *words).out
        assert told.count(" OVER") == 3
        assert f"2 users {are} over the limit" in told
        assert f"All users together {are} over the pool" in told
    assert_disk_and_log_agree(root)


def test_a_disk_without_room_is_told(abby: Abby, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is copied; and not where all is in its place already."""
    monkeypatch.setattr(Files, "free_bytes", lambda _files, _path: 1_000)
    assert "Make room first: the copies need 0.29 MB, and the disk has 1000 bytes free." in abby("adopt", str(old)).out
    assert "Make room" not in abby("adopt", str(old / "images"), root=old).out


def test_what_is_skipped_often_is_named_some_times(abby: Abby, old: Path) -> None:
    """People see the first of them and how many more; a program sees all."""
    for number in range(25):
        put(old, f"users/bob/{number}.txt", b"no picture")
    assert "and 6 more; --json names them all" in abby("adopt", str(old)).out
    assert len(abby("adopt", str(old), "--json").json["skipped"]) == 26


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such names")
def test_names_from_the_disk_steer_no_terminal(abby: Abby, old: Path, fits: Any) -> None:
    """Escape sequences and bytes that are no text are written out."""
    put(old, "users/bob/\x1b[31mred\n.png", png())
    put(old, os.fsdecode(b"users/bob/caf\xe9.png"), png())
    told = abby("adopt", str(old)).out
    assert "\x1b" not in told
    assert "\\x1b[31mred\\x0a.png" in told
    assert "caf\\udce9.png" in told
    assert fits("adopt", abby("adopt", str(old), "--json").json)


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_wrong_folder_is_a_wrong_use(abby: Abby, tmp_path: Path, root: Path, folder: str, fits: Any) -> None:
    """2; one that is not there, and one that holds none of the layouts; no root is made of it."""
    for words in ((), ("--yes",)):
        told = abby("adopt", str(tmp_path / folder), *words)
        assert (told.code, told.out) == (2, "")
        assert "images/users" in told.err
    assert fits("refused", abby("adopt", str(tmp_path / folder), "--json").json)
    assert not root.exists()


def test_a_held_log_is_73(abby: Abby, old: Path, root: Path, held: int, fits: Any) -> None:
    """It says who holds it and to stop that first; to look is possible beside it."""
    before = state_of_disk(root)
    told = abby("adopt", str(old), "--yes")
    assert (told.code, told.out) == (73, "")
    assert f"process {held}" in told.err
    assert "Stop that" in told.err
    assert fits("error", abby("adopt", str(old), "--yes", "--json").json)
    assert abby("adopt", str(old)).code == 1
    assert state_of_disk(root) == before


def test_a_service_is_named(abby: Abby, old: Path, service: Service) -> None:
    """By its address."""
    told = abby("adopt", str(old), "--yes")
    assert told.code == 73
    assert service.address in told.err


def test_another_folder_waits(abby: Abby, old: Path, root: Path, tmp_path: Path, fits: Any) -> None:
    """65 while one is half adopted, with the command that finishes that one; so says every writing command."""
    other = tmp_path / "other"
    AdoptionMark(root, Files()).set(other)
    for words in (("adopt", str(old)), ("adopt", str(old), "--yes"), ("generate", "x")):
        told = abby(*words)
        assert (told.code, told.out) == (65, "")
        assert adopt_command(root, other) in told.err
    assert fits("error", abby("adopt", str(old), "--json").json)


def test_a_clock_that_stands_wrong_is_refused(abby: Abby, old: Path, root: Path, fits: Any) -> None:
    """1, with the ledger's sentence."""
    store = Storage(root, clock=lambda: "2099" + utc_now()[4:])
    reset_daily_blocking(store, "ada", "x")
    store.close()
    for words in ((), ("--yes",)):
        told = abby("adopt", str(old), *words, "--json")
        assert told.code == 1
        assert fits("refused", told.json)
        assert told.json["refused"]["reason"] == "CLOCK_BEHIND"


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is a thing of POSIX")
def test_a_terminal_sees_a_bar_that_goes_away(root: Path, env_file: Path, old: Path) -> None:
    """On standard error; the summary goes where it is sent."""
    import pty

    ours, theirs = pty.openpty()
    asked = command(root, env_file, "adopt", str(old), "--yes")
    variables = environment(TERM="xterm-256color", COLUMNS="80")
    done = subprocess.run(
        asked, stdout=subprocess.PIPE, stderr=theirs, env=variables, timeout=WAIT_SECONDS, check=False
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # so Linux ends a pseudo-terminal that nobody writes to
        while piece := os.read(ours, TERMINAL_BYTES):
            shown += piece
    os.close(ours)
    assert b"Bringing images in" in shown
    assert b"4/4" in shown
    assert b"Brought in: 3 images" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="elsewhere Ctrl+C is no signal that one process sends another")
def test_ctrl_c_says_how_to_go_on(root: Path, env_file: Path, tmp_path: Path) -> None:
    """130, and no traceback; what is in so far is whole."""
    old = tmp_path / "old"
    for number in range(MANY):
        put(old, f"users/ada/{number}.png", png())
    code, said = interrupt_after(slowly(root, env_file, old), root / "logs" / "events.jsonl", 1, signal.SIGINT)
    assert (code, said) == (
        130,
        "Not all images are in yet. Run the same command again: it goes on where it stopped.\n",
    )
    assert AdoptionMark(root, Files()).directory() == old


@pytest.mark.skipif(os.name != "posix", reason="nothing else is killed without a word")
def test_killed_on_the_way_the_same_command_goes_on(abby: Abby, root: Path, env_file: Path, tmp_path: Path) -> None:
    """Twice in one adoption: in between every program is refused with the command; in the end each is in once."""
    old = tmp_path / "old"
    for number in range(MANY):
        put(old, f"users/ada/{number}.png", png())
    before = traces(old)
    log = root / "logs" / "events.jsonl"
    for lines in KILLED_AFTER:
        assert interrupt_after(slowly(root, env_file, old), log, lines, signal.SIGKILL) == (-signal.SIGKILL, "")
        told = abby("cleanup")
        assert told.code == 65
        assert adopt_command(root, old) in told.err
        would = abby("adopt", str(old), "--json").json
        assert would["already"] + would["images"] == MANY
        assert would["already"] >= lines
        assert abby("adopt", str(old)).code == 0
    assert abby("adopt", str(old), "--yes").code == 0
    assert traces(old) == before
    assert len(events_of(root, "ImageSaved")) == MANY
    assert_disk_and_log_agree(root)
    assert abby("doctor", "--json").code == 0


def slowly(root: Path, env_file: Path, old: Path) -> list[str]:
    """The command that adopts a folder, on a slow disk."""
    words = ("--root", str(root), "--env-file", str(env_file), "adopt", str(old), "--yes")
    return [sys.executable, "-c", SLOW_DISK, *words]


def interrupt_after(arguments: list[str], log: Path, lines: int, number: int) -> tuple[int, str]:
    """Starts a program and sends it a signal once the log has so many events; its exit code and standard error."""
    with subprocess.Popen(arguments, env=environment(), stderr=subprocess.PIPE, text=True) as program:
        deadline = time.monotonic() + WAIT_SECONDS
        while not log.exists() or log.read_bytes().count(b"\n") <= lines:
            assert program.poll() is None
            assert time.monotonic() < deadline
            time.sleep(POLL_SECONDS)
        program.send_signal(number)
        said = program.communicate(timeout=WAIT_SECONDS)[1]
    return program.returncode, said
