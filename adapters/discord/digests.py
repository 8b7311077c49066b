"""Posts each week's digest to the channels of the settings, once; what could not be posted is tried again.

A channel is told the figures of its own server; the one channel that the operator names for it, those of everything.
Which week a channel was told is remembered after it has its message: a kill in between costs at most one double, and
none where the next start comes within minutes, as Discord then knows the message by its nonce. Nothing is posted while
that cannot be remembered. Left to others: the figures (`reports/digest`), the words and looks (`embeds`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from typing import Any, NamedTuple

import aiohttp
import discord
import structlog

from adapters.application.storage import Storage
from adapters.discord.bot_state import BEGUN, DIGEST, DIGEST_TROUBLE, Remembered, last_told, trouble_of
from adapters.discord.delivery import Patience, facts_of, pause_after
from adapters.discord.digest_places import Misplaced, Place, find_place
from adapters.discord.embeds import digest_embed, embed_as_text
from adapters.discord.naming import names_of
from adapters.ports.faults import ConfigError, Fault
from adapters.reports.digest import Digest, Pool, Weeks, read_weeks
from adapters.reports.digest_picture import in_words, picture
from adapters.reports.digest_words import Todo
from adapters.settings.doors import DiscordConfig
from domain.instants import day_of
from projections.iso_weeks import Week, last_whole_week

LOOK_SECONDS = 60.0
AGAIN_SECONDS = 600.0
"""After these, what failed is tried again, until the next week's is due."""
TRIES = 3
CALL_SECONDS = 120.0
"""For one message, the library's own waiting for Discord's limits included."""
BREATH_SECONDS = 0.002
"""After every thousand events, so that a long reading leaves the processor to others."""
MOST_WEEKS_AHEAD = 4
MOST_LOOKS = 5_000
"""Thousands of events that are read for one digest."""
NONCE_CHARACTERS = 25
FILENAME = "week.png"
OF_OWNERS = Todo(
    limits="`/quota_admin set` gives a member more.",
    room="`/storage_cleanup` removes old temporary files, `/quota_admin delete-image` single pictures.",
    look="`/why` of a member tells what happened; whoever runs the bot can look at the image service.",
)
OF_OTHERS = Todo(
    limits="Whoever runs the bot can give a member more.",
    room="Members make room with `/delete`; else ask whoever runs the bot.",
    look=OF_OWNERS.look,
)
NO_ANSWER = (aiohttp.ClientError, OSError, TimeoutError, discord.DiscordServerError)
"""After these nobody knows whether a message arrived."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class GivenUp(Exception):
    """A reading is not wanted any more, or too long."""


class Served(NamedTuple):
    """What a digest is made of and posted with."""

    client: discord.Client
    store: Storage
    remembered: Remembered
    settings: DiscordConfig
    patience: Patience


class Digests:
    """The weekly messages of one connection, from `start` to `stop`."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._places = served.settings.digest_places
        self._not_before: dict[int, float] = {}
        self._read: Weeks | None = None
        self._stopped = threading.Event()
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look after what is due, and returns at once; nothing where no channel is set."""
        if self._places:
            self._keeping = asyncio.get_running_loop().create_task(self._keep())

    def stop(self) -> None:
        """Nothing is posted any more, and a reading ends."""
        self._stopped.set()
        if self._keeping is not None:
            self._keeping.cancel()

    async def _keep(self) -> None:
        await self._served.client.wait_until_ready()
        await self.look_over()
        while True:
            await self.post_due()
            await asyncio.sleep(LOOK_SECONDS)

    async def look_over(self) -> None:
        """Tells the operator of channels to which nothing can be posted. Raises nothing."""
        for channel_id, whole in self._places.items():
            try:
                place = await find_place(self._served.client, channel_id, whole=whole)
            except Misplaced as misplaced:
                await self._note(channel_id, str(misplaced))
            except Exception as error:  # noqa: BLE001 - Discord may be away; posting will tell
                _log.info("a digest's channel could not be looked at", channel=channel_id, **facts_of(error))
            else:
                await self._note(channel_id, place.narrowed)

    async def post_due(self) -> None:
        """Posts what is due now and not posted yet. Raises nothing."""
        week = last_whole_week(self._served.store.clock(), hours=self._served.settings.digest_hours)
        due = [channel for channel in self._places if self._is_due(channel, week)]
        if not due:
            if not self._not_before:
                self._read = None
            return
        try:
            weeks = await self._weeks(week)
        except (Fault, GivenUp) as fault:
            self._rest(due, "no digest yet", reason=str(fault))
        except Exception as error:  # noqa: BLE001 - the bot goes on, and it is in the log
            _log.error("no digest", exc_info=error)
            self._rest(due, "no digest yet")
        else:
            for channel in due if not weeks.is_before_the_log else ():
                await self._post_to(channel, weeks)

    def _is_due(self, channel_id: int, week: Week) -> bool:
        """Whether a channel is to be told a week now. A clock that is set back a little makes no older week due; a week
        that is far ahead was told by a clock that was wrong.
        """
        if asyncio.get_running_loop().time() < self._not_before.get(channel_id, 0.0):
            return False
        told = last_told(self._served.remembered, channel_id)
        return told is None or not week.name <= told <= week.after(MOST_WEEKS_AHEAD).name

    def _rest(self, channels: list[int], what: str, **facts: Any) -> None:
        again = asyncio.get_running_loop().time() + AGAIN_SECONDS
        self._not_before.update(dict.fromkeys(channels, again))
        _log.warning(what, channels=channels, seconds=AGAIN_SECONDS, **facts)

    # -- what is told ------------------------------------------------------------------------------

    async def _weeks(self, week: Week) -> Weeks:
        """The figures, read once for all channels and kept until each has its message."""
        if self._read is None or self._read.figures.week != week:
            store = self._served.store
            state = store.running().state
            pool = Pool(state.pool.used_bytes, state.policy.pool_bytes, day_of(store.clock()))
            looks = iter(range(MOST_LOOKS))

            def breathe() -> None:
                if self._stopped.is_set() or next(looks, None) is None:
                    raise GivenUp("the bot stops, or the log has too many events in these weeks; `abby digest` tells")
                time.sleep(BREATH_SECONDS)

            surveying = store.workers.surveying
            self._read = await surveying.run(read_weeks, store.root, store.engines.log, week, pool, breathe)
        return self._read

    async def _embed(self, digest: Digest, drawn: bytes | None) -> discord.Embed:
        todo = OF_OWNERS if digest.guild is None or self._is_of_managers(digest.guild) else OF_OTHERS
        return digest_embed(digest, await self._names(digest), todo, FILENAME if drawn else None)

    def _is_of_managers(self, guild: str) -> bool:
        """Whether the managers of a server may change what all servers share (`permissions`)."""
        channel = self._served.client.get_channel(self._served.settings.managers_channel)
        return str(getattr(getattr(channel, "guild", None), "id", None)) == guild

    async def _names(self, digest: Digest) -> dict[str, str]:
        """What Discord calls those who made most, as far as it says so in time."""
        makers = (maker.user for maker in digest.this.makers)
        return await names_of(self._served.client, makers, self._served.patience.call_seconds)

    async def _drawn(self, place: Place, digest: Digest) -> bytes | None:
        """The picture, None where there is none to be had."""
        if not (place.may_attach and place.may_embed) or (digest.this.is_empty and digest.former.is_empty):
            return None
        try:
            return await self._served.store.workers.drawing.run(picture, digest)
        except ConfigError:
            return None  # the extra is not installed
        except Exception as error:  # noqa: BLE001 - it is told without one
            _log.warning("a digest's picture was not drawn", exc_info=error)
            return None

    # -- the way there -----------------------------------------------------------------------------

    async def _post_to(self, channel_id: int, weeks: Weeks) -> None:
        """Posts to one channel, and remembers it; what keeps it from that is told the operator. Raises nothing."""
        week = weeks.figures.week.name
        try:
            place = await find_place(self._served.client, channel_id, whole=self._places[channel_id])
            digest = weeks.digest(place.guild)
            drawn = await self._drawn(place, digest)
            embed = await self._embed(digest, drawn)
            if not await self._remember(channel_id, BEGUN.format(week)):
                self._rest([channel_id], "a digest waits: that it was posted could not be remembered")
                return
            await self._send(place, embed, drawn, digest)
        except Misplaced as misplaced:
            await self._note(channel_id, str(misplaced))
            self._rest([channel_id], "a digest waits for its channel")
        except Exception as error:  # noqa: BLE001 - whatever Discord does, it is tried again
            self._rest([channel_id], "a digest was not posted", **facts_of(error))
        else:
            self._not_before.pop(channel_id, None)
            await self._remember(channel_id, week)
            await self._note(channel_id, place.narrowed)
            _log.info("a week's digest is posted", channel=channel_id, week=week)

    async def _send(self, place: Place, embed: discord.Embed, drawn: bytes | None, digest: Digest) -> None:
        """Tries a few times, under one nonce: of a message whose answer was lost, Discord makes no second one."""
        nonce = sha256(f"{place.channel_id} {digest.week.name}".encode()).hexdigest()[:NONCE_CHARACTERS]
        for left in reversed(range(TRIES)):
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await place.channel.send(**_content(place, embed, drawn, digest), nonce=nonce)
            except (discord.Forbidden, discord.NotFound) as error:
                raise place.refused(error) from error
            except NO_ANSWER as error:
                if not left:
                    raise
                await asyncio.sleep(pause_after(error, self._served.patience))
            except discord.HTTPException:
                if drawn is None or not left:
                    raise
                drawn, embed = None, embed.set_image(url=None)  # it may be what was too large
            else:
                return

    async def _remember(self, channel_id: int, text: str) -> bool:
        remembered = self._served.remembered
        return await self._served.store.workers.reading.run(remembered.put, DIGEST.format(channel_id), text)

    async def _note(self, channel_id: int, trouble: str) -> None:
        """Tells the operator what is wrong with a channel, once; "" where nothing is."""
        if trouble_of(self._served.remembered, channel_id) == trouble:
            return
        if trouble:
            _log.warning(trouble)
        remembered = self._served.remembered
        with suppress(Fault):
            await self._served.store.workers.reading.run(remembered.put, DIGEST_TROUBLE.format(channel_id), trouble)


def _content(place: Place, embed: discord.Embed, drawn: bytes | None, digest: Digest) -> dict[str, Any]:
    """What is sent, made anew for each try: a file can be read once."""
    content: dict[str, Any] = {"allowed_mentions": discord.AllowedMentions.none()}
    if not place.may_embed:
        return {**content, "content": embed_as_text(embed)}
    if drawn is not None:
        content["file"] = discord.File(BytesIO(drawn), FILENAME, description=in_words(digest))
    return {**content, "embed": embed}
