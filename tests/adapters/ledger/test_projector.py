"""Rules of the projector: what a start takes in while the log is verified is what a replay makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBEvent

from adapters.application.opening import OpenRoot
from adapters.disk.files import Files
from adapters.engines.choice import default_engines
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.codec import encode
from adapters.ledger.projector import Projector
from adapters.ports.clock import utc_now
from adapters.ports.event_log import JSONEvent, VerifiedEvent
from adapters.ports.faults import LogDamaged
from domain.events import GenerationReleased, PreferenceSet
from tests.projections.state import state_of

AT = "2026-03-01T12:00:00.000000Z"
CHOICE = PreferenceSet(at=AT, user="42", by="cli", preference="style", value="anime")


class CountingFiles(Files):
    """The real file system, which counts the bytes that are read of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.read_bytes = 0

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        block = super().read_at(fd, size, offset)
        self.read_bytes += len(block)
        return block


def test_a_start_reads_the_log_once(tmp_path: Path) -> None:
    """Verifying and folding share one reading; the header alone is looked at before."""
    with_events = JSONLRecorder(tmp_path, clock=utc_now)
    with_events.append([encode(CHOICE)] * 2_000)
    with_events.checkpoint(2_000)
    with_events.close()
    files = CountingFiles()
    root = OpenRoot(tmp_path, engines=default_engines(files), clock=utc_now, files=files)
    size = (tmp_path / "logs" / "events.jsonl").stat().st_size
    assert size <= files.read_bytes < size + 16_384
    assert root.projector.preferences.get("42", "style") == "anime"
    root.close()


def test_taking_in_and_replaying_agree(tmp_path: Path) -> None:
    """A start that takes the log in while it is verified, and one that reads it afterwards."""
    recorder = JSONLRecorder(tmp_path, clock=utc_now)
    recorder.append([encode(CHOICE), encode(CHOICE)])
    recorder.checkpoint(0)
    recorder.close()
    taken, replayed = Projector(), Projector()
    recorder = JSONLRecorder(tmp_path, clock=utc_now, on_event=taken.take)
    replayed.replay(recorder)
    recorder.close()
    assert taken.state.position == 2
    assert state_of(taken.state) == state_of(replayed.state)


LOOSE = JSONEvent("PreferenceSet", encode(CHOICE).data.replace(b'":"', b'": "'), encode(CHOICE).tags)
IMPOSSIBLE = GenerationReleased(
    at=AT, user="42", by="cli", reservation="none", count=1, delivered=0, reason="failed", refunded=0
)


@pytest.mark.parametrize(
    "stored",
    [
        encode(IMPOSSIBLE),
        DCBEvent(type="Unheard", data=b"{}", tags=[]),
        DCBEvent(type="PreferenceSet", data=b"no JSON", tags=[]),
        DCBEvent(type="PreferenceSet", data=b"[1]", tags=[]),
        DCBEvent(type="PreferenceSet", data=encode(CHOICE).data, tags=[]),
        LOOSE,
    ],
)
def test_what_cannot_have_happened_refuses_a_start_and_names_its_position(tmp_path: Path, stored: DCBEvent) -> None:
    """An impossible fact, a type that is not known, data that are none or spelled otherwise, tags that do not follow:
    the same refusal, and the lock is free.
    """
    recorder = JSONLRecorder(tmp_path, clock=utc_now)
    recorder.append([encode(CHOICE), stored])
    recorder.close()
    for _ in range(2):
        with pytest.raises(LogDamaged, match="damaged at position 2") as caught:
            JSONLRecorder(tmp_path, clock=utc_now, on_event=Projector().take)
        assert caught.value.position == 2


def test_long_histories_are_tidied_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no decision asks for any more does not pile up while a start takes a long log in."""
    monkeypatch.setattr("adapters.ledger.projector.EVENTS_BETWEEN_TIDYING", 2)
    projector = Projector()
    tidied: list[int] = []
    monkeypatch.setattr(projector.state, "tidy", lambda: tidied.append(projector.state.position))
    data = {"at": AT, "user": "42", "by": "cli", "preference": "style", "value": "anime"}
    for position in range(1, 6):
        projector.take(VerifiedEvent(position, position, "PreferenceSet", [], data))
    assert tidied == [2, 4]
