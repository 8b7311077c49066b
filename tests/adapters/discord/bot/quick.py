"""The real bot with little patience, so that a test of what fails need not wait as long as a person would."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.adapters.discord.bot.stage import command
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.process import BotProcess

PATIENCE = {
    "progress_seconds": 0.05,
    "grace_seconds": 0.05,
    "call_seconds": 1.0,
    "first_seconds": 1.5,
    "pause_seconds": 0.05,
    "longest_pause_seconds": 0.2,
}


@asynccontextmanager
async def running(
    fake: FakeDiscord, root: Path, patience: dict[str, float] | None = None, **settings: object
) -> AsyncIterator[BotProcess]:
    """The bot, from its readiness on; killed at the end where it has not ended before."""
    _, _, _, *words = command(root, "bot", **settings)
    argv = [sys.executable, "-m", __name__, json.dumps(PATIENCE | (patience or {})), *words]
    async with await BotProcess.start(argv, {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        yield bot


def main() -> None:
    """`abby`, whose bot is built with the patience that the first argument says."""
    from adapters.cli import main as abby
    from adapters.discord.delivery import Patience
    from adapters.discord.lifecycle import BotLife

    service: Any = importlib.import_module("adapters.main")
    patience, build = Patience(**json.loads(sys.argv.pop(1))), service.build

    def impatient(*given: Any, **named: Any) -> Any:
        built = build(*given, **named)
        assert built.bot is not None
        return replace(built, bot=BotLife(replace(built.bot._parts, patience=patience)))

    service.build = impatient
    abby()


if __name__ == "__main__":
    main()
