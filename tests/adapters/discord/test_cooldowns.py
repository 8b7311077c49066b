"""How often a member may use a command: a pace for each, kept in a memory that is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord import app_commands

from adapters.discord import cooldowns
from adapters.discord.bot import AbbyBot, Parts
from adapters.discord.cooldowns import ASKING, AUTOCOMPLETE, BUTTONS_OF_PICTURES, PACES, USUAL, Cooldowns
from adapters.discord.lifecycle import ABILITIES
from adapters.discord.pending_answers import PendingAnswers
from adapters.engines.opening import open_store
from adapters.generation.providers import UnavailableProvider
from adapters.library.image_generator import ImageGenerator
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure
from adapters.settings.config import load_config
from adapters.studio import Studio


class Time:
    """A clock that goes when it is told to."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize("what", [*PACES, "of somebody else's cog"])
def test_so_many_uses_in_so_many_seconds_and_one_more_after_the_first_has_passed(what: str) -> None:
    """A refused use does not count, so that whoever is impatient waits no longer for it. Others are not concerned."""
    time, pace = Time(), PACES.get(what, USUAL)
    uses = Cooldowns(time)
    for _ in range(pace.times):
        assert uses.wait(1, what) == 0.0
    time.seconds += pace.seconds - 1
    assert [uses.wait(1, what) for _ in range(3)] == [1.0] * 3
    assert uses.wait(2, what) == 0.0
    assert uses.wait(1, "another") == 0.0
    time.seconds += 1
    assert uses.wait(1, what) == 0.0


def test_the_idle_ones_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many members there are, so many are remembered; one who goes on and on is not forgotten for it."""
    # The real number is that of a large server's members.
    monkeypatch.setattr(cooldowns, "MOST_REMEMBERED", 10)
    time = Time()
    uses = Cooldowns(time)
    for _ in range(PACES["audit"].times):
        uses.wait(1, "audit")
    for user in range(100):
        uses.wait(1_000 + user, "audit")
        assert uses.wait(1, "audit") > 0.0
    assert len(uses._uses) == 10


async def test_every_command_and_button_has_a_pace_of_its_own(tmp_path: Path) -> None:
    """A new command is given one, and no row outlives its command."""
    store = open_store(tmp_path / "root")
    generator = ImageGenerator(provider=UnavailableProvider(GenerationFailure(PlainReason.GENERATOR_CLOSED)))
    parts = Parts(load_config({}, Path("no.env")), store, Studio(store, generator), generator)
    bot = AbbyBot(parts, ABILITIES, PendingAnswers(store.root))
    for make_cog in ABILITIES.cogs:
        await bot.add_cog(make_cog(bot))
    for add_menus in ABILITIES.menus:
        add_menus(bot)
    commands = {
        command.qualified_name for command in bot.tree.walk_commands() if not isinstance(command, app_commands.Group)
    }
    menus = {menu.name for menu in bot.tree.get_commands() if isinstance(menu, app_commands.ContextMenu)}
    assert commands | menus | {"export", BUTTONS_OF_PICTURES, ASKING, AUTOCOMPLETE} == set(PACES)
    store.close()
