"""Tells people on Discord of limits that are nearly reached: a user of their own by direct message, managers in their
channel of a server's and of the pool's. It follows the log by two cursors, one for users and one for managers.

taken by Discord                             the cursor moves on; nothing of it is told again
no answer, a fault of Discord's, no network  again after a pause, under one nonce: Discord makes no second message
direct messages closed, the user has left    it waits for the user's next command, and is told beneath that
a user whom Discord does not know            nobody is told
the managers' channel is gone or forbidden   the operator is told once; tried again every ten minutes
no managers' channel                         nobody is told of what is not one user's
the bot was down                             what was recorded meanwhile is told, but for windows that are over by then
a kill between message and cursor            once more under the same nonce: within minutes Discord knows it
the first start, another log                 what is recorded from now on
many at once                                 one after the other, so many at a time in memory
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from enum import Enum
from hashlib import sha256
from typing import Any, NamedTuple

import discord
import structlog

from adapters.application.recorded import EventLine, Wanted, passage_after
from adapters.discord.bot_state import Remembered
from adapters.discord.delivery import facts_of, pause_after
from adapters.discord.digests import NO_ANSWER, NONCE_CHARACTERS, Served
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message
from adapters.ports.faults import Fault
from adapters.wording.thresholds import WHOLE, anew_at, told_to_its_user, told_to_managers
from domain.event_data import from_data
from domain.instants import later
from domain.threshold_events import ThresholdCrossed

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 600.0
"""After these a channel that could not be posted to is tried again."""
CALL_SECONDS = 60.0
PAGE = 20
"""Events that are read at once."""
TRIES = 10
"""After so many failures of one message to a user it waits for the user's next command."""
STORAGE_DAYS = 2
"""A storage that was told longer ago is not news any more."""
MOST_WAITING = 5
"""Messages that wait for one user's next command: the latest."""
UNTOLD_POSITIONS = 5_000
"""After so many events of which nobody is told the cursor is written too."""
CURSOR, WAITING, TROUBLE = "limits told {}", "limits waiting {}", "limits trouble"
"""Names of what is remembered: how far was told, what waits for a user, what is wrong with the managers' channel."""
NOT_POSTED = (
    "DISCORD_MANAGERS_CHANNEL: nothing can be posted in channel {}. Correct it, or give the bot its rights there; what "
    "limits are nearly reached is told then."
)
TO_USERS, TO_MANAGERS = "users", "managers"
TYPES = Wanted(types=(ThresholdCrossed.__name__,))
SECONDS_A_DAY = 86_400

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Outcome(Enum):
    """What became of one message."""

    DONE = "done"
    WAITS_FOR_ITS_USER = "waits"
    AGAIN = "again"


class _Reached(NamedTuple):
    """A limit that is told, and where that stands in the log."""

    position: int
    event: ThresholdCrossed


class LimitNews:
    """What one connection tells, from `start` to `stop`. `what` that is, and what its cursors and its trouble with the
    managers' channel are called, are its kind's.
    """

    what, cursor, trouble = "limits", CURSOR, TROUBLE

    def __init__(self, served: Served) -> None:
        self._served = served
        self._cursors: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._failed = 0
        self._now: int | None = None
        """Where the log ended when this was made, before anybody could be served."""
        with suppress(Fault):
            self._now = served.store.running().state.position
        self._keeping: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins, and returns at once."""
        loop = asyncio.get_running_loop()
        self._keeping = [loop.create_task(self._keep(whom)) for whom in (TO_USERS, TO_MANAGERS)]

    def stop(self) -> None:
        """Nothing is told any more."""
        for task in self._keeping:
            task.cancel()

    async def _keep(self, whom: str) -> None:
        await self._served.client.wait_until_ready()
        while True:
            try:
                pause = await self.tell_due(whom)
            except Fault as fault:
                _log.warning(f"{self.what} are not told", reason=str(fault))
                pause = AGAIN_SECONDS
            except Exception as error:  # noqa: BLE001 - the bot goes on, and it is in the log
                _log.error(f"{self.what} are not told", exc_info=error)
                pause = AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def tell_due(self, whom: str) -> float:
        """Tells what was recorded since; gives the seconds until it is to be looked again."""
        store = self._served.store
        state = store.running().state
        begin = await self._cursor(whom, state.position)
        if state.position <= begin:
            return LOOK_SECONDS
        if not state.thresholds.is_in_use:
            return await self._move(whom, state.position)
        passage = await store.workers.reading.run(passage_after, store, TYPES, begin, PAGE)
        for line in passage.lines:
            pause = await self._tell(whom, _reached(line))
            if pause:
                return pause
        return await self._move(whom, passage.up_to)

    async def _cursor(self, whom: str, head: int) -> int:
        """How far was told; from now on where that is not known, or the log does not go so far, which is noted."""
        if whom not in self._cursors:
            kept = self._served.remembered.get(self.cursor.format(whom)) or ""
            is_known = kept.isascii() and kept.isdigit() and int(kept) <= head
            begin = head if self._now is None else min(self._now, head)
            self._cursors[whom] = self._written[whom] = int(kept) if is_known else begin
            if not is_known:
                await self._move(whom, begin, told=True)
        return self._cursors[whom]

    async def _move(self, whom: str, position: int, *, told: bool = False) -> float:
        self._cursors[whom] = position
        if told or position - self._written[whom] >= UNTOLD_POSITIONS:
            await self._remember(self.cursor.format(whom), str(position))
            self._written[whom] = position
        return LOOK_SECONDS

    async def _remember(self, name: str, text: str) -> None:
        remembered = self._served.remembered
        await self._served.store.workers.reading.run(remembered.put, name, text)

    async def _tell(self, whom: str, reached: _Reached) -> float:
        """Tells it where it is for these; gives seconds to wait where it must be tried again, else 0."""
        is_theirs = (reached.event.user is not None) == (whom == TO_USERS)
        if not is_theirs or is_over(reached.event, self._served.store.clock()):
            await self._move(whom, reached.position)
            return 0.0
        if whom == TO_MANAGERS:
            return await self._tell_managers(reached)
        user = str(reached.event.user)
        outcome, pause = await self._message(user, reached) if is_member(user) else (Outcome.DONE, 0.0)
        if outcome is Outcome.AGAIN and self._failed < TRIES:
            return pause
        if outcome is not Outcome.DONE:
            await self._let_wait(user, reached.position)
        self._failed = 0
        await self._move(whom, reached.position, told=True)
        return 0.0

    async def _message(self, user: str, reached: _Reached) -> tuple[Outcome, float]:
        """A direct message to a user."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                channel = await self._served.client.create_dm(discord.Object(int(user)))
                await channel.send(**_content(user_message(reached.event)), nonce=_nonce(user, reached))
        except discord.Forbidden:
            return Outcome.WAITS_FOR_ITS_USER, 0.0
        except discord.NotFound:
            _log.info("nobody was told of a limit: Discord knows no such user", position=reached.position)
            return Outcome.DONE, 0.0
        except NO_ANSWER as error:
            return self._again(error)
        except discord.HTTPException as error:
            return self._again(error)
        return Outcome.DONE, 0.0

    def _again(self, error: Exception) -> tuple[Outcome, float]:
        self._failed += 1
        _log.info("a limit was not told yet", **facts_of(error))
        return Outcome.AGAIN, pause_after(error, self._served.patience)

    async def _let_wait(self, user: str, position: int) -> None:
        """Remembers it for the user's next command."""
        waiting = [*waiting_for(self._served.remembered, user), position]
        await self._remember(WAITING.format(user), " ".join(map(str, waiting[-MOST_WAITING:])))

    async def _tell_managers(self, reached: _Reached) -> float:
        channel_id = self._served.settings.managers_channel
        if channel_id:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    channel = self._served.client.get_partial_messageable(channel_id)
                    content = _content(managers_message(reached.event))
                    await channel.send(**content, nonce=_nonce(str(channel_id), reached))
            except (discord.Forbidden, discord.NotFound) as error:
                await self._note(NOT_POSTED.format(channel_id))
                _log.info("managers were not told of a limit", **facts_of(error))
                return AGAIN_SECONDS
            except (*NO_ANSWER, discord.HTTPException) as error:
                _log.info("managers were not told of a limit yet", **facts_of(error))
                return pause_after(error, self._served.patience)
            await self._note("")
        await self._move(TO_MANAGERS, reached.position, told=bool(channel_id))
        return 0.0

    async def _note(self, trouble: str) -> None:
        """Tells the operator what is wrong with the managers' channel, once; "" where nothing is."""
        if (self._served.remembered.get(self.trouble) or "") != trouble:
            await self._remember(self.trouble, trouble)
            if trouble:
                _log.warning(trouble)


async def tell_waiting(bot: Any, interaction: discord.Interaction[Any]) -> None:
    """Beneath an answer: what the user's direct messages did not take. Raises nothing."""
    user = str(interaction.user.id)
    waiting = waiting_for(bot.remembered, user)
    if not waiting:
        return
    try:
        for position in waiting:
            passage = await bot.store.workers.reading.run(passage_after, bot.store, TYPES, position - 1, 1)
            event = _reached(passage.lines[0]).event if passage.lines else None
            if event is not None and event.user == user and not is_over(event, bot.store.clock()):
                await interaction.followup.send(**_content(user_message(event)), ephemeral=True)
        await bot.store.workers.reading.run(bot.remembered.put, WAITING.format(user), "")
    except (Fault, *NO_ANSWER, discord.DiscordException) as error:
        _log.info("a limit still waits for its user", **facts_of(error))


def is_over(event: ThresholdCrossed, now: str) -> bool:
    """Whether it is no news any more: its window has ended, or a storage was told too long ago."""
    return (anew_at(event) or later(event.at, seconds=STORAGE_DAYS * SECONDS_A_DAY)) <= now


def _reached(line: EventLine) -> _Reached:
    event = from_data(line["type"], dict(line["data"]))
    assert isinstance(event, ThresholdCrossed), "the log was asked for these"
    return _Reached(line["pos"], event)


def user_message(event: ThresholdCrossed) -> Message:
    """What a user is told of a limit of theirs."""
    title = "⏳ Your Limit Is Reached" if event.percent >= WHOLE else "⏳ Your Limit Comes Nearer"
    return Message(title, f"{told_to_its_user(event)}{_anew(event)}", _colour(event))


def managers_message(event: ThresholdCrossed) -> Message:
    """What managers are told of a limit of a server, or of all together."""
    return Message("📈 A Limit Is Nearly Reached", f"{told_to_managers(event)}{_anew(event)}", _colour(event))


def _anew(event: ThresholdCrossed) -> str:
    end = anew_at(event)
    return "" if end is None else f" The count begins anew on {end[:10]} at 00:00 UTC."


def _colour(event: ThresholdCrossed) -> discord.Colour:
    return discord.Colour.red() if event.percent >= WHOLE else discord.Colour.orange()


def _content(message: Message) -> dict[str, Any]:
    return {"embed": message_embed(message), "allowed_mentions": discord.AllowedMentions.none()}


def _nonce(whom: str, reached: _Reached) -> str:
    named = f"{whom} limit {reached.position} {reached.event.at}"
    return sha256(named.encode()).hexdigest()[:NONCE_CHARACTERS]


def is_member(user: str) -> bool:
    """Whether a user can be one of Discord's: others came by HTTP or a program."""
    return user.isascii() and user.isdigit() and len(user) <= len(str(2**64))


def waiting_for(remembered: Remembered, user: str) -> list[int]:
    """The positions of what waits for a user's next command."""
    return [int(one) for one in (remembered.get(WAITING.format(user)) or "").split() if one.isdigit()]
