"""Many of a user's images as one zip, written while it is sent."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web

from adapters.application.archive_entries import Leaving, name_inside, open_leaving
from adapters.application.owners import owner_of
from adapters.application.storage import Storage
from adapters.application.workers import Workers
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, checked_name, user_of
from adapters.http.problems import TOO_BUSY, Problem
from adapters.http.routes.bulk import Names
from adapters.http.services import services_of
from adapters.http.zip_stream import MOST_BYTES, Entry, ZipStream
from adapters.tokens.token import Scope
from domain.names import name_key

CHUNK_BYTES = 262_144
MOST_AT_ONCE, MOST_OF_ONE = 8, 2
"""Zips that are sent at a time, and of one owner."""
RETRY_SECONDS = 5
MEDIA_TYPE = "application/zip"
LEFT_OUT = "_left out.txt"
"""No image's name begins so."""


class Archives:
    """How many are sent at this moment. It belongs to one event loop."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    @contextmanager
    def place(self, owner: str) -> Iterator[None]:
        """A place for one more. Raises a Problem where all are taken, or the owner's."""
        if self._of.total() >= MOST_AT_ONCE or self._of[owner] >= MOST_OF_ONE:
            sentence = "As many archives are being sent as may be at once. Try again when one is done."
            raise Problem(TOO_BUSY, sentence, headers={"Retry-After": str(RETRY_SECONDS)})
        self._of[owner] += 1
        try:
            yield
        finally:
            self._of[owner] -= 1
            self._of += Counter()  # forgets who has none


ARCHIVES: Final = web.AppKey("archives", Archives)


async def archives(request: web.Request, body: Names) -> web.StreamResponse:
    """These images as a zip, not compressed, each under its name. What is not there, or not as it was kept, is named in
    `_left out.txt` inside; it stops no other.
    """
    user, actor = user_of(request), actor_of(request)
    names = list({name_key(name): name for name in map(checked_name, body.names)}.values())
    store = services_of(request).store
    store.running()
    with request.app[ARCHIVES].place(owner_of(store, user, actor)):
        answer = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="images.zip"'})
        answer.content_type = MEDIA_TYPE
        await answer.prepare(request)
        await _write(answer, store, user, names)
        await answer.write_eof()
        return answer


async def _write(answer: web.StreamResponse, store: Storage, user: str, names: list[str]) -> None:
    stream, left_out, sent_bytes = ZipStream(), list[str](), 0
    taken = {name.lower() for name in names}
    for name in names:
        found = await store.workers.reading.run(open_leaving, store, user, name)
        if isinstance(found, str):
            left_out.append(f"{name}: {found}")
            continue
        try:
            sent_bytes += found.whole.image.bytes
            if sent_bytes > MOST_BYTES:
                sent_bytes -= found.whole.image.bytes
                left_out.append(f"{name}: The archive would be too large. Fetch it with another one.")
                continue
            await _write_one(answer, stream, found, taken, store.workers.reading)
        finally:
            await store.workers.reading.run(found.whole.file.close)
    if left_out:
        text = "".join(f"{line}\r\n" for line in left_out).encode()
        await answer.write(stream.head(Entry(LEFT_OUT, store.clock(), len(text), zlib.crc32(text))) + text)
    await answer.write(stream.end())


async def _write_one(
    answer: web.StreamResponse, stream: ZipStream, found: Leaving, taken: set[str], reading: Workers
) -> None:
    image = found.whole.image
    named = name_inside(found.whole, taken - {image.name.lower()})
    taken.add(named.lower())
    await answer.write(stream.head(Entry(named, image.at, image.bytes, found.crc)))
    while chunk := await reading.run(found.whole.file.read, CHUNK_BYTES):
        await answer.write(chunk)


ROUTES = (
    Route(
        "POST",
        "/v1/users/{user}/images/archives",
        archives,
        subject="images",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The zip.", None, (MEDIA_TYPE,), ("Content-Disposition",))},
        body=Names,
    ),
)
