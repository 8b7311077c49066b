"""Clients of a running service that remember what they were told, and what they asked and were not answered.

Of each customer at most one wish is open when the service dies; it is sent again, with the same key, to the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import NamedTuple

import aiohttp

from tests.hostile.builders import png_of_size

NAMES = ("a.png", "b.png", "k/c.png", "k/d.png")
LARGEST_BYTES = 20_000
ANSWER_SECONDS = 30.0
"""How long an answer may take on a busy machine."""


class Wish(NamedTuple):
    """A save, or a deletion where there are no bytes, under a request key."""

    key: str
    name: str
    data: bytes | None


@dataclass
class Customer:
    """One user. `images` is what stands by all that was told: digests by name."""

    user: str
    rng: Random
    images: dict[str, str] = field(default_factory=dict)
    wish: Wish | None = None
    wishes: int = 0
    answers: int = 0

    async def act(self, session: aiohttp.ClientSession) -> None:
        """Asks and asks, until the service is gone."""
        try:
            while True:
                if self.wish is None:
                    self.wish = self._new_wish()
                await self.ask(session)
        except aiohttp.ClientError:
            return

    async def ask(self, session: aiohttp.ClientSession) -> bool:
        """Sends the open wish; whether the answer was one that had been given before."""
        assert self.wish is not None
        headers = {"Idempotency-Key": self.wish.key}
        if self.wish.data is None:
            request = session.delete(f"{self._images}/{self.wish.name}", headers=headers)
        else:
            headers["Content-Type"] = "image/png"
            request = session.post(self._images, params={"name": self.wish.name}, data=self.wish.data, headers=headers)
        async with request as answer:
            told = await answer.text()
            assert answer.status in (200, 201), told
            replayed = "Idempotency-Replayed" in answer.headers
        self.images = self.with_wish()
        self.wish = None
        self.answers += 1
        return replayed

    async def look(self, session: aiohttp.ClientSession) -> None:
        """Compares what the service has with what was told, and settles the open wish."""
        found = await self._kept(session)
        assert found in (self.images, self.with_wish()), f"{self.user} was told {self.images}, and has {found}"
        if self.wish is not None:
            done = found != self.images
            assert await self.ask(session) == done, "a repeat is known as one exactly where it was carried out before"
            assert await self._kept(session) == self.images

    def with_wish(self) -> dict[str, str]:
        """What stands if the open wish was carried out."""
        images = dict(self.images)
        match self.wish:
            case Wish(name=name, data=None):
                del images[name]
            case Wish(name=name, data=bytes(data)):
                images[name] = sha256(data).hexdigest()
        return images

    @property
    def _images(self) -> str:
        return f"/v1/users/{self.user}/images"

    def _new_wish(self) -> Wish:
        self.wishes += 1
        name = self.rng.choice(NAMES)
        is_deletion = name in self.images and self.rng.random() < 0.3
        data = None if is_deletion else png_of_size(self.rng.randrange(100, LARGEST_BYTES))
        return Wish(f"{self.user}-{self.wishes}", name, data)

    async def _kept(self, session: aiohttp.ClientSession) -> dict[str, str]:
        """Digests by name of what the service has, from its list, its figures and the bytes it sends."""
        async with session.get(self._images) as answer:
            images = (await answer.json())["images"]
        kept = {}
        for image in images:
            async with session.get(image["url"]) as answer:
                data = await answer.read()
                assert answer.status == 200
                assert len(data) == image["size_bytes"]
            kept[image["name"]] = sha256(data).hexdigest()
        return kept


async def ask_until_gone(address: str, customers: Sequence[Customer]) -> None:
    """All customers at once, until the service is gone."""
    async with session_of(address) as session:
        await asyncio.gather(*(customer.act(session) for customer in customers))


async def look_at_everything(address: str, customers: Sequence[Customer]) -> None:
    """Every customer compares."""
    async with session_of(address) as session:
        await asyncio.gather(*(customer.look(session) for customer in customers))


def session_of(address: str) -> aiohttp.ClientSession:
    """A client of one service."""
    return aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
