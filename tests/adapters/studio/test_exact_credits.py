"""Requests at once against a pool of credits: exactly what fits is made, and nobody is paid without a hold."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.application.results import Actor
from adapters.application.tiers import assign_tier_blocking, define_tier_blocking
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, GenerationResult, Operation, Prepared
from adapters.studio import Generated, Studio, StudioSettings
from domain.commands import SetPolicy
from domain.credits import thousandths
from domain.limits import UserLimits
from domain.refusals import Reason, Refusal
from domain.tiers import Tier
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer

ROUNDS = 100
REQUESTS = 50
EACH, ROOM = thousandths("0.75"), thousandths("7.5")
FITTING = ROOM // EACH
SILVER_DAILY = 3
OF_A_GUILD = 7
WINDOWS = (("guild/month/credits", OF_A_GUILD * EACH), ("pool/month/credits", ROOM))
TINY = GenerationRequest(Operation.TEXT_TO_IMAGE, "a dot", width=64, height=64)
USERS = {"ada": "guild:1", "ben": "guild:2", "cyd": "guild:1"}
"""Two of the first guild, one of the second; ben and cyd have the smaller tier."""


class Priced(InMemoryProvider):
    """A provider whose picture costs three quarters of a credit."""

    async def prepare(self, request: GenerationRequest) -> Prepared:
        """It takes a request as it is, and says what it costs."""
        return Prepared(request, model="model-1", credits_each=EACH)

    async def generate(self, request: GenerationRequest, *_others: object) -> ProviderAnswer:
        """A picture that cost what it should."""
        await asyncio.sleep(0)
        self.asked.append(request)
        pictures = [self.picture() for _ in range(request.count)]
        return GenerationResult(tuple(pictures), self.name, "model-1", 0.1, credits=0.75 * request.count)


async def test_the_exact_set_fits(tmp_path: Path) -> None:
    """50 requests of three users of two tiers in two guilds, 100 times: ten pictures for 7.5 credits, seven of them of
    the guild that may have so many, three of the member who may; nothing else was asked of the provider.
    """
    for number in range(ROUNDS):
        await _one_round(tmp_path / str(number), number)


async def _one_round(root: Path, number: int) -> None:
    store = open_store(root, limits=SetPolicy("system", "environment", daily=1_000, windows=WINDOWS))
    try:
        for tier, daily in (("gold", 100), ("silver", SILVER_DAILY)):
            define_tier_blocking(store, Tier(tier, UserLimits(daily=daily)), "a test")
        for user, tier in (("ada", "gold"), ("ben", "silver"), ("cyd", "silver")):
            assign_tier_blocking(store, user, tier, "a test")
        provider = Priced()
        studio = Studio(store, Generator(provider), StudioSettings(at_once=4, queue_per_user=REQUESTS))
        asked = [list(USERS)[(number + each) % len(USERS)] for each in range(REQUESTS)]
        outcomes = await asyncio.gather(
            *(studio.generate(user, TINY, actor=Actor(f"discord:{user}", USERS[user])) for user in asked)
        )
        made = [user for user, outcome in zip(asked, outcomes, strict=True) if isinstance(outcome, Generated)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert len(made) + len(refused) == REQUESTS
        _fits_exactly(made, refused)
        assert len(provider.asked) == len(made)
        state = store.opened().state
        month = state.last_at[:7]
        assert state.tally("pool", month) == (len(made), len(made) * EACH, 0)
    finally:
        store.close()
    costs = [event["data"]["cost"] for event in events_of(root) if event["type"] == "GenerationCompleted"]
    assert costs == [EACH] * len(made)
    assert_disk_and_log_agree(root)


def _fits_exactly(made: list[str], refused: list[Refusal]) -> None:
    """Each limit is full, and none is passed."""
    of_guild = [user for user in made if USERS[user] == "guild:1"]
    assert len(made) == FITTING
    assert (len(of_guild), made.count("ben")) == (OF_A_GUILD, SILVER_DAILY)
    assert made.count("cyd") <= SILVER_DAILY
    assert {refusal.reason for refusal in refused} <= {Reason.DAILY_LIMIT, Reason.WINDOW_LIMIT}


async def test_the_pool_alone_takes_exactly_what_it_has_room_for(tmp_path: Path) -> None:
    """Without limits of guilds: ten, whoever's they are."""
    windows = (("pool/month/credits", ROOM),)
    store = open_store(tmp_path, limits=SetPolicy("system", "environment", daily=1_000, windows=windows))
    try:
        provider = Priced()
        studio = Studio(store, Generator(provider), StudioSettings(at_once=4, queue_per_user=REQUESTS))
        asked = [list(USERS)[each % len(USERS)] for each in range(REQUESTS)]
        outcomes = await asyncio.gather(
            *(studio.generate(user, TINY, actor=Actor(f"discord:{user}", USERS[user])) for user in asked)
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert sum(isinstance(outcome, Generated) for outcome in outcomes) == FITTING == len(provider.asked)
        assert {refusal.window for refusal in refused} == {"pool/month/credits"}
    finally:
        store.close()


@pytest.mark.parametrize("price", [None, EACH])
async def test_a_picture_without_a_price_is_refused_before_anybody_is_asked(tmp_path: Path, price: int | None) -> None:
    """While credits are limited."""

    class Told(Priced):
        async def prepare(self, request: GenerationRequest) -> Prepared:
            return Prepared(request, model="new", credits_each=price)

    store = open_store(tmp_path, limits=SetPolicy("system", "environment", windows=(("pool/month/credits", ROOM),)))
    try:
        provider = Told()
        outcome = await Studio(store, Generator(provider)).generate("ada", TINY)
        if price is None:
            assert isinstance(outcome, Refusal)
            assert (outcome.reason, outcome.detail) == (Reason.PRICE_UNKNOWN, "new")
            assert not provider.asked
        else:
            assert isinstance(outcome, Generated)
    finally:
        store.close()
