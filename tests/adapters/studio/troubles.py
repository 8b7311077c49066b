"""Wishes of several users at one studio, each with its own fate at the provider, over a disk that may fail or stop.

The disk is simulated, all above it is real. `CrashingDisk` keeps what a SIGKILL after its Nth call would leave.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Container
from contextlib import suppress
from threading import RLock
from typing import Any, NamedTuple

from adapters.application.deleting import clean_up_blocking
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, Operation
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.faults import Fault
from adapters.studio import Generated, Studio, StudioSettings
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer
from tests.adapters.ports.every_reason import failure_of_kind
from tests.crash.disk import Disk
from tests.crash.faulty_files import FaultyFiles, Kind
from tests.crash.judging import ROOT

LIMITS = SetPolicy(daily=4, user_bytes=3 * MEGABYTE, gen_bytes=MEGABYTE // 2)
TODAY = "2026-03-01T12:00:00.000000Z"
TWO_DAYS_LATER = "2026-03-03T12:30:00.000000Z"
"""After every reservation's end, also of places that were delivered, which are held for a day more."""
FATES = ("kept", "short", "filtered", "junk", "too large", "raises", *FailureKind)
BYTES_TOO_LARGE = 3 * MEGABYTE


class Wish(NamedTuple):
    """What a user asks, what the provider makes of it, and after how many turns of the loop the user goes away."""

    user: str
    count: int  # type: ignore[assignment]  # the word for it everywhere; tuple.count is not needed
    fate: str
    key: str | None
    leaves_after: int | None


class CrashingDisk(FaultyFiles):
    """The port to a simulated disk, for several threads; `left` is the disk as it was after call `crash_at`."""

    def __init__(self, disk: Disk, kind: Kind | None, turns: Container[int], crash_at: int | None) -> None:
        super().__init__(disk, kind, turns)
        self.left: Disk | None = None
        self.calls = 0
        self._crash_at = crash_at
        self._one_at_a_time = RLock()

    def _meet(self, verb: str, call: Any, *arguments: Any) -> Any:
        with self._one_at_a_time:
            try:
                return super()._meet(verb, call, *arguments)
            finally:
                self.calls += 1
                if self.calls == self._crash_at:
                    self.left = self.disk.copy()


class FatefulProvider(InMemoryProvider):
    """Does with each request what its fate says; `delivered` counts what it made, paid, by prompt."""

    def __init__(self, fates: dict[str, str]) -> None:
        super().__init__(self._meet_fate)
        self.delivered: Counter[str] = Counter()
        self._fates = fates

    async def _meet_fate(self, request: GenerationRequest) -> ProviderAnswer:
        for _ in range(len(request.prompt) % 7):
            await asyncio.sleep(0)
        fate = self._fates[request.prompt]
        pictures = [self.picture() for _ in range(request.count)]
        match fate:
            case "raises":
                raise ZeroDivisionError
            case "junk":
                return self.result([GeneratedImage(b"<html>", 1, "image/png")] * request.count)
            case "short":
                pictures = pictures[1:]
            case "too large":
                pictures[0] = self.picture(BYTES_TOO_LARGE)
            case "filtered":
                self.delivered[request.prompt] = request.count
                return GenerationResult(tuple(pictures[1:]), self.name, "m", 1.0, filtered=1)
            case FailureKind():
                self.delivered[request.prompt] = request.count if fate is FailureKind.MODERATED_OUTPUT else 0
                return failure_of_kind(fate)
        self.delivered[request.prompt] = len(pictures)
        return self.result(pictures)


class OnFraction(NamedTuple):
    """What came of a wish: the answer, or the error that its caller got."""

    wish: Wish
    answer: object


class Evening:
    """A service from its start to its end, with all wishes at once."""

    def __init__(self, disk: CrashingDisk, wishes: list[Wish], now: str = TODAY) -> None:
        self.now = now
        self.wishes = wishes
        self.provider = FatefulProvider({self.prompt(number): wish.fate for number, wish in enumerate(wishes)})
        self.store = open_store(ROOT, limits=LIMITS, clock=lambda: self.now, files=disk)

    @staticmethod
    def prompt(number: int) -> str:
        """The words of a wish, by which provider and test know it again."""
        return f"wish {'!' * (number % 5)} {number}"

    async def pass_(self, *, closes_after: int | None = None) -> list[OnFraction]:
        """Everybody asks; the answers. The studio may be told to stop after some turns of the loop."""
        studio = Studio(self.store, Generator(self.provider), StudioSettings(at_once=2, queue_length=99))
        asking = [asyncio.create_task(self._ask(studio, number, wish)) for number, wish in enumerate(self.wishes)]
        if closes_after is not None:
            for _ in range(closes_after):
                await asyncio.sleep(0)
            await studio.close()
        async with asyncio.timeout(60):
            told = await asyncio.gather(*asking)
            await studio.close()
        return told

    async def _ask(self, studio: Studio, number: int, wish: Wish) -> OnFraction:
        request = GenerationRequest(Operation.TEXT_TO_IMAGE, self.prompt(number), count=wish.count)
        asking = asyncio.create_task(studio.generate(wish.user, request, idempotency_key=wish.key))
        if wish.leaves_after is not None:
            for _ in range(wish.leaves_after):
                await asyncio.sleep(0)
            asking.cancel()
        try:
            return OnFraction(wish, await asking)
        except (asyncio.CancelledError, ZeroDivisionError, Fault) as error:
            return OnFraction(wish, error)

    def end(self) -> None:
        """The service stops."""
        with suppress(Fault):
            self.store.close()

    def all_expires(self) -> None:
        """Two days later some command comes, and releases what nobody settled."""
        self.now = TWO_DAYS_LATER
        clean_up_blocking(self.store)


class Account(NamedTuple):
    """A user's figures, added up from the lines of a log by this test alone."""

    charged: int
    open_places: int
    image_bytes: int
    images: int
    saved_under: dict[str, list[str]]


def account(log: bytes, user: str, day: str) -> Account:
    """What the log says of a user, and of the charges of one day."""
    events = [json.loads(line) for line in log.split(b"\n")[1:-1]]
    mine = [(event["type"], event["data"]) for event in events if event["data"].get("user") == user]
    charged: Counter[str] = Counter()
    places: Counter[str] = Counter()
    images: dict[str, int] = {}
    saved_under: dict[str, list[str]] = {}
    for kind, data in mine:
        if kind == "GenerationReserved":
            places[data["reservation"]] += data["count"]
            charged[data["reservation"]] += data["count"] if data["at"].startswith(day) else 0
        elif kind == "GenerationReleased":
            places[data["reservation"]] -= data["count"]
            charged[data["reservation"]] -= data["refunded"]
        elif kind == "ImageSaved":
            places[data["reservation"]] -= 1
            images[data["name"]] = data["bytes"]
            attempt = data.get("request", {"key": "/save"})["key"].partition("/save")[0]
            saved_under.setdefault(attempt.partition("#")[0], []).append(attempt)
    assert min(places.values(), default=0) >= 0, "a place was settled or released twice"
    return Account(sum(charged.values()), sum(places.values()), sum(images.values()), len(images), saved_under)


def kept(told: list[OnFraction], user: str) -> int:
    """How many pictures a user was told are kept."""
    answers = [one.answer for one in told if one.wish.user == user]
    made = [answer for answer in answers if isinstance(answer, Generated) and not answer.replayed]
    return sum(picture.image is not None for answer in made for picture in answer.pictures)
