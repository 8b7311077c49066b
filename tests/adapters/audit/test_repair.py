"""What a repair does to each kind of finding: moved, never deleted; recorded where the log must know it; and the same
end wherever it was killed before.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from random import Random

import pytest

from adapters.audit.repair import OUT_OF_PLACE, TOO_MANY, Action, plan
from adapters.ports.faults import LogLocked
from tests.adapters.application.evidence import events_of, state_of_disk
from tests.adapters.archive.unsynced import Unsynced
from tests.adapters.audit import broken_root
from tests.adapters.audit.broken_root import HOME, WHOLE, WRONG, end_state, killed_at, mended
from tests.adapters.audit.test_audit import audited
from tests.adapters.eventlog.jsonl.logs import Disk, fails

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and kills are those of POSIX here")
KILLS = 6
THOROUGH_KILLS = 100
CHANGES = 155
"""A repair of that root makes a few more changes of the disk."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root in which everything is wrong; it is copied, not changed."""
    root = tmp_path_factory.mktemp("broken") / "root"
    broken_root.make(root)
    return root


@pytest.fixture
def root(broken: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copied(broken, tmp_path / "root")


def copied(broken: Path, root: Path) -> Path:
    """Another such root."""
    shutil.copytree(broken, root, symlinks=True)
    return root


def test_what_is_wrong_is_moved_or_recorded_and_then_all_agree(root: Path) -> None:
    """Every byte that lay there is in `found`, by its former path; the log has what no longer stands."""
    before, led_to = state_of_disk(root), (root / HOME / "linked.png").readlink()
    done = mended(root)
    assert not done.left, done.left
    after = audited(root, files=Disk())
    assert (after.findings, after.passing) == ((), ())
    assert after.images == len(WHOLE)
    deleted = [event["data"] for event in events_of(root, "ImageDeleted")]
    assert {event["name"] for event in deleted} == set(WRONG)
    assert {(event["reason"], event["by"]) for event in deleted} == {("repair", "cli")}
    assert [event["temp"] for event in deleted].count(True) == 1
    found = root / "found"
    for path in (
        HOME / "short.png",
        HOME / "changed.png",
        HOME / "foreign.png",
        "images/z.png",
        "temp/ada/foreign.png",
    ):
        assert (found / path).read_bytes() == before[str(path)], path
    assert (found / HOME / "linked.png").readlink() == led_to
    assert (found / HOME / "folder.png" / "inside.txt").read_text(encoding="utf-8") == "inside"
    assert (found / HOME / ".details" / "nobody.png~.json").read_text(encoding="utf-8") == broken_root.DETAILS
    assert (found / "images" / ".staged" / ("0" * 32)).read_bytes() == b"staged"


def test_the_list_names_what_lay_where(root: Path) -> None:
    """One line for each file, with its kind, and of an image with the position of its save."""
    mended(root)
    lines = [json.loads(line) for line in (root / "found" / "found.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all((root / line["found"]).is_symlink() or (root / line["found"]).exists() for line in lines)
    [changed] = [line for line in lines if line["file"] == str(HOME / "changed.png")]
    saved = {event["data"]["name"]: event["pos"] for event in events_of(root, "ImageSaved")}
    assert (changed["kind"], changed["user"], changed["position"]) == ("wrong hash", "ada", saved["changed.png"])
    assert (root / "found").stat().st_mode & 0o077 == 0


def test_what_is_moved_is_on_the_disk_in_its_new_place(root: Path) -> None:
    """The line that names it before it moves, and its new name in the end."""
    files = Unsynced(root, "changed.png")
    assert not mended(root, files).left
    assert not [path for path in files.met["changed.png"] if path.startswith("found/found.jsonl")]
    assert not [path for path in files.left() if path.startswith(("found", "images", "temp"))]


def test_a_file_lies_in_its_new_place_before_the_log_says_that_it_is_gone(root: Path) -> None:
    """Who is killed in between finds it again as what it is."""
    told: list[int] = []

    class Looking(Disk):
        """A disk that looks into the log when a file moves."""

        def rename(self, source: Path, target: Path) -> None:
            if target == root / "found" / HOME / "changed.png":
                told.append(sum(event["data"]["name"] == "changed.png" for event in events_of(root, "ImageDeleted")))
            super().rename(source, target)

    mended(root, Looking())
    assert told == [0]
    assert [event["data"]["name"] for event in events_of(root, "ImageDeleted")].count("changed.png") == 1


def test_what_cannot_be_moved_is_left_where_it_lies_and_not_listed(root: Path) -> None:
    """Nor is it recorded as gone; and a line that a killed run left of a file that did not move is taken back."""
    disk = Disk()
    disk.faults["rename"] = fails(OSError(errno.EACCES, os.strerror(errno.EACCES)), name="changed.png")
    left = {mend.path: mend.why for mend in mended(root, disk).left}
    changed = str(HOME / "changed.png")
    assert "Look at the permissions" in (left[changed] or "")
    assert (root / changed).exists()
    assert "changed.png" not in {event["data"]["name"] for event in events_of(root, "ImageDeleted")}
    listed = root / "found" / "found.jsonl"
    whole = listed.read_bytes()
    assert changed.encode() not in whole
    line = json.dumps({"file": changed, "found": f"found/{changed}"}).encode() + b"\n"
    listed.write_bytes(whole + line + b'{"file":"im')
    mended(root)
    assert listed.read_bytes().count(changed.encode() + b'"') == 2
    assert b'{"file":"im{' not in listed.read_bytes()


def test_a_second_repair_does_nothing(root: Path) -> None:
    """And what is found later at a path of before lies beside the former."""
    mended(root)
    before = end_state(root)
    assert not mended(root).mends
    assert end_state(root) == before
    (root / HOME / "foreign.png").write_text("another", encoding="utf-8")
    mended(root)
    assert (root / "found" / "2" / HOME / "foreign.png").read_text(encoding="utf-8") == "another"


def test_a_plan_changes_nothing(root: Path) -> None:
    """It names what a repair then does."""
    before = state_of_disk(root)
    planned = plan(root, audited(root, files=Disk()), [], is_alone=True)
    assert state_of_disk(root) == before
    assert [(mend.path, mend.action) for mend in planned.mends] == [(m.path, m.action) for m in mended(root).mends]


def test_a_root_whose_images_are_gone_loses_none_in_the_log(tmp_path: Path, broken: Path) -> None:
    """A disk that is not mounted looks so: nothing is recorded, and what only moves is moved."""
    root = copied(broken, tmp_path / "root")
    shutil.rmtree(root / "images")
    events = len(events_of(root))
    done = mended(root)
    assert {mend.why for mend in done.left} == {TOO_MANY}
    assert len(done.left) == len(WHOLE) + len(WRONG) + 1
    assert len(events_of(root)) == events
    assert (root / "found" / "temp" / "ada" / "foreign.png").exists()


def test_a_link_on_the_way_to_images_is_left(tmp_path: Path, broken: Path) -> None:
    """Moving it would make every image behind it missing; a user's folder that was moved elsewhere is put back."""
    root = copied(broken, tmp_path / "root")
    (root / HOME).rename(tmp_path / "elsewhere")
    (root / HOME).symlink_to(tmp_path / "elsewhere")
    events = len(events_of(root))
    done = mended(root)
    assert (root / HOME).is_symlink()
    assert len(events_of(root)) == events
    assert all(mend.action is Action.LEAVE for mend in done.mends if mend.path.startswith(str(HOME)))


def test_an_image_behind_a_link_is_not_recorded_as_gone(tmp_path: Path, broken: Path) -> None:
    """Where few of them lie there, too: what the link hides may be whole."""
    root = copied(broken, tmp_path / "root")
    (root / HOME / "k").rename(tmp_path / "elsewhere")
    (root / HOME / "k").symlink_to(tmp_path / "elsewhere")
    left = {mend.path: mend.why for mend in mended(root).left}
    assert left[str(HOME / "k" / "gone.png")] == OUT_OF_PLACE
    assert "k/gone.png" not in {event["data"]["name"] for event in events_of(root, "ImageDeleted")}


def test_a_root_that_is_written_is_not_mended(root: Path) -> None:
    """The writer's lock says so."""
    from adapters.engines.opening import open_store

    store = open_store(root, files=Disk())
    try:
        before = state_of_disk(root / "images")
        with pytest.raises(LogLocked):
            mended(root)
        assert state_of_disk(root / "images") == before
    finally:
        store.close()


def kill_and_compare(broken: Path, folder: Path, moments: list[int]) -> int:
    """Kills a repair at each of these changes of the disk and repairs again; gives how often it was killed."""
    whole = copied(broken, folder / "whole")
    mended(whole)
    expected, killed = end_state(whole), 0
    for moment in moments:
        root = copied(broken, folder / str(moment))
        killed += killed_at(root, moment)
        mended(root)
        assert end_state(root) == expected, moment
        shutil.rmtree(root)
    return killed


def test_killed_at_any_moment_and_run_again_it_ends_the_same(broken: Path, tmp_path: Path) -> None:
    """By SIGKILL, at changes of the disk; half of a write may be done."""
    moments = sorted(Random(13).sample(range(1, CHANGES), KILLS))
    assert kill_and_compare(broken, tmp_path, moments) > KILLS // 2


@pytest.mark.thorough
@pytest.mark.timeout(3_600)
def test_killed_at_a_hundred_moments_and_run_again_it_ends_the_same(broken: Path, tmp_path: Path) -> None:
    """The same, longer."""
    moments = sorted(Random(14).sample(range(1, CHANGES), THOROUGH_KILLS))
    assert kill_and_compare(broken, tmp_path, moments) >= THOROUGH_KILLS * 9 // 10


def test_an_image_with_a_second_name_is_not_recorded_as_gone(tmp_path: Path, broken: Path) -> None:
    """A copy of links (`cp -al`) leaves every image so, and its bytes are right: what to do is said alone."""
    root = copied(broken, tmp_path / "root")
    mended(root)
    path = next(iter(sorted((root / HOME).glob("*.png"))))
    (tmp_path / "second.png").hardlink_to(path)
    before, deleted = path.read_bytes(), len(events_of(root, "ImageDeleted"))
    [mend] = mended(root).mends
    assert (mend.kind, mend.action, "cp FILE" in (mend.why or "")) == ("second name", Action.LEAVE, True)
    assert (path.read_bytes(), len(events_of(root, "ImageDeleted"))) == (before, deleted)
