"""The market's commands: one's points, what is offered, buying and giving. What managers do there is in
`market_managing`.
"""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from adapters.discord.balances import balance_content
from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.cogs.managing import Someone
from adapters.discord.gifts import WORDS_CHARACTERS, give
from adapters.discord.offers import market_content, question_about, suggest_offers
from adapters.discord.replies import NOT_TAKEN, Reply, defer
from adapters.discord.trading import OFFER_CHARACTERS
from domain.points import MOST_POINTS


class MarketCog(commands.Cog):
    """Answers for the user who asks, seen by them alone; a gift is told where it was given."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Show what you have of points, what came and went, and take today's")
    async def points(self, interaction: Interaction) -> None:
        """The log is read meanwhile."""
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(await balance_content(interaction), NOT_TAKEN)

    @app_commands.command(description="Show what is offered, and buy of it")
    async def market(self, interaction: Interaction) -> None:
        """Each offer with a button, which asks first."""
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(market_content(interaction), NOT_TAKEN)

    @app_commands.command(description="Buy what is offered; you are asked first")
    @app_commands.describe(offer="Which")
    @app_commands.autocomplete(offer=suggest_offers)
    async def buy(self, interaction: Interaction, offer: app_commands.Range[str, 1, OFFER_CHARACTERS]) -> None:
        """The price, what is left after it, and a button."""
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(await question_about(interaction, offer), NOT_TAKEN)

    @app_commands.command(description="Give points to another member; nobody can take them back")
    @app_commands.describe(member="To whom", amount="How many", reason="A few words with it, for everybody to see")
    async def gift(
        self,
        interaction: Interaction,
        member: Someone,
        amount: app_commands.Range[int, 1, MOST_POINTS],
        reason: app_commands.Range[str, 1, WORDS_CHARACTERS] | None = None,
    ) -> None:
        """Everybody in the channel sees what was given; only who asks, why not."""
        await give(interaction, member, amount, reason)
