"""A program under load is killed: what it was told is there at the next start, figures and files alike."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from adapters.storage import StorageManager
from tests.adapters.storage.evidence import assert_disk_and_log_agree, events_of, standing_of

PROJECT = Path(__file__).parents[3]
Wish = tuple[str, str, str]
"""What to do, the name, the digest of its bytes."""


def run_and_kill(root: Path, seed: int, after_seconds: float) -> list[list[str]]:
    """What the program said before it was killed, that long after its first word; the last line may be cut."""
    command = [sys.executable, "-m", "tests.adapters.storage.loaded", str(root), str(seed)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as program:
        assert program.stdout is not None
        first = program.stdout.readline()
        time.sleep(after_seconds)
        program.kill()
        said, errors = program.communicate(timeout=60)
    assert errors == b""
    return [json.loads(line) for line in (first + said).split(b"\n")[:-1]]


def follow(told: dict[str, dict[str, str]], said: list[list[str]]) -> dict[str, Wish]:
    """Takes what stands, digests by user and name, past what was said; gives each user's wish that has no answer."""
    open_wishes: dict[str, Wish] = {}
    for user, what, doing, name, digest in said:
        if what == "wants":
            open_wishes[user] = (doing, name, digest)
        else:
            del open_wishes[user]
            fulfil(told[user], (doing, name, digest))
    return open_wishes


def digests_of(root: Path, user: str) -> dict[str, str]:
    """The digests of a user's names by the log."""
    home = root / "images" / "users" / user
    standing = standing_of(root).items()
    return {path.relative_to(home).as_posix(): one.sha256 for path, one in standing if path.is_relative_to(home)}


def fulfil(images: dict[str, str], wish: Wish) -> None:
    """Does to the expected images what the storage was asked to do."""
    doing, name, digest = wish
    if doing == "save":
        images[name] = digest
    else:
        del images[name]


def test_what_was_acknowledged_survives_kills(tmp_path: Path, thorough: bool) -> None:
    """Kills at random moments: of each user all that was told is there, and of the open wish all or nothing."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    kills, answers = (100, 0) if thorough else (5, 0)
    rng = random.Random(7)
    for kill in range(kills):
        said = run_and_kill(tmp_path, kill, rng.uniform(0.05, 0.6))
        answers += sum(what == "told" for _, what, *_ in said)
        open_wishes = follow(told, said)
        with StorageManager(tmp_path) as storage:
            figures = storage.get_global_usage()
        for user in {*told, *open_wishes}:
            kept = digests_of(tmp_path, user)
            with_wish = dict(told[user])
            if user in open_wishes:
                fulfil(with_wish, open_wishes[user])
            assert kept in (told[user], with_wish), user
            told[user] = kept
        assert_disk_and_log_agree(tmp_path)
        total = sum(standing.size_bytes for standing in standing_of(tmp_path).values())
        assert figures["used_mb"] == round(total / 1_048_576, 2)
        assert figures["reserved_mb"] == 0
    assert answers > kills * 10
    assert len(events_of(tmp_path, "ImageSaved")) > kills * 10
