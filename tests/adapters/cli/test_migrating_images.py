"""`abby migrate --to bucket` and back: every image that stands is there with its bytes and how it was made; what it
came from stays; interrupted, it goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.reading import image_bytes, image_details
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.archive.images_moving import carry_images
from adapters.cli import main
from adapters.engines.choice import POSTGRES_MODULE, choose_engine, image_stores
from adapters.engines.opening import open_store
from adapters.eventlog.postgres.company import Company
from adapters.imagestore.s3.bucket import Bucket
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import ConfigError, LogLocked
from adapters.ports.object_place import ObjectPlace
from domain.commands import SetPolicy
from tests.adapters.cli.processes import Ran, holding, write_env_file
from tests.adapters.cli.test_bucket import settings_of
from tests.hostile.builders import png_of_size
from tests.servers.faulty_proxy import Fault, FaultyProxy, Plan, nothing_fails
from tests.servers.postgres import new_database
from tests.servers.s3 import HOST, new_bucket, place_in

IMAGES = {"a.png": 100, "k/b.png": 2_000, "C.png": 30_000}
Migrate = Callable[..., Ran]


@pytest.fixture
def place() -> ObjectPlace:
    """The prefix of the settings."""
    return place_in(new_bucket(), prefix="abby")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root of files, with images, one deleted, one saved anew, and a temp file."""
    with closing(open_store(tmp_path / "root", limits=SetPolicy(daily=100))) as store:
        for name, size_bytes in IMAGES.items():
            keep(store, "1", name, png_of_size(size_bytes - 1), prompt="former")
            keep(store, "1", name, png_of_size(size_bytes), prompt=name)
        keep(store, "2", "a.png", png_of_size(500))
        keep(store, "2", "gone.png", png_of_size(500), prompt="gone")
        delete_image_blocking(store, "2", "gone.png")
        saved = asyncio.run(save_image(store, NewImage("1", png_of_size(100), "t.png", temp=True)))
        assert isinstance(saved, SavedImage)
    return tmp_path / "root"


@pytest.fixture
def migrate(tmp_path: Path, root: Path, place: ObjectPlace, capsys: pytest.CaptureFixture[str]) -> Migrate:
    """Runs `abby migrate` with settings that lead to the bucket."""

    def run(*words: str, **others: str) -> Ran:
        settings = settings_of(place.bucket, root, **others)
        capsys.readouterr()
        code = main(["--env-file", str(write_env_file(tmp_path / "bucket.env", **settings)), "migrate", *words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


def keep(store: Storage, user: str, name: str, data: bytes, **details: object) -> None:
    """A save."""
    saved = asyncio.run(save_image(store, NewImage(user, data, name, details=details or None)))
    assert isinstance(saved, SavedImage)


def judge(store: Storage) -> None:
    """Whether all is there that stands."""
    for name, size_bytes in IMAGES.items():
        assert image_bytes(store, "1", name) == png_of_size(size_bytes)
        assert image_details(store, "1", name) == {"prompt": name}
    assert (image_bytes(store, "2", "a.png"), image_details(store, "2", "a.png")) == (png_of_size(500), None)
    assert image_bytes(store, "2", "gone.png") is None
    assert store.opened().images.is_there("1", "t.png", temp=True, size_bytes=100)
    assert store.opened().images.missing == set()


def below(root: Path) -> dict[str, bytes]:
    """Every file of images."""
    found = (path for place in ("images", "temp") for path in (root / place).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def cut_after(requests: int) -> Plan:
    """The store is away after so many requests."""
    left = [requests]

    def plan(_method: str, _path: str) -> Fault:
        left[0] -= 1
        return Fault.NONE if left[0] >= 0 else Fault.REFUSED

    return plan


def test_images_are_carried_into_a_bucket_and_back(
    migrate: Migrate, root: Path, place: ObjectPlace, fits: Callable[[str, Any], bool]
) -> None:
    """The same bytes and details, also of temp files; and nothing is left behind but what stands."""
    files = below(root)
    there = migrate("--to", "bucket", "--yes", "--json")
    assert fits("migrate", there.json)
    assert (there.code, there.json["images"], there.json["brought"], there.json["lacking"]) == (0, 5, 5, [])
    assert below(root) == files
    assert len(list(Bucket(place).all_below("images"))) == 5 + len(IMAGES)
    again = migrate("--to", "bucket", "--yes", "--json")
    assert (again.code, again.json["brought"]) == (0, 0)
    with closing(open_store(root, objects=place)) as store:
        judge(store)
    for path in (*(root / "images").rglob("*"), *(root / "temp").rglob("*")):
        if path.is_file():
            path.unlink()
    back = migrate("--to", "folders", "--yes")
    assert back.code == 0, back.err
    assert f"Set STORAGE_ROOT to {root}" in " ".join(back.out.split())
    with closing(open_store(root)) as store:
        judge(store)
    assert {name for name in below(root) if not name.endswith(".json")} == {
        name for name in files if not name.endswith(".json")
    }


def test_a_migration_that_was_interrupted_goes_on(migrate: Migrate, proxy: FaultyProxy, place: ObjectPlace) -> None:
    """Whatever was lost on the way; what is there is not carried again."""
    address = f"http://{HOST}:{proxy.port}"
    puts = 0

    def plan(method: str, path: str) -> Fault:
        nonlocal puts
        puts += method == "PUT" and not path.endswith(".json")
        return Fault.REFUSED if puts > 2 else Fault.NONE

    proxy.plan = plan
    cut = migrate("--to", "bucket", "--yes", AWS_ENDPOINT_URL=address)
    assert cut.code != 0
    assert "goes on where it stopped" in cut.err
    assert "Traceback" not in cut.err
    proxy.plan = nothing_fails
    done = migrate("--to", "bucket", "--yes", "--json", AWS_ENDPOINT_URL=address)
    assert done.code == 0, done.out + done.err
    assert (done.json["images"], done.json["lacking"]) == (5, [])
    assert done.json["brought"] < 5
    assert len(list(Bucket(place).all_below("images"))) == 5 + len(IMAGES)


def test_images_are_in_one_place_at_each_moment_of_it(
    migrate: Migrate, proxy: FaultyProxy, root: Path, place: ObjectPlace
) -> None:
    """Interrupted at any request, there or back: at most one of both is opened, and the same command goes on."""

    def opens(objects: ObjectPlace | None) -> bool:
        try:
            open_store(root, objects=objects).close()
        except ConfigError:
            return False
        return True

    in_folders, in_bucket = (False, True), (True, False)
    for to, before, after in (("bucket", in_folders, in_bucket), ("folders", in_bucket, in_folders)):
        seen, cut, is_done = set(), 0, False
        while not is_done:
            proxy.plan = cut_after(cut)
            is_done = migrate("--to", to, "--yes", AWS_ENDPOINT_URL=f"http://{HOST}:{proxy.port}").code == 0
            proxy.plan = nothing_fails
            now = opens(place), opens(None)
            assert is_done or now in {before, (False, False)}
            seen.add(now)
            cut += 3
        assert now == after
        assert before in seen
    with closing(open_store(root)) as store:
        judge(store)


def test_images_are_not_carried_into_the_prefix_of_another_log_or_out_of_it(
    migrate: Migrate, root: Path, place: ObjectPlace, tmp_path: Path
) -> None:
    """What is there stays as it is."""
    with closing(open_store(tmp_path / "other", limits=SetPolicy(daily=100), objects=place)) as store:
        keep(store, "1", "a.png", png_of_size(300))
    before = {(one.key, one.size_bytes) for one in Bucket(place).all_below("images")}
    files = below(root)
    for to in ("bucket", "folders"):
        ran = migrate("--to", to, "--yes")
        assert (ran.code, "of the log" in ran.err, "STORAGE_ROOT" in ran.err) == (78, True, True)
    assert {(one.key, one.size_bytes) for one in Bucket(place).all_below("images")} == before
    assert below(root) == files
    with closing(open_store(root)) as store:
        judge(store)


def test_what_has_no_right_bytes_is_told_and_not_carried(migrate: Migrate, root: Path, place: ObjectPlace) -> None:
    """Nothing else than what was recorded becomes an image."""
    (root / "images/users/1/a.png").unlink()
    (root / "images/users/1/k/b.png").write_bytes(bytes(2_000))
    told = migrate("--to", "bucket", "--yes", "--json")
    assert told.code == 1
    assert sorted(one["name"] for one in told.json["lacking"]) == ["a.png", "k/b.png"]
    assert len([one for one in Bucket(place).all_below("images") if one.key[-5:] != ".json"]) == 3


def test_it_is_asked_first_and_never_done_beside_a_writer(migrate: Migrate, root: Path, place: ObjectPlace) -> None:
    """Nor without a bucket."""
    assert "with --yes to do it" in migrate("--to", "bucket").out + migrate("--to", "bucket").err
    with holding(root):
        held = migrate("--to", "bucket", "--yes")
        assert held.code != 0
        assert "being written" in held.err or "holds" in held.err or "held" in held.err
    none = migrate("--to", "bucket", "--yes", STORAGE_ROOT=str(root))
    assert (none.code, "names no bucket" in none.err) == (78, True)
    assert list(Bucket(place).all_below("images")) == []


def test_images_are_not_carried_while_others_write_the_log(tmp_path: Path) -> None:
    """In a database no lock of this root keeps them away: what they deleted meanwhile would be carried all the same."""
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, new_database()))
    with closing(open_store(tmp_path / "other", engine=engine)) as other:
        company = other.running().shared
        assert isinstance(company, Company)
        assert company.is_there.wait(15)
        here, there = image_stores()(tmp_path / "here"), image_stores()(tmp_path / "there")
        with pytest.raises(LogLocked, match=r"Others write the log in .* \(1 process\).*Nothing was carried"):
            carry_images(tmp_path / "here", engine=engine, source=here, target=there)
