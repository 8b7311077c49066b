"""Below a storage root every verb works on the root's own files alone, whatever is put there, and whenever."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.disk.errors import NotOwnError
from adapters.disk.files import APPEND, CREATE, READ, UPDATE, Files
from tests.adapters.disk.planted import PLANTED, plant, state_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and sockets are other things elsewhere")
WAYS = pytest.mark.parametrize("by_descriptors", [True, False], ids=["by descriptors", "by looks, as on Windows"])
CALLS = ("open", "stat", "lstat", "unlink", "replace", "mkdir", "rmdir", "listdir", "scandir", "fsync")
"""The system's calls by which a way goes."""
MOST_CALLS = 80
SECRET = b"of somebody else"

Verb = Callable[[Files, Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a user who has a picture."""
    return made(tmp_path / "root")


def made(root: Path) -> Path:
    """Such a root."""
    (root / "images/users/ada/k/empty").mkdir(parents=True)
    (root / "images/users/ada/k/a.png").write_bytes(b"a picture")
    (root / "images/users/ada/b.png").write_bytes(b"another picture")
    return root


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A folder of somebody else's, with the names that ours have."""
    for folder in ("", "users/ada/k", "ada/k", "k"):
        (tmp_path / "bait" / folder / "empty").mkdir(parents=True, exist_ok=True)
        for name in ("a.png", "b.png", "theirs"):
            (tmp_path / "bait" / folder / name).write_bytes(SECRET)
    return tmp_path / "bait"


def confined(root: Path, *, by_descriptors: bool = True) -> Files:
    """The port, told of the root."""
    files = Files(by_descriptors=by_descriptors)
    files.confine(root)
    return files


def written(files: Files, path: Path, flags: int) -> None:
    """Opens, and writes."""
    fd = files.open(path, flags)
    try:
        files.write_all(fd, b"written by us")
    finally:
        files.close(fd)


def read_together(files: Files, root: Path) -> bytes:
    """A file of a folder to which was gone before."""
    with files.reading_in(root / HOME):
        return files.read(root / HOME / "a.png")


HOME = Path("images/users/ada/k")
VERBS: dict[str, Verb] = {
    "read": lambda files, root: files.read(root / HOME / "a.png"),
    "read together": read_together,
    "append": lambda files, root: written(files, root / HOME / "a.png", APPEND),
    "update": lambda files, root: written(files, root / HOME / "a.png", UPDATE),
    "make by update": lambda files, root: written(files, root / HOME / "new", UPDATE),
    "create": lambda files, root: written(files, root / HOME / "new", CREATE),
    "write durably": lambda files, root: files.write_durably(root / HOME / "new", b"written by us"),
    "unlink": lambda files, root: files.unlink(root / HOME / "a.png"),
    "rename in": lambda files, root: files.rename(root / "images/users/ada/b.png", root / HOME / "a.png"),
    "rename out": lambda files, root: files.rename(root / HOME / "a.png", root / "images/users/ada/b.png"),
    "make one folder": lambda files, root: files.make_directory(root / HOME / "x"),
    "make a folder": lambda files, root: files.make_directories(root / HOME / "x"),
    "remove a folder": lambda files, root: files.remove_directory(root / HOME / "empty"),
    "remove an empty folder": lambda files, root: files.remove_if_empty(root / HOME / "empty"),
    "stat": lambda files, root: files.stat(root / HOME / "a.png").st_size,
    "lstat": lambda files, root: files.lstat(root / HOME / "a.png").st_size,
    "list": lambda files, root: files.list_directory(root / HOME),
    "list some": lambda files, root: files.sample_directory(root / HOME, 1),
    "look for names": lambda files, root: files.missing(root / HOME, ["a.png"]),
    "sync": lambda files, root: files.sync_directory(root / HOME),
    "exists": lambda files, root: files.exists(root / HOME / "a.png"),
    "same file": lambda files, root: files.is_same_file(root / HOME / "a.png", root / HOME / "A.PNG"),
}


@WAYS
@pytest.mark.parametrize("link", ["images/users/ada/k", "images/users/ada", "images/users", "images"])
@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_goes_through_a_link(root: Path, bait: Path, verb: str, link: str, by_descriptors: bool) -> None:
    """Wherever on the way it stands, `images` since the opening too; what stands behind it is as it was."""
    files = confined(root, by_descriptors=by_descriptors)
    (root / link).rename(root / "former")
    (root / link).symlink_to(bait)
    before = state_of(bait)
    if verb == "remove an empty folder":
        assert VERBS[verb](files, root) is False
    else:
        with pytest.raises(NotOwnError, match=f"^.Errno {errno.ELOOP}. {link} "):
            VERBS[verb](files, root)
    assert state_of(bait) == before


class Swapping:
    """A folder that becomes a link to a bait just before a call of the system, by its number, and stays one."""

    def __init__(self, folder: Path, bait: Path, at_call: int) -> None:
        self._folder, self._bait, self._at_call = folder, bait, at_call
        self._rename, self._symlink = os.rename, os.symlink
        self.calls = 0

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, which is counted."""

        def counted(*arguments: Any, **words: Any) -> Any:
            self.calls += 1
            if self.calls == self._at_call:
                self._rename(self._folder, self._bait.with_name("former"))
                self._symlink(self._bait, self._folder)
            return call(*arguments, **words)

        return counted


MADE_OF_OTHERS = {"make a folder", "remove an empty folder", "same file", "exists", "write durably"}


def is_led_out(found: object) -> bool:
    """Whether an answer is about the bait."""
    return found in (SECRET, len(SECRET)) or (isinstance(found, list) and "theirs" in found)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in MADE_OF_OTHERS])
def test_a_folder_that_becomes_a_link_at_any_moment_leads_nobody_out(
    tmp_path: Path, bait: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each call of the system in turn, and each folder on the way: done in the folder that was there, or
    refused.
    """
    before, tried = state_of(bait), 0
    for link in ("images/users/ada/k", "images/users/ada", "images/users", "images"):
        calls = 1
        for at_call in range(1, MOST_CALLS):
            root = made(tmp_path / f"{tried}")
            files = confined(root)
            swapping = Swapping(root / link, bait, at_call)
            with monkeypatch.context() as patch:
                for name in CALLS:
                    patch.setattr(os, name, swapping.before(getattr(os, name)))
                with suppress(OSError):
                    assert not is_led_out(VERBS[verb](files, root))
            assert state_of(bait) == before, (link, at_call)
            calls, tried = swapping.calls, tried + 1
            if (bait.with_name("former")).exists():
                shutil.rmtree(bait.with_name("former"))
            if at_call > calls:
                break
        else:
            raise AssertionError("the verb makes more calls than were looked at")
    assert tried > 4 * 6


OPENINGS = {"read": READ, "append": APPEND, "update": UPDATE}


@WAYS
@pytest.mark.parametrize("what", PLANTED)
def test_only_an_ordinary_file_of_one_name_is_opened(root: Path, bait: Path, what: str, by_descriptors: bool) -> None:
    """Whatever it is opened for, and at once; it is looked at, listed, renamed and removed as what it is."""
    files, path = confined(root, by_descriptors=by_descriptors), root / HOME / "planted"
    plant(what, path, bait)
    told = PLANTED[what][1]
    before = state_of(bait)
    for flags in OPENINGS.values():
        with pytest.raises(NotOwnError, match=f"^.Errno {errno.ELOOP}. {HOME}/planted {told}"):
            written(files, path, flags)
    with pytest.raises(FileExistsError):
        written(files, path, CREATE)
    assert files.lexists(path)
    assert "planted" in files.list_directory(path.parent)
    assert state_of(bait) == before
    files.rename(path, path.with_name("renamed"))
    (files.remove_directory if what == "a folder" else files.unlink)(path.with_name("renamed"))
    assert state_of(bait) == before


@WAYS
@pytest.mark.parametrize("what", PLANTED)
def test_what_is_read_together_is_looked_at_each(root: Path, bait: Path, what: str, by_descriptors: bool) -> None:
    """In the folder that was entered too."""
    files, path = confined(root, by_descriptors=by_descriptors), root / HOME / "planted"
    with files.reading_in(root / HOME):
        plant(what, path, bait)
        with pytest.raises(NotOwnError, match=f"^.Errno {errno.ELOOP}. {HOME}/planted {PLANTED[what][1]}"):
            files.read(path)
        assert files.read(root / HOME / "a.png") == b"a picture"


def test_a_folder_is_entered_to_read_its_files_alone(root: Path, bait: Path) -> None:
    """By one thread, until it is left: what is exchanged meanwhile is met by every other verb, folder and thread."""
    files, file = confined(root), root / HOME / "a.png"
    with files.reading_in(root / HOME):
        (root / HOME).rename(root / "former")
        (root / HOME).symlink_to(bait)
        assert files.read(file) == b"a picture"
        assert files.read(root / "images/users/ada/b.png") == b"another picture"
        for verb in (lambda: written(files, file, APPEND), lambda: files.lstat(file), lambda: files.unlink(file)):
            with pytest.raises(NotOwnError):
                verb()
        with ThreadPoolExecutor(1) as pool, pytest.raises(NotOwnError):
            pool.submit(files.read, file).result()
        with files.reading_in(root / "images/users/ada"):
            assert files.read(root / "images/users/ada/b.png") == b"another picture"
        assert files.read(file) == b"a picture"
    with pytest.raises(NotOwnError):
        files.read(file)


@WAYS
def test_what_leads_out_of_the_root_by_its_name_is_refused(root: Path, by_descriptors: bool) -> None:
    """As the name of a staged file in a forged log might."""
    files = confined(root, by_descriptors=by_descriptors)
    (root.parent / "outside").write_bytes(SECRET)
    for path in (root / "../outside", root / "images/.staged/../../../outside"):
        for verb in (files.read, files.unlink, files.stat, files.sync_directory):
            with pytest.raises(NotOwnError, match="leads out of the storage root"):
                verb(path)
    assert (root.parent / "outside").read_bytes() == SECRET


@WAYS
@pytest.mark.parametrize("top", ["images", "temp", "logs"])
def test_the_operators_link_is_followed_while_it_leads_where_it_led(
    root: Path, bait: Path, top: str, by_descriptors: bool
) -> None:
    """Exchanged, it is not, nor where another folder was put where it leads."""
    there = root.parent / "there"
    there.mkdir()
    (there / "a").write_bytes(b"ours")
    if (root / top).exists():
        shutil.rmtree(root / top)
    (root / top).symlink_to(there)
    files = confined(root, by_descriptors=by_descriptors)
    assert files.read(root / top / "a") == b"ours"
    assert files.list_directory(root / top) == ["a"]
    files.write_durably(root / top / "b", b"new")
    files.sync_directory(root / top)
    (root / top).unlink()
    (root / top).symlink_to(bait)
    before = state_of(bait)
    for verb in (files.read, files.unlink, files.exists):
        with pytest.raises(NotOwnError, match=f"{top} leads elsewhere than when the storage was opened"):
            verb(root / top / "a.png")
    there.rename(root.parent / "moved")
    bait.rename(there)
    (root / top).unlink()
    (root / top).symlink_to(there)
    with pytest.raises(NotOwnError, match="leads elsewhere"):
        files.read(root / top / "a.png")
    assert [found[2] for found in state_of(there).values()] == [found[2] for found in before.values()]


@WAYS
@pytest.mark.parametrize("by_link", [False, True], ids=["a folder", "the operator's link"])
def test_a_folder_that_is_held_is_that_one_alone(root: Path, by_link: bool, by_descriptors: bool) -> None:
    """Another in its place takes and gives nothing until it is let go, also where the root is confined anew."""
    logs, there = root / "logs", root.parent / "there"
    if logs.exists():
        logs.rename(there)
    there.mkdir(exist_ok=True)
    if by_link:
        logs.symlink_to(there)
    else:
        there.rename(logs)
    files = confined(root, by_descriptors=by_descriptors)
    with files.holding(logs):
        assert files.is_elsewhere(logs) is by_link
        files.write_durably(logs / "a", b"ours")
        logs.rename(root.parent / "away")
        logs.mkdir()
        for _ in range(2):
            for verb in (lambda: files.write_durably(logs / "b", b""), lambda: files.list_directory(logs)):
                with pytest.raises(NotOwnError, match="logs is another folder than the one in use"):
                    verb()
            if not by_link:  # a link that is noted anew is another one
                files.confine(root)
        assert list(logs.iterdir()) == []
        logs.rmdir()
        (root.parent / "away").rename(logs)
        assert files.read(logs / "a") == b"ours"
    logs.rename(root.parent / "away")
    logs.mkdir()
    files.confine(root)
    files.write_durably(logs / "b", b"")


def test_errors_name_the_whole_path(root: Path) -> None:
    """As they do where a file is reached by its path."""
    files = confined(root)
    for verb in (files.read, files.lstat, files.unlink):
        with pytest.raises(FileNotFoundError) as refused:
            verb(root / HOME / "none/x.png")
        assert refused.value.filename == str(root / HOME / "none/x.png")


def test_a_folder_that_may_be_passed_and_not_listed_is_passed(root: Path) -> None:
    """Where the system has descriptors for that."""
    if not hasattr(os, "O_PATH"):
        pytest.skip("this system opens a folder to read it")
    (root / "images").chmod(0o300)
    try:
        assert confined(root).read(root / HOME / "a.png") == b"a picture"
    finally:
        (root / "images").chmod(0o700)
