"""The bot's answer to one interaction: promised at once, edited while it is worked on, brought by one way or another.

A call that fails is made again after a pause; then the answer goes as a message after the first, then into the channel
as an ordinary one. What no way brings is said in a few words instead, by any way that works. What the answer says is
the business of whoever gives it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import Enum
from io import BytesIO
from typing import Any, NamedTuple

import aiohttp
import discord
import structlog

from adapters.discord.delivery import Patience, Verdict, Way, facts_of, pause_after, verdict_on
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message
from adapters.discord.pending_answers import PendingAnswer, PendingAnswers
from adapters.discord.progress import ProgressTeller
from adapters.studio import Progress

ANSWER = (Way.EDIT, Way.EDIT, Way.FOLLOW_UP, Way.CHANNEL)
"""The ways of an answer, in order; one that is twice here is tried again after a pause."""
FURTHER = (Way.FOLLOW_UP, Way.FOLLOW_UP, Way.CHANNEL)
"""Those of a message after it."""
OPEN = (Way.FOLLOW_UP, Way.FOLLOW_UP)
"""Those of one for others than its user, whom an ordinary message rings up."""
FIRST_CALLS = 2
"""So often the first call to an interaction is made, within the three seconds that Discord waits."""
ALREADY_ACKNOWLEDGED = 40060
OVERTAKEN_SECONDS = 60.0
"""For so long an edit of progress that was under way is waited for behind the answer."""
SEE_BELOW = "⬇️ The answer is in the message below."
REMOVALS = 2
"""So often it is tried to take a promise back."""
TOLD_ALONE = "⏹️ This came to nothing; whoever asked is told why."

PROMISED, PRIVATE, FINISHED = "promised", "private", "finished"
"""Among the extras of an interaction: that an answer is promised, that its user alone sees it, that it is there."""

_log = structlog.wrap_logger(logging.getLogger(__name__))
_behind: set[asyncio.Task[None]] = set()
"""What is still tidied up behind an answer."""


class Brought(Enum):
    """What of a content has arrived: itself, in whichever form; words in its place; nothing."""

    CONTENT = "content"
    WORDS = "words"
    NOTHING = "nothing"


class SentFile(NamedTuple):
    """A file to attach. It is kept as bytes: an upload that failed has used up its `discord.File`."""

    name: str
    data: bytes


class Content(NamedTuple):
    """What a message shows. `stands_alone`: its words say enough without its files. `named` is the one user whom a
    message of its own rings up; an edit rings nobody up, also not that of a promise.
    """

    embeds: Sequence[discord.Embed]
    files: Sequence[SentFile] = ()
    view: discord.ui.View | None = None
    stands_alone: bool = False
    named: discord.abc.User | None = None

    @property
    def mention(self) -> dict[str, Any]:
        """The mention as a call takes it: it acts on that user and on nobody else."""
        if self.named is None:
            return {}
        only = discord.AllowedMentions(everyone=False, roles=False, users=[self.named], replied_user=False)
        return {"content": self.named.mention, "allowed_mentions": only}

    @property
    def file_bytes(self) -> int:
        """Those of all its files."""
        return sum(len(file.data) for file in self.files)

    def without_files(self) -> Content:
        """The words alone."""
        return self._replace(embeds=[embed.copy().set_image(url=None) for embed in self.embeds], files=())

    def attachments(self) -> list[discord.File]:
        """The files, ready for one upload."""
        return [discord.File(BytesIO(file.data), file.name) for file in self.files]


class Spare(NamedTuple):
    """What is brought where a content cannot be: one with smaller files where those are too large, and at last words.
    `smaller` is told how many bytes were too many, and gives None where there are no smaller files; it is asked
    `times` at most. `kept` is what the log names where nothing of it reached anybody.
    """

    smaller: Callable[[int], Awaitable[Content | None]] | None = None
    words: Message | None = None
    kept: str = ""
    times: int = 3


NOT_TAKEN = Spare(
    words=Message(
        "❌ Not Shown", "Discord did not take this answer. Please ask again in a minute.", discord.Colour.red()
    )
)
NO_SPARE = Spare()


async def defer(interaction: discord.Interaction[Any], *, ephemeral: bool = False, thinking: bool = True) -> None:
    """Promises an answer: in a message of its own, or else in the place of the one with the button; the next start
    tells how it ended, where this one does not come to it. Raises what Discord answers where it does not take that.
    """
    pending: PendingAnswers = interaction.client.pending
    is_noted = pending.note(PendingAnswer.of(interaction, is_message=thinking))
    try:
        await first(interaction, lambda: interaction.response.defer(ephemeral=ephemeral, thinking=thinking))
    except Exception:
        if is_noted:  # not the note of the same interaction, told twice
            pending.forget(interaction.id)
        raise
    interaction.extras[PROMISED] = thinking
    interaction.extras[PRIVATE] = ephemeral or not thinking


async def first(interaction: discord.Interaction[Any], call: Callable[[], Awaitable[object]]) -> None:
    """The first call to an interaction, made again where it broke or hung. Discord may have heard it all the same, and
    then it says so.
    """
    patience: Patience = interaction.client.patience
    for left in reversed(range(FIRST_CALLS)):
        try:
            async with asyncio.timeout(patience.first_seconds):
                await call()
        except Exception as error:
            heard = getattr(error, "code", None) == ALREADY_ACKNOWLEDGED
            if heard and left < FIRST_CALLS - 1:
                return
            if heard or not left or verdict_on(error) is Verdict.INTERACTION_OVER:
                raise
            _log.info("the first answer is tried again", **facts_of(error))
        else:
            return


async def respond(
    interaction: discord.Interaction[Any], embed: discord.Embed, view: discord.ui.View | None = None
) -> None:
    """Answers at once, for the user alone. Raises what Discord answers where it does not take that."""
    shown = discord.utils.MISSING if view is None else view
    await first(interaction, lambda: interaction.response.send_message(embed=embed, view=shown, ephemeral=True))


async def tell(interaction: discord.Interaction[Any], message: Message, view: discord.ui.View | None = None) -> None:
    """A short answer for the user alone; where one was promised to all, in its place. What is shown already stays."""
    content = Content([message_embed(message)], (), view)
    if promised(interaction):
        await Reply(interaction).finish(content)
    elif interaction.response.is_done() or PROMISED in interaction.extras:
        reply = Reply(interaction)
        reply.settle(await reply.further(content, ephemeral=True))
    else:
        try:
            await respond(interaction, content.embeds[0], view)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
            await Reply(interaction).further(content, ephemeral=True)  # it was heard, and its answer was lost


def promised(interaction: discord.Interaction[Any]) -> bool:
    """Whether the interaction was promised an answer and has had none yet. (A button that only changes its own message
    promises none: there the original is the message with the picture.)
    """
    return bool(interaction.extras.get(PROMISED)) and not interaction.extras.get(FINISHED)


class Reply:
    """The answer of an interaction that was deferred."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction
        self._patience: Patience = interaction.client.patience
        self._progress = ProgressTeller(interaction, self._patience)
        self._overtaking: asyncio.Task[None] | None = None
        self._private = bool(interaction.extras.get(PRIVATE))
        self._closed: set[Way] = set()
        self._gone = False

    def on_progress(self, progress: Progress) -> None:
        """Notes how far the work is; it is told now and then."""
        self._progress.note(progress)

    async def end_progress(self) -> None:
        """After this no edit begins that could overtake the answer."""
        self._overtaking = await self._progress.end() or self._overtaking

    async def finish(self, content: Content, spare: Spare = NO_SPARE, *, more_follows: bool = False) -> Brought:
        """Puts the answer in the place of the progress, or brings it as it can be; what of it arrived. Where
        `more_follows`, its user waits until `settle`.
        """
        await self.end_progress()
        way, brought = await self._bring(ANSWER, content, spare)
        if not more_follows:
            self.settle(brought)
        if way is None:
            return brought
        self._interaction.extras[FINISHED] = True
        if self._overtaking is not None:
            _behind_the_answer(self._after_overtaking(self._overtaking, None if way is Way.EDIT else SEE_BELOW))
        elif Way.EDIT not in self._closed and (way is Way.CHANNEL or (way is Way.FOLLOW_UP and self._progress.told)):
            _behind_the_answer(self._write_over(SEE_BELOW))
        return brought

    async def further(self, content: Content, spare: Spare = NO_SPARE, *, ephemeral: bool = False) -> Brought:
        """One more message, or what can be brought of it; what of it arrived. One for the user alone has the
        interaction's own way only.
        """
        self._private = self._private or ephemeral
        return (await self._bring(FURTHER, content, spare))[1]

    async def openly(self, content: Content) -> Brought:
        """One more message, which all who see the channel see, though the answer was for the user alone."""
        private, self._private = self._private, False
        try:
            return (await self._bring(OPEN, content, NO_SPARE))[1]
        finally:
            self._private = private

    def settle(self, brought: Brought) -> None:
        """Its user waits no longer; where nothing arrived, the next start tells them."""
        pending = self._interaction.client.pending
        (pending.leave if brought is Brought.NOTHING else pending.forget)(self._interaction.id)

    async def _bring(
        self, ways: Sequence[Way], content: Content, spare: Spare
    ) -> tuple[Way, Brought] | tuple[None, Brought]:
        """By which way the content, or what there is in its stead, has arrived."""
        came = await self._by_any_of(ways, content)
        if came is Verdict.TOO_LARGE and spare.smaller is not None:
            came = await self._made_smaller(ways, content, spare)
        elif not isinstance(came, Way) and content.files and content.stands_alone:
            came = await self._by_any_of(ways, content.without_files())
        if isinstance(came, Way):
            return came, Brought.CONTENT
        if spare.words is not None:
            came = await self._by_any_of(ways, Content([message_embed(spare.words)]))
        if isinstance(came, Way):
            return came, Brought.WORDS
        user, interaction = self._interaction.user.id, self._interaction.id
        _log.error("an answer reached nobody", user=user, interaction=interaction, kept=spare.kept or None)
        return None, Brought.NOTHING

    async def _made_smaller(self, ways: Sequence[Way], content: Content, spare: Spare) -> Way | Verdict:
        """The way of a content whose files are smaller, as long as there are such; else once more of the last."""
        for _ in range(spare.times):
            smaller = await self._smaller(content.file_bytes, spare)
            came = await self._by_any_of(ways, smaller or content)
            if smaller is None or came is not Verdict.TOO_LARGE:
                return came
            content = smaller
        return Verdict.TOO_LARGE

    async def _smaller(self, too_many_bytes: int, spare: Spare) -> Content | None:
        """The next smaller one. What goes wrong with it ends nothing: there are words for that."""
        assert spare.smaller is not None, "asked by those who know"
        try:
            return await spare.smaller(too_many_bytes)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer itself is there
            _log.error("no smaller answer", user=self._interaction.user.id, kept=spare.kept or None, exc_info=error)
            return None

    async def _by_any_of(self, ways: Sequence[Way], content: Content) -> Way | Verdict:
        """The way by which it arrived, or what the last call said. Files that are too large are so by every way."""
        verdict, pause = Verdict.ANOTHER_TIME, 0.0
        seconds = self._patience.for_call(content.file_bytes)
        for way in ways:
            if way in self._closed or (way is Way.CHANNEL and (self._private or not self._interaction.channel_id)):
                continue
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(seconds):
                    await self._send(way, content)
                return way
            except Exception as error:  # noqa: BLE001 - the next way is tried, whatever it was
                verdict = self._judge(way, error)
                pause = pause_after(error, self._patience) if verdict is Verdict.ANOTHER_TIME else 0.0
            if verdict is Verdict.TOO_LARGE and content.files:
                return verdict
        return verdict

    def _judge(self, way: Way, error: Exception) -> Verdict:
        """What it means, also for the ways that are left."""
        verdict = verdict_on(error)
        if not isinstance(error, discord.DiscordException | aiohttp.ClientError | OSError):
            _log.warning("a way to answer failed", way=way.value, exc_info=error)
        else:
            _log.warning("a way to answer failed", way=way.value, **facts_of(error))
        if verdict is Verdict.INTERACTION_OVER and way is not Way.CHANNEL:
            self._closed |= {Way.EDIT, Way.FOLLOW_UP}
        elif verdict is Verdict.MESSAGE_GONE and way is Way.EDIT:
            self._closed.add(way)
            self._gone = True
        return verdict

    async def alone(self, message: Message, view: discord.ui.View | None = None) -> None:
        """A refusal after an answer was promised to all: the promise is taken back, and who asked is told alone."""
        await self.end_progress()
        if not await self._taken_back():
            await self._write_over(TOLD_ALONE)  # while a promise to all stands, the next message goes in its place
        self.settle(await self.further(Content([message_embed(message)], (), view), ephemeral=True))
        self._interaction.extras[FINISHED] = True

    async def _taken_back(self) -> bool:
        """Whether the promise is gone."""
        for left in reversed(range(REMOVALS)):
            try:
                async with asyncio.timeout(self._patience.call_seconds):
                    await self._interaction.delete_original_response()
            except Exception as error:  # noqa: BLE001 - whatever it is, who asked is told all the same
                _log.info("a promise not taken back", **facts_of(error))
                verdict = verdict_on(error)
                if verdict in {Verdict.MESSAGE_GONE, Verdict.INTERACTION_OVER}:
                    return True  # or nothing can be done about it any more
                await asyncio.sleep(pause_after(error, self._patience) if left else 0.0)
            else:
                return True
        return False

    async def _send(self, way: Way, content: Content) -> None:
        view = discord.utils.MISSING if content.view is None else content.view
        match way:
            case Way.EDIT:
                await self._interaction.edit_original_response(
                    content=None, embeds=content.embeds, attachments=content.attachments(), view=content.view
                )
            case Way.FOLLOW_UP:
                alone = self._private or self._gone  # who removed the message does not see it come back
                await self._interaction.followup.send(
                    embeds=content.embeds,
                    files=content.attachments(),
                    view=view,
                    ephemeral=alone,
                    **content.mention,
                )
            case Way.CHANNEL:
                await self._into_channel(content)

    async def _into_channel(self, content: Content) -> None:
        """The answer as an ordinary message, which rings its user up."""
        channel_id, user = self._interaction.channel_id, self._interaction.user
        assert channel_id is not None, "a way for interactions of a channel"
        channel = self._interaction.client.get_partial_messageable(channel_id, guild_id=self._interaction.guild_id)
        sent: dict[str, Any] = {} if content.view is None else {"view": content.view}
        await channel.send(
            user.mention,
            embeds=content.embeds,
            files=content.attachments(),
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=[user]),
            **sent,
        )

    async def _after_overtaking(self, edit: asyncio.Task[None], words: str | None) -> None:
        """Takes progress away that came after the answer, once its edit has ended."""
        await asyncio.wait({edit}, timeout=OVERTAKEN_SECONDS)
        edit.cancel()
        await self._write_over(words)

    async def _write_over(self, words: str | None) -> None:
        """Puts words in the place of the progress; where that fails, the answer is there all the same."""
        try:
            async with asyncio.timeout(self._patience.call_seconds):
                await self._interaction.edit_original_response(content=words)
        except Exception as error:  # noqa: BLE001 - the same
            _log.info("progress not taken away", **facts_of(error))


def _behind_the_answer(tidying: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(tidying)
    _behind.add(task)
    task.add_done_callback(_behind.discard)
