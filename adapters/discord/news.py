"""Tells people on Discord what the log records: a user by direct message, managers in their channel. Each kind of news
follows the log by cursors of its own, one for each of those whom it tells.

taken by Discord                             the cursor moves on; nothing of it is told again
no answer, a fault of Discord's, no network  again after a pause, under one nonce: Discord makes no second message
direct messages closed, the user has left    it waits for the user's next command, and is told beneath that
a user whom Discord does not know            nobody is told
the managers' channel is gone or forbidden   the operator is told once; tried again every ten minutes
a kill between message and cursor            once more under the same nonce: within minutes Discord knows it
the first start, another log                 what is recorded from now on
many at once                                 one after the other, so many at a time in memory
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, ClassVar

import discord
import structlog

from adapters.application.recorded import EventLine, Wanted, passage_after
from adapters.discord.bot_state import Remembered
from adapters.discord.delivery import facts_of, pause_after
from adapters.discord.digests import NO_ANSWER, NONCE_CHARACTERS, Served
from adapters.ports.faults import Fault
from projections.quota_state import QuotaState

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 600.0
"""After these a channel that could not be posted to is tried again."""
CALL_SECONDS = 60.0
PAGE = 20
"""Events that are read at once."""
TRIES = 10
"""After so many failures of one message to a user it waits for the user's next command."""
MOST_WAITING = 5
"""Messages that wait for one user's next command: the latest."""
UNTOLD_POSITIONS = 5_000
"""After so many events of which nobody is told the cursor is written too."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class News(ABC):
    """What one connection tells of one kind of facts, from `start` to `stop`.

    `what` it is, for the program's log. `wanted`: which facts, by whom they are told; of these `users` are users.
    `cursor`, `waiting` and `trouble` are the names of what is remembered: how far was told to whom, what waits for a
    user, what is wrong with the managers' channel. `not_posted` tells the operator of that.
    """

    what: ClassVar[str]
    wanted: ClassVar[Mapping[str, Wanted]]
    users: ClassVar[str]
    cursor: ClassVar[str]
    waiting: ClassVar[str]
    trouble: ClassVar[str]
    not_posted: ClassVar[str]

    def __init__(self, served: Served) -> None:
        self._served = served
        self._cursors: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._failed = 0
        self._telling: set[str] = set()
        self._now: int | None = None
        """Where the log ended when this was made, before anybody could be served."""
        with suppress(Fault):
            self._now = served.store.running().state.position
        self._keeping: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins, and returns at once."""
        loop = asyncio.get_running_loop()
        self._keeping = [loop.create_task(self._keep(whom)) for whom in self.wanted]

    def stop(self) -> None:
        """Nothing is told any more."""
        for task in self._keeping:
            task.cancel()

    async def tell_due(self, whom: str) -> float:
        """Tells what was recorded since; gives the seconds until it is to be looked again."""
        store = self._served.store
        state = store.running().state
        begin = await self._cursor(whom, state.position)
        if state.position <= begin:
            return LOOK_SECONDS
        if not self._is_in_use(state):
            return await self._move(whom, state.position)
        passage = await store.workers.reading.run(passage_after, store, self.wanted[whom], begin, PAGE)
        for line in passage.lines:
            pause = await self._tell(whom, line)
            if pause:
                return pause
        return await self._move(whom, passage.up_to)

    async def tell_what_waits(self, interaction: discord.Interaction[Any]) -> None:
        """Beneath an answer: what the user's direct messages did not take, by one command of several at once. Raises
        nothing.
        """
        user, store = str(interaction.user.id), self._served.store
        waiting = self.waiting_for(self._served.remembered, user)
        if not waiting or user in self._telling:
            return
        self._telling.add(user)
        try:
            for position in waiting:
                wanted = self.wanted[self.users]
                passage = await store.workers.reading.run(passage_after, store, wanted, position - 1, 1)
                embed = self._embed_for(passage.lines[0], user) if passage.lines else None
                if embed is not None:
                    await interaction.followup.send(**content_of(embed), ephemeral=True)
            left = [one for one in self.waiting_for(self._served.remembered, user) if one not in waiting]
            await self._remember(self.waiting.format(user), " ".join(map(str, left)))
        except (Fault, *NO_ANSWER, discord.DiscordException) as error:
            _log.info(f"{self.what} still wait for their user", **facts_of(error))
        finally:
            self._telling.discard(user)

    @classmethod
    def waiting_for(cls, remembered: Remembered, user: str) -> list[int]:
        """The positions of what waits for a user's next command."""
        return [int(one) for one in (remembered.get(cls.waiting.format(user)) or "").split() if one.isdigit()]

    @abstractmethod
    def _embed_for(self, line: EventLine, user: str) -> discord.Embed | None:
        """What a user is told of a line; None where it is no news for that user any more."""

    @abstractmethod
    def _is_in_use(self, state: QuotaState) -> bool:
        """Whether there was anything of the kind, without which the log need not be read."""

    @abstractmethod
    async def _tell(self, whom: str, line: EventLine) -> float:
        """Tells a line where it is for these, and moves their cursor; gives seconds to wait where it must be tried
        again, else 0.
        """

    async def _message(self, user: str, line: EventLine, embed: discord.Embed) -> float:
        """A direct message; where that cannot be, it waits for the user's next command. Gives seconds to wait where it
        must be tried again, else 0.
        """
        try:
            async with asyncio.timeout(CALL_SECONDS):
                channel = await self._served.client.create_dm(discord.Object(int(user)))
                await channel.send(**content_of(embed), nonce=self._nonce(user, line))
        except discord.NotFound:
            _log.info(f"nobody was told of {self.what}: Discord knows no such user", position=line["pos"])
        except discord.Forbidden:
            await self._let_wait(user, line["pos"])
        except (*NO_ANSWER, discord.HTTPException) as error:
            self._failed += 1
            _log.info(f"{self.what} are not told yet", **facts_of(error))
            if self._failed < TRIES:
                return pause_after(error, self._served.patience)
            await self._let_wait(user, line["pos"])
        self._failed = 0
        return 0.0

    async def _post(self, channel_id: int, line: EventLine, content: Mapping[str, Any]) -> float:
        """In the managers' channel; gives seconds to wait where it must be tried again, else 0."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                channel = self._served.client.get_partial_messageable(channel_id)
                await channel.send(**content, nonce=self._nonce(str(channel_id), line))
        except (discord.Forbidden, discord.NotFound) as error:
            await self._note(self.not_posted.format(channel_id))
            _log.info(f"managers are not told of {self.what}", **facts_of(error))
            return AGAIN_SECONDS
        except (*NO_ANSWER, discord.HTTPException) as error:
            _log.info(f"managers are not told of {self.what} yet", **facts_of(error))
            return pause_after(error, self._served.patience)
        await self._note("")
        return 0.0

    async def _move(self, whom: str, position: int, *, told: bool = False) -> float:
        self._cursors[whom] = position
        if told or position - self._written[whom] >= UNTOLD_POSITIONS:
            await self._remember(self.cursor.format(whom), str(position))
            self._written[whom] = position
        return LOOK_SECONDS

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

    async def _let_wait(self, user: str, position: int) -> None:
        """Remembers it for the user's next command."""
        waiting = [*self.waiting_for(self._served.remembered, user), position]
        await self._remember(self.waiting.format(user), " ".join(map(str, waiting[-MOST_WAITING:])))

    async def _note(self, trouble: str) -> None:
        """Tells the operator what is wrong with the managers' channel, once; "" where nothing is."""
        if (self._served.remembered.get(self.trouble) or "") != trouble:
            await self._remember(self.trouble, trouble)
            if trouble:
                _log.warning(trouble)

    async def _remember(self, name: str, text: str) -> None:
        await self._served.store.workers.reading.run(self._served.remembered.put, name, text)

    def _nonce(self, whom: str, line: EventLine) -> str:
        named = f"{whom} {self.what} {line['pos']} {line['data']['at']}"
        return sha256(named.encode()).hexdigest()[:NONCE_CHARACTERS]


def content_of(embed: discord.Embed) -> dict[str, Any]:
    """A message that rings nobody up."""
    return {"embed": embed, "allowed_mentions": discord.AllowedMentions.none()}


def is_member(user: str) -> bool:
    """Whether a user can be one of Discord's: others came by HTTP or a program."""
    return user.isascii() and user.isdigit() and len(user) <= len(str(2**64))
