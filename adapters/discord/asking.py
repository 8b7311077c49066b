"""Asking managers for more on Discord: a button under a refusal by a limit of one's own, and the form behind it.

The button has the limit and how much was wanted in its id, so that it works after a restart. What may be asked is the
ledger's; how managers hear of it is `ask_news`'.

the limit is a server's or of all together   no button: a grant bears nothing of these
another request of theirs is open            it is named, with a button to withdraw it
what is written is no number                 told, and nothing is asked
a press twice, Discord tells it twice        one request: the interaction is its key
the log cannot be written                    told as with every command
no channel where managers hear of it         told, with whom to turn to; the request stands all the same
somebody else presses                        told that it is not theirs
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any

import discord

from adapters.application.asking_for_more import More, ask_for_more_blocking, ask_of, withdraw_ask_blocking
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.cooldowns import ASKING
from adapters.discord.embeds import message_embed
from adapters.discord.errors import refused_for_now, report
from adapters.discord.forms import Field, form, written
from adapters.discord.lasting_items import NOT_THEIRS, OwnItem
from adapters.discord.messages import Message, message_for_refusal, timestamp
from adapters.discord.replies import NOT_TAKEN, Content, Reply, Spare, defer, first, tell
from adapters.wording.asks import asked_in_words
from adapters.wording.limits import amount_in_words
from domain.ask_events import LIMITS_ASKED_ABOUT, Ask, is_open, lapses_at, unit_asked
from domain.commands import MAX_TEXT
from domain.credits import in_credits, thousandths
from domain.grants import BYTES
from domain.limit_names import CREDITS, DAILY, USER_STORAGE
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal

BLUE, GREEN, RED = discord.Colour.blurple(), discord.Colour.green(), discord.Colour.red()
TITLE = "🙋 Ask For More"
UNITS = {CREDITS: "credits", BYTES: "megabytes"}
"""What an amount is written in; of others their own name."""
HOW_MANY, WHY = "amount", "why"
"""The fields of the form."""
NO_NUMBER = "Write how many {unit} in digits, such as {example}. Nothing was asked."
NOBODY_HEARS = (
    "This bot has no channel in which managers hear of requests, so tell whoever runs it: they find yours in the list "
    "of open requests."
)
_DECIMAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)
MOST_DIGITS = 9
_LIMIT = "|".join(map(re.escape, LIMITS_ASKED_ABOUT))


def limit_to_ask_about(refusal: Refusal) -> str | None:
    """The limit that refused, where it is one that a user can ask about."""
    own = {Reason.DAILY_LIMIT: DAILY, Reason.USER_STORAGE: USER_STORAGE}
    limit = refusal.window or own.get(refusal.reason)
    return limit if limit in LIMITS_ASKED_ABOUT else None


def ask_button(refusal: Refusal, user: int) -> discord.ui.View | None:
    """The button under a refusal; None where nobody could help by a grant."""
    limit = limit_to_ask_about(refusal)
    if limit is None:
        return None
    asked = refusal.asked
    wanted = {CREDITS: asked.credits, BYTES: asked.bytes - asked.replaced_bytes}.get(unit_asked(limit), asked.count)
    return _view(_button("Ask for more", f"abby:more:{limit}:{max(1, wanted)}:{user}"))


def amount_written(text: str, unit: str) -> int | None:
    """An amount as people write it, in places, thousandths of credits or bytes; None for what is none."""
    text = text.strip()
    if unit == CREDITS:
        try:
            return thousandths(text) or None
        except ValueError:
            return None
    if unit == BYTES:
        return round(float(text) * MEGABYTE) or None if _DECIMAL.fullmatch(text) else None
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def amount_to_write(amount: int, unit: str) -> str:
    """The same the other way: so that what stands in a field is read as this amount, or a little more."""
    if unit == CREDITS:
        return in_credits(amount)
    return f"{-(-amount * 10 // MEGABYTE) / 10:.1f}" if unit == BYTES else str(amount)


class MoreButton(
    OwnItem, template=rf"abby:more:(?P<limit>{_LIMIT}):(?P<amount>[0-9]{{1,17}}):(?P<owner>[0-9]{{1,20}})"
):
    """Brings up the form."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.limit, self.amount = match["limit"], int(match["amount"])

    @property
    def paced_as(self) -> str:
        """A pace of its own."""
        return ASKING

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """The form, or which request is open."""
        try:
            store = interaction.client.store
            last = ask_of(store, self.owner)
            if last is not None and is_open(last, store.running().now()):
                message, view = _is_open_already(last)
                await tell(interaction, message, view)
                return
            unit = unit_asked(self.limit)
            shown = form(
                f"abby:moreform:{self.limit}:{self.owner}",
                "Ask for more",
                (
                    Field(HOW_MANY, f"How many {UNITS.get(unit, unit)}", amount_to_write(self.amount, unit)),
                    Field(WHY, "Why, in a few words", is_required=False, most_characters=MAX_TEXT),
                ),
            )
            await first(interaction, lambda: interaction.response.send_modal(shown))
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)


class MoreForm:
    """The form that was filled in."""

    template = re.compile(rf"abby:moreform:(?P<limit>{_LIMIT}):(?P<owner>[0-9]{{1,20}})")

    async def submitted(self, interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        """Asks; what goes wrong is told."""
        try:
            if match["owner"] != str(interaction.user.id):
                await tell(interaction, NOT_THEIRS)
            elif not await refused_for_now(interaction, ASKING):
                await _ask(interaction, match["limit"])
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)


async def _ask(interaction: Interaction, limit: str) -> None:
    fields, unit = written(interaction), unit_asked(limit)
    amount = amount_written(fields.get(HOW_MANY, ""), unit)
    if amount is None:
        example = "2.5" if unit in UNITS else "3"
        text = NO_NUMBER.format(unit=UNITS.get(unit, unit), example=example)
        await tell(interaction, Message("❌ That Is Not Possible", text, RED))
        return
    await defer(interaction, ephemeral=True)
    store, user = interaction.client.store, str(interaction.user.id)
    done = await store.workers.changing.run(
        ask_for_more_blocking,
        store,
        user,
        More(limit, amount, fields.get(WHY)),
        actor=actor_of(interaction),
        idempotency_key=str(interaction.id),
    )
    last = ask_of(store, user)
    if isinstance(done, Refusal):
        message, view = (
            _is_open_already(last)
            if done.reason is Reason.ASK_OPEN and last is not None
            else (message_for_refusal(done), None)
        )
        await Reply(interaction).finish(Content([message_embed(message)], (), view), NOT_TAKEN)
        return
    what = amount_in_words(amount, unit)
    told = f"✅ The managers are asked for {what} more. You are told what they answer."
    if not interaction.client.config.discord.managers_channel:
        told = f"✅ Your request for {what} more stands. {NOBODY_HEARS}"
    view = _view(_button("Withdraw it", f"abby:moreback:{done.event.ask}:{user}"))
    await Reply(interaction).finish(Content([message_embed(Message(TITLE, told, GREEN))], (), view), NOT_TAKEN)


class WithdrawButton(OwnItem, template=r"abby:moreback:(?P<ask>[A-Za-z0-9._-]{1,64}):(?P<owner>[0-9]{1,20})"):
    """Takes one's own request back."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.ask = match["ask"]

    @property
    def paced_as(self) -> str:
        """As asking."""
        return ASKING

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """That it is withdrawn, or what was answered meanwhile."""
        store = interaction.client.store
        done = await store.workers.changing.run(
            withdraw_ask_blocking,
            store,
            self.owner,
            self.ask,
            actor=actor_of(interaction),
            idempotency_key=str(interaction.id),
        )
        withdrawn = Message(TITLE, "Your request is withdrawn. You can ask anew.", BLUE)
        message = message_for_refusal(done) if isinstance(done, Refusal) else withdrawn
        yield Content([message_embed(message)]), NOT_TAKEN


def _is_open_already(ask: Ask) -> tuple[Message, discord.ui.View]:
    text = (
        f"Your request for {asked_in_words(ask)} waits for an answer until {timestamp(lapses_at(ask), 'f')}. There is "
        "one at a time."
    )
    return Message(TITLE, text, BLUE), _view(_button("Withdraw it", f"abby:moreback:{ask.ask}:{ask.user}"))


def _button(label: str, custom_id: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id)


def _view(*items: discord.ui.Item[Any]) -> discord.ui.View:
    """The items in a view that is stopped: the library need not remember it, as the ids say all."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view
