"""Whom a connection did not come to tell of the restart is told by the next one, in the same process too."""

from __future__ import annotations

import time
from pathlib import Path

import discord

from adapters.discord.bot import DEFAULT_PATIENCE
from adapters.discord.left_over import LeftOver
from adapters.discord.pending_answers import PendingAnswer, PendingAnswers
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.studio import Studio
from tests.adapters.generation.in_memory_providers import InMemoryProvider


async def test_who_was_not_told_is_for_whoever_comes_online_next(tmp_path: Path) -> None:
    """The client has no connection any more, so it ends at the first of two."""
    now, store = time.time(), open_store(tmp_path)
    pending = PendingAnswers(tmp_path)
    waiting = [PendingAnswer(interaction=number, application=7, token="t", user=number, at=now) for number in (1, 2)]
    for one in waiting:
        pending.note(one)
        pending.leave(one.interaction)
    studio = Studio(store, Generator(InMemoryProvider()))
    offline = discord.Client(intents=discord.Intents.none())
    hasty = DEFAULT_PATIENCE._replace(pause_seconds=0.01)
    await LeftOver(offline, pending, store.workers.reading, studio, hasty).tell_all()
    assert pending.left(now) == waiting
    await studio.close()
    store.close()
