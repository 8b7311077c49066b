"""The notes of what is not settled: durable before anything is asked, whole or not there, believed only if right."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import orjson
import pytest

from adapters.disk.files import Files
from adapters.disk.modes import HAS_MODES
from adapters.market.journal import ExchangeJournal
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.ports.purchases import Purchase
from domain.point_commands import Offer

BOUGHT = Purchase("discord/77", "ann", "ten-pictures", 25, "guild:9")
SEEN = Purchase("discord/78", "ann", "ten-pictures", 25, seen=Offer("ten-pictures", "generations", 10, 25))
PLAIN = Purchase("http/ann/1", "ann", "ten-pictures", 1)


def journal(root: Path, files: Files | None = None, ledger_id: str = "log-1") -> ExchangeJournal:
    """The notes of a root whose logs stand."""
    (root / "logs").mkdir(exist_ok=True)
    return ExchangeJournal(root, files or Files(), ledger_id)


def note_of(root: Path, purchase: Purchase) -> Path:
    """Its file."""
    return root / "logs" / "exchanges" / f"{journal(root).hold_of(purchase).name}.json"


def test_what_is_noted_is_found_by_the_next_process(tmp_path: Path) -> None:
    """As it was, and until it is removed."""
    assert journal(tmp_path).left() == ([], [])
    for purchase in (BOUGHT, PLAIN, SEEN):
        journal(tmp_path).add(purchase)
    found = journal(tmp_path).left()
    assert sorted(found.purchases, key=lambda one: (one.amount, one.key)) == [PLAIN, BOUGHT, SEEN]
    for purchase in (BOUGHT, SEEN):
        journal(tmp_path).remove(purchase)
    assert journal(tmp_path).left() == ([PLAIN], [])


@pytest.mark.skipif(not HAS_MODES, reason="Windows has no modes")
def test_a_note_is_its_owners_alone(tmp_path: Path) -> None:
    """It says who buys what."""
    journal(tmp_path).add(BOUGHT)
    assert stat.S_IMODE(note_of(tmp_path, BOUGHT).stat().st_mode) == 0o600


def test_a_hold_has_one_name_for_a_request_of_a_ledger(tmp_path: Path) -> None:
    """Another request, or the same at another ledger, has another; it tells neither key nor user."""
    one, other = journal(tmp_path), journal(tmp_path, ledger_id="log-2")
    assert one.hold_of(BOUGHT) == one.hold_of(BOUGHT)
    assert len({one.hold_of(BOUGHT).name, one.hold_of(PLAIN).name, other.hold_of(BOUGHT).name}) == 3
    assert (one.hold_of(BOUGHT).account, one.hold_of(BOUGHT).amount) == ("ann", 25)


RIGHT = {"key": PLAIN.key, "user": "ann", "offer": "ten-pictures", "amount": 1, "origin": None, "by": "system"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"null", orjson.dumps(RIGHT)[:-3],
        *(orjson.dumps(RIGHT | {name: value}) for name, value in [
            ("amount", 0), ("amount", -1), ("amount", 1.0), ("amount", True), ("amount", 10**15 + 1), ("user", ""),
            ("key", "another"), ("offer", 3), ("origin", 3), ("more", 1), ("seen", None), ("seen", {"offer": "ten"}),
            ("seen", {"offer": "ten", "unit": 1, "amount": 1, "price": 1, "days": None}),
            ("seen", {"offer": "ten", "unit": "bytes", "amount": 1, "price": True, "days": None}),
            ("seen", {"offer": "ten", "unit": "bytes", "amount": 1, "price": 1, "days": "1"}),
        ]),
    ],
)  # fmt: skip
def test_what_is_no_note_is_named_and_left(tmp_path: Path, content: bytes) -> None:
    """Nobody is asked for an amount by it; the others are found all the same."""
    journal(tmp_path).add(BOUGHT)
    note_of(tmp_path, PLAIN).write_bytes(content)
    assert journal(tmp_path).left() == ([BOUGHT], [note_of(tmp_path, PLAIN).name])
    assert note_of(tmp_path, PLAIN).read_bytes() == content


def test_the_right_content_of_that_test_is_a_note(tmp_path: Path) -> None:
    """So that it tests what it says."""
    journal(tmp_path).add(BOUGHT)
    note_of(tmp_path, PLAIN).write_bytes(orjson.dumps(RIGHT))
    assert journal(tmp_path).left()[1] == []


def test_a_note_in_the_making_was_never_acted_upon(tmp_path: Path) -> None:
    """A crash before it was put in place: it is removed."""
    journal(tmp_path).add(BOUGHT)
    aside = note_of(tmp_path, PLAIN).with_name(f".{note_of(tmp_path, PLAIN).name}.new")
    aside.write_bytes(b"{")
    assert journal(tmp_path).left() == ([BOUGHT], [])
    assert not aside.exists()


class Failing(Files):
    """A disk that fails to sync."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def sync_data(self, fd: int) -> None:
        """Never."""
        raise OSError(self.number, os.strerror(self.number), fd)


@pytest.mark.parametrize(("number", "fault"), [(errno.ENOSPC, DiskFull), (errno.EIO, StorageUnavailable)])
def test_what_cannot_be_noted_is_a_fault(tmp_path: Path, number: int, fault: type[Exception]) -> None:
    """And nothing is left of it."""
    with pytest.raises(fault, match="nothing was asked"):
        journal(tmp_path, Failing(number)).add(BOUGHT)
    assert journal(tmp_path).left() == ([], [])
