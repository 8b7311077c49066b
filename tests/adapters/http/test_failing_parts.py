"""What clients see while a part of the service fails: memory that runs out, a full disk, an image without its file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.audit.comparison import audit
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.http.routes import images as images_routes
from adapters.imagestore.local.image_store import LocalImageStore
from adapters.ledger import ledger as ledger_module
from domain.commands import ReleaseExpired
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.application.small_disk import SmallDisk
from tests.adapters.eventlog.jsonl.logs import as_killed
from tests.adapters.generation.in_memory_providers import InMemoryProvider
from tests.adapters.http.conftest import Running, Serve
from tests.crash.recount import recount
from tests.hostile.builders import png, png_of_size

KEPT, LOST, AFTER = png_of_size(200), png_of_size(300), png_of_size(400)


def fail_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Callable[[], int]:
    """The next call of a function finds no memory; how often it was called since."""
    real, calls = getattr(owner, name), 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        if isinstance(arguments[0], ReleaseExpired):  # the ledger's own command, which belongs to no request
            return real(*arguments, **named)
        calls += 1
        if calls == 1:
            raise MemoryError
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, call)
    return lambda: calls


@pytest.mark.parametrize(
    ("owner", "name", "is_kept"),
    [
        (images_routes, "save_image", False),
        (LocalImageStore, "stage", False),
        (Files, "write_durably", False),
        (ledger_module, "decide", False),
        (LocalImageStore, "reconcile", True),
        (LocalImageStore, "_bring_into_place", True),
    ],
)
async def test_memory_that_runs_out_fails_one_request_and_harms_nothing(
    service: Running, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, is_kept: bool
) -> None:
    """500 for that one, wherever it happens; the service goes on, and log, figures and files agree, then and later."""
    assert (await service.upload("1", KEPT, "kept.png")).status == 201
    calls = fail_once(monkeypatch, owner, name)
    failed = await service.upload("1", LOST, "lost.png")
    assert (failed.status, calls()) == (500, 1)
    assert failed.json["reference"]
    staged = list((service.store.root / "images" / ".staged").iterdir())
    assert len(staged) == is_kept
    assert (await service.upload("1", AFTER, "after.png")).status == 201
    names = ["after.png", *(["lost.png"] if is_kept else []), "kept.png"]
    listed = (await service.ask("GET", "/v1/users/1/images")).json["images"]
    assert [image["name"] for image in listed] == names
    for image, data in zip(listed, [AFTER, *([LOST] if is_kept else []), KEPT], strict=True):
        assert (await service.ask("GET", image["url"])).body == data
    service.store.opened().sweep()  # as every minute: what is not in place is tried again
    assert (await service.ask("GET", "/readyz")).json["status"] == "ready"
    assert_invariants(service)
    service.store.close()
    open_store(service.store.root).close()
    assert_disk_and_log_agree(service.store.root)


def assert_invariants(service: Running) -> None:
    """The figures in memory are those of the log counted anew, and of its files none is missing or wrong."""
    root = service.store.root
    account, state = recount((root / "logs" / "events.jsonl").read_bytes()), service.store.opened().ledger.state
    assert (state.position, state.pool.used_bytes) == (account.last, account.used("1", temp=False))
    assert (state.pool.held_bytes, state.user("1").held_bytes) == (account.held("1"), account.held("1"))
    assert {day.day: day.count for day in state.days("1")} == {day: count for (_, day), count in account.days.items()}
    engine = service.store.engines.log
    assert audit(root, engine.verify(root), engine=engine).findings == ()


async def test_a_full_disk_is_507_and_deletions_still_work(serve: Serve) -> None:
    """The answer says that the disk is full; what was acknowledged stays, and with room saves come back."""
    disk = SmallDisk()
    service: Running = await serve(files=disk)
    for name in ("a.png", "b.png"):
        assert (await service.upload("1", png_of_size(50_000), name)).status == 201
    disk.room_bytes = 200
    reset = await service.send_json("POST", "/v1/admin/users/1/reset", {"reason": "x" * 200})
    refused = await service.upload("1", png(), "c.png")
    for answer in (reset, refused):
        assert (answer.status, answer.json["type"]) == (507, "urn:abby-ledger:problem:disk-full")
        assert "The disk is full, so nothing was kept" in answer.json["detail"]
    assert (await service.ask("GET", "/readyz")).json["status"] == "degraded"
    assert (await service.ask("DELETE", "/v1/users/1/images/a.png")).status == 200
    assert (await service.ask("GET", "/v1/users/1/images/b.png")).body == png_of_size(50_000)
    disk.room_bytes = None
    assert (await service.upload("1", png(), "c.png")).status == 201
    service.store.close()
    assert_disk_and_log_agree(service.store.root)


async def test_a_picture_that_could_not_be_kept_is_507_or_503_and_nobody_is_paid(tmp_path: Path, serve: Serve) -> None:
    """A disk that is full down to its reserve file, then a folder that takes nothing; both are over at once."""
    disk, provider = SmallDisk(), InMemoryProvider()
    service: Running = await serve(files=disk, provider=provider)
    path, asked = "/v1/users/1/generations", {"prompt": "a cat"}
    assert (await service.send_json("POST", path, asked)).status == 201
    for room_bytes, status, kind in ((1_000_000, 507, "disk-full"), (None, 503, "unavailable")):
        disk.room_bytes = room_bytes
        if room_bytes is None:
            (tmp_path / "root/images/.staged").rename(tmp_path / "away")
            (tmp_path / "root/images/.staged").write_bytes(b"in the way")
        refused = await service.send_json("POST", path, asked)
        assert (refused.status, refused.json["type"]) == (status, f"urn:abby-ledger:problem:{kind}")
        assert str(tmp_path) not in refused.json["detail"]
        ready = await service.ask("GET", "/readyz")
        assert (ready.status, ready.json["status"]) == (200, "degraded")
        disk.room_bytes = None
        if room_bytes is None:
            (tmp_path / "root/images/.staged").unlink()
            (tmp_path / "away").rename(tmp_path / "root/images/.staged")
        assert (await service.send_json("POST", path, asked)).status == 201
        assert (await service.ask("GET", "/readyz")).json["status"] == "ready"
    assert len(provider.asked) == 3


async def test_a_save_on_a_full_disk_is_507(serve: Serve) -> None:
    """Also where its bytes find no room and the log still does; with room the next one is kept."""
    disk = SmallDisk()
    service: Running = await serve(files=disk)
    disk.room_bytes = 2_000
    refused = await service.upload("1", png_of_size(50_000), "a.png")
    assert (refused.status, refused.json["type"]) == (507, "urn:abby-ledger:problem:disk-full")
    assert (await service.ask("GET", "/readyz")).json["status"] == "degraded"
    disk.room_bytes = None
    assert (await service.upload("1", png_of_size(50_000), "a.png")).status == 201
    assert (await service.ask("GET", "/readyz")).json["status"] == "ready"


@pytest.mark.skipif(os.name != "posix", reason="links are other things elsewhere")
async def test_an_image_whose_file_went_is_told_as_that(tmp_path: Path, service: Running) -> None:
    """404 where it is gone or a link stands there, 503 where it cannot be read; none of them gives out another file."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"somebody else's")
    for name in ("gone.png", "link.png"):
        assert (await service.upload("1", png(), name)).status == 201
        (tmp_path / "root/images/users/1" / name).unlink()
    (tmp_path / "root/images/users/1/link.png").symlink_to(secret)
    for name in ("gone.png", "link.png"):
        answer = await service.ask("GET", f"/v1/users/1/images/{name}")
        assert (answer.status, answer.json["type"]) == (404, "urn:abby-ledger:problem:file-gone")
        assert answer.json["detail"].startswith(f"The image '{name}' was kept, and its file is gone.")
    assert (await service.ask("GET", "/v1/users/1/images/never.png")).json["type"].endswith(":not-found")
    ready = (await service.ask("GET", "/readyz")).json
    assert (ready["status"], "2 images have no file" in ready["notes"][0]) == ("degraded", True)


@pytest.mark.parametrize("size_bytes", [0, 1, -1, 100_000], ids=["empty", "cut", "a byte less", "grown"])
async def test_an_image_whose_file_has_another_size_is_told_as_damaged(
    tmp_path: Path, service: Running, size_bytes: int
) -> None:
    """404, `/readyz` counts and names it, and `audit` does; put back as it was kept, it is served at once."""
    kept = png()
    assert (await service.upload("1", kept, "a.png")).status == 201
    file = tmp_path / "root/images/users/1/a.png"
    file.write_bytes((kept + bytes(100_000))[: size_bytes if size_bytes >= 0 else len(kept) + size_bytes])
    answer = await service.ask("GET", "/v1/users/1/images/a.png")
    assert (answer.status, answer.json["type"]) == (404, "urn:abby-ledger:problem:file-gone")
    assert f"damaged: it has {file.stat().st_size:,} bytes where {len(kept):,} were kept" in answer.json["detail"]
    ready = (await service.ask("GET", "/readyz")).json
    assert (ready["status"], "1 image has no file, or a damaged one, among them 1/a.png" in ready["notes"][0]) == (
        "degraded",
        True,
    )
    file.write_bytes(kept)
    assert (await service.ask("GET", "/v1/users/1/images/a.png")).body == kept
    assert (await service.ask("GET", "/readyz")).json["status"] == "ready"


async def test_with_all_images_gone_readiness_says_so_before_and_after_a_start(tmp_path: Path, serve: Serve) -> None:
    """As `docs/troubleshooting.md` promises; put back from a copy, all is well at once."""
    service: Running = await serve()
    for user in ("1", "2"):
        assert (await service.upload(user, png(), "a.png")).status == 201
    (tmp_path / "root/images").rename(tmp_path / "copy")
    for _ in range(2):
        ready = (await service.ask("GET", "/readyz")).json
        assert ready["status"] == "degraded"
        assert "2 images have no file, or a damaged one, among them 1/a.png, 2/a.png." in ready["notes"][0]
        service.store.close()
        service = await serve()
    shutil.rmtree(tmp_path / "root/images")
    (tmp_path / "copy").rename(tmp_path / "root/images")
    assert (await service.ask("GET", "/readyz")).json["status"] == "ready"


async def test_an_image_without_a_file_is_said_by_readiness_and_stops_no_start(tmp_path: Path, serve: Serve) -> None:
    """The start goes on, `/readyz` is degraded and names it, it stays charged; a save under its name ends that."""
    await lose_a_file(tmp_path / "root")
    service: Running = await serve()
    ready = await service.ask("GET", "/readyz")
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    assert any("1/lost.png" in note for note in ready.json["notes"])
    assert (await service.quota("1"))["user"]["images"] == 2
    assert service.store.opened().ledger.state.user("1").image_bytes == len(KEPT) + len(LOST)
    root, engine = service.store.root, service.store.engines.log
    found = audit(root, engine.verify(root), engine=engine).findings
    assert [(finding.kind.value, finding.path) for finding in found] == [("missing", "images/users/1/lost.png")]
    assert (await service.upload("1", LOST, "lost.png")).status == 201
    assert (await service.ask("GET", "/readyz")).json["status"] == "ready"


async def lose_a_file(root: Path) -> None:
    """A root whose last program was killed after an image was recorded, and the image's file went."""
    store = open_store(root)
    await save_image(store, NewImage("1", KEPT, name="kept.png"))
    head = (root / "logs" / "head").read_bytes()
    await save_image(store, NewImage("1", LOST, name="lost.png"))
    store.close()
    (root / "logs" / "head").write_bytes(head)
    as_killed(root)
    (root / "images/users/1/lost.png").unlink()
