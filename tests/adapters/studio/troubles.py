"""Wishes of several users at one studio, each with its own fate at the provider, over a disk that may fail or stop.

The disk is simulated, all above it is real. `CrashingDisk` keeps what a SIGKILL after its Nth call would leave. Limits
of credits are in force, users have grants and points, and what they buy is one of their wishes.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Container
from contextlib import suppress
from functools import cache
from threading import RLock
from typing import Any, NamedTuple

from adapters.application.deleting import clean_up_blocking
from adapters.application.granting import Gift, give_grant_blocking
from adapters.application.market import buy_offer, move_points, set_offer
from adapters.application.results import LIBRARY, Actor
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, Operation, Prepared
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.faults import Fault
from adapters.studio import Generated, Studio, StudioSettings
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from domain.point_commands import Offer
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer
from tests.adapters.ports.every_reason import failure_of_kind
from tests.adapters.studio.books import books_of
from tests.crash.disk import Disk
from tests.crash.faulty_files import FaultyFiles, Kind
from tests.crash.judging import ROOT

EACH = 250
"""The price of a picture in thousandths of credits; what it costs then is told with it, or not."""
COSTS = {"dear": 350, "cheap": 200, "silent": None}
WINDOWS = (("guild/day/generations", 6), ("user/month/credits", 5 * EACH), ("pool/month/credits", 9 * EACH))
LIMITS = SetPolicy(daily=4, user_bytes=3 * MEGABYTE, gen_bytes=MEGABYTE // 2, windows=WINDOWS)
ACTORS = {"1": LIBRARY, "2": Actor("library", "guild:9")}
"""The second user asks in a server."""
GIFTS = {"1": [("generations", 2), ("credits", 600)], "2": [("credits", 200), ("credits", 300)]}
POINTS, OFFER = 5, Offer("extra", "generations", 1, 2)
"""What each user has, which is two times what is offered."""
TODAY = "2026-03-01T12:00:00.000000Z"
TWO_DAYS_LATER = "2026-03-03T12:30:00.000000Z"
"""After every reservation's end, also of places that were delivered, which are held for a day more."""
BUYS = "buys"
"""The fate of a wish that is no picture: a purchase."""
FATES = ("kept", "short", "filtered", "junk", "too large", "raises", *COSTS, *FailureKind, BUYS)
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


@cache
def begun() -> Disk:
    """The disk of a service that was stopped: with limits, grants, points and an offer. Look at a copy."""
    disk = Disk()
    store = open_store(ROOT, limits=LIMITS, clock=lambda: TODAY, files=CrashingDisk(disk, None, (), None))

    async def begin() -> None:
        await set_offer(store, OFFER, "a test", actor=LIBRARY)
        for user, gifts in GIFTS.items():
            await move_points(store, user, "mint", POINTS, "a test", actor=LIBRARY)
            for unit, amount in gifts:
                give_grant_blocking(store, user, Gift(unit, amount, "a test"))

    asyncio.run(begin())
    store.close()
    return disk


def log_of(disk: Disk) -> bytes:
    """The log on a disk; what comes after its last whole line was never answered for."""
    whole = disk.files_below(ROOT / "logs")["events.jsonl"]
    return whole[: whole.rfind(b"\n") + 1]


class Paid(NamedTuple):
    """What a request took of the owner's money, in thousandths: as far as the provider told, and by the price of what
    it made; of one whose answer was lost, perhaps.
    """

    told: int = 0
    by_price: int = 0
    perhaps: int = 0


class FatefulProvider(InMemoryProvider):
    """Does with each request what its fate says; `delivered` counts what it made, by prompt, `paid` what that took.

    Each time it is asked it looks whether all that it works on is held in the log: `unheld` tells of what was not.
    """

    def __init__(self, wishes: dict[str, Wish], disk: Disk) -> None:
        super().__init__(self._meet_fate)
        self.delivered: Counter[str] = Counter()
        self.paid: dict[str, Paid] = {}
        self.unheld: list[str] = []
        self._working: Counter[str] = Counter()
        self._wishes = wishes
        self._disk = disk

    async def prepare(self, request: GenerationRequest) -> Prepared:
        """It takes a request as it is, and says what it costs."""
        return Prepared(request, model="m", credits_each=EACH)

    async def _meet_fate(self, request: GenerationRequest) -> ProviderAnswer:
        user = self._wishes[request.prompt].user
        self._working[user] += request.count
        self._look(user)
        try:
            for _ in range(len(request.prompt) % 7):
                await asyncio.sleep(0)
            return self._answer(request)
        finally:
            self._working[user] -= request.count

    def _look(self, user: str) -> None:
        """Places and their price stand in the log before anything is made, at the user's and all together."""
        books = books_of(log_of(self._disk))
        places, held = books.untouched(user)[:2]
        if places < self._working[user] or held < self._working[user] * EACH:
            self.unheld.append(f"{self._working[user]} pictures of {user} with {places} places and {held} held")
        if books.whole("pool").held < self._working.total() * EACH:
            self.unheld.append(f"{self._working.total()} pictures with {books.whole('pool').held} held by the pool")

    def _answer(self, request: GenerationRequest) -> ProviderAnswer:
        fate = self._wishes[request.prompt].fate
        pictures = [self.picture() for _ in range(request.count)]
        cost: int | None = EACH
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
                self._has_made(request, request.count, None)
                return GenerationResult(tuple(pictures[1:]), self.name, "m", 1.0, filtered=1)
            case FailureKind():
                if fate is FailureKind.MODERATED_OUTPUT:
                    self._has_made(request, request.count, None)
                elif fate is FailureKind.UNKNOWN:
                    self.paid[request.prompt] = Paid(perhaps=request.count * EACH)
                return failure_of_kind(fate)
            case _:
                cost = COSTS.get(fate, EACH)
        self._has_made(request, len(pictures), cost)
        took = None if cost is None else cost * len(pictures) / 1_000
        return GenerationResult(tuple(pictures), self.name, "m", 1.0, credits=took)

    def _has_made(self, request: GenerationRequest, count: int, cost: int | None) -> None:
        by_price = count * EACH
        self.delivered[request.prompt] = count
        self.paid[request.prompt] = Paid(by_price if cost is None else cost * count, by_price)


class OnFraction(NamedTuple):
    """What came of a wish: the answer, or the error that its caller got."""

    wish: Wish
    answer: object


class Evening:
    """A service from its start to its end, with all wishes at once."""

    def __init__(self, disk: CrashingDisk, wishes: list[Wish], now: str = TODAY) -> None:
        self.now = now
        self.wishes = wishes
        self.provider = FatefulProvider({self.prompt(number): wish for number, wish in enumerate(wishes)}, disk.disk)
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
        asking = asyncio.create_task(self._wish(studio, number, wish))
        if wish.leaves_after is not None:
            for _ in range(wish.leaves_after):
                await asyncio.sleep(0)
            asking.cancel()
        try:
            return OnFraction(wish, await asking)
        except (asyncio.CancelledError, ZeroDivisionError, Fault) as error:
            return OnFraction(wish, error)

    async def _wish(self, studio: Studio, number: int, wish: Wish) -> object:
        actor = ACTORS[wish.user]
        if wish.fate == BUYS:
            key = None if wish.key is None else f"{wish.key} {BUYS}"
            return await buy_offer(self.store, wish.user, OFFER.offer, OFFER, actor=actor, idempotency_key=key)
        request = GenerationRequest(Operation.TEXT_TO_IMAGE, self.prompt(number), count=wish.count)
        return await studio.generate(wish.user, request, actor=actor, idempotency_key=wish.key)

    def end(self) -> None:
        """The service stops."""
        with suppress(Fault):
            self.store.close()

    def all_expires(self) -> None:
        """Two days later some command comes, and releases what nobody settled."""
        self.now = TWO_DAYS_LATER
        clean_up_blocking(self.store)


class Account(NamedTuple):
    """A user's figures, added up from the lines of a log by this test alone. `charged` are the user's own places."""

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
            by_grants = sum(draw["amount"] for draw in data.get("drawn", []) if draw["unit"] == "generations")
            charged[data["reservation"]] += data["count"] - by_grants if data["at"].startswith(day) else 0
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
