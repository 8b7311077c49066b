"""Counts a log again, from the description of its format alone: nothing of the program that wrote it is used.

`recount` checks header, positions, batches and hashes, and then adds up what stands. What it finds wrong it raises as
an AssertionError. Whether the events were allowed is not asked; `scripts/verify_log.py` does that.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple


class Stands(NamedTuple):
    """An image or temp file that stands by the log."""

    name: str
    size_bytes: int
    sha256: str
    staged: str


@dataclass
class Account:
    """What a log adds up to. `current` is by user, whether temp, and the name in lower case; days by user and day."""

    last: int = 0
    current: dict[tuple[str, bool, str], Stands] = field(default_factory=dict)
    holds: dict[str, tuple[str, int, int, str]] = field(default_factory=dict)
    """Of a reservation: its user, open places, bytes of each, the day it was charged to."""
    days: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    users: set[str] = field(default_factory=set)

    def used(self, user: str, *, temp: bool) -> int:
        """Bytes of a user's images, or of their temp files."""
        return sum(found.size_bytes for key, found in self.current.items() if (key[0], key[1]) == (user, temp))

    def held(self, user: str) -> int:
        """Bytes that open places of a user hold."""
        return sum(places * each for holder, places, each, _ in self.holds.values() if holder == user)


@lru_cache(maxsize=4096)
def recount(log: bytes) -> Account:
    """The account of a whole log. Not to be changed: the same bytes give the same one again."""
    header, *lines, rest = log.split(b"\n")
    assert rest == b"", "the log ends inside a line"
    assert list(json.loads(header)) == ["log", "format", "created"]
    account = Account()
    digest, last_of_batch = sha256(header).digest(), 0
    for position, line in enumerate(lines, 1):
        body, suffix = line[:-75], line[-75:]
        digest = sha256(digest + body).digest()
        assert suffix == b',"hash":"%b"}' % digest.hex().encode(), f"the hash of position {position} does not fit"
        event = json.loads(line)
        assert event["pos"] == position
        first, last = event["batch"]
        assert first == position if position > last_of_batch else last == last_of_batch
        last_of_batch = last
        _count(account, event["type"], event["data"])
    assert last_of_batch == len(lines), "the log ends inside a batch"
    account.last = len(lines)
    return account


def _count(account: Account, kind: str, data: dict[str, Any]) -> None:
    if "user" in data:
        account.users.add(data["user"])
    match kind:
        case "GenerationReserved":
            day = data["at"][:10]
            account.days[data["user"], day] += data["count"]
            account.holds[data["reservation"]] = data["user"], data["count"], data["bytes_each"], day
        case "GenerationReleased":
            user, places, each, day = account.holds[data["reservation"]]
            account.holds[data["reservation"]] = user, places - data["count"], each, day
            account.days[user, day] -= data["refunded"]
        case "ImageSaved":
            _count_saved(account, data)
        case "ImageDeleted":
            gone = account.current.pop((data["user"], data["temp"], data["name"].lower()))
            assert gone.size_bytes == data["bytes"]
        case "CleanupCompleted":
            for file in data["files"]:
                gone = account.current.pop((file["user"], True, file["name"].lower()))
                assert gone.size_bytes == file["bytes"]
        case "PolicyChanged" | "GenerationCompleted" | "RequestRefused":
            pass
        case _:
            raise AssertionError(f"these tests record no {kind}")


def _count_saved(account: Account, data: dict[str, Any]) -> None:
    if "reservation" in data:
        user, places, each, day = account.holds[data["reservation"]]
        account.holds[data["reservation"]] = user, places - 1, each, day
    key = data["user"], data["temp"], data["name"].lower()
    former = account.current.get(key)
    assert data["replaced_bytes"] == (former.size_bytes if former else 0)
    account.current[key] = Stands(data["name"], data["bytes"], data["sha256"], data["staged"])
