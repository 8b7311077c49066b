"""Requests that pass over the log: who asks for many holds themselves up, and who is gone has none made.

| who asks | what others wait for |
|---|---|
| somebody who hung up before it was their turn | nothing: the pass is not begun, and the request is over |
| somebody with many requests about one user | nothing, as long as a thread is left: one of them is done at a time |
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from adapters.http.routes import events, history
from tests.adapters.http.conftest import Running
from tests.adapters.http.wire import request
from tests.hostile.builders import png

WAIT_SECONDS = 10
PATHS = (
    "/v1/users/1/history",
    "/v1/users/1/details/a.png",
    "/v1/users/1/why",
    "/v1/users/1/events",
    "/v1/events",
    "/v1/users/1",
    "/v1/admin/report",
)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Closed until the test is over."""
    closed = threading.Event()
    yield closed
    closed.set()


@contextmanager
def all_busy(service: Running, gate: threading.Event) -> Iterator[None]:
    """Both threads of long passes stand still."""
    standing = [asyncio.ensure_future(service.store.workers.surveying.run(gate.wait)) for _ in range(2)]
    yield
    gate.set()
    assert all(standing)


@pytest.mark.parametrize("path", PATHS)
async def test_who_hung_up_has_no_pass_made(
    service: Running, path: str, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is over at once, though its turn never came."""
    monkeypatch.setattr(events, "NEAR", -1)
    await service.upload("1", png(), "a.png")
    parts = urlsplit(service.address)
    with all_busy(service, gate), capture_logs() as told:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(request("GET", path))
        await writer.drain()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        writer.transport.abort()
        async with asyncio.timeout(WAIT_SECONDS):
            while not any(line.get("status") == 499 for line in told):  # noqa: ASYNC110  # a log line wakes nobody
                await asyncio.sleep(0.01)


async def test_many_passes_of_one_do_not_hold_up_another(
    service: Running, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of each person's is done at a time."""

    def page(_: object, user: str, _lines: object, offset: int, limit: int) -> Any:
        if user == "1":
            gate.wait()
        return {"entries": [], "total": 0, "offset": offset, "limit": limit}

    monkeypatch.setattr(history, "_page", page)
    for user in "12":
        await service.upload(user, png(), "a.png")
    many = [asyncio.ensure_future(service.ask("GET", "/v1/users/1/history")) for _ in range(5)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(WAIT_SECONDS):
        assert (await service.ask("GET", "/v1/users/2/history")).status == 200
    gate.set()
    assert [answer.status for answer in await asyncio.gather(*many)] == [200] * 5
