"""Small bots, written with discord.py alone, that show the fake Discord what a right bot does and what a wrong one.

Run as a program, this module is the right bot in a process of its own.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.adapters.discord.fake.server import FakeDiscord

PICTURE = b"\x89PNG of a sort, which nobody decodes"
STYLES = ("anime", "analog-film", "origami")
Answer = Callable[[discord.Interaction[Any]], Awaitable[None]]


class Again(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"again:(?P<times>\d+)"):
    """A button that survives a restart: all it needs is in its custom id."""

    def __init__(self, times: int) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{times}"))
        self.times = times

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(int(match["times"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(f"pressed with {self.times}", ephemeral=True)


class Styles(discord.ui.View):
    """A select whose choice becomes the message."""

    @discord.ui.select(placeholder="A style", options=[discord.SelectOption(label=style) for style in STYLES])
    async def choose(self, interaction: discord.Interaction[Any], select: discord.ui.Select[Any]) -> None:
        await interaction.response.edit_message(content=f"{select.values[0]} it is", view=None)


class Ask(discord.ui.Modal, title="What shall it be?"):
    """A form with one input."""

    wish: discord.ui.TextInput[Ask] = discord.ui.TextInput(label="Wish", max_length=20)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await interaction.response.send_message(f"You wish for {self.wish.value}.")


class SmallBot(discord.Client):
    """A bot of one slash command, whose answer a test may put in the place of the right one."""

    def __init__(self, answer: Answer | None = None, intents: discord.Intents | None = None, **options: Any) -> None:
        self.connector_of_loopback = loopback_connector()
        super().__init__(
            intents=intents or discord.Intents(guilds=True),
            guild_ready_timeout=0.0,
            max_messages=None,
            connector=self.connector_of_loopback,
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.tree = app_commands.CommandTree(self)
        self.faults: asyncio.Queue[BaseException] = asyncio.Queue()
        self.tree.error(self._keep_fault)
        add_commands(self.tree, answer or right_answer)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Again)
        await self.tree.sync()

    async def before_identify_hook(self, _shard_id: int | None, *, initial: bool = False) -> None:
        """Waits for nothing, where the library waits 5 s for others that identify."""

    async def _keep_fault(self, _interaction: discord.Interaction[Any], fault: app_commands.AppCommandError) -> None:
        self.faults.put_nowait(getattr(fault, "original", fault))


class ShardedBot(SmallBot, discord.AutoShardedClient):
    """The same, with as many connections as Discord asks for."""


def loopback_connector() -> Any:
    """A connector that resolves no name: nothing leaves the machine."""
    import aiohttp

    class NoNames(aiohttp.abc.AbstractResolver):
        async def resolve(self, host: str, *_: Any, **__: Any) -> list[Any]:
            raise OSError(f"{host} is not on loopback")

        async def close(self) -> None:
            """Nothing is held."""

    return aiohttp.TCPConnector(limit=0, resolver=NoNames())


async def right_answer(interaction: discord.Interaction[Any]) -> None:
    """Defers, then edits an embed, its picture and a button into the same message."""
    await interaction.response.defer(thinking=True)
    view = discord.ui.View(timeout=None)
    view.add_item(Again(7))
    embed = discord.Embed(title="Your picture", description="a fox").set_image(url="attachment://fox.png")
    file = discord.File(io.BytesIO(PICTURE), "fox.png")
    await interaction.edit_original_response(embed=embed, attachments=[file], view=view)


def add_commands(tree: app_commands.CommandTree[Any], answer: Answer = right_answer) -> None:
    """Commands of every kind, and menus."""

    @tree.command(description="Makes a picture")
    @app_commands.describe(prompt="What to show", style="How to show it", steps="How carefully", like="Start from this")
    @app_commands.choices(
        size=[app_commands.Choice(name="Small", value=512), app_commands.Choice(name="Big", value=1024)]
    )
    async def imagine(
        interaction: discord.Interaction[Any],
        prompt: app_commands.Range[str, 1, 100],
        style: str = "anime",
        steps: app_commands.Range[int, 10, 50] = 30,
        size: int = 512,
        like: discord.Attachment | None = None,
    ) -> None:
        interaction.extras.update(prompt=prompt, style=style, steps=steps, size=size, like=like)
        await answer(interaction)

    @imagine.autocomplete("style")
    async def styles(_interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        names = [f"style-{number}" for number in range(26)] if typed == "all" else STYLES
        return [
            app_commands.Choice(name=name, value=name) for name in names if typed in (*("all",), name[: len(typed)])
        ]

    @tree.context_menu(name="Upscale")
    async def upscale(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        sizes = [attachment.size for attachment in message.attachments]
        await interaction.response.send_message(f"{message.content}: {sizes}", ephemeral=True)

    @tree.command(description="Lets choose")
    async def choose(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("Choose", view=Styles())

    @tree.command(description="Asks for a wish")
    async def wish(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(Ask())

    @tree.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction[Any], member: discord.Member) -> None:
        await interaction.response.send_message(f"Hello, {member.name}")

    manage = app_commands.Group(
        name="manage",
        description="For managers",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @manage.command(description="Shows a member in a channel")
    async def show(interaction: discord.Interaction[Any], who: discord.Member, where: discord.TextChannel) -> None:
        assert interaction.permissions.manage_guild
        await interaction.response.send_message(f"{who.name} in {where.name}")

    tree.add_command(manage)


@asynccontextmanager
async def redirected(api_base: str, gateway: str) -> AsyncIterator[None]:
    """Sends discord.py to other addresses while the block runs. They are global to the process."""
    former = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api_base, yarl.URL(gateway)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = former


@asynccontextmanager
async def running(bot: SmallBot, fake: FakeDiscord, token: str | None = None) -> AsyncIterator[SmallBot]:
    """The bot in this process, online while the block runs."""
    environment = fake.environment
    async with redirected(environment["DISCORD_API_BASE"], environment["DISCORD_GATEWAY_URL"]):
        task = asyncio.create_task(bot.start(token or environment["DISCORD_TOKEN"]))
        online = asyncio.create_task(fake.online(fake.gateway.counts["ready"] + 1))
        try:
            await asyncio.wait({task, online}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                online.cancel()
                await task
            await online
            yield bot
        finally:
            await bot.close()
            with suppress(asyncio.CancelledError, discord.DiscordException):
                await task


async def main() -> None:
    """The right bot, until SIGTERM."""
    logging.basicConfig(level=logging.INFO)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    bot = SmallBot()
    async with redirected(os.environ["DISCORD_API_BASE"], os.environ["DISCORD_GATEWAY_URL"]), bot:
        online = asyncio.create_task(bot.start(os.environ["DISCORD_TOKEN"]))
        ended = asyncio.create_task(stop.wait())
        await asyncio.wait({online, ended}, return_when=asyncio.FIRST_COMPLETED)
        if online.done():
            await online
        await bot.close()
        await online


if __name__ == "__main__":
    asyncio.run(main())
