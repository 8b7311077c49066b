"""The files of messages and options, served under signed addresses that expire, as a user's client fetches them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.world import Upload, World

GUESSES = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"GIF8", "image/gif"), (b"RIFF", "image/webp"))
BREAKS_OFF, HANGS, ENDLESS = "breaks off", "hangs", "endless"
CHUNK_BYTES, LONGEST_BYTES = 256 * 1024, 1 << 28
UNUSUAL = re.compile(r"[^\w.-]", re.ASCII)
SIGNING_KEY = b"of this fake alone"


@dataclass(frozen=True)
class Attachment:
    """A file that is kept. `width` and `height` are None for what is no picture, `content_type` is "" where it is not
    told.
    """

    id: int
    name: str
    data: bytes
    content_type: str
    url: str
    description: str | None = None
    width: int | None = None
    height: int | None = None

    @property
    def json(self) -> Json:
        """As Discord sends attachments."""
        json: Json = {
            "id": str(self.id),
            "filename": self.name,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        }
        for name in ("description", "width", "height"):
            if (value := getattr(self, name)) is not None:
                json[name] = value
        if not self.content_type:
            del json["content_type"]
        return json


class Cdn:
    """Keeps every file for as long as the fake runs, also those of deleted messages. `asked` counts the downloads, of
    which `held` has each wait until it is set; `most_at_once` of them were under way together.

    `troubles` come before all files, one a download: a status, BREAKS_OFF, HANGS, or ENDLESS: more bytes than anybody
    was told of. `most_bytes` is how many of those one client took.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.address = ""
        self.kept: dict[str, Attachment] = {}
        self.asked = self.most_at_once = self._under_way = 0
        self.held: asyncio.Event | None = None
        self.troubles: deque[int | str] = deque()
        self.most_bytes = 0

    def routes(self) -> list[web.RouteDef]:
        """What a client fetches."""
        return [
            web.get("/attachments/{owner}/{id}/{name}", self._serve),
            web.get("/ephemeral-attachments/{owner}/{id}/{name}", self._serve),
        ]

    def keep(
        self, upload: Upload, owner: int, *, folder: str = "attachments", description: str | None = None
    ) -> Attachment:
        """Keeps one file of a channel (or, as an option, of the application) and gives it an address.

        What is unusual in a name becomes an underscore there, as with Discord.
        """
        file_id = self.world.new_id()
        name = UNUSUAL.sub("_", upload.name)
        path = f"/{folder}/{owner}/{file_id}/{name}"
        guessed = next((kind for start, kind in GUESSES if upload.data.startswith(start)), upload.content_type)
        content_type = guessed if upload.content_type else ""
        size = _picture_size(upload.data)
        attachment = Attachment(
            file_id, name, upload.data, content_type, self.address + self._signed(path), description, *size
        )
        self.kept[path] = attachment
        return attachment

    def _signed(self, path: str) -> str:
        now = int(self.world.clock.now())
        expires = now + int(self.world.settings.address_seconds)
        return f"{path}?ex={expires:x}&is={now:x}&hm={_signature(path, f'{expires:x}')}"

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        self.world.bell.ring()
        try:
            if self.held is not None:
                await self.held.wait()
            if self.troubles:
                return await self._trouble(request, self.troubles.popleft())
            return self._answer(request)
        finally:
            self._under_way -= 1

    def _answer(self, request: web.Request) -> web.Response:
        attachment = self.kept.get(request.path)
        expires = request.query.get("ex", "0")
        if attachment is None or request.query.get("hm") != _signature(request.path, expires):
            return web.Response(status=404, text="This content is no longer available.")
        if int(expires, 16) < self.world.clock.now():
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=attachment.data, content_type=attachment.content_type or "application/octet-stream")

    async def _trouble(self, request: web.Request, trouble: int | str) -> web.StreamResponse:
        """A status; or the beginning of a file, and then nothing, or no end."""
        if isinstance(trouble, int):
            return web.Response(status=trouble, text="The file is not to be had.")
        told = {} if trouble == ENDLESS else {"Content-Length": "5000"}
        response = web.StreamResponse(headers={**told, "Content-Type": "image/png"})
        await response.prepare(request)
        await response.write(b"\x89PNG")
        sent = 0
        with suppress(ConnectionError):  # it is told of a client that went away by a write, and by that alone
            while trouble == ENDLESS and sent < LONGEST_BYTES:
                await response.write(bytes(CHUNK_BYTES))
                sent += CHUNK_BYTES
        self.most_bytes = max(self.most_bytes, sent)
        if trouble == HANGS:
            await asyncio.Event().wait()
        if request.transport is not None:
            request.transport.abort()
        return response


def _signature(path: str, expires: str) -> str:
    return hmac.new(SIGNING_KEY, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()


def _picture_size(data: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(BytesIO(data)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError):
        return None, None
