"""Rules of the mark above a storage root: where a log was kept, none is begun in its place in silence."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from urllib.request import urlopen

import pytest

from adapters.application.opening import OpenRoot
from adapters.application.readiness import readiness_of
from adapters.application.root_mark import RootMark
from adapters.cli import main
from adapters.disk.files import Files
from adapters.engines.choice import default_engines
from adapters.engines.following import open_reader
from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import LogMissing
from tests.adapters.cli.processes import command, run, serving, write_env_file

AT = "2026-01-01T12:00:00.000000Z"


def unmounted(root: Path) -> None:
    """The root as it is when its disk is not mounted: an empty folder."""
    shutil.rmtree(root)
    root.mkdir()


class Disks(Files):
    """The real disk, on which one folder is where another disk was mounted."""

    def __init__(self, mounted: Path) -> None:
        super().__init__()
        self._mounted = mounted

    def stat(self, path: Path) -> os.stat_result:
        """As it is, but the device."""
        found = super().stat(path)
        if self._mounted not in (path, *path.parents):
            return found
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:]))


@pytest.fixture
def not_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test makes is not in the folder for temporary files."""
    monkeypatch.setattr("adapters.application.root_mark.gettempdir", lambda: os.devnull)


def test_a_root_that_had_a_log_and_has_none_is_refused_until_the_mark_is_removed(tmp_path: Path) -> None:
    """By whoever would begin one, with the three ways out; other roots in the same folder are not concerned."""
    root, mark = tmp_path / "root", tmp_path / ".root.abby-log"
    store = open_store(root)
    store.opened().mark.leave(AT)
    store.close()
    assert str(root) in mark.read_text(encoding="utf-8")
    open_store(root).close()
    unmounted(root)
    for begin in (lambda: open_store(root), lambda: StorageManager(root)):
        with pytest.raises(LogMissing, match="Mount the disk") as refused:
            begin()
        assert refused.value.exit_code == 65
        assert "from a copy" in str(refused.value)
        assert f"remove {mark}" in str(refused.value)
    assert list(root.iterdir()) == []
    open_store(tmp_path / "other").close()
    mark.unlink()
    open_store(root).close()


def test_a_log_that_was_begun_is_said_until_the_next_start(tmp_path: Path) -> None:
    """It is no trouble of its own, so the service is ready; a later start says nothing."""
    store = open_store(tmp_path / "root")
    readiness = readiness_of(store)
    assert (readiness.ready, readiness.degraded) == (True, False)
    assert "A new log was begun" in str(readiness.begun)
    store.close()
    store = open_store(tmp_path / "root")
    assert readiness_of(store).begun is None
    store.close()


def test_who_embeds_the_storage_leaves_no_mark(tmp_path: Path) -> None:
    """Roots in folders for temporary files come and go."""
    StorageManager(tmp_path / "root").close()
    shutil.rmtree(tmp_path / "root")
    StorageManager(tmp_path / "root").close()
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


@pytest.mark.usefixtures("not_temporary")
def test_a_mark_stands_above_the_disk_that_the_root_lies_on(tmp_path: Path) -> None:
    """A mark on that disk goes with it. Where the root is the disk itself, the one above the root is enough."""
    disk = tmp_path / "disk"
    (disk / "abby" / "root").mkdir(parents=True)
    RootMark(disk / "abby" / "root", Disks(disk)).leave(AT)
    RootMark(disk, Disks(disk)).leave(AT)
    assert {path.name for path in tmp_path.iterdir()} == {".disk+abby+root.abby-log", ".disk.abby-log", "disk"}
    assert (disk / "abby" / ".root.abby-log").exists()
    unmounted(disk)
    (tmp_path / ".disk.abby-log").unlink()
    with pytest.raises(LogMissing, match=r"\.disk\+abby\+root\.abby-log"):
        open_store(disk / "abby" / "root")


def test_above_the_folder_for_what_is_temporary_no_mark_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That disk being the temporary folder; one that is mounted inside of that folder is a disk like others."""
    disk = tmp_path / "disk"
    (disk / "abby" / "root").mkdir(parents=True)
    for temporary, marks in ((disk, []), (tmp_path, [".disk+abby+root.abby-log"])):
        monkeypatch.setattr("adapters.application.root_mark.gettempdir", lambda folder=temporary: str(folder))
        RootMark(disk / "abby" / "root", Disks(disk)).leave(AT)
        assert [path.name for path in tmp_path.iterdir() if path != disk] == marks
        assert (disk / "abby" / ".root.abby-log").exists()


def test_a_folder_above_that_may_not_be_written_is_no_trouble(tmp_path: Path) -> None:
    """No mark is left, and whoever may can leave it by hand."""

    class Protected(Files):
        def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
            if path.suffix == ".abby-log":
                raise PermissionError(13, os.strerror(13), str(path))
            return super().open(path, flags, mode)

    root = tmp_path / "root"
    store = open_store(root, files=Protected())
    store.opened().mark.leave(AT)
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
    (tmp_path / ".root.abby-log").touch()
    open_store(root).close()
    unmounted(root)
    with pytest.raises(LogMissing):
        open_store(root)


def test_a_root_that_was_moved_opens_where_it_is_now(tmp_path: Path) -> None:
    """The mark at its old place says nothing of the new one."""
    store = open_store(tmp_path / "old")
    store.opened().mark.leave(AT)
    store.close()
    (tmp_path / "old").rename(tmp_path / "new")
    open_store(tmp_path / "new").close()


def test_a_service_leaves_the_mark_says_what_it_began_and_doctor_says_what_serve_refuses(tmp_path: Path) -> None:
    """From the command line: a first start, one on a root that is not mounted, and what commands and doctor say."""
    root, env_file = tmp_path / "root", write_env_file(tmp_path / "settings")
    mark = tmp_path / ".root.abby-log"
    with serving(root, env_file) as service:
        with urlopen(f"{service.address}/readyz") as answer:
            told = json.load(answer)
        assert (told["status"], len(told["notes"])) == ("ready", 1)
        assert "A new log was begun" in told["notes"][0]
        while not mark.exists():
            assert service.process.poll() is None
    unmounted(root)
    served = run(command(root, env_file, "serve"), cwd=tmp_path)
    assert served.code == 65
    assert str(mark) in served.err
    changed = run(command(root, env_file, "reset", "ada", "--reason", "test"), cwd=tmp_path)
    assert changed.code == 65
    assert str(mark) in changed.err
    found = run(command(root, env_file, "doctor", "--json"), cwd=tmp_path)
    log = next(check for check in found.json["checks"] if check["check"] == "log")
    assert log["level"] == "FAIL"
    assert str(mark) in log["found"]
    assert list(root.iterdir()) == []


READERS = [
    *(
        ("status", "ada"),
        ("users",),
        ("events",),
        ("audit",),
        ("audit", "--user", "ada"),
        ("verify",),
        ("images", "ada"),
        ("doctor",),
    ),
    *(("salvage", "--to", "new"), ("reset", "ada", "--reason", "test"), ("serve",)),
]


@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_who_only_reads_a_root_whose_disk_is_not_mounted_says_what_serve_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """65 and the way out, not that there is no log yet; `doctor` shows it as a failure. Nothing is made."""
    root, env_file = tmp_path / "root", write_env_file(tmp_path / "settings")
    root.mkdir()
    RootMark(root, Files()).leave(AT)
    code = main(["--root", str(root), "--env-file", str(env_file), *words])
    told = "".join(capsys.readouterr()).replace("\n", " ")
    assert code == (1 if words == ("doctor",) else 65)
    assert "Mount the disk" in " ".join(told.split()) or words == ("doctor",)
    assert "yet" not in told.partition("There is no log")[2]
    assert list(root.iterdir()) == []


def test_who_reads_a_root_that_never_had_a_log_says_that_there_is_none_yet(tmp_path: Path) -> None:
    """Also beside a root that had one."""
    RootMark(tmp_path / "other", Files()).leave(AT)
    with pytest.raises(LogMissing, match="yet"):
        open_reader(tmp_path / "root")
    RootMark(tmp_path / "root", Files()).leave(AT)
    with pytest.raises(LogMissing, match="Mount the disk"):
        open_reader(tmp_path / "root")


def test_an_adoption_is_not_stopped_by_a_mark(tmp_path: Path) -> None:
    """Who adopts says that the log is lost."""
    root = tmp_path / "root"
    store = open_store(root)
    store.opened().mark.leave(AT)
    store.close()
    unmounted(root)
    opened = OpenRoot(root, engines=default_engines(), clock=lambda: AT, files=Files(), adopting=True)
    opened.close()
