"""A program: one neighbour who sends what is costly to a service, in one of the ways below, until it is ended.

    python -m tests.end_to_end.attacks ADDRESS KIND

`BAD` has no place left; ids of invented people are new each time. It prints one line once it has begun, and at its end
the statuses of all answers that it got.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

from PIL import Image

from tests.adapters.http.wire import Wire, request
from tests.hostile.builders import jpeg_progressive_scans, webp

BAD = "bad"
AT_ONCE = 32
SOCKETS = 300
SECONDS_BETWEEN = 0.05
"""Of one of the attackers' connections to its next request: one person's machine, not all the world's."""

_numbers = count(1)
_nobody_yet = f"invented{secrets.token_hex(4)}-"
"""Ids of another program's run are known to the log by now."""
answered: Counter[str] = Counter()


def _upload(user: str, data: bytes, *, announced: bool) -> bytes:
    """A picture, whose length is told beforehand or not."""
    path, typed = f"/v1/users/{user}/images", {"Content-Type": "image/png"}
    if announced:
        return request("POST", path, headers=typed, body=data)
    head = request("POST", path, headers=typed | {"Transfer-Encoding": "chunked"}).replace(
        b"Content-Length: 0\r\n", b""
    )
    return head + b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n"


def _wish(user: str) -> bytes:
    body = json.dumps({"prompt": "a cat", "width": 512, "height": 512}).encode()
    return request("POST", f"/v1/users/{user}/generations", headers={"Content-Type": "application/json"}, body=body)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Wire]:
    """A connection, closed afterwards; whatever becomes of it is the attackers' own business."""
    with suppress(OSError, EOFError, TimeoutError):
        wire = await Wire.open(address)
        try:
            yield wire
        except asyncio.CancelledError:
            wire.abort()
            raise
        finally:
            await wire.close()


async def _again_and_again(address: str, send: Callable[[int], bytes]) -> None:
    while True:
        async with connected(address) as wire:
            await wire.send(send(next(_numbers)))
            answered[str((await wire.answer()).status)] += 1
        await asyncio.sleep(SECONDS_BETWEEN)


async def _ask_and_go(address: str, *_: object) -> None:
    while True:
        async with connected(address) as wire:
            await wire.send(_wish(_nobody(next(_numbers))))
        await asyncio.sleep(SECONDS_BETWEEN)


async def _stay_silent(address: str, *_: object) -> None:
    while True:
        async with connected(address) as wire:
            if next(_numbers) % 2:
                await wire.send("POST / HTTP/1.1\r\nX-Slow: ")
            await wire.rest()
        await asyncio.sleep(SECONDS_BETWEEN * 10)


def _sending(data: bytes, user: Callable[[int], str]) -> Callable[[str], Coroutine[Any, Any, None]]:
    return lambda address: _again_and_again(
        address, lambda number: _upload(user(number), data, announced=bool(number % 2))
    )


def _nobody(number: int) -> str:
    return f"{_nobody_yet}{number}"


def _bomb() -> bytes:
    """A kilobyte that takes 400 MB."""
    return webp(Image.new("RGB", (5_000, 5_000)), lossless=True, method=0)


KINDS: dict[str, tuple[int, Callable[[], Callable[[str], Coroutine[Any, Any, None]]]]] = {
    "scan-heavy JPEGs": (AT_ONCE, lambda: _sending(jpeg_progressive_scans(100, 5_000, 5_000), lambda _: BAD)),
    "tiny bombs": (100, lambda: _sending(_bomb(), lambda _: BAD)),
    "tiny bombs of invented ids": (100, lambda: _sending(_bomb(), _nobody)),
    "large bodies of invented ids": (100, lambda: _sending(b"\x89PNG\r\n\x1a\n".ljust(20_000_000, b"-"), _nobody)),
    "closed sockets": (AT_ONCE, lambda: _ask_and_go),
    "idle sockets": (SOCKETS, lambda: _stay_silent),
    "invented ids": (AT_ONCE, lambda: lambda address: _again_and_again(address, lambda number: _wish(_nobody(number)))),
}
"""How many connections an attack has, and what makes what each of them does."""


async def main(address: str, kind: str) -> None:
    """One attack, until the program is told to end."""
    connections, make = KINDS[kind]
    attack, ended = make(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    tasks = [asyncio.create_task(attack(address)) for _ in range(connections)]
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await ended.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    sys.stdout.write(json.dumps(answered) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
