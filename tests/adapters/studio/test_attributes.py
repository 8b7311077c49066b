"""What the attributes of Linux forbid (`chattr +i`, `chattr +a`), on a real disk: it is known before anybody is paid,
told without a service too, and what was answered all the same is told until it is done.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.application.deleting import clean_up_blocking
from adapters.application.erasing import erase_images, forget_user, saves_older_than
from adapters.application.readiness import readiness_of
from adapters.application.results import LIBRARY
from adapters.cli import main
from adapters.disk.files import Files
from tests.adapters.application.evidence import assert_disk_and_log_agree, files_of
from tests.adapters.cli.processes import write_env_file
from tests.adapters.studio.counted import DETAILS, HOME, KIND, STAGED, USERS, Counted, assert_refused_until
from tests.adapters.studio.mounts import ext4_disk, run

IMAGE, TEMP = f"{HOME}/k/a.png", "temp/1/t.png"


class Told(NamedTuple):
    """What a command says as JSON, and its exit code."""

    code: int
    json: dict[str, list[dict[str, str]]]


Abby = Callable[..., Told]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An ext4 file system of these tests."""
    folder = tmp_path_factory.mktemp("attributes")
    with ext4_disk(folder / "disk", folder / "image") as mounted:
        yield mounted


@pytest.fixture
def abby(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Abby:
    """Commands on a root."""
    env_file = write_env_file(tmp_path / "settings.env")

    def ask(root: Path, command: str) -> Told:
        capsys.readouterr()
        code = main(["--root", str(root), "--env-file", str(env_file), command, "--json"])
        return Told(code, json.loads(capsys.readouterr().out))

    return ask


@contextmanager
def attribute(letter: str, path: Path) -> Iterator[Callable[[], None]]:
    """Sets an attribute; gives what takes it away, which is done at the latest at the end."""

    def take_away() -> None:
        assert run("chattr", f"-{letter}", path)

    assert run("chattr", f"+{letter}", path)
    try:
        yield take_away
    finally:
        run("chattr", f"-{letter}", path)


PLACES = [
    *((place, letter) for place in (STAGED, USERS, KIND, DETAILS, f"{DETAILS}/text_to_image") for letter in "ia"),
    *(("logs/events.jsonl", "i"), ("logs/head", "i"), ("logs/head", "a")),
]


async def test_what_takes_no_save_is_known_before_anybody_is_paid(disk: Path, abby: Abby) -> None:
    """`doctor` says so beside no service too; nothing is left behind, and put right the next request is kept."""
    counted = Counted(disk / "paid", Files())
    assert await counted.is_kept()
    for place, letter in PLACES:
        counted.store.opened().checkpoint()
        files = files_of(counted.root)
        with attribute(letter, counted.root / place) as take_away:
            found = doctor(abby, counted.root)["files"]
            assert (found["level"], place in found["found"]) == ("FAIL", True), (place, letter)
            if place in (USERS, DETAILS):
                continue  # nothing is made there for a user who has images of this kind
            await assert_refused_until(counted, take_away, str(counted.root / place))
            assert len(files_of(counted.root) - files) == 1, (place, letter)
    counted.store.close()


def doctor(abby: Abby, root: Path) -> dict[str, dict[str, str]]:
    """The findings of `doctor` by what was looked at."""
    return {finding["check"]: finding for finding in abby(root, "doctor").json["checks"]}


async def delete(counted: Counted) -> None:
    """One image."""
    assert counted.manager.delete_image("1", "k/a.png")[0]


async def overwrite(counted: Counted) -> None:
    """The same name again, with other bytes."""
    assert (await counted.manager.save_image(counted.provider.picture(20_000).data, "1", "k/a.png"))[0]


async def clean_up(counted: Counted) -> None:
    """A temp file."""
    clean_up_blocking(counted.store, 0)


async def erase(counted: Counted) -> None:
    """All images of a user, as an operator does."""
    saves = saves_older_than(counted.store, "1", 0)
    assert (await erase_images(counted.store, "1", saves, actor=LIBRARY, reason="admin")).images == 2


async def forget(counted: Counted) -> None:
    """All that is kept of a user."""
    await forget_user(counted.store, "1", up_to=counted.store.opened().state.position, actor=LIBRARY)


ACTS: list[tuple[Callable[[Counted], Awaitable[None]], str, str]] = [
    (delete, IMAGE, "not gone"),
    (overwrite, IMAGE, "not in place"),
    (clean_up, TEMP, "not gone"),
    (erase, IMAGE, "not gone"),
    (forget, IMAGE, "not gone"),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act[0].__name__)
async def test_what_was_answered_and_cannot_be_done_is_told_until_it_is(
    disk: Path,
    abby: Abby,
    act: tuple[Callable[[Counted], Awaitable[None]], str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By readiness, by `audit` beside the service and without, and by `doctor`; put right, the next start does it."""
    monkeypatch.setattr("adapters.audit.comparison.SETTLE_SECONDS", 0.2)
    carry_out, name, kind = act
    for letter, of_folder in (("i", False), ("a", True)):
        root = disk / f"{carry_out.__name__}-{letter}"
        counted = Counted(root, Files())
        for kept in ("k/a.png", "k/b.png"):
            assert (await counted.manager.save_image(counted.provider.picture().data, "1", kept))[0]
        assert (await counted.manager.save_image(counted.provider.picture().data, "1", "t.png", is_temp=True))[0]
        with attribute(letter, (root / name).parent if of_folder else root / name):
            await carry_out(counted)
            told = " ".join(readiness_of(counted.store).notes)
            assert f"1/{name.partition('/1/')[2]}" in told
            assert kind in kinds(abby(root, "audit"))
            counted.store.close()
            assert kinds(abby(root, "audit")) == {kind}
            found = doctor(abby, root)
            assert found["undone"]["level"] == "WARN"
            assert found["files"]["level"] == ("FAIL" if of_folder else "OK")
            assert "images" not in found
        counted = Counted(root, Files())
        assert readiness_of(counted.store)[:3] == (True, False, ())
        counted.store.close()
        assert (abby(root, "audit").code, doctor(abby, root).get("undone")) == (0, None)
        assert_disk_and_log_agree(root)


def kinds(told: Told) -> set[str]:
    """What an audit found."""
    return {finding["kind"] for finding in told.json["findings"]}
