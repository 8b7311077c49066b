"""The purchases that are not settled, a small file for each in `logs/exchanges/` of the storage root.

A file is written before the service is first asked and removed when the exchange has ended. It says what is bought and
nothing of how far that came: the log and the service say that. So one that comes back after a power cut does no harm.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import orjson

from adapters.disk.files import Files, is_disk_full
from adapters.disk.whole_files import put_whole
from adapters.ports.currency import LARGEST_AMOUNT, Hold
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.ports.purchases import Purchase
from domain.point_commands import Offer

FOLDER = Path("logs", "exchanges")
"""Below the storage root."""
MOST_BYTES = 64 * 1024
NAME_CHARACTERS = 40
"""Hex digits of a hold's name."""
_MEMBERS = ("key", "user", "offer", "amount", "origin", "by")
_SEEN = "seen"
"""Is left out where nobody said what they saw."""
_FILE = re.compile(r"(abby-[0-9a-f]{40})\.json")


class Left(NamedTuple):
    """What a former process left: purchases, and the names of files that cannot be read as one."""

    purchases: list[Purchase]
    strange: list[str]


class ExchangeJournal:
    """Those of one storage root. One process at a time has them, as with the log. Two ledgers may use one service:
    `ledger_id` tells their holds apart.
    """

    def __init__(self, root: Path, files: Files, ledger_id: str) -> None:
        self._folder = root / FOLDER
        self._files = files
        self._ledger_id = ledger_id

    def hold_of(self, purchase: Purchase) -> Hold:
        """The purchase's hold. Its name follows from the ledger and the request's key, and tells neither."""
        digest = sha256(orjson.dumps([self._ledger_id, purchase.by, purchase.key])).hexdigest()
        return Hold(f"abby-{digest[:NAME_CHARACTERS]}", purchase.user, purchase.amount)

    def add(self, purchase: Purchase) -> None:
        """Durable once it returns. Raises Faults."""
        told = {name: getattr(purchase, name) for name in _MEMBERS}
        if purchase.seen is not None:
            told[_SEEN] = purchase.seen._asdict()
        try:
            self._files.make_directories(self._folder)
            put_whole(self._files, self._file(purchase), orjson.dumps(told))
        except OSError as error:
            if is_disk_full(error):
                raise DiskFull("The disk has no room to note the purchase, so nothing was asked for it.") from error
            raise StorageUnavailable("The purchase could not be noted, so nothing was asked for it.") from error

    def remove(self, purchase: Purchase) -> None:
        """It has ended. Raises OSError."""
        self._files.unlink(self._file(purchase))

    def left(self) -> Left:
        """What is noted, by the names of the files. Raises OSError."""
        left = Left([], [])
        for name in self._files.list_directory(self._folder):
            if name.endswith(".new"):  # was never put in place, so nothing was asked for it
                self._files.unlink(self._folder / name)
                continue
            purchase = self._read(name)
            if purchase is None:
                left.strange.append(name)
            else:
                left.purchases.append(purchase)
        return left

    def _file(self, purchase: Purchase) -> Path:
        return self._folder / f"{self.hold_of(purchase).name}.json"

    def _read(self, name: str) -> Purchase | None:
        """The purchase of a file; None where it holds none, or that of another name."""
        if _FILE.fullmatch(name) is None:
            return None
        try:
            purchase = _purchase(orjson.loads(self._files.read(self._folder / name, MOST_BYTES)))
        except ValueError:
            return None
        return purchase if purchase is not None and self._file(purchase).name == name else None


def _purchase(told: object) -> Purchase | None:
    if not isinstance(told, dict) or set(told) - {_SEEN} != set(_MEMBERS):
        return None
    seen = _offer(told[_SEEN]) if _SEEN in told else None
    if (seen is None) is (_SEEN in told):
        return None
    texts = all(isinstance(told[name], str) and told[name] for name in ("key", "user", "offer", "by"))
    amount, origin = told["amount"], told["origin"]
    if not texts or type(amount) is not int or not 0 < amount <= LARGEST_AMOUNT or not isinstance(origin, str | None):
        return None
    return Purchase(**{name: told[name] for name in _MEMBERS}, seen=seen)


def _offer(told: object) -> Offer | None:
    """The offer that was seen, where it is one."""
    if not isinstance(told, dict) or set(told) != set(Offer._fields):
        return None
    texts = all(isinstance(told[name], str) for name in ("offer", "unit"))
    numbers = all(type(told[name]) is int for name in ("amount", "price"))
    return Offer(**told) if texts and numbers and type(told["days"]) in {int, type(None)} else None
