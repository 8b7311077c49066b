"""What an adoption leaves alone: each file that cannot be an image of the log is named, with why and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.adoption.adoption import Plan, adopt, plan
from adapters.adoption.tally import Adoption
from adapters.disk.files import Files
from tests.adapters.adoption.adopting import MAX_IMAGE_BYTES, adopted, planned, put, skipped, terms, told, traces
from tests.adapters.application.evidence import assert_disk_and_log_agree, files_of
from tests.hostile.builders import png, png_chunk, png_of_size


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder of images of before."""
    return tmp_path / "old"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A storage root that is not there yet."""
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("path", "data", "part"),
    [
        ("users/1/a.png", png()[:-9], "damaged"),
        ("users/1/a.png", b"", "empty"),
        ("users/1/stats.db", b"SQLite format 3", "not a picture"),
        ("users/1/a.jpg", png(), "Name it a.png"),
        ("users/1/a.exe", png(), "Name it a.png"),
        ("users/1/a.png", png() + b"<script>", "after the end of its picture"),
        ("users/1/a.png", png(extras=[png_chunk(b"tEXt", b"Comment\0<?php echo 1;")]), "a script in its part tEXt"),
        ("users/1/a.png", png_of_size(MAX_IMAGE_BYTES + 1), "IMAGE_GENERATION_SIZE_MB"),
        ("users/1/k/l/a.png", png(), "folder inside a folder"),
        ("users/1/" + "d/" * 40 + "a.png", png(), "folders deep"),
        ("users/a.png", png(), "no user's folder"),
        ("users/Bob/a.png", png(), "user id 'Bob'"),
        ("users/con/a.png", png(), "Windows"),
        ("users/1/-a.png", png(), "must begin with a letter or digit"),
        ("users/1/nul.png", png(), "Windows"),
        ("users/1/a.png ", png(), "dot or a space"),
        ("users/1/" + "n" * 121, png(), "At most 120"),
        ("users/1/.hidden.png", png(), "must begin"),
    ],
    ids=lambda value: value[-12:] if isinstance(value, str) else "",
)
def test_what_cannot_be_an_image_is_skipped_with_a_sentence(
    old: Path, root: Path, path: str, data: bytes, part: str
) -> None:
    """It says why, and what to do; the others are adopted, and nothing of it is left in the root."""
    put(old, "users/9/good.png", png())
    put(old, path, data)
    done = adopted(root, old)
    ((_, sentence),) = skipped(done).items()
    assert part in sentence
    assert sentence.endswith((".", "follow."))
    assert done.images == 1
    assert files_of(root) == {root / "images/users/9/good.png"}


@pytest.mark.parametrize("path", [".DS_Store", "Thumbs.db", "desktop.ini", "._a.png", ".details/a.png~.json"])
def test_what_desktops_and_the_storage_leave_is_passed_over(old: Path, root: Path, path: str) -> None:
    """Nobody can do anything about it, so nobody is told."""
    put(old, f"users/1/{path}", b"x")
    assert adopted(root, old).skipped == ()


def test_links_are_never_followed(old: Path, root: Path, tmp_path: Path) -> None:
    """Neither files nor folders, nor to themselves, nor to nothing; each is named."""
    secret = put(tmp_path, "elsewhere/2/secret.png", png())
    put(old, "users/1/a.png", png())
    (old / "users/1/b.png").symlink_to(secret)
    (old / "users/1/nothing.png").symlink_to(tmp_path / "nothing")
    (old / "users/1/loop").symlink_to(old / "users")
    (old / "users/3").symlink_to(secret.parent)
    (old / "images").symlink_to(tmp_path / "elsewhere")
    done = adopted(root, old)
    assert set(skipped(done)) == {"b.png", "nothing.png", "loop", "3", "images"}
    assert all("symbolic link" in sentence for sentence in skipped(done).values())
    assert [name for _, name, *_ in told(root)] == ["a.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name is a thing of POSIX")
def test_a_pipe_is_not_waited_for(old: Path, root: Path) -> None:
    """Reading it would never end."""
    put(old, "users/1/a.png", png())
    os.mkfifo(old / "users/1/pipe.png")
    assert "no ordinary file" in skipped(adopted(root, old))["pipe.png"]


def test_one_name_twice_is_adopted_once(old: Path, root: Path) -> None:
    """Two spellings of one name, or one name in both layouts: the same bytes are one image, others are skipped."""
    put(old, "images/users/1/A.png", png(1, 1), age=1)
    put(old, "images/users/1/a.png", png(2, 2), age=9)
    put(old, "users/1/A.png", png(1, 1), age=9)
    done = adopted(root, old)
    assert (done.images, done.already) == (1, 1)
    assert "The name A.png of 1 is taken by another image" in skipped(done)["a.png"]
    assert_disk_and_log_agree(root)


def test_a_broken_image_does_not_keep_its_twin_out(old: Path, root: Path) -> None:
    """The name goes to the first that can have it."""
    put(old, "images/users/1/a.png", b"broken")
    put(old, "users/1/a.png", png())
    assert adopted(root, old).images == 1
    assert_disk_and_log_agree(root)


def test_a_name_cannot_be_a_folder_too(old: Path, root: Path) -> None:
    """A file and a folder of one name, in two layouts: the older stands."""
    put(old, "images/users/1/cat", png(), age=2)
    put(old, "users/1/cat/a.png", png(), age=1)
    assert "folder and a file at once" in skipped(adopted(root, old))["a.png"]
    assert_disk_and_log_agree(root)


def test_an_image_of_the_log_keeps_its_name(old: Path, root: Path) -> None:
    """Other bytes under a name that stands are skipped, and what stands is as it was."""
    put(old, "users/1/a.png", png(2, 2))
    put(root, "images/users/1/A.png", png(1, 1))
    adopted(root, root)
    before = traces(root / "images")
    assert "is taken by another image" in skipped(adopted(root, old))["a.png"]
    assert traces(root / "images") == before


@pytest.mark.parametrize("foreign", ["a/b.png", "a"])
def test_a_foreign_file_in_the_way_stays(old: Path, root: Path, foreign: str) -> None:
    """At the final path, or where its folder would be: the sentence names the place, and nothing is overwritten."""
    put(old, "users/1/a/b.png", png(2, 2))
    theirs = put(root, f"images/users/1/{foreign}", png(1, 1))
    sentence = skipped(adopted(root, old))["b.png"]
    assert "the log does not know" in sentence
    assert str(root / "images/users/1") in sentence
    assert theirs.read_bytes() == png(1, 1)
    assert told(root) == []


def test_nothing_is_written_through_a_link_in_the_root(old: Path, root: Path, tmp_path: Path) -> None:
    """A user's folder that leads elsewhere is refused."""
    put(old, "users/1/a.png", png())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "images/users").mkdir(parents=True)
    (root / "images/users/1").symlink_to(elsewhere)
    assert "symbolic link" in skipped(adopted(root, old))["a.png"]
    assert list(elsewhere.iterdir()) == []


class Unreadable(Files):
    """A disk on which some names may not be read."""

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """Refuses files named so."""
        if path.name.startswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return super().open(path, flags, mode)

    def scan_directory(self, path: Path) -> list[str]:
        """Refuses folders named so."""
        if path.name.startswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return super().scan_directory(path)


def test_what_may_not_be_read_is_skipped(old: Path, root: Path) -> None:
    """A file, a folder: the rest is adopted."""
    put(old, "users/1/locked.png", png())
    put(old, "users/1/locked/a.png", png())
    put(old, "users/1/open.png", png())
    files = Unreadable()
    made = plan(root, old, files)
    assert isinstance(made, Plan)
    done = adopt(made, terms(files))
    assert isinstance(done, Adoption)
    assert set(skipped(done)) == {"locked.png", "locked"}
    assert all("Permission denied" in sentence for sentence in skipped(done).values())
    assert done.images == 1


class Changing(Files):
    """A disk on which a file is written to just after some verb has touched it."""

    def __init__(self, verb: str, victim: Path) -> None:
        super().__init__()
        self.victim = victim
        self._of_descriptor: dict[int, Path] = {}
        original = getattr(self, verb)

        def then_change(*arguments: Any) -> Any:
            done = original(*arguments)
            if self._of_descriptor.get(arguments[0], arguments[0]) == victim:
                with victim.open("ab") as file:
                    file.write(b"more")
            return done

        setattr(self, verb, then_change)

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """Remembers what a descriptor is of."""
        fd = super().open(path, flags, mode)
        self._of_descriptor[fd] = path
        return fd


@pytest.mark.parametrize(("verb", "in_place"), [("read", False), ("read", True), ("sync_data", True)])
def test_a_file_that_is_being_written_is_skipped(root: Path, tmp_path: Path, verb: str, in_place: bool) -> None:
    """While it is read, and, where it lies in place, until the log names it: the log never tells other bytes."""
    directory = root if in_place else tmp_path / "old"
    victim = put(directory, "images/users/1/a.png", png())
    done = adopt(planned(root, directory), terms(Changing(verb, victim)))
    assert isinstance(done, Adoption)
    assert "changed or taken away" in skipped(done)["a.png"]
    assert told(root) == []


def test_a_file_that_is_a_link_by_then_is_skipped(old: Path, root: Path, tmp_path: Path) -> None:
    """Somebody put a link to another one's picture there meanwhile, as long as the picture has bytes."""
    secret = tmp_path / ("secret".ljust(100, "-") + ".png")
    put(tmp_path, secret.name, png_of_size(len(str(secret))))
    swapped = put(old, "users/1/a.png", png())
    made = planned(root, old)
    swapped.unlink()
    swapped.symlink_to(secret)
    done = adopt(made, terms())
    assert isinstance(done, Adoption)
    assert "changed or taken away" in skipped(done)["a.png"]


def test_a_file_that_is_gone_by_then_is_skipped(old: Path, root: Path) -> None:
    """Between the look around and its turn."""
    gone = put(old, "users/1/a.png", png())
    made = planned(root, old)
    gone.unlink()
    done = adopt(made, terms())
    assert isinstance(done, Adoption)
    assert "No such file" in skipped(done)["a.png"]
