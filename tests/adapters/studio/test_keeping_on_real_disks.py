"""Nothing is paid that cannot be kept, on disks as machines have them: full, without inodes, read-only, another's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.application.readiness import readiness_of
from adapters.cli import main
from adapters.disk.files import Files
from adapters.generation.provider import GenerationRequest
from adapters.ports.failures import NotStored
from adapters.ports.faults import StorageUnavailable
from adapters.studio import Generated
from adapters.wording.failures import NO_ROOM
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.cli.processes import write_env_file
from tests.adapters.generation.in_memory_providers import ProviderAnswer
from tests.adapters.studio.counted import DETAILS, HOME, KIND, STAGED, USERS, Counted, assert_refused_until
from tests.adapters.studio.mounts import (
    ext4_disk,
    fill,
    run,
    small_disk,
    use_up_inodes,
)

Doctor = Callable[[Path], dict[str, str]]
SIZE = "size=24m"


@pytest.fixture
def doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """What `abby doctor` says of a root: the level of each check."""
    env_file = write_env_file(tmp_path / "settings.env")

    def examine(root: Path) -> dict[str, str]:
        capsys.readouterr()
        main(["--root", str(root), "--env-file", str(env_file), "doctor", "--json"])
        return {finding["check"]: finding["level"] for finding in json.loads(capsys.readouterr().out)["checks"]}

    return examine


@pytest.fixture
def begin() -> Iterator[Callable[[Path], Counted]]:
    """Begins a studio over a root on a real disk."""
    begun: list[Counted] = []

    def start(root: Path) -> Counted:
        begun.append(Counted(root, Files()))
        return begun[-1]

    yield start
    for counted in begun:
        counted.store.close()


Begin = Callable[[Path], Counted]


@contextmanager
def linked_disk(root: Path, name: str) -> Iterator[Path]:
    """A disk beside a new root, in which a folder is a link to it."""
    root.mkdir()
    with small_disk(root.with_name("disk"), SIZE) as disk:
        (disk / name).mkdir()
        (root / name).symlink_to(disk / name)
        yield disk


async def test_a_disk_that_is_filled_to_its_last_block(begin: Begin, doctor: Doctor, tmp_path: Path) -> None:
    """The whole storage root on it: nobody is paid, and once room is made the very next request is kept."""
    with small_disk(tmp_path / "disk", SIZE) as disk:
        counted = begin(disk / "root")
        assert await counted.is_kept()
        for _ in range(2):  # the second time without its reserve file
            filling = fill(disk)
            assert doctor(disk / "root")["disk"] == "FAIL"
            await assert_refused_until(counted, filling.unlink, "The disk is full", full=True)
        assert doctor(disk / "root")["files"] == "OK"
        counted.store.close()


async def test_a_disk_that_fills_while_a_picture_is_made(begin: Begin, tmp_path: Path) -> None:
    """The picture is given out once and counts; its user is told that, and no word of what could be saved later."""
    with small_disk(tmp_path / "disk", SIZE) as disk:
        counted = begin(disk / "root")

        async def made(_: GenerationRequest) -> ProviderAnswer:
            fill(disk)
            return counted.provider.result([counted.provider.picture()])

        counted.provider.make = made
        answer = await counted.ask()
        assert isinstance(answer, Generated)
        (picture,) = answer.pictures
        assert picture.data
        assert picture.not_kept == NotStored(NO_ROOM)
        used, held_mb = counted.charged
        assert (used, held_mb) == (1, 0.0)
        counted.store.close()


async def test_a_disk_without_inodes(begin: Begin, doctor: Doctor, tmp_path: Path) -> None:
    """Plenty of room, and no further file: told as that, at a start as while it runs."""
    with ext4_disk(tmp_path / "disk", tmp_path / "image", "-N", "64") as disk:
        counted = begin(disk / "root")
        assert await counted.is_kept()
        many = use_up_inodes(disk)
        assert doctor(disk / "root")["files"] == "FAIL"
        await assert_refused_until(counted, lambda: shutil.rmtree(many), "its inodes are used up", full=True)
        counted.store.close()


async def test_one_inode_left_is_not_enough(begin: Begin, tmp_path: Path) -> None:
    """A save makes files and folders; each of them is tried."""
    with small_disk(tmp_path / "disk", f"{SIZE},nr_inodes=200") as disk:
        counted = begin(disk / "root")
        many = use_up_inodes(disk)
        for number in range(3):
            (many / str(number)).unlink()
        await assert_refused_until(counted, lambda: shutil.rmtree(many), "its inodes are used up", full=True)
        counted.store.close()


async def test_a_disk_of_images_that_is_made_read_only(begin: Begin, doctor: Doctor, tmp_path: Path) -> None:
    """As a system does it with a disk that fails, while the log is on another."""
    root = tmp_path / "root"
    with small_disk(root / "images", SIZE) as images:
        counted = begin(root)
        assert await counted.is_kept()
        assert run("mount", "-o", "remount,ro", images)
        assert doctor(root)["files"] == "FAIL"
        await assert_refused_until(counted, lambda: run("mount", "-o", "remount,rw", images), "Read-only file system")
        counted.store.close()


async def test_what_failed_for_many_is_noted_once(begin: Begin, tmp_path: Path) -> None:
    """By the folder: the names of files in the making are others each time."""
    root = tmp_path / "root"
    with small_disk(root / "images", SIZE) as images:
        counted = begin(root)
        assert await counted.is_kept()
        assert run("mount", "-o", "remount,ro", images)
        for user in ("1", "2", "3"):
            assert not (await counted.manager.save_image(counted.provider.picture().data, user, "a.png"))[0]
        notes = [note for note in readiness_of(counted.store).notes if note.startswith("Pictures cannot be kept")]
        assert len(notes) == 1
        assert f"({images / '.staged'})" in notes[0]
        counted.store.close()


async def test_images_behind_the_operators_link_lie_on_another_disk(
    begin: Begin, doctor: Doctor, tmp_path: Path
) -> None:
    """They are kept there, and it is that disk's room which counts; unmounted, they are told to be mounted."""
    root = tmp_path / "root"
    with linked_disk(root, "images") as disk:
        counted = begin(root)
        assert await counted.is_kept()
        assert [path.name for path in (disk / "images/users/1/text_to_image").iterdir()] == ["image_1.png"]
        assert doctor(root)["files"] == "OK"
        assert doctor(root)["root"] == "WARN"  # in memory, whatever the root lies on
        filling = fill(disk)
        await assert_refused_until(counted, filling.unlink, "The disk is full", full=True)
    assert isinstance(await counted.ask(), StorageUnavailable)
    notes = " ".join(readiness_of(counted.store).notes)
    assert "leads nowhere at the moment. Mount the disk" in notes
    assert ".." not in notes
    assert "2 images have no file" in notes
    assert counted.paid == 2


async def test_a_log_behind_the_operators_link_lies_on_another_disk(
    begin: Begin, doctor: Doctor, tmp_path: Path
) -> None:
    """It is that disk's room which counts for what is recorded, and `doctor` says what it is and that it is full."""
    root = tmp_path / "root"
    with linked_disk(root, "logs") as disk:
        counted = begin(root)
        assert await counted.is_kept()
        assert doctor(root)["root"] == "WARN"
        filling = fill(disk)
        assert doctor(root)["disk"] == "FAIL"
        await assert_refused_until(counted, filling.unlink, "The disk is full", full=True)
        counted.store.close()


async def test_a_disk_for_each_user_and_one_for_temp_files(begin: Begin, tmp_path: Path) -> None:
    """Where staging lies on another disk than what is staged, the file is brought over whole."""
    root = tmp_path / "root"
    with small_disk(root / "images/users", SIZE), small_disk(root / "temp", SIZE):
        counted = begin(root)
        assert await counted.is_kept()
        manager = counted.manager
        assert (await manager.save_image(counted.provider.picture().data, "1", "a.png", is_temp=True))[0]
        assert sorted(path.name for path in (root / "images/.staged").iterdir()) == []
        assert_disk_and_log_agree(root)
        counted.store.close()


# -- another account ----------------------------------------------------------------------------------

PROJECT = Path(__file__).parents[3]
NOBODY = 65_534
AS_NOBODY = f"""
import asyncio, json, os, sys
from pathlib import Path
from adapters.application.readiness import readiness_of
from adapters.cli import main
from adapters.disk.files import Files
from tests.adapters.studio.counted import Counted

def doctor(root):
    main(["--root", str(root), "--env-file", sys.argv[1], "doctor", "--json"])

warm, *roots = [Path(root) for root in sys.argv[2:]]
doctor(warm)  # and a picture: all modules are imported while they can be read
counted = Counted(warm, Files())
assert asyncio.run(counted.is_kept())
counted.store.close()
print(flush=True)
warm.chmod(0o700)
os.setgid({NOBODY}); os.setuid({NOBODY})
doctor(warm)
begun = [Counted(root, Files()) for root in roots]
sys.stdin.readline()
for counted in begun:
    fault = asyncio.run(counted.ask())
    readiness = readiness_of(counted.store)
    print(json.dumps([type(fault).__name__, counted.paid, readiness.degraded, " ".join(readiness.notes)]))
    doctor(counted.root)
print(flush=True)
sys.stdin.readline()
for counted in begun:
    print(json.dumps([asyncio.run(counted.is_kept()), counted.paid, readiness_of(counted.store).degraded]))
sys.stdout.flush()
"""


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that every account may pass; pytest's own are its user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_folders_of_another_account_are_known_before_anybody_is_paid(anybodys: Path) -> None:
    """Each one that a save goes through; `doctor` as that account says FAIL; given back, the next request is kept."""
    folders = ("images", STAGED, USERS, HOME, KIND, DETAILS, f"{DETAILS}/text_to_image")
    tree = [anybodys / f"root{number}" / folder for number, folder in enumerate(folders)]
    for folder in tree:
        folder.mkdir(parents=True)
    env_file = write_env_file(anybodys / "settings.env")
    give(anybodys, NOBODY)
    roots = ["warm", *(f"root{number}" for number in range(len(folders)))]
    command = [sys.executable, "-c", AS_NOBODY, str(env_file), *(str(anybodys / root) for root in roots)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", env={"PYTHONPATH": str(PROJECT)}
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert list(iter(child.stdout.readline, "\n"))
        for folder in tree:
            os.chown(folder, 0, 0)
        child.stdin.write("\n")
        child.stdin.flush()
        closed = json.loads(child.stdout.readline())
        told = [json.loads(line) for line in iter(child.stdout.readline, "\n")]
        for folder in tree:
            os.chown(folder, NOBODY, NOBODY)
        after = [json.loads(line) for line in child.communicate("\n", timeout=60)[0].splitlines()]
    for folder, (fault, paid, degraded, notes), doctors in zip(tree, told[::2], told[1::2], strict=True):
        assert (fault, paid, degraded) == ("StorageUnavailable", 0, True), folder
        assert f"Permission denied ({folder}" in notes
        assert level_of("files", doctors) == "FAIL", folder
    assert {level_of(check, closed) for check in ("root", "log", "files", "disk")} == {"FAIL"}
    assert (closed["worst"], level_of("provider", closed)) == ("FAIL", "OK")
    assert after == [[True, 1, False]] * len(folders)


def give(top: Path, account: int) -> None:
    """Gives everything in a folder to an account."""
    for path in (top, *top.rglob("*")):
        os.chown(path, account, account)


def level_of(check: str, told: dict[str, Any]) -> str:
    """The level of one check of `doctor`."""
    return next(str(finding["level"]) for finding in told["checks"] if finding["check"] == check)
