"""What costs long to make is made once, however many ask for it at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from adapters.application.workers import Workers
from adapters.http.once import Once
from tests.adapters.http.conftest import Running
from tests.adapters.http.wire import once, request

ASKERS = 12


async def test_it_is_made_once_for_all_who_ask_meanwhile() -> None:
    """The first asker may go, too; and what failed is tried again."""
    workers, made, fails = Workers("test", 4), list[str](), [True]
    guard = threading.Lock()

    def make() -> str:
        with guard:
            if fails.pop() if fails else False:
                raise OSError("not now")
            made.append("made")
        return "it"

    thing = Once(make)
    with pytest.raises(OSError, match="not now"):
        await thing.get(workers)
    askers = [asyncio.create_task(thing.get(workers)) for _ in range(ASKERS)]
    await asyncio.sleep(0)
    askers[0].cancel()
    found = await asyncio.gather(*askers, return_exceptions=True)
    assert found[1:] == ["it"] * (ASKERS - 1)
    assert len(made) <= 2  # what the one who went had begun, and one more
    workers.close()


@pytest.mark.parametrize(("path", "make"), [("/openapi.json", "documentation.document"), ("/docs", "reading.document")])
async def test_the_document_is_written_once(
    service: Running, monkeypatch: pytest.MonkeyPatch, path: str, make: str
) -> None:
    """A thousand who ask at once would else keep all others waiting for a minute."""
    written = list[str]()

    def document(*_args: object, **_words: object) -> dict[str, object]:
        written.append(path)
        info = {"title": "t", "version": "v", "description": "d"}
        return {"paths": {}, "components": {"schemas": {}}, "info": info}

    monkeypatch.setattr(f"adapters.http.routes.{make}", document)
    answers = await asyncio.gather(*(_raw(service, path) for _ in range(ASKERS)))
    assert set(answers) == {200}
    assert written == [path]


async def _raw(service: Running, path: str) -> int:
    """Without a look at the answer's shape, which is not the real one."""
    return (await once(service.address, request("GET", path))).status
