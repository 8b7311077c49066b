"""A program under load is killed: what it was told is there at the next start, figures and files alike."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from adapters.library.storage_manager import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, standing_of

PROJECT = Path(__file__).parents[3]
Wish = tuple[str, str, str]
"""What to do, the name, the digest of its bytes."""


def run_and_kill(root: Path, seed: int, answers: int, then_seconds: float, *address: str) -> list[list[str]]:
    """What the program said before it was killed, that long after so many answers; the last line may be cut."""
    command = [sys.executable, "-m", "tests.adapters.application.loaded", str(root), str(seed), *address]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as program:
        assert program.stdout is not None
        heard = b""
        while heard.count(b'"told"') < answers and (line := program.stdout.readline()):
            heard += line
        time.sleep(then_seconds)
        program.kill()
        said, errors = program.communicate(timeout=60)
    assert errors == b""
    return [json.loads(line) for line in (heard + said).split(b"\n")[:-1]]


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
    current = standing_of(root).items()
    return {path.relative_to(home).as_posix(): one.sha256 for path, one in current if path.is_relative_to(home)}


def fulfil(images: dict[str, str], wish: Wish) -> None:
    """Does to the expected images what the storage was asked to do."""
    doing, name, digest = wish
    if doing == "save":
        images[name] = digest
    else:
        del images[name]


@pytest.mark.timeout(1_800)  # the long form kills forty times
def test_what_was_acknowledged_survives_kills(tmp_path: Path, thorough: bool) -> None:
    """Kills at random moments: of each user all that was told is there, and of the open wish all or nothing."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    kills = 40 if thorough else 5
    rng = random.Random(7)
    for kill in range(kills):
        said = run_and_kill(tmp_path, kill, rng.randint(5, 40), rng.uniform(0, 0.05))
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
        total = sum(current.size_bytes for current in standing_of(tmp_path).values())
        assert figures["used_mb"] == round(total / 1_048_576, 2)
        assert figures["reserved_mb"] == 0
    assert len(events_of(tmp_path, "ImageSaved")) > kills * 10


PHOTOGRAPHS = """
    import asyncio, json, os, signal, sys
    from pathlib import Path
    from adapters.library.storage_manager import StorageManager

    storage = StorageManager(Path(sys.argv[1]))
    for sample in sys.argv[2:]:
        ok, message, path = asyncio.run(storage.save_image(Path(sample).read_bytes(), "1", Path(sample).name))
        assert ok, message
    print(json.dumps({**storage.get_quota_status("1"), "position": 0}), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills in another way")
def test_real_pictures_and_their_figures_survive_a_kill(tmp_path: Path) -> None:
    """A phone's photograph and a drawing, killed at once after the answer."""
    samples = [PROJECT / "tests" / "samples" / name for name in ("phone.jpg", "drawing.png")]
    program = textwrap.dedent(PHOTOGRAPHS)
    command = [sys.executable, "-c", program, str(tmp_path), *map(str, samples)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with StorageManager(tmp_path) as storage:
        figures: dict[str, Any] = {**storage.get_quota_status("1"), "position": 0}
        told = json.loads(done.stdout)
        for status in (figures, told):
            del status["daily"]["reset_hours"], status["daily"]["resets_at"]
        assert figures == told
        for sample in samples:
            path = storage.get_image_path("1", sample.name)
            assert path is not None
            assert path.read_bytes() == sample.read_bytes()
    assert_disk_and_log_agree(tmp_path)
