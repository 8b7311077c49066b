"""The whole service: every part built once from the configuration, opened and not yet serving. `main` runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.application.storage import Storage
from adapters.bootstrap.currency import paid_outside_of
from adapters.bootstrap.doors import discord_sign_in
from adapters.bootstrap.making import make_generator, studio_settings
from adapters.bootstrap.reach import needs_token, reach_of
from adapters.bootstrap.storage import files_of, given_limits, open_store
from adapters.bootstrap.webhooks import receiver_of, webhooks_to
from adapters.generation.prices import PriceBook
from adapters.http.access import Door
from adapters.http.service import HttpService, make_app
from adapters.library.image_generator import ImageGenerator
from adapters.market.market import Market
from adapters.market.paid_outside import PaidOutside
from adapters.ports.clock import Clock, utc_now
from adapters.settings.config import Config
from adapters.studio import Studio
from adapters.tokens.judging import KnownTokens
from adapters.tokens.kept import KeptTokens
from adapters.tokens.sessions import Sessions
from adapters.webhooks.telling import Webhooks

if TYPE_CHECKING:
    from adapters.discord.lifecycle import BotLife  # late, as the library is large


@dataclass(frozen=True)
class Program:
    """All parts of a running service: the page and the API, the bot, or both."""

    config: Config
    store: Storage
    generator: ImageGenerator
    studio: Studio
    http: HttpService | None
    tokens: KnownTokens
    bot: BotLife | None
    webhooks: Webhooks | None
    paid_outside: PaidOutside | None
    market: Market


def build(config: Config, clock: Clock = utc_now, *, bot_alone: bool = False) -> Program:
    """Every part, opened and not yet serving; the bot is one where it has a token. Raises Faults."""
    discord = None if bot_alone else discord_sign_in(config)
    receiver = receiver_of(config, clock)
    store = open_store(config, given_limits(config), clock=clock)
    generator = make_generator(config)
    studio = Studio(store, generator, studio_settings(config, store))
    paid_outside = paid_outside_of(config, store)
    market = Market(store, paid_outside)
    root, files = config.storage.storage_root, files_of(config)
    tokens = KnownTokens(KeptTokens(root, files))
    app = None
    if not bot_alone:
        door = Door(
            tokens,
            Sessions(root, files),
            needs_token=needs_token(config),
            discord=discord,
            reach=reach_of(config),
        )
        prices = PriceBook(config.api.credits_each)
        app = make_app(store, studio, clock=clock, door=door, prices=prices, market=market)
    http = None if app is None else HttpService(app, host=config.http.host, port=config.http.port)
    bot = _make_bot(config, store, studio, generator, market) if bot_alone or config.discord.token else None
    if bot is not None:
        store.watched.append(bot.notes)
        store.measured.append(bot.measured)
    return Program(
        config=config,
        store=store,
        generator=generator,
        studio=studio,
        http=http,
        tokens=tokens,
        bot=bot,
        webhooks=None if receiver is None else webhooks_to(receiver, config, store),
        paid_outside=paid_outside,
        market=market,
    )


def _make_bot(config: Config, store: Storage, studio: Studio, generator: ImageGenerator, market: Market) -> BotLife:
    from adapters.discord.bot import Parts  # here, as the library is large and a start without a bot needs none of it
    from adapters.discord.lifecycle import BotLife  # the same

    return BotLife(Parts(config, store, studio, generator, market=market))
