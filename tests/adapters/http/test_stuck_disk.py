"""A sync that hangs: callers are told within a deadline that nothing is known yet, readiness is red meanwhile, and what
is sent again with its key is answered once and counted once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from adapters.disk import calls
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import recorder
from adapters.ledger import disk_wait
from adapters.library.storage_manager import StorageManager
from domain.commands import SetPolicy
from tests.adapters.application.hanging_disk import HangingPlatform, HangingSync
from tests.adapters.http.conftest import Running, Serve
from tests.hostile.builders import png

UNKNOWN = "urn:abby-ledger:problem:outcome-unknown"


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingSync]:
    """The disk, which answers at the end of the test at the latest; deadlines are short."""
    # The real ones are ten, two and two seconds.
    monkeypatch.setattr(disk_wait, "ANSWER_SECONDS", 0.4)
    monkeypatch.setattr(calls, "STUCK_SECONDS", 0.2)
    monkeypatch.setattr(recorder, "PROBE_WAIT_SECONDS", 0.1)
    disk = HangingSync(tmp_path / "root" / "logs" / "events.jsonl")
    yield disk
    disk.answers.set()


@pytest.fixture
async def service(serve: Serve, disk: HangingSync) -> Running:
    """A service on it."""
    running: Running = await serve(SetPolicy(daily=9), files=disk)
    return running


async def until_ready(service: Running) -> None:
    """The disk answers again, and readiness turns green."""
    async with asyncio.timeout(20):
        while (await service.ask("GET", "/readyz")).status != 200:  # noqa: ASYNC110 - a state asked over the wire
            await asyncio.sleep(0.05)


async def test_every_kind_of_change_is_told_and_counted_once(service: Running, disk: HangingSync) -> None:
    """A save, a generation, a deletion and a reset, in a thread or not; health answers all the while."""
    assert (await service.upload("1", png(), "gone.png")).status == 201
    disk.answers.clear()
    asked = {"prompt": "a fox", "width": 64, "height": 64}
    first = asyncio.create_task(service.upload("1", png(), "a.png", headers={"Idempotency-Key": "one"}))
    others = [
        asyncio.create_task(service.ask("DELETE", "/v1/users/1/images/gone.png", headers={"Idempotency-Key": "two"})),
        asyncio.create_task(service.send_json("POST", "/v1/users/1/generations", asked)),
    ]
    assert (await service.ask("GET", "/healthz")).status == 200
    told = [await first, *await asyncio.gather(*others)]
    assert [(answer.status, answer.json["type"]) for answer in told[:2]] == [(504, UNKNOWN)] * 2
    assert told[2].status in {503, 504}, "it tries what a save needs first, and may come when no more is taken"
    assert "same Idempotency-Key" in told[0].json["detail"]
    red = await service.ask("GET", "/readyz")
    assert (red.status, red.json["status"]) == (503, "not ready")
    assert "has not answered" in red.json["notes"][0]
    again = await service.upload("1", png(), "a.png", headers={"Idempotency-Key": "one"})
    assert again.status == 503, "no more is taken, and nothing of it is recorded"
    disk.answers.set()
    await until_ready(service)
    for _ in range(2):
        saved = await service.upload("1", png(), "a.png", headers={"Idempotency-Key": "one"})
        assert (saved.status, saved.headers.get("idempotency-replayed")) == (201, "true")
    deleted = await service.ask("DELETE", "/v1/users/1/images/gone.png", headers={"Idempotency-Key": "two"})
    assert deleted.status in {200, 204}
    assert "images/users/1/a.png" in service.files()
    assert (await service.quota("1"))["user"]["images"] == 1


@pytest.fixture
def system(disk: HangingSync) -> Iterator[HangingPlatform]:
    """A system on which all syncs hang, and the short deadlines."""
    del disk
    system = HangingPlatform()
    yield system
    system.answers.set()


async def test_where_every_sync_hangs_nobody_waits_either(serve: Serve, system: HangingPlatform) -> None:
    """What is not recorded is refused, unpaid, and leaves nothing; readiness is red, and what stands is shown."""
    service: Running = await serve(SetPolicy(daily=9), files=Files(platform=system))
    assert (await service.upload("1", png(), "a.png")).status == 201
    system.answers.clear()
    asked = {"prompt": "a fox", "width": 64, "height": 64}
    told = await asyncio.gather(
        service.upload("1", png(), "b.png", headers={"Idempotency-Key": "one"}),
        service.send_json("POST", "/v1/users/1/generations", asked),
        service.ask("DELETE", "/v1/users/1/images/a.png", headers={"Idempotency-Key": "two"}),
        service.ask("GET", "/readyz"),
    )
    assert [answer.status for answer in told] == [503, 503, 504, 503]
    red = await service.ask("GET", "/readyz")
    assert (red.status, "has not answered" in red.json["notes"][0]) == (503, True)
    assert [(await service.upload("2", png())).status for _ in range(2)] == [503, 503]
    assert (await service.ask("GET", "/v1/users/1/images")).status == 200
    system.answers.set()
    await until_ready(service)
    saved = await service.upload("1", png(), "b.png", headers={"Idempotency-Key": "one"})
    assert (saved.status, saved.headers.get("idempotency-replayed")) == (201, None)
    assert (await service.ask("DELETE", "/v1/users/1/images/a.png", headers={"Idempotency-Key": "two"})).status < 300
    assert [name for name in service.files() if name.startswith("images/")] == ["images/users/1/b.png"]
    assert (await service.quota("1"))["daily"]["used"] == 2


def test_a_program_is_told_too(tmp_path: Path, disk: HangingSync) -> None:
    """In the words of the library, from a call that blocks and one that awaits."""
    store = open_store(tmp_path / "root", files=disk)
    storage = StorageManager.over(store)
    disk.answers.clear()
    ok, message, path = storage.save_image_sync(png(), "1", "a.png", request="one")
    assert (ok, path) == (False, None)
    assert "not known whether this is recorded" in message
    assert not storage.reset_daily("2", "behind it")[0]
    disk.answers.set()
    while store.opened().ledger.disk_wait.sentence() is not None:
        sleep(0.01)
    assert storage.save_image_sync(png(), "1", "a.png", request="one")[0]
    assert storage.get_quota_status("1")["daily"]["used"] == 1
    storage.close()
