"""What an audit finds, kind by kind, and what it leaves alone; each is acted out on a real disk."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBSequencedEvent

from adapters.adoption.former_layouts import take_inventory
from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.audit.comparison import UNDER_WAY_SECONDS, audit
from adapters.audit.report import PASSING, SENTENCES, Audit, Finding, FindingKind
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import searching
from adapters.eventlog.jsonl.format import decode_recorded
from adapters.ports.faults import LogDamaged
from domain.refusals import Refusal
from tests.adapters.application.evidence import events_of, state_of_disk
from tests.adapters.application.stuck_disk import StuckDisk
from tests.adapters.eventlog.jsonl.logs import Disk, as_killed
from tests.hostile.builders import png_of_size

HOME = "images/users/ada"
DETAILS = f"{HOME}/.details"
STAGED = "images/.staged"
OLD_SECONDS = UNDER_WAY_SECONDS + 60


def save(store: Storage, name: str, size_bytes: int = 300, *, user: str = "ada", temp: bool = False) -> None:
    """Saves an image with details, or a temp file."""
    data = png_of_size(size_bytes)
    saved = asyncio.run(
        save_image(store, NewImage(user, data, name=name, temp=temp, details={"prompt": "a secret wish"}))
    )
    assert not isinstance(saved, Refusal)


def audited(root: Path, *, user: str | None = None, files: Files | None = None) -> Audit:
    """The audit of a root."""
    files = files or Files()
    engine = default_engine(files)
    return audit(root, engine.verify(root), engine=engine, user=user, files=files)


def found(done: Audit) -> set[tuple[FindingKind, str]]:
    """Kinds and paths of the findings."""
    return {(finding.kind, finding.path) for finding in done.findings}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root in which images of two users and a temp file stand, all file work done."""
    root = tmp_path / "root"
    store = open_store(root, files=Disk())
    for name in ("a.png", "k/b.png"):
        save(store, name)
    save(store, "c.png", user="bob")
    save(store, "t.png", temp=True)
    store.close()
    return root


def put(root: Path, path: str, data: bytes = b"x") -> None:
    """A file that nobody recorded, written long ago."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    old = file.stat().st_mtime - OLD_SECONDS
    os.utime(file, (old, old))


def test_log_and_files_agree(root: Path) -> None:
    """The figures are those of the log; nothing on the disk is changed, and a writer is not kept out."""
    before = state_of_disk(root)
    store = open_store(root)
    done = audited(root)
    store.close()
    assert (done.agrees, done.findings, done.passing) == (True, (), ())
    assert (done.images, done.temp_files, done.user) == (3, 1, None)
    assert done.size_bytes == sum(file.stat().st_size for file in root.rglob("*.png"))
    assert (done.position, done.log.positions, done.log.watermark) == (8, 8, 8)
    assert state_of_disk(root) == before


def flip(root: Path, path: str) -> None:
    """Changes one bit."""
    data = bytearray((root / path).read_bytes())
    data[50] ^= 1
    (root / path).write_bytes(data)


def replace_by_link(root: Path, path: str) -> None:
    """The same bytes behind a link."""
    (root / path).rename(root.parent / "elsewhere.png")
    (root / path).symlink_to(root.parent / "elsewhere.png")


def replace_by_folder(root: Path, path: str) -> None:
    """A folder under the name of a file."""
    (root / path).unlink()
    (root / path).mkdir()


def replace_by_file(root: Path, path: str) -> None:
    """A file under the name of a folder."""
    (root / path).rename(root.parent / "elsewhere")
    put(root, path)


FOUND: dict[str, tuple[Callable[[Path], object], set[tuple[FindingKind, str]]]] = {
    "an image is gone": (lambda root: (root / HOME / "a.png").unlink(), {(FindingKind.MISSING, f"{HOME}/a.png")}),
    "a temp file is gone": (lambda root: (root / "temp/ada/t.png").unlink(), {(FindingKind.MISSING, "temp/ada/t.png")}),
    "a folder is a file now": (
        lambda root: replace_by_file(root, f"{HOME}/k"),
        {(FindingKind.MISSING, f"{HOME}/k/b.png"), (FindingKind.UNTRACKED, f"{HOME}/k")},
    ),
    "a byte too many": (
        lambda root: put(root, f"{HOME}/a.png", bytes(301)),
        {(FindingKind.WRONG_SIZE, f"{HOME}/a.png")},
    ),
    "one bit is wrong": (lambda root: flip(root, f"{HOME}/k/b.png"), {(FindingKind.WRONG_HASH, f"{HOME}/k/b.png")}),
    "a wrong bit in a temp file": (
        lambda root: flip(root, "temp/ada/t.png"),
        {(FindingKind.WRONG_HASH, "temp/ada/t.png")},
    ),
    "a link for a file": (
        lambda root: replace_by_link(root, f"{HOME}/a.png"),
        {(FindingKind.NO_FILE, f"{HOME}/a.png")},
    ),
    "a folder for a file": (
        lambda root: replace_by_folder(root, f"{HOME}/a.png"),
        {(FindingKind.NO_FILE, f"{HOME}/a.png")},
    ),
    "a user who is a link": (
        lambda root: (root / "images/users/eve").symlink_to(root.parent),
        {(FindingKind.NO_FILE, "images/users/eve")},
    ),
    "a dangling link": (lambda root: (root / "temp/x").symlink_to("nowhere"), {(FindingKind.NO_FILE, "temp/x")}),
    "an unknown image": (lambda root: put(root, f"{HOME}/z.png"), {(FindingKind.UNTRACKED, f"{HOME}/z.png")}),
    "an unknown user": (
        lambda root: put(root, "images/users/eve/z.png"),
        {(FindingKind.UNTRACKED, "images/users/eve/z.png")},
    ),
    "a file of nobody": (lambda root: put(root, "images/z.png"), {(FindingKind.UNTRACKED, "images/z.png")}),
    "a file among the users": (lambda root: put(root, "images/users/z"), {(FindingKind.UNTRACKED, "images/users/z")}),
    "another spelling": (lambda root: put(root, f"{HOME}/A.PNG"), {(FindingKind.UNTRACKED, f"{HOME}/A.PNG")}),
    "a temp name among images": (lambda root: put(root, f"{HOME}/t.png"), {(FindingKind.UNTRACKED, f"{HOME}/t.png")}),
    "an unknown temp file": (
        lambda root: put(root, "temp/ada/z.png"),
        {(FindingKind.UNTRACKED_TEMP, "temp/ada/z.png")},
    ),
    "details of no image": (
        lambda root: put(root, f"{DETAILS}/z.png~.json", b'{"staged":"x"}'),
        {(FindingKind.STRAY_DETAILS, f"{DETAILS}/z.png~.json")},
    ),
    "details of other bytes": (
        lambda root: put(root, f"{DETAILS}/a.png~.json", b'{"staged":"x"}'),
        {(FindingKind.STRAY_DETAILS, f"{DETAILS}/a.png~.json")},
    ),
    "details in another spelling": (
        lambda root: put(root, f"{DETAILS}/A.png~.json", (root / DETAILS / "a.png~.json").read_bytes()),
        {(FindingKind.STRAY_DETAILS, f"{DETAILS}/A.png~.json")},
    ),
    "details that are a link": (
        lambda root: replace_by_link(root, f"{DETAILS}/a.png~.json"),
        {(FindingKind.NO_FILE, f"{DETAILS}/a.png~.json")},
    ),
    "something else among details": (
        lambda root: put(root, f"{DETAILS}/z"),
        {(FindingKind.STRAY_DETAILS, f"{DETAILS}/z")},
    ),
    "staged by a crash": (lambda root: put(root, f"{STAGED}/x"), {(FindingKind.STRAY_STAGED, f"{STAGED}/x")}),
    "staged details": (lambda root: put(root, f"{STAGED}/x.json"), {(FindingKind.STRAY_STAGED, f"{STAGED}/x.json")}),
    "a folder among staged": (lambda root: (root / STAGED / "x").mkdir(), {(FindingKind.NO_FILE, f"{STAGED}/x")}),
    "left by a desktop": (lambda root: put(root, "images/users/.DS_Store"), set()),
    "empty folders": (lambda root: (root / "images/users/eve/k").mkdir(parents=True), set()),
    "nothing staged ever": (lambda root: (root / STAGED).rmdir(), set()),
}


@pytest.mark.skipif(os.name != "posix", reason="links and spellings are other things elsewhere")
@pytest.mark.parametrize("what", FOUND)
def test_each_kind_is_found_and_nothing_else(what: str, root: Path) -> None:
    """By its path below the root, with the event where there is one, beside a running service as well."""
    act, expected = FOUND[what]
    act(root)
    before = state_of_disk(root)
    done = audited(root)
    assert found(done) == expected
    assert done.agrees == (not expected)
    assert done.passing == ()
    for finding in done.findings:
        compared = finding.kind in (
            FindingKind.MISSING,
            FindingKind.WRONG_SIZE,
            FindingKind.WRONG_HASH,
        ) or finding.path.endswith("/a.png")
        assert ((finding.user, finding.position) != (None, None)) is compared
    assert state_of_disk(root) == before


def test_details_beside_other_bytes_than_recorded_are_told_once(root: Path) -> None:
    """A salvaged log may be older than image and details: the bytes are found, and no prompt is to be removed."""
    put(root, f"{HOME}/a.png", png_of_size(301))
    put(root, f"{DETAILS}/a.png~.json", b'{"staged":"of a later event","prompt":"a wish"}')
    assert found(audited(root)) == {(FindingKind.WRONG_SIZE, f"{HOME}/a.png")}


@pytest.mark.parametrize(
    ("path", "adoptable"),
    [
        (f"{HOME}/z.png", True),
        (f"{HOME}/k/z.png", True),
        ("images/users/Not A User/z.png", True),
        ("images/z.png", False),
        ("images/users/z.png", False),
        ("images/other/deep/er/z.png", False),
        ("images/Users/ada/z.png", False),
    ],
)
def test_adopt_is_advised_only_where_it_looks(root: Path, path: str, adoptable: bool) -> None:
    """In the folders of users, the malformed too, of which it says why; elsewhere a file is to be moved away."""
    put(root, path)
    [finding] = audited(root).findings
    assert (finding.kind, finding.path, finding.can_be_adopted) == (FindingKind.UNTRACKED, path, adoptable)
    assert (finding.meaning == SENTENCES[FindingKind.UNTRACKED]) is adoptable
    inventory = take_inventory(root, Files())
    told_of = {one.source for one in inventory.skipped} if adoptable else set()
    looked_at = {one.source for one in inventory.files} | told_of
    assert any((root / path).is_relative_to(source) for source in looked_at) is adoptable


def test_details_that_are_none_of_ours_belong_to_nothing(root: Path) -> None:
    """Whatever is in them; and however much, for what is too large is not read."""
    own = (root / DETAILS / "a.png~.json").read_bytes()
    for content in (b"no json", b"[]", b'{"staged":7}', own + b" " * 1_048_577):
        put(root, f"{DETAILS}/a.png~.json", content)
        assert found(audited(root)) == {(FindingKind.STRAY_DETAILS, f"{DETAILS}/a.png~.json")}
    put(root, f"{DETAILS}/a.png~.json", own + b" ")
    assert audited(root).agrees


def test_a_staged_file_of_just_now_may_be_a_save_under_way(root: Path) -> None:
    """No event names it yet, and nobody can tell; it is told beside the findings."""
    put(root, f"{STAGED}/x")
    os.utime(root / STAGED / "x")
    done = audited(root)
    assert (done.agrees, done.passing) == (True, (Finding(FindingKind.UNDER_WAY, f"{STAGED}/x"),))


def test_what_is_not_in_place_or_not_gone_is_named(root: Path) -> None:
    """Nothing writes, so nothing is about to settle it; the bytes that wait to be moved are compared too."""
    disk = StuckDisk()
    store = open_store(root, files=disk)
    disk.stuck = True
    save(store, "new.png")
    save(store, "a.png", 400)
    save(store, "a.png", 500)
    delete_image_blocking(store, "ada", "k/b.png")
    clean_up_blocking(store, 0)
    [first, _] = [
        event["data"]["staged"] for event in events_of(root, "ImageSaved")[-2:] if event["data"]["name"] == "a.png"
    ]
    store.close()
    done = audited(root)
    assert {finding.path for finding in done.findings if finding.kind is FindingKind.NOT_IN_PLACE} == {
        f"{HOME}/a.png",
        f"{HOME}/new.png",
    }
    assert {finding.path for finding in done.findings if finding.kind is FindingKind.NOT_GONE} == {
        f"{HOME}/k/b.png",
        f"{DETAILS}/k/b.png~.json",
        "temp/ada/t.png",
        f"{STAGED}/{first}",
        f"{STAGED}/{first}.json",
    }
    assert (done.agrees, done.passing, done.images, done.temp_files) == (False, (), 3, 0)
    staged = max((root / STAGED).iterdir(), key=lambda path: path.stat().st_size)
    flip(root, staged.relative_to(root).as_posix())
    assert (FindingKind.WRONG_HASH, staged.relative_to(root).as_posix()) in found(audited(root))
    staged.unlink()
    assert (FindingKind.WRONG_SIZE, f"{HOME}/a.png") in found(audited(root))
    open_store(root).close()
    assert {kind for kind, _ in found(audited(root))}.isdisjoint({FindingKind.NOT_IN_PLACE, FindingKind.NOT_GONE})


def test_of_one_user_only_their_lines_are_taken_apart(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the answer is that of the whole audit, as far as it is theirs."""
    (root / HOME / "a.png").unlink()
    taken = []

    def counted(line: bytes) -> DCBSequencedEvent:
        taken.append(decode_recorded(line))
        return taken[-1]

    monkeypatch.setattr(searching, "decode_recorded", counted)
    engine = default_engine(Files())
    done = audit(root, engine.verify(root, at_end=True), engine=engine, user="ada")
    assert found(done) == {one for one in found(audited(root)) if one[1].startswith(HOME)}
    assert found(done) == {(FindingKind.MISSING, f"{HOME}/a.png")}
    assert taken
    assert all("user:ada" in stored.event.tags for stored in taken)
    assert len(taken) < done.position


def test_a_staged_file_whose_work_is_done_is_needed_no_more(root: Path) -> None:
    """Although it has the name of one that stands: the next start removes it."""
    [saved] = [event for event in events_of(root, "ImageSaved") if event["data"]["name"] == "a.png"]
    put(root, f"{STAGED}/{saved['data']['staged']}", (root / HOME / "a.png").read_bytes())
    done = audited(root)
    assert (found(done), done.passing) == ({(FindingKind.STRAY_STAGED, f"{STAGED}/{saved['data']['staged']}")}, ())


def test_what_is_put_back_after_its_deletion_was_done_is_foreign(root: Path) -> None:
    """So are its details; while the log does not say that the work is done, they may be what is left of it."""
    rest = {path: (root / path).read_bytes() for path in (f"{HOME}/a.png", f"{DETAILS}/a.png~.json")}
    head = (root / "logs" / "head").read_bytes()
    store = open_store(root)
    delete_image_blocking(store, "ada", "a.png")
    store.close()
    for path, data in rest.items():
        put(root, path, data)
    assert found(audited(root)) == {
        (FindingKind.UNTRACKED, f"{HOME}/a.png"),
        (FindingKind.STRAY_DETAILS, f"{DETAILS}/a.png~.json"),
    }
    now = (root / "logs" / "head").read_bytes()
    (root / "logs" / "head").write_bytes(head)
    as_killed(root)
    assert found(audited(root)) == {(FindingKind.NOT_GONE, path) for path in rest}
    before = default_engine().verify(root)
    (root / "logs" / "head").write_bytes(now)
    assert len(audit(root, before, engine=default_engine()).findings) == 2


def test_one_user_alone(root: Path) -> None:
    """The others' files and what is staged are not looked at."""
    for path in (f"{HOME}/z.png", "temp/ada/z.png", "images/users/bob/z.png", f"{STAGED}/x"):
        put(root, path)
    (root / "images/users/bob/c.png").unlink()
    done = audited(root, user="ada")
    assert found(done) == {(FindingKind.UNTRACKED, f"{HOME}/z.png"), (FindingKind.UNTRACKED_TEMP, "temp/ada/z.png")}
    assert (done.user, done.images, done.temp_files) == ("ada", 2, 1)
    done = audited(root, user="nobody")
    assert (done.findings, done.images) == ((), 0)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("open", f"{HOME}/a.png"),
        ("open", f"{DETAILS}/a.png~.json"),
        ("lstat", f"{HOME}/a.png"),
        ("scan_directory", HOME),
        ("lstat", HOME),
        ("scan_directory", STAGED),
    ],
)
def test_what_cannot_be_read_is_said(verb: str, path: str, root: Path) -> None:
    """Once, and the rest is compared all the same."""

    class Forbidding(Files):
        def open(self, at: Path, flags: int, mode: int = 0o644) -> int:
            self._refuse("open", at)
            return super().open(at, flags, mode)

        def lstat(self, at: Path) -> os.stat_result:
            self._refuse("lstat", at)
            return super().lstat(at)

        def scan_directory(self, at: Path) -> list[str]:
            self._refuse("scan_directory", at)
            return super().scan_directory(at)

        def _refuse(self, called: str, at: Path) -> None:
            if (called, at) == (verb, root / path):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(at))

    put(root, "temp/ada/z.png")
    done = audited(root, files=Forbidding())
    assert found(done) == {(FindingKind.UNREADABLE, path), (FindingKind.UNTRACKED_TEMP, "temp/ada/z.png")}


def test_a_large_file_is_hashed_in_parts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its hash is that of the whole."""
    monkeypatch.setattr("adapters.audit.comparison.BLOCK_BYTES", 7)
    assert audited(root).agrees
    flip(root, f"{HOME}/a.png")
    assert found(audited(root)) == {(FindingKind.WRONG_HASH, f"{HOME}/a.png")}


def test_folders_are_looked_into_to_a_bounded_depth(root: Path) -> None:
    """What lies deeper is told as the folder that it is."""
    put(root, "/".join([HOME, *"x" * 40, "deep.png"]))
    [(kind, path)] = found(audited(root))
    assert (kind, path.count("/x") < 40) == (FindingKind.NO_FILE, True)


class WithoutCase(Files):
    """A disk to which case is no difference, and which lists the former spelling."""

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        return super().open(self._as_named(path), flags, mode)

    def stat(self, path: Path) -> os.stat_result:
        return super().stat(self._as_named(path))

    def lstat(self, path: Path) -> os.stat_result:
        return super().lstat(self._as_named(path))

    def scan_directory(self, path: Path) -> list[str]:
        return [name.replace("a.png", "A.PNG") for name in super().scan_directory(path)]

    def _as_named(self, path: Path) -> Path:
        return path.with_name(path.name.replace("A.PNG", "a.png"))


def test_another_spelling_of_a_file_is_the_file_itself(root: Path) -> None:
    """Where case is no difference, and the folder lists the former spelling."""
    assert audited(root, files=WithoutCase()).agrees


def test_an_image_with_a_second_name_is_no_file_of_ours(root: Path) -> None:
    """Whoever has the other name may change it, and it is given to nobody."""
    (root.parent / "second.png").hardlink_to(root / HOME / "a.png")
    assert found(audited(root)) == {(FindingKind.SECOND_NAME, f"{HOME}/a.png")}


def test_progress_is_told_to_the_last_file(root: Path) -> None:
    """How many are compared, of how many."""
    told: list[tuple[int, int]] = []
    engine = default_engine()
    audit(root, engine.verify(root), engine=engine, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_damaged_log_is_compared_with_nothing(root: Path) -> None:
    """Whoever asks for it in spite of what `verify` said is told the same."""
    log = root / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"ada"', b'"adb"', 1))
    with pytest.raises(LogDamaged, match="damaged at position"):
        audited(root)


def test_every_kind_has_a_sentence_and_no_finding_is_passing() -> None:
    """The table and the enumeration agree; sentences are for people."""
    assert set(SENTENCES) == set(FindingKind) > PASSING
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in SENTENCES.values())
