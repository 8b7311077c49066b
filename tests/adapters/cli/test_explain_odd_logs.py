"""`abby explain` on a log that is not as it should be: one sentence that says what to do, and the exit code of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import png
from tests.adapters.eventlog.jsonl.logs import as_killed
from tests.scripts.forgery import Line, chained, head, slot
from tests.scripts.members import BASE, HEADER, line_of

TORN = b'{"pos":6,"batch":[6,6],"type":"Image'
ASKED = [("3",), ("ada", "--last"), ("no-such-key",)]


@pytest.fixture
def log(root: Path) -> Path:
    """The file of a log of five events, all of them below the watermark: two pictures of ada."""
    store = open_store(root)
    for _ in range(2):
        asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    return root / "logs" / "events.jsonl"


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_a_torn_end_that_a_crash_left_is_in_nobodys_way(abby: Abby, root: Path, log: Path, words: tuple[str]) -> None:
    """What was not whole was never acknowledged: the answer is that of before."""
    before = abby("explain", *words)
    as_killed(root)
    log.write_bytes(log.read_bytes() + TORN)
    assert abby("explain", *words) == before
    assert before.code == (1 if "key" in words[0] else 0)


@pytest.mark.parametrize("words", ASKED[:2], ids=" ".join)
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda log: log + TORN, f"at position 6 (byte {{size}}): {len(TORN)} bytes were added after the service had"),
        (lambda log: log[:-9], "is whole up to position 3, where it ends, and it ends too early: 5 positions"),
        (lambda log: log[: log.index(b'{"pos":2')], "is whole up to position 1, where it ends, and it ends too ear"),
        (lambda log: log.replace(b'"format":1', b'"format":9', 1), "reads format 1; use a newer version."),
        (lambda log: log.replace(b'"ada"', b'"eve"'), "hash does not fit"),
        (lambda _: b"", "its first line is not the header of a log of ours"),
    ],
    ids=["added", "torn", "cut", "of another version", "edited", "empty"],
)
def test_a_log_that_is_not_what_was_written_is_told_as_one(
    abby: Abby, log: Path, words: tuple[str, ...], harm: Callable[[bytes], bytes], said: str
) -> None:
    """65, whichever way it is asked: what is wrong, where, and what to do; to programs as a fault."""
    whole = log.read_bytes()
    log.write_bytes(harm(whole))
    told = abby("explain", *words)
    assert (told.code, told.out) == (65, "")
    assert said.format(size=len(whole)) in " ".join(told.err.split())
    assert len(told.err.splitlines()) == 1
    assert "abby verify" in told.err or "abby salvage" in told.err
    assert abby("explain", *words, "--json").code == 65


def test_an_event_of_a_later_version_is_told_as_one(abby: Abby, root: Path) -> None:
    """Under hashes and a watermark that fit: its own line cannot be explained, nor what stands on it."""
    lines = [line_of(*event) for event in BASE]
    user = lines[1]
    lines.append(Line("PlaceLent", user.tags, user.data, ends=True))
    log = chained(HEADER, lines)
    (root / "logs").mkdir(parents=True)
    (root / "logs" / "head").write_bytes(head(slot(log, len(lines))))
    (root / "logs" / "events.jsonl").write_bytes(log)
    for words in ((str(len(lines)),), ("42", "--last")):
        told = abby("explain", *words)
        assert told.code == 65
        assert "perhaps a later version of Abby wrote it" in told.err
    assert abby("explain", "1").code == 0
