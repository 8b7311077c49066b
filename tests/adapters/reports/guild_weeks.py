"""A log in which members of guilds made pictures, were refused and met failures, at times that a test names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from domain.commands import CompleteGeneration, ReleasePlaces, ReserveGeneration, SetPolicy
from domain.refusals import Reason, Refusal
from tests.adapters.cli.processes import png

LIMITS = SetPolicy(daily=5, pool_bytes=20_000_000, user_bytes=20_000_000, gen_bytes=100_000)


class Deed(NamedTuple):
    """What a member did: so many pictures made, so many asked for that failed, so many refused. What was made is kept
    where it has a size.
    """

    at: str
    user: str
    guild: int | None
    made: int = 0
    failed: int = 0
    refused: int = 0
    size_bytes: int = 0


def write(root: Path, deeds: Sequence[Deed]) -> None:
    """Writes the deeds, in their order, with the ledger itself."""
    now = [deeds[0].at]
    store = open_store(root, limits=LIMITS, clock=lambda: now[0])
    ledger = store.opened().ledger
    for deed in deeds:
        now[0] = deed.at
        by, origin = f"discord:{deed.user}", "direct" if deed.guild is None else f"guild:{deed.guild}"
        for number in range(deed.made + deed.failed):
            held = uuid4().hex
            asked = ReserveGeneration(deed.user, by, held, 900, operation="text_to_image", origin=origin)
            assert not isinstance(refused := ledger.execute(asked), Refusal), refused
            if number < deed.made:
                done = CompleteGeneration(deed.user, by, held, "stability", "core", 4.0, credits=0.2, origin=origin)
                ledger.execute(done)
            if deed.size_bytes and number < deed.made:
                image = NewImage(deed.user, png(deed.size_bytes), reservation=held, operation="text_to_image")
                assert not isinstance(asyncio.run(save_image(store, image, actor=Actor(by, origin))), Refusal)
                continue
            reason = "not_kept" if number < deed.made else "failed"
            ledger.execute(ReleasePlaces(deed.user, by, held, reason, origin=origin))
        for _ in range(deed.refused):
            no = ledger.execute(ReserveGeneration(deed.user, by, uuid4().hex, 900, 6, origin=origin))
            assert isinstance(no, Refusal)
            assert no.reason is Reason.DAILY_LIMIT
    store.close()
