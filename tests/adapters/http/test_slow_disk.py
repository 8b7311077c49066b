"""What clients get while a disk is slow: what need not wait for it does not."""

from __future__ import annotations

import asyncio

from domain.commands import SetPolicy
from tests.adapters.application.test_workers import SAVERS, WaitingDisk
from tests.adapters.http.conftest import Serve
from tests.hostile.builders import png

MOST_SECONDS = 10.0
QUIET_SECONDS = 0.2


async def until_no_more_wait(disk: WaitingDisk) -> None:
    """Until every thread that keeps images waits for the disk: nobody else has come for a while."""
    waiting, quiet = False, 0.0
    while not waiting or quiet < QUIET_SECONDS:
        await asyncio.sleep(0.02)
        came = disk.waiting.acquire(blocking=False)
        waiting, quiet = waiting or came, 0.0 if came else quiet + 0.02


async def test_images_are_read_and_deleted_while_many_uploads_wait_for_the_disk(serve: Serve) -> None:
    """Readiness and figures are answered too; the uploads are kept once the disk goes on."""
    disk = WaitingDisk()
    service = await serve(SetPolicy(daily=1_000), files=disk)
    for name in ("a.png", "b.png"):
        assert (await service.upload("ada", png(), name)).status == 201
    while disk.waiting.acquire(blocking=False):
        pass
    disk.go_on.clear()
    uploads = [asyncio.create_task(service.upload(f"u{number}", png())) for number in range(SAVERS)]
    try:
        async with asyncio.timeout(MOST_SECONDS):
            await until_no_more_wait(disk)
            assert (await service.ask("GET", "/v1/users/ada/images/a.png")).body == png()
            assert (await service.ask("DELETE", "/v1/users/ada/images/b.png")).status == 200
            assert (await service.ask("GET", "/readyz")).status == 200
            assert (await service.quota("ada"))["daily"]["used"] == 2
        assert not any(upload.done() for upload in uploads)
    finally:
        disk.go_on.set()
    assert {answer.status for answer in await asyncio.gather(*uploads)} == {201}
