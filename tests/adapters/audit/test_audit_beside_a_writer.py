"""An audit beside a running writer says nothing from a stale reading: it looks again before it reports."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.governing import override_limits_blocking
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.audit.comparison import audit
from adapters.audit.report import Audit, FindingKind
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from domain.limits import UserLimits
from domain.refusals import Refusal
from tests.adapters.application.stuck_disk import StuckDisk
from tests.hostile.builders import png_of_size

PROJECT = Path(__file__).parents[3]
AUDIT_SECONDS = 4.0
THOROUGH_SECONDS = 120.0
ENOUGH_DOINGS = 100
WAIT_SECONDS = 60.0


def audited(root: Path, files: Files | None = None) -> Audit:
    """The audit of a root."""
    files = files or Files()
    engine = default_engine(files)
    return audit(root, engine.verify(root), engine=engine, files=files)


class Doings:
    """The writer that never rests, in a process of its own; `done` is how far it said it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.done = 0
        self._listener = Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.done = int(line)

    def stop(self) -> None:
        """Ends it in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(WAIT_SECONDS) == 0
        self._listener.join(WAIT_SECONDS)


@contextmanager
def restless(root: Path) -> Iterator[Doings]:
    """The writer, which has begun."""
    command = [sys.executable, "-m", "tests.adapters.audit.restless", str(root)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        doings = Doings(process)
        try:
            while not doings.done:
                assert process.poll() is None
            yield doings
        finally:
            process.kill()


def test_an_audit_in_a_loop_finds_nothing_beside_a_writer_ever(tmp_path: Path, thorough: bool) -> None:
    """It saves, overwrites, deletes and cleans up all the while; when it has ended, nothing is passing either."""
    with restless(tmp_path) as doings:
        first, audits, until = doings.done, 0, monotonic() + (THOROUGH_SECONDS if thorough else AUDIT_SECONDS)
        while monotonic() < until:
            done = audited(tmp_path)
            assert done.findings == ()
            audits += 1
        assert audits > 3
        assert doings.done - first > ENOUGH_DOINGS
        doings.stop()
    done = audited(tmp_path)
    assert (done.findings, done.passing) == ((), ())
    assert done.images + done.temp_files > 0


def test_after_a_kill_only_what_a_start_settles_is_found(tmp_path: Path) -> None:
    """A staged file may be left or wait, a file may not be gone; after the next start nothing is found."""
    with restless(tmp_path) as doings:
        doings.process.kill()
        doings.process.wait(WAIT_SECONDS)
    done = audited(tmp_path)
    assert {finding.kind for finding in done.findings} <= {FindingKind.NOT_IN_PLACE, FindingKind.NOT_GONE}
    assert {finding.kind for finding in done.passing} <= {FindingKind.UNDER_WAY}
    open_store(tmp_path).close()
    done = audited(tmp_path)
    assert (done.findings, done.passing) == ((), ())


def test_a_running_writer_is_given_a_moment_for_what_it_has_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has done then is no finding; what it could not do is."""
    # Three real seconds would be waited in full for what stays.
    monkeypatch.setattr("adapters.audit.comparison.SETTLE_SECONDS", 0.5)
    files = StuckDisk()
    store = open_store(tmp_path, files=files)
    save(store, "a.png")
    save(store, "k/b.png")
    files.stuck = True
    delete_image_blocking(store, "ada", "a.png")
    save(store, "c.png")

    def unstick() -> None:
        files.stuck = False
        store.opened().sweep()

    disk = Meanwhile("lstat", "a.png", unstick)
    assert audited(tmp_path, disk).agrees
    files.stuck = True
    delete_image_blocking(store, "ada", "k/b.png")
    done = audited(tmp_path)
    store.close()
    assert {(finding.kind, finding.path) for finding in done.findings} == {
        (FindingKind.NOT_GONE, "images/users/ada/k/b.png"),
        (FindingKind.NOT_GONE, "images/users/ada/.details/k/b.png~.json"),
    }


class Meanwhile(Files):
    """The real disk, on which something happens just before a call on a file, once; `then` something else."""

    def __init__(self, verb: str, name: str, happens: Callable[[], object]) -> None:
        super().__init__()
        self._happenings: list[tuple[tuple[str, str], Callable[[], object], int]] = []
        self.then(verb, name, happens)

    def then(self, verb: str, name: str, happens: Callable[[], object], *, after_calls: int = 0) -> None:
        """What happens after that, before a call that so many like it have preceded by then."""
        self._happenings.append(((verb, name), happens, after_calls))

    @property
    def happened(self) -> bool:
        """Whether all of it has."""
        return not self._happenings

    def _meet(self, verb: str, path: Path) -> None:
        if self._happenings and self._happenings[0][0] == (verb, path.name):
            call, happens, calls_before = self._happenings[0]
            if calls_before:
                self._happenings[0] = (call, happens, calls_before - 1)
                return
            del self._happenings[0]
            happens()

    def lstat(self, path: Path) -> os.stat_result:
        self._meet("lstat", path)
        return super().lstat(path)

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        self._meet("open", path)
        return super().open(path, flags, mode)

    def scan_directory(self, path: Path) -> list[str]:
        self._meet("scan_directory", path)
        return super().scan_directory(path)


def save(store: Storage, name: str, size_bytes: int = 300, *, temp: bool = False, told: bool = True) -> None:
    """Saves an image, with details unless nothing of it is `told`, or a temp file."""
    details = {"prompt": "a cat"} if told else None
    saved = asyncio.run(
        save_image(store, NewImage("ada", png_of_size(size_bytes), name=name, temp=temp, details=details))
    )
    assert not isinstance(saved, Refusal)


def spell_anew(store: Storage) -> None:
    """Deletes an image and saves it in another spelling."""
    delete_image_blocking(store, "ada", "a.png")
    save(store, "A.png")


MEANWHILE: dict[str, tuple[str, str, Callable[[Storage], object]]] = {
    "overwritten before it is looked at": ("lstat", "a.png", lambda store: save(store, "a.png", 400)),
    "overwritten before it is read": ("open", "a.png", lambda store: save(store, "a.png", 300)),
    "deleted before it is looked at": ("lstat", "a.png", lambda store: delete_image_blocking(store, "ada", "a.png")),
    "deleted before it is read": ("open", "a.png", lambda store: delete_image_blocking(store, "ada", "a.png")),
    "saved before its folder is read": ("scan_directory", "ada", lambda store: save(store, "b.png")),
    "a temp file saved": ("scan_directory", "temp", lambda store: save(store, "b.png", temp=True)),
    "temp files cleaned up": ("lstat", "t.png", lambda store: clean_up_blocking(store, 0)),
    "details replaced": ("open", "a.png~.json", lambda store: save(store, "a.png", 400)),
    "details taken away": ("open", "a.png~.json", lambda store: delete_image_blocking(store, "ada", "a.png")),
    "another spelling": ("scan_directory", "ada", spell_anew),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_happens_between_the_log_and_the_file_is_no_finding(what: str, tmp_path: Path) -> None:
    """The log is followed and the file looked at again; there is nothing wrong with either."""
    verb, name, happens = MEANWHILE[what]
    store = open_store(tmp_path)
    save(store, "a.png")
    save(store, "t.png", temp=True)
    store.close()  # so that the log says that all file work is done so far
    store = open_store(tmp_path)
    disk = Meanwhile(verb, name, lambda: happens(store))
    done = audited(tmp_path, disk)
    store.close()
    assert disk.happened
    assert done.findings == ()


def test_a_staged_file_that_was_recorded_meanwhile_is_needed(tmp_path: Path) -> None:
    """It is neither stray nor under way: it waits to be moved."""
    files = StuckDisk()
    store = open_store(tmp_path, files=files)
    save(store, "a.png")
    files.stuck = True
    disk = Meanwhile("scan_directory", ".staged", lambda: save(store, "b.png"))
    done = audited(tmp_path, disk)
    store.close()
    assert len(list((tmp_path / "images/.staged").iterdir())) == 2
    assert (done.findings, done.passing) == ((), ())


def test_a_staged_file_that_is_moved_while_it_is_looked_at_is_in_place(tmp_path: Path) -> None:
    """However often it is looked at, between the look at the one path and that at the other nothing is lost."""
    files = StuckDisk()
    store = open_store(tmp_path, files=files)
    files.stuck = True
    save(store, "a.png")

    def move() -> None:
        files.stuck = False
        store.opened().sweep()

    [staged] = {path.name for path in (tmp_path / "images/.staged").iterdir() if path.suffix != ".json"}
    disk = Meanwhile("open", staged, move)
    done = audited(tmp_path, disk)
    store.close()
    assert disk.happened
    assert (done.findings, done.passing) == ((), ())


def test_a_name_that_becomes_a_folder_is_no_finding(tmp_path: Path) -> None:
    """The file that was there is long gone, and all file work is known to be done."""
    store = open_store(tmp_path)
    save(store, "a.png")

    def become_a_folder() -> None:
        delete_image_blocking(store, "ada", "k")
        save(store, "k/b.png")
        store.opened().checkpoint()

    disk = Meanwhile("scan_directory", "ada", lambda: save(store, "k", told=False))
    disk.then("lstat", "k", become_a_folder, after_calls=1)
    done = audited(tmp_path, disk)
    store.close()
    assert disk.happened
    assert done.findings == ()


def test_a_file_that_changes_at_every_look_is_given_up_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a bounded number of looks, and it is no finding."""
    monkeypatch.setattr("adapters.audit.comparison.MAX_LOOKS", 5)
    store = open_store(tmp_path)
    save(store, "a.png")
    override_limits_blocking(store, "ada", "x", UserLimits(None, 100))
    looks = 0

    class Restless(Files):
        def lstat(self, path: Path) -> os.stat_result:
            nonlocal looks
            if path.name == "a.png" and looks < 5:
                looks += 1
                save(store, "a.png", 300 + looks)
            return super().lstat(path)

    done = audited(tmp_path, Restless())
    store.close()
    assert done.findings == ()
    assert [(finding.kind, finding.path) for finding in done.passing] == [
        (FindingKind.UNSETTLED, "images/users/ada/a.png")
    ]
