"""What waits at one studio is seen and taken out by whom it belongs to, once, and its places come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application.owners import STRANGERS, owner_of
from adapters.application.reading import quota_status
from adapters.application.results import HTTP, LOCAL_PROGRAM, Actor
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.ports.failure_reasons import GivenUp
from adapters.ports.failures import GenerationFailure
from adapters.studio import Generated, GenerationOutcome, Progress, Standing, Studio, StudioSettings, Whose
from domain.commands import SetPolicy
from domain.refusals import Reason, Refusal
from domain.tiers import SeenAt
from tests.adapters.application.evidence import events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider

FOXES, OTTERS = "guild:9", "guild:8"
ANN = Actor("discord:1", FOXES)
MANAGER = Actor("discord:99", FOXES)
OVER_HTTP = Actor(LOCAL_PROGRAM, HTTP)
EVERYBODY = Whose()


class Line:
    """A studio of one turn that somebody has, and requests that wait behind it."""

    def __init__(self, store: Storage, settings: StudioSettings) -> None:
        self.provider = InMemoryProvider()
        self.provider.stalled = asyncio.Event()
        self.studio = Studio(store, Generator(self.provider), settings)
        self.asked: list[asyncio.Task[GenerationOutcome]] = []

    async def ask(self, user: str, actor: Actor, prompt: str = "a cat") -> asyncio.Task[GenerationOutcome]:
        """One more request, which waits by then or has the turn."""
        is_told = asyncio.Event()

        def on_progress(_: Progress) -> None:
            is_told.set()

        request = GenerationRequest(Operation.TEXT_TO_IMAGE, prompt)
        asked = asyncio.create_task(self.studio.generate(user, request, actor=actor, on_progress=on_progress))
        self.asked.append(asked)
        async with asyncio.timeout(30):
            await is_told.wait()
        return asked

    def seen(self, whose: Whose = EVERYBODY) -> list[tuple[int, str, str]]:
        """Place, user and prompt of each that waits."""
        return [(one.place, one.user, one.prompt) for one in self.studio.waiting.seen(whose)]

    def id_of(self, prompt: str) -> str:
        """Of the request that waits with these words."""
        return next(one.id for one in self.studio.waiting.seen(EVERYBODY) if one.prompt == prompt)

    async def serve(self) -> list[GenerationOutcome]:
        """All that still wait are made; what came of every request."""
        assert self.provider.stalled is not None
        self.provider.stalled.set()
        return await asyncio.gather(*self.asked)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A store with many generations a day."""
    opened = open_store(tmp_path, limits=SetPolicy(daily=100))
    yield opened
    opened.close()


@pytest.fixture
def line(store: Storage) -> Line:
    """With ten of each user."""
    return Line(store, StudioSettings(at_once=1, queue_length=50, queue_per_user=10))


async def test_what_waits_is_seen_with_its_place_its_user_and_its_time(line: Line, store: Storage) -> None:
    """Of one user, of a place, or of all; what is being made waits no longer."""
    await line.ask("1", ANN, "first")
    before = store.clock()
    await line.ask("1", ANN, "ann's")
    await line.ask("2", Actor("discord:2", OTTERS), "bob's")
    await line.ask("1", ANN, "ann's second")
    assert line.seen() == [(1, "2", "bob's"), (2, "1", "ann's"), (3, "1", "ann's second")]
    assert line.seen(Whose(user="1")) == [(2, "1", "ann's"), (3, "1", "ann's second")]
    assert line.seen(Whose(origin=OTTERS)) == [(1, "2", "bob's")]
    (bobs,) = line.studio.waiting.seen(Whose(user="2"))
    assert (bobs.operation, bobs.pictures, bobs.origin, bobs.seconds) == ("text_to_image", 1, OTTERS, None)
    assert before <= bobs.since <= store.clock()
    await line.serve()
    assert line.seen() == []


async def test_what_is_taken_out_costs_nothing_and_who_waits_behind_moves_up(
    line: Line, store: Storage, tmp_path: Path
) -> None:
    """Who asked is told so; the provider never hears of it."""
    await line.ask("1", ANN, "first")
    gone = await line.ask("1", ANN, "ann's")
    await line.ask("1", ANN, "ann's second")
    assert line.studio.waiting.take_out(line.id_of("ann's"), Whose(user="1"), by=ANN)
    assert line.seen() == [(1, "1", "ann's second")]
    assert await gone == GenerationFailure(GivenUp(by_another=False))
    made = await line.serve()
    assert [isinstance(one, Generated) for one in made] == [True, False, True]
    assert quota_status(store, "1")["daily"]["used"] == 2
    assert [request.prompt for request in line.provider.asked] == ["first", "ann's second"]
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert (released["data"]["reason"], released["data"]["by"]) == ("cancelled", "discord:1")


async def test_a_second_time_nothing_is_taken_out(line: Line) -> None:
    """At once after the first, and later."""
    await line.ask("1", ANN, "first")
    gone = await line.ask("1", ANN, "ann's")
    wanted = line.id_of("ann's")
    taken = [line.studio.waiting.take_out(wanted, Whose(user="1"), by=ANN) for _ in range(2)]
    await gone
    taken.append(line.studio.waiting.take_out(wanted, Whose(user="1"), by=ANN))
    assert taken == [True, False, False]
    await line.serve()


@pytest.mark.parametrize(
    ("whose", "is_taken"),
    [(Whose(user="1"), True), (Whose(user="2"), False), (Whose(origin=FOXES), True), (Whose(origin=OTTERS), False)],
)
async def test_only_its_owner_and_who_manages_its_place_take_a_request_out(
    line: Line, whose: Whose, is_taken: bool
) -> None:  # fmt: skip
    """For everybody else there is none of this id."""
    await line.ask("1", ANN, "first")
    await line.ask("1", ANN, "ann's")
    assert line.studio.waiting.take_out(line.id_of("ann's"), whose, by=MANAGER) is is_taken
    assert len(line.seen()) == (0 if is_taken else 1)
    await line.serve()


async def test_who_took_it_out_is_told_and_recorded(line: Line, tmp_path: Path) -> None:
    """Its user hears that it was somebody else, and the log says who."""
    await line.ask("1", ANN, "first")
    gone = await line.ask("1", ANN, "ann's")
    line.studio.waiting.take_out(line.id_of("ann's"), Whose(origin=FOXES), by=MANAGER)
    assert await gone == GenerationFailure(GivenUp(by_another=True))
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert (released["data"]["by"], released["data"]["user"]) == ("discord:99", "1")
    await line.serve()


async def test_all_of_a_user_are_taken_out_together(line: Line) -> None:
    """Those of others stay."""
    await line.ask("1", ANN, "first")
    for prompt in ("one", "two", "three"):
        await line.ask("1", ANN, prompt)
    await line.ask("2", ANN, "bob's")
    wanted = {line.id_of(prompt) for prompt in ("one", "two", "three")}
    assert set(line.studio.waiting.take_out_all(Whose(user="1"), by=ANN)) == wanted
    assert line.seen() == [(1, "2", "bob's")]
    await line.serve()


async def test_a_request_whose_turn_has_come_is_not_taken_out(line: Line) -> None:
    """It is being made, and is kept."""
    await line.ask("1", ANN, "first")
    second = await line.ask("1", ANN, "second")
    wanted = line.id_of("second")
    assert line.provider.stalled is not None
    line.provider.stalled.set()
    assert isinstance(await second, Generated)
    assert not line.studio.waiting.take_out(wanted, Whose(user="1"), by=ANN)


async def test_who_goes_away_as_it_is_taken_out_is_cancelled(line: Line, store: Storage) -> None:
    """Nobody is left to be told, and the places come back all the same."""
    await line.ask("1", ANN, "first")
    gone = await line.ask("2", ANN, "bob's")
    line.studio.waiting.take_out(line.id_of("bob's"), Whose(user="2"), by=ANN)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert gone.cancelled()
    line.asked.remove(gone)
    await line.serve()
    await line.studio.close()
    assert quota_status(store, "2")["daily"]["used"] == 0


async def test_one_user_through_two_doors_is_one_user_in_the_line(store: Storage) -> None:
    """Their requests share the user's bound and are seen together, though over HTTP an unknown id waits as a stranger
    and from Discord as themselves.
    """
    line = Line(store, StudioSettings(at_once=1, queue_length=50, queue_per_user=2))
    await line.ask("9", ANN, "first")
    assert owner_of(store, "1", OVER_HTTP) == STRANGERS
    await line.ask("1", OVER_HTTP, "over http")
    await line.ask("1", ANN, "on discord")
    assert {prompt for _, _, prompt in line.seen(Whose(user="1"))} == {"over http", "on discord"}
    for actor in (ANN, OVER_HTTP):
        refused = await line.studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "x"), actor=actor)
        assert refused == Refusal(Reason.BUSY, "1", limit=2, used=2)
    assert len(line.studio.waiting.take_out_all(Whose(user="1"), by=ANN)) == 2
    await line.serve()


async def test_turns_and_bounds_are_by_the_standing_of_each_user(store: Storage) -> None:
    """The one place where whoever knows more of users says so."""
    standings = {"gold": Standing(weight=2, waiting=5), "few": Standing(waiting=1)}
    line = Line(
        store, StudioSettings(at_once=1, queue_length=50, standing_of=lambda user, _: standings.get(user, Standing()))
    )
    await line.ask("9", ANN, "first")
    for number in range(4):
        await line.ask("gold", ANN, f"gold {number}")
        await line.ask("plain", ANN, f"plain {number}")
    await line.ask("few", ANN, "few 0")
    places = ["gold 0", "plain 0", "few 0", "gold 1", "plain 1", "gold 2", "gold 3", "plain 2", "plain 3"]
    assert [prompt for *_, prompt in line.seen()] == places
    cat = GenerationRequest(Operation.TEXT_TO_IMAGE, "x")
    await line.ask("gold", ANN, "gold 4")
    assert await line.studio.generate("gold", cat, actor=ANN) == Refusal(Reason.BUSY, "gold", limit=5, used=5)
    assert line.studio.refusal("few", actor=ANN) == Refusal(Reason.BUSY, "few", limit=1, used=1)
    assert line.studio.refusal("plain", actor=ANN) is None
    await line.serve()


async def test_who_asks_with_the_groups_of_this_minute_stands_by_them(store: Storage) -> None:
    """The line is told what came with the request, for its bound as for its turns."""
    vip = SeenAt("api:site", ("group:vip",))
    line = Line(
        store,
        StudioSettings(
            at_once=1, queue_length=50, standing_of=lambda _, seen: Standing(2, 9) if seen == vip else Standing(1, 1)
        ),
    )
    as_vip = ANN._replace(seen=vip)
    await line.ask("9", ANN, "first")
    for number in range(2):
        await line.ask("1", as_vip, f"vip {number}")
    assert line.studio.refusal("1", actor=as_vip) is None
    assert line.studio.refusal("1", actor=ANN) == Refusal(Reason.BUSY, "1", limit=1, used=2)
    await line.serve()
