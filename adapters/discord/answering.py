"""Answering requests for more in the managers' channel: approve, deny, or approve another amount by a form.

The buttons have the request's id, so that they work after a restart. Who presses is asked for the right again, the same
as for giving a grant by command. The first answer counts; whoever comes later sees it in the message, and is told.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from adapters.application.asking_for_more import Answer, answer_ask_blocking, find_ask
from adapters.discord.asking import UNITS, amount_to_write, amount_written
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.errors import OwnerOnly, refused_for_now, report
from adapters.discord.forms import Field, form, written
from adapters.discord.lasting_items import LastingItem
from adapters.discord.messages import Message, message_for_refusal, timestamp
from adapters.discord.permissions import manages_what_all_share
from adapters.discord.replies import NOT_TAKEN, Content, Reply, defer, first, tell
from adapters.discord.untrusted_text import plain
from adapters.wording.limits import amount_in_words, limit_in_general
from domain.ask_events import APPROVED, DENIED, LAPSED, Ask, is_open, lapses_at
from domain.commands import MAX_TEXT
from domain.point_commands import MAX_OFFER_DAYS
from domain.refusals import Reason, Refusal

PACE = "quota_admin grant"
"""A press shares the pace of the command that gives one."""
BLUE, GREEN, RED, GREY = (
    discord.Colour.blurple(), discord.Colour.green(), discord.Colour.red(), discord.Colour.light_grey(),
)  # fmt: skip
TITLE = "🙋 A Member Asks For More"
GONE = Message("🙋 Request Not Found", "This request is no longer known, so nothing was changed.", RED)
HOW_MANY, DAYS, WHY = "amount", "days", "why"
_NAME_CHARACTERS = 64
_DAYS_DIGITS = 5


def ask_content(ask: Ask, now: str) -> Content:
    """What is asked, with buttons; once it is over, how it ended, without."""
    what = f"{amount_in_words(ask.amount, ask.unit)} beyond {limit_in_general(ask.limit)}"
    lines = [f"**{what}**{_where(ask.origin)}."]
    lines += [f"> {plain(ask.reason, MAX_TEXT)}"] if ask.reason else []
    if is_open(ask, now):
        lines.append(f"Open until {timestamp(lapses_at(ask), 'f')}. An approval gives a grant.")
        asked = named(Message(TITLE, "\n".join(lines), BLUE), asked_by=person(ask.by, ask.user))
        return Content([asked], (), _buttons(ask.ask))
    lines.append(_ended(ask))
    people = {"asked_by": person(ask.by, ask.user)}
    people |= {f"{ask.answer}_by": person(ask.answered_by)} if ask.answered_by else {}
    colour = GREEN if ask.answer == APPROVED else RED if ask.answer == DENIED else GREY
    return Content([named(Message(TITLE, "\n".join(lines), colour), **people)])


def named(message: Message, **people: str) -> discord.Embed:
    """A message with who did what beneath it. A mention there rings nobody up, and shows a name; in a text it would be
    broken, as one that somebody else wrote is.
    """
    embed = message_embed(message)
    for what, who in people.items():
        embed.add_field(name=what.replace("_", " ").capitalize(), value=who)
    return embed


def person(by: str, user: str = "") -> str:
    """Who acted, as a reader of Discord knows them."""
    way, _, name = by.partition(":")
    if way == "discord" and name.isdigit():
        return f"<@{name}>"
    return plain(user or name or way, _NAME_CHARACTERS)


def _where(origin: str | None) -> str:
    guild = (origin or "").removeprefix("guild:")
    return f" (in server {plain(guild, _NAME_CHARACTERS)})" if guild != (origin or "") else ""


def _ended(ask: Ask) -> str:
    if ask.answer is None:
        return "Nobody answered it in time."
    said = f" They wrote: {plain(ask.why, MAX_TEXT)}" if ask.why else ""
    given = f": {amount_in_words(ask.given, ask.unit)} more" if ask.answer == APPROVED else ""
    mark = "✅" if ask.answer == APPROVED else "⛔" if ask.answer == DENIED else "↩️"
    return f"{mark} {ask.answer.capitalize()}{given}.{said}"


def _buttons(ask: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for label, action, style in (
        ("Approve", "approve", discord.ButtonStyle.success),
        ("Deny", "deny", discord.ButtonStyle.danger),
        ("Another amount", "other", discord.ButtonStyle.secondary),
    ):
        view.add_item(discord.ui.Button(label=label, style=style, custom_id=f"abby:asked:{action}:{ask}"))
    view.stop()  # the library need not remember it, as the ids say all
    return view


class AnswerButton(LastingItem, template=r"abby:asked:(?P<action>approve|deny|other):(?P<owner>[A-Za-z0-9._-]{1,64})"):
    """Any of the three; what is named `owner` in its id is the request."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.action, self.ask = match["action"], match["owner"]

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether a press is looked at now."""
        return not await refused_for_now(interaction, PACE)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answers, or brings up the form; what goes wrong is told."""
        try:
            if not manages_what_all_share(interaction):
                raise OwnerOnly  # noqa: TRY301 - told in the one place for all that goes wrong
            if self.action == "other":
                await self._bring_up(interaction)
            else:
                await answered(interaction, self.ask, Answer(APPROVED if self.action == "approve" else DENIED))
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)

    async def _bring_up(self, interaction: Interaction) -> None:
        ask = find_ask(interaction.client.store, self.ask)
        if ask is None:
            await tell(interaction, GONE)
            return
        shown = form(
            f"abby:askedform:{self.ask}",
            "Approve another amount",
            (
                Field(HOW_MANY, f"How many {UNITS.get(ask.unit, ask.unit)}", amount_to_write(ask.amount, ask.unit)),
                Field(DAYS, "For how many days; empty: for good", is_required=False, most_characters=_DAYS_DIGITS),
                Field(WHY, "A few words for whoever asked", is_required=False, most_characters=MAX_TEXT),
            ),
        )
        await first(interaction, lambda: interaction.response.send_modal(shown))


class AnswerForm:
    """The form of another amount that was filled in."""

    template = re.compile(r"abby:askedform:(?P<ask>[A-Za-z0-9._-]{1,64})")

    async def submitted(self, interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        """Approves what was written; what goes wrong is told."""
        try:
            if await refused_for_now(interaction, PACE):
                return
            if not manages_what_all_share(interaction):
                raise OwnerOnly  # noqa: TRY301 - told in the one place for all that goes wrong
            ask = find_ask(interaction.client.store, match["ask"])
            answer = GONE if ask is None else answer_written(written(interaction), ask)
            if isinstance(answer, Message):
                await tell(interaction, answer)
            else:
                await answered(interaction, match["ask"], answer)
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)


def answer_written(fields: Any, ask: Ask) -> Answer | Message:
    """The approval that a form says, or why it is none."""
    amount, days = amount_written(fields.get(HOW_MANY, ""), ask.unit), fields.get(DAYS, "").strip()
    is_number = not days or (days.isascii() and days.isdigit() and 1 <= int(days) <= MAX_OFFER_DAYS)
    if amount is None or not is_number:
        text = (
            f"Write how many {UNITS.get(ask.unit, ask.unit)} in digits, and for how many days, 1 to {MAX_OFFER_DAYS}, "
            "or no days for good. Nothing was answered."
        )
        return Message("❌ That Is Not Possible", text, RED)
    return Answer(APPROVED, amount, int(days) if days else None, fields.get(WHY))


async def answered(interaction: Interaction, ask: str, answer: Answer) -> None:
    """Records an answer, and shows in the message how the request ended; whose answer did not count is told."""
    await defer(interaction, thinking=False)
    store = interaction.client.store
    done = await store.workers.changing.run(
        answer_ask_blocking, store, ask, answer, actor=actor_of(interaction), idempotency_key=str(interaction.id)
    )
    found = find_ask(store, ask)
    over = not isinstance(done, Refusal) or done.reason in {Reason.ASK_CLOSED, Reason.NOT_FOUND}
    if isinstance(done, Refusal) and not over:
        await tell(interaction, message_for_refusal(done))
        return
    content = Content([message_embed(GONE)]) if found is None else ask_content(found, store.running().now())
    await Reply(interaction).finish(content, NOT_TAKEN)
    if isinstance(done, Refusal):
        why, people = message_for_refusal(done), {}
        if done.reason is Reason.ASK_CLOSED and done.what != LAPSED:
            why = why._replace(text=f"This request was {done.what} already. Nothing was changed.")
            people = {f"{done.what}_by": person(done.detail)}
        await Reply(interaction).further(Content([named(why, **people)]), ephemeral=True)
