"""Judges what a crash left: the real program opens it, and what it then shows is compared with what was promised.

What was promised is the log as far as anybody could have heard of it, and which images were given with details. The
rest follows from the log that survived, counted again by `recount`: exactly its images are there with exactly their
bytes, and the figures are its sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from adapters.application.opening import OpenRoot
from adapters.engines.choice import default_engines
from adapters.eventlog.jsonl import JSONLRecorder
from domain.usage import UserUsage
from tests.crash.at_the_end import written_at_the_end
from tests.crash.disk import Disk, SimulatedFiles
from tests.crash.recount import Account, recount

ROOT = Path("/srv/root").absolute()
LATER = "2026-04-01T00:00:00.000000Z"
"""After everything that the stories tell."""


class Promise(NamedTuple):
    """What must survive: the bytes of the log that were answered for, the key of request digests, and the digests of
    images that have details.
    """

    log: bytes = b""
    key: bytes = b""
    with_details: frozenset[str] = frozenset()


def violations(disk: Disk, promise: Promise) -> list[str]:
    """What is wrong once the program has opened a disk; nothing, if it keeps its promises."""
    files = SimulatedFiles(disk)
    with written_at_the_end():
        try:
            root = OpenRoot(ROOT, engines=default_engines(files), clock=lambda: LATER, files=files)
        except Exception as error:  # noqa: BLE001 - whatever it is, the program does not start
            return [f"refused to start: {type(error).__name__}: {error}"]
        try:
            return list(_compare(root, disk, promise))
        finally:
            root.close()


def recorder_of(root: OpenRoot) -> JSONLRecorder:
    """The log of an open root, which these tests have on a simulated disk."""
    assert isinstance(root.recorder, JSONLRecorder)
    return root.recorder


def _compare(root: OpenRoot, disk: Disk, promise: Promise) -> Iterator[str]:
    log = disk.files_below(ROOT / "logs")["events.jsonl"]
    if not log.startswith(promise.log):
        yield f"of {len(promise.log)} acknowledged bytes of the log not all are among its {len(log)}"
    try:
        account = recount(log)
    except AssertionError as error:
        yield f"the log is not whole: {error}"
        return
    yield from _wrong_files(account, disk, promise)
    yield from _wrong_figures(account, root)
    if promise.key not in (b"", root.recorder.secret):
        yield "the key of request digests is another one, so repeats of requests conflict"
    recorder = recorder_of(root)
    if recorder.resumed:
        recorder._recheck.carry_out()
    if recorder._finding is not None:
        yield f"the background check stops the log: {recorder._finding}"
    if root.images.missing:
        yield f"missing: {root.images.missing}"
    if left := disk.files_below(ROOT / "images" / ".staged"):
        yield f"left in staging: {sorted(left)}"


def _wrong_files(account: Account, disk: Disk, promise: Promise) -> Iterator[str]:
    """Files that are not there, that are other bytes, or that should be gone; details likewise."""
    for temp, place in ((False, ROOT / "images" / "users"), (True, ROOT / "temp")):
        found = disk.files_below(place)
        details = {path: data for path, data in found.items() if "/.details/" in path}
        expected = {
            f"{user}/{known.name}": known for (user, is_temp, _), known in account.current.items() if is_temp == temp
        }
        for path in found.keys() - details.keys() - expected.keys():
            yield f"{path} is there, and does not stand"
        for path, known in expected.items():
            if path not in found:
                yield f"{path} is charged, and has no file"
            elif sha256(found[path]).hexdigest() != known.sha256:
                yield f"{path} has other bytes"
            user, _, name = path.partition("/")
            story = details.pop(f"{user}/.details/{name}~.json", None)
            if (story is not None) != (known.sha256 in promise.with_details and not temp):
                yield f"{path} has details: {story is not None}"
            elif story is not None and story != b'{"staged":"%b","prompt":"%b"}' % (
                known.staged.encode(),
                known.sha256.encode(),
            ):
                yield f"{path} has the details of another image"
        for path in details:
            yield f"{path} are the details of nothing"


def _wrong_figures(account: Account, root: OpenRoot) -> Iterator[str]:
    """Figures that are not the sums of the log."""
    state = root.ledger.state
    if (state.position, root.recorder.head, root.images.reconciled()) != (account.last,) * 3:
        yield f"position {state.position}, head {root.recorder.head}, reconciled {root.images.reconciled()}"
    used = held = 0
    for user in account.users:
        sums = UserUsage(account.used(user, temp=False), account.used(user, temp=True), account.held(user))
        used, held = used + sums.image_bytes + sums.temp_bytes, held + sums.held_bytes
        if state.user(user) != sums:
            yield f"{user}: {state.user(user)}, and the log says {sums}"
        days = {(user, day.day): day.count for day in state.days(user)}
        if days != {key: count for key, count in account.days.items() if key[0] == user}:
            yield f"{user}: charged {days}, and the log says {dict(account.days)}"
    if (state.pool.used_bytes, state.pool.held_bytes) != (used, held):
        yield f"pool: {state.pool}, and the log says {used} used, {held} held"
    if {found.reservation for found in state.open_reservations()} != {
        name for name, (_, places, _, _) in account.holds.items() if places
    }:
        yield "other reservations are open than the log says"
