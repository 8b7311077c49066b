"""Many of a user's images as one zip, written while it is sent."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import web

from adapters.application.archive_entries import Leaving, name_inside, open_leaving
from adapters.application.owners import owner_of
from adapters.application.storage import Storage
from adapters.application.workers import Workers
from adapters.http.bodies import CONTENDED_BYTES_A_SECOND, CONTENDED_SECONDS
from adapters.http.contract.route import Answer, Route
from adapters.http.long_answers import LongAnswer, LongAnswers, Shares
from adapters.http.parameters import actor_of, checked_name, user_of
from adapters.http.routes.bulk import Names
from adapters.http.services import services_of
from adapters.http.streaming import cut_off
from adapters.http.zip_stream import MOST_BYTES, Entry, ZipStream
from adapters.ports.faults import Fault
from adapters.tokens.token import Scope
from domain.names import name_key

CHUNK_BYTES = 262_144
MOST_AT_ONCE, MOST_OF_ONE = 8, 2
"""Zips that are sent at a time, and of one owner."""
ALL_SENT = "As many archives are being sent as may be at once. Try again when one is done."
MEDIA_TYPE = "application/zip"
LEFT_OUT = "_left out.txt"
"""No image's name begins so."""


ARCHIVES: Final = web.AppKey("archives", LongAnswers)


async def archives(request: web.Request, body: Names) -> web.StreamResponse:
    """These images as a zip, not compressed, each under its name. What is not there, or not as it was kept, is named in
    `_left out.txt` inside; it stops no other.
    """
    user, actor = user_of(request), actor_of(request)
    names = list({name_key(name): name for name in map(checked_name, body.names)}.values())
    store = services_of(request).store
    store.running()
    shares = Shares(MOST_AT_ONCE, MOST_OF_ONE, CONTENDED_BYTES_A_SECOND, CONTENDED_SECONDS)
    owner = owner_of(store, user, actor)
    with request.app[ARCHIVES].place(owner, shares, lambda: cut_off(request)) as place:
        answer = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="images.zip"'})
        answer.content_type = MEDIA_TYPE
        await answer.prepare(request)
        try:
            await _write(_Sent(answer, place), store, user, names)
        except (Fault, OSError):
            cut_off(request)  # so that nobody takes it for a whole one
            raise
        await answer.write_eof()
        return answer


class _Sent(NamedTuple):
    """The answer on its way to its reader, who keeps a place meanwhile."""

    answer: web.StreamResponse
    place: LongAnswer

    async def write(self, data: bytes) -> None:
        """Returns once the reader is near."""
        with self.place.sending(len(data)):
            await self.answer.write(data)


async def _write(sent: _Sent, store: Storage, user: str, names: list[str]) -> None:
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
            await _write_one(sent, stream, found, taken, store.workers.reading)
        finally:
            await store.workers.reading.run(found.whole.file.close)
    if left_out:
        text = "".join(f"{line}\r\n" for line in left_out).encode()
        await sent.write(stream.head(Entry(LEFT_OUT, store.clock(), len(text), zlib.crc32(text))) + text)
    await sent.write(stream.end())


async def _write_one(sent: _Sent, stream: ZipStream, found: Leaving, taken: set[str], reading: Workers) -> None:
    image = found.whole.image
    named = name_inside(found.whole, taken - {image.name.lower()})
    taken.add(named.lower())
    await sent.write(stream.head(Entry(named, image.at, image.bytes, found.crc)))
    while chunk := await reading.run(found.whole.file.read, CHUNK_BYTES):
        await sent.write(chunk)


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
