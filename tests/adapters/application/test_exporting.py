"""All that is kept of a user, in archives of any size: nothing is left out, and none is larger than it may be."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.application.deleting import delete_image
from adapters.application.exporting import LEAST_ARCHIVE_BYTES, archive_of, plan_export
from adapters.application.results import StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.commands import SaveImage, SetPolicy
from tests.hostile.builders import png

SIZES = {
    "small.png": 1,
    "a folder/larger.png": 3_000,
    "image_1.png": 9_999,
    "huge.png": 50_000,
    "x" * 116 + ".png": 700,
}
LIMITS = [0, LEAST_ARCHIVE_BYTES, 6_000, 20_000, 10_000_000]


@pytest.fixture(scope="module")
def content() -> dict[str, bytes]:
    """The bytes of each image: nothing that can be packed."""
    return {name: os.urandom(size) for name, size in SIZES.items()}


@pytest.fixture
async def store(tmp_path: Path, content: dict[str, bytes]) -> Any:
    """A storage with these images, each with how it was made."""
    opened = open_store(tmp_path, settings=StoreSettings(check_images=False), limits=SetPolicy(daily=100))
    for name, data in content.items():
        await save_image(opened, NewImage("1", data, name=name, details={"prompt": f"a picture called {name}"}))
    await save_image(opened, NewImage("2", b"of another", name="other.png"))
    yield opened
    opened.close()


def files_of(store: Storage, at_most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Every file of every archive."""
    export = plan_export(store, "1", at_most_bytes)
    for index in range(len(export.archives)):
        data = archive_of(store, export, index).data
        assert len(data) <= max(at_most_bytes, LEAST_ARCHIVE_BYTES)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())


@pytest.mark.parametrize("at_most_bytes", LIMITS)
async def test_everything_is_in_one_of_the_archives(
    store: Storage, content: dict[str, bytes], at_most_bytes: int
) -> None:
    """Each image whole, or in pieces that give it back in their order; each event once; how each was made."""
    found = list(files_of(store, at_most_bytes))
    assert max(Counter(name for name, _ in found).values()) == 1
    images: dict[str, bytes] = {}
    records = []
    for name, data in found:
        if name.startswith("images/"):
            whole = name.removeprefix("images/").partition(".part-")[0]
            images[whole] = images.get(whole, b"") + data
        elif name.startswith("record"):
            records.append(json.loads(data))
    assert images == content
    assert ("how-to-join.txt" in dict(found)) == any(".part-" in name for name, _ in found)
    saved = [event["data"]["name"] for record in records for event in record["events"] if event["type"] == "ImageSaved"]
    assert sorted(saved) == sorted(content)
    details = {name: made for record in records for name, made in record["images"].items()}
    assert {name: made["prompt"] for name, made in details.items()} == {n: f"a picture called {n}" for n in content}
    assert {record["user"] for record in records} == {"1"}


async def test_what_was_deleted_or_saved_anew_meanwhile_is_left_out(store: Storage) -> None:
    """The archives that follow are made all the same, none larger than was planned."""
    export = plan_export(store, "1", 20_000)
    await delete_image(store, "1", "small.png")
    await save_image(store, NewImage("1", bytes(30_000), name="image_1.png"))
    names = []
    for index in range(len(export.archives)):
        data = archive_of(store, export, index).data
        assert len(data) <= 20_000
        names += zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not {"images/small.png", "images/image_1.png"} & set(names)
    assert "images/a folder/larger.png" in names


async def test_images_whose_bytes_are_gone_cut_or_changed_are_told(store: Storage, tmp_path: Path) -> None:
    """By each archive that should hold them or a piece of them; what was deleted meanwhile is not lacking."""
    export = plan_export(store, "1", 20_000)
    home = tmp_path / "images/users/1"
    (home / "small.png").unlink()
    os.truncate(home / "huge.png", 10)
    flipped = bytearray((home / "a folder/larger.png").read_bytes())
    flipped[7] ^= 1
    (home / "a folder/larger.png").write_bytes(flipped)
    await delete_image(store, "1", "image_1.png")
    archives = [archive_of(store, export, index) for index in range(len(export.archives))]
    lacking = [name for archive in archives for name in archive.lacking]
    pieces = [entry.name for archive in export.archives for entry in archive if "huge.png" in entry.name]
    assert len(pieces) > 1
    assert sorted(lacking) == sorted(["small.png", "a folder/larger.png", *["huge.png"] * len(pieces)])


async def test_an_image_with_anothers_extension_leaves_under_its_own(tmp_path: Path) -> None:
    """Names of former logs: as a file of an archive each opens as a picture, and none takes the place of another."""
    names = {"a.exe": "a.exe.png", "k/b.html": "k/b.html.png", "c.js": "c.js.7.png", "c.js.png": "c.js.png", "d": "d"}
    with closing(open_store(tmp_path, limits=SetPolicy(daily=100))) as opened:
        for name in names:
            recorded_as(opened, name)
        with zipfile.ZipFile(io.BytesIO(archive_of(opened, plan_export(opened, "1", 10_000_000), 0).data)) as archive:
            found = {entry.removeprefix("images/") for entry in archive.namelist() if entry.startswith("images/")}
    assert found == set(names.values())


def recorded_as(store: Storage, name: str) -> None:
    """An image under any name, as a former version recorded it."""
    root, staged, data = store.opened(), uuid4().hex, png()
    root.images.stage(staged, data, None)
    root.ledger.execute(
        SaveImage(
            user="1",
            by="library",
            name=name,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            media_type="image/png",
            width=1,
            height=1,
            staged=staged,
            new_reservation=uuid4().hex,
        )
    )
    root.images.reconcile("1", name, temp=False)
