"""Every command on a root that is none, or whose log is somebody else's file: refused in words, and nothing is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from adapters.engines.opening import open_store
from scripts import verify_log
from tests.adapters.disk.planted import PLANTED, plant, state_of

COMMANDS = {
    "status": ("status", "1"),
    "users": ("users",),
    "events": ("events",),
    "images": ("images", "1"),
    "verify": ("verify",),
    "audit": ("audit",),
    "cleanup": ("cleanup",),
    "limits": ("limits", "1", "--daily", "3"),
    "delete": ("delete", "1", "a.png"),
    "serve": ("serve",),
    "salvage": ("salvage", "--to", "salvaged"),
}
CONFIGURATION, DATA = 78, 65


@pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_link_in_the_place_of_the_log_is_refused(
    abby: Any, root: Path, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As data that are no log (exit 65), with what stands there and what to do; where it leads, nothing changes."""
    monkeypatch.chdir(tmp_path)
    open_store(root).close()
    (root / "logs/events.jsonl").rename(tmp_path / "elsewhere.jsonl")
    (root / "logs/events.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    before = (tmp_path / "elsewhere.jsonl").read_bytes()
    ran = abby(*COMMANDS[command])
    assert ran.code == DATA
    assert "events.jsonl is a symbolic link. Put the file itself in its place." in ran.err
    assert (tmp_path / "elsewhere.jsonl").read_bytes() == before


CIRCLE = "circle"
IN_A_CIRCLE = {
    **{name: ("--root", CIRCLE, *words) for name, words in COMMANDS.items() if name != "serve"},
    "generate": ("--root", CIRCLE, "generate", "a cat"),
    "backup of it": ("--root", CIRCLE, "backup", "backup"),
    "backup to it": ("backup", CIRCLE),
    "restore into it": ("--root", CIRCLE, "restore", "backup"),
    "restore from it": ("restore", f"{CIRCLE}/x"),
    "export from it": ("--root", CIRCLE, "export", "1", "--to", "new"),
    "export to it": ("export", "1", "--to", CIRCLE),
    "adopt from it": ("adopt", CIRCLE, "--yes"),
    "salvage to it": ("salvage", "--to", CIRCLE),
    "report to it": ("audit", "--report", f"{CIRCLE}/x"),
    "repair of it": ("--root", CIRCLE, "audit", "--repair", "--yes"),
}


@pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
@pytest.mark.parametrize("what", IN_A_CIRCLE)
def test_links_that_lead_in_a_circle_are_told(
    abby: Any, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a path that cannot be used, not as a defect, wherever a folder is named; nothing is made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / CIRCLE).symlink_to(tmp_path / CIRCLE)
    before = state_of(tmp_path)
    words = tuple(str(tmp_path / word) if word.startswith(CIRCLE) else word for word in IN_A_CIRCLE[what])
    ran = abby(*words)
    assert ran.code in {2, 65, 74}
    assert CIRCLE in ran.err
    assert state_of(tmp_path) == before


@pytest.mark.parametrize("command", ["serve", "generate", "limits", "doctor"])
def test_a_folder_that_holds_other_things_is_made_no_root(abby: Any, root: Path, command: str) -> None:
    """Whatever would begin a log there refuses (exit 78), and doctor says it before."""
    root.mkdir()
    (root / ".git").mkdir()
    before = state_of(root)
    ran = abby(*{"generate": ("generate", "a cat", "--user", "1")}.get(command, COMMANDS.get(command, (command,))))
    assert state_of(root) == before
    told = ran.out if command == "doctor" else ran.err
    if command == "limits":
        assert ran.code == DATA  # it changes a log that is there, and begins none
    else:
        assert ran.code == (1 if command == "doctor" else CONFIGURATION)
        assert "holds other things (.git)" in " ".join(told.split())


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are other things elsewhere")
@pytest.mark.parametrize("name", ["events.jsonl", "head"])
@pytest.mark.parametrize("what", PLANTED)
def test_the_verifier_that_shares_no_code_refuses_what_the_service_refuses(
    root: Path, tmp_path: Path, what: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once: it waits for no pipe."""
    (tmp_path / "bait").mkdir()
    (tmp_path / "bait/a.png").write_bytes(b"x")
    open_store(root).close()
    assert verify_log.main([str(root / "logs/events.jsonl")]) == 0
    plant(what, root / "logs" / name, tmp_path / "bait")
    assert verify_log.main([str(root / "logs/events.jsonl")]) == verify_log.CANNOT_ASK
    assert "cannot be read" in capsys.readouterr().err
