"""Limits that are nearly used up, told to a program: each percentage of each limit once, whatever the receiver does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from adapters.application.storage import Storage
from adapters.settings.config import Config
from adapters.settings.sources import Sources
from domain.commands import ReserveGeneration, SetPolicy
from tests.adapters.webhooks.inbox import telling
from tests.adapters.webhooks.test_telling import HOUR_SECONDS

LIMITS = SetPolicy(daily=20, windows=(("guild/week/generations", 20),), tell_at=(80, 95, 100))


def reserve(store: Storage, *counts: int) -> None:
    """So many places each time for user 1, while there are so many."""
    for count in counts:
        number = store.running().state.position
        store.opened().ledger.execute(ReserveGeneration("1", "discord:1", f"r{number}", 900, count, origin="guild:9"))


async def test_each_threshold_arrives_once(tmp_path: Path) -> None:
    """Those of an hour in which nobody listens, by the event types that hold without a setting; refused requests and a
    restart tell nothing more.
    """
    async with telling(tmp_path) as (store, inbox, teller):
        teller.types = Config(Sources(())).webhooks.events
        store.opened().ledger.execute(LIMITS)
        await inbox.down()
        began = teller.time.now
        reserve(store, 8, 8, 1)
        teller.time.at = {began + HOUR_SECONDS / 2: lambda: reserve(store, 2, 1, 1), began + HOUR_SECONDS: inbox.up}
        await teller.run(store, lambda: len(inbox.taken) >= 6)
        told = [post.message for post in inbox.posts]
        assert {message["type"] for message in told} == {"threshold.crossed"}
        limits = ("user/day/generations", "guild/week/generations")
        assert [(message["data"]["limit_name"], message["data"]["percent"]) for message in told] == [
            (limit, percent) for percent in (80, 95, 100) for limit in limits
        ]
        assert [message["data"].get("guild") for message in told[:2]] == [None, "9"]
        assert set(Counter(post.id for post in inbox.posts).values()) == {1}
        reserve(store, 1)
        await teller.run(store, until=lambda: True)
        assert len(inbox.posts) == 6
