"""What changes things for every server at once is shown first: the limits for everybody, and which old files would go.

The button under the question carries all that it needs, so that it works after a restart; lists of limits, for which an
id has no room, stand in the question itself, and the id has their digest. Who presses is asked for the right again; and
where somebody changed the limits since they were shown, nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Any, NamedTuple

import discord

from adapters.application.deleting import clean_up_blocking
from adapters.application.governing import change_policy_blocking, policy_step
from adapters.application.over_windows import OverWindow
from adapters.application.results import Cleanable, CleanedUp, PolicyStep
from adapters.discord.bot import actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.errors import OwnerOnly
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.permissions import manages_what_all_share
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.discord.untrusted_text import plain
from adapters.wording.figures import counted, size_in_words
from adapters.wording.limits import (
    NOBODY_LOSES,
    limit_in_general,
    most_in_words,
    over_in_words,
    over_windows_in_words,
    step_in_words,
    tried_steps,
    window_steps,
)
from domain.limit_grammar import limits_in_text, limits_of, unenforced_in_text, unenforced_of
from domain.limits import MEGABYTE, SharedLimits, Windows, megabytes
from domain.refusals import Reason, Refusal

REASON = "by a manager on Discord"
MOST_NAMED = 5
"""Users that are named of whom files would go."""
USER_CHARACTERS = 64
GREEN, BLUE = discord.Colour.green(), discord.Colour.blurple()
TITLE = "⚖️ Limits For Everybody"
NONE = "none"
"""As an option: no limit at all."""
FURTHER_FIELD, TRIED_FIELD = "Further limits", "Only tried out"
ASK_AGAIN = Message(
    "❌ That Is Not Possible", "This question is cut short. Please send the command again.", discord.Colour.red()
)


class Options(NamedTuple):
    """What a command's options say; None: nothing."""

    daily: int | None = None
    storage_mb: int | None = None
    pool_mb: int | None = None
    windows: Windows | None = None
    unenforced: tuple[str, ...] | None = None

    @property
    def wanted(self) -> SharedLimits:
        """The limits that they mean."""
        user_bytes, pool_bytes = (None if size is None else size * MEGABYTE for size in (self.storage_mb, self.pool_mb))
        return SharedLimits(user_bytes, pool_bytes, self.daily, self.windows, self.unenforced)

    @property
    def in_id(self) -> str:
        """They, as far as an id has room for them; of lists a digest."""
        numbers = ":".join("" if one is None else str(one) for one in self[:3])
        lists = "" if self[3:] == (None, None) else f"/{_digest_of(self[3:])}"
        return f"{numbers}{lists}"


def windows_wanted(text: str | None, *allowed: str) -> Windows | None:
    """The further limits that an option says. Raises ValueError with a sentence."""
    if text is None:
        return None
    return () if text.strip().lower() == NONE else limits_of(text, *([allowed] if allowed else []))


def tried_wanted(text: str | None) -> tuple[str, ...] | None:
    """The limits that an option says are to be tried out, by their names. Raises ValueError with a sentence."""
    if text is None:
        return None
    if text.strip().lower() == NONE:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    return unenforced_of(",".join(name if "=" in name else f"{name}=false" for name in names))


def ask_to_change(user: int, step: PolicyStep, options: Options, over_windows: tuple[OverWindow, ...]) -> Content:
    """From what to what, who would be over it, and a button; where nothing would change, what holds."""
    changes = _changes(step)
    if not changes:
        return _content(Message(TITLE, f"{in_force(step.limits)}\nNothing would be changed.", BLUE))
    lines = [f"**{change[:1].upper()}{change[1:]}**" for change in changes]
    over = [told for told in (over_in_words(step.over._asdict()), over_windows_in_words(dict(over_windows))) if told]
    lines += [f"⚠️ {' '.join(over)} {NOBODY_LOSES}"] if over else ["No member is over these limits."]
    lines.append("They hold for all servers, from the next command on. Shall they be changed?")
    button = _button(f"abby:everybody:{_digest(step.former)}:{options.in_id}:{user}", "Yes, change them")
    content = _content(Message(TITLE, "\n".join(lines), BLUE), button)
    for name, text in _in_fields(options).items():
        content.embeds[0].add_field(name=name, value=f"`{text}`", inline=False)
    return content


def _changes(step: PolicyStep) -> list[str]:
    former, limits = step.former._asdict(), step.limits._asdict()
    numbers = [name for name in limits if former[name] != limits[name] and name not in {"windows", "unenforced"}]
    return [
        *(step_in_words(name, former[name], limits[name]) for name in numbers),
        *window_steps(step.former.windows or (), step.limits.windows or ()),
        *tried_steps(step.former.unenforced or (), step.limits.unenforced or ()),
    ]


def _in_fields(options: Options) -> dict[str, str]:
    """The lists of a question as they stand in it."""
    told = {}
    if options.windows is not None:
        told[FURTHER_FIELD] = limits_in_text(options.windows) or NONE
    if options.unenforced is not None:
        told[TRIED_FIELD] = unenforced_in_text(options.unenforced) or NONE
    return told


def _lists_of(message: discord.Message | None, digest: str) -> tuple[Windows | None, tuple[str, ...] | None] | None:
    """The lists that a question of ours shows; None where they are not those that were asked about."""
    fields = (
        {field.name: str(field.value).strip("`") for embed in message.embeds for field in embed.fields}
        if message
        else {}
    )
    try:
        lists = windows_wanted(fields.get(FURTHER_FIELD)), tried_wanted(fields.get(TRIED_FIELD))
    except ValueError:
        return None
    return lists if _digest_of(lists) == digest else None


def in_force(limits: SharedLimits) -> str:
    """The limits for everybody, in a line."""
    assert limits.user_bytes is not None
    assert limits.pool_bytes is not None
    further = "".join(f", {most_in_words(name, most)}" for name, most in limits.windows or ())
    tried = f" Only tried out: {', '.join(map(limit_in_general, limits.unenforced))}." if limits.unenforced else ""
    return (
        f"In force: {limits.daily} generations a day, {size_in_words(limits.user_bytes)} of storage for each user, "
        f"{size_in_words(limits.pool_bytes)} for all together{further}.{tried}"
    )


def ask_to_clean(user: int, found: Cleanable) -> Content:
    """What would go, by kind and by user, and a button."""
    age = f"{counted(found.days, 'day')} old or older"
    if not found.files:
        return _content(Message("🧹 Storage Cleanup", f"No temporary file is {age}. Nothing would go.", BLUE))
    kinds = ", ".join(f"{kind.files} {kind.of}" for kind in found.kinds)
    users = [
        f"{plain(one.of, USER_CHARACTERS)}: {counted(one.files, 'file')}, {size_in_words(one.bytes)}"
        for one in found.users[:MOST_NAMED]
    ]
    left = len(found.users) - len(users) + found.other_users
    users += [f"and {counted(left, 'other user')}"] if left else []
    what = f"**{counted(found.files, 'temporary file')}** ({kinds}), {size_in_words(found.bytes)}, {age}, would go:"
    lines = [what, *users, "Images are never removed by age. Remove these files?"]
    return _content(
        Message("🧹 Storage Cleanup", "\n".join(lines), BLUE),
        _button(f"abby:cleanup{found.days}:{user}", "Yes, remove"),
    )


def message_for_cleanup(done: CleanedUp | Refusal) -> Message:
    """In the seeds' words."""
    if isinstance(done, Refusal):
        return message_for_refusal(done)
    text = f"**Files Deleted**: {done.files}\n**Space Freed**: {megabytes(done.freed_bytes):.2f}MB"
    return Message("🧹 Storage Cleanup", text, GREEN)


class GoverningItem(
    OwnItem,
    template=(
        r"abby:(?:cleanup(?P<days>[0-9]{1,5})|everybody:(?P<seen>[0-9a-f]{8})"
        r":(?P<daily>[0-9]{0,7}):(?P<storage>[0-9]{0,7}):(?P<pool>[0-9]{0,7})(?:/(?P<lists>[0-9a-f]{8}))?)"
        r":(?P<owner>[a-z0-9_-]{1,64})"
    ),
):
    """The yes to either question."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.days, self.seen = match["days"], match["seen"]
        daily, storage, pool = (int(one) if one else None for one in match.group("daily", "storage", "pool"))
        self.options, self.lists = Options(daily, storage, pool), match["lists"]

    @property
    def paced_as(self) -> str:
        """As the command that asks."""
        return "storage_cleanup" if self.days else "quota_admin everybody"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """What was done. Raises OwnerOnly where who presses may not any more."""
        if not manages_what_all_share(interaction):
            raise OwnerOnly
        store, actor = interaction.client.store, actor_of(interaction)
        if self.days:
            done = await store.workers.changing.run(clean_up_blocking, store, int(self.days), actor=actor)
            yield _content(message_for_cleanup(done)), NOT_TAKEN
            return
        yield _content(await self._changed(interaction)), NOT_TAKEN

    async def _changed(self, interaction: discord.Interaction[Any]) -> Message:
        """Changes the limits, where they are as they were shown."""
        store, options = interaction.client.store, self.options
        if self.lists:
            lists = _lists_of(interaction.message, self.lists)
            if lists is None:
                return ASK_AGAIN
            options = options._replace(windows=lists[0], unenforced=lists[1])
        wanted = options.wanted
        step = await store.workers.surveying.run(policy_step, store, wanted)
        if isinstance(step, Refusal):
            return message_for_refusal(step)
        if _digest(step.former) != self.seen and step.former != step.limits:
            return message_for_refusal(Refusal(Reason.LIMITS_CHANGED, detail=in_force(step.former)))
        done = await store.workers.changing.run(
            change_policy_blocking, store, wanted, step.former, REASON, actor=actor_of(interaction)
        )
        if isinstance(done, Refusal):
            return message_for_refusal(done)
        again = "" if done.position else " They were so already: nothing was changed."
        return Message(TITLE, f"✅ {in_force(step.limits)}{again}", GREEN)


def _digest(limits: SharedLimits) -> str:
    """Stands for limits in an id, which has no room for them."""
    return _digest_of(tuple(limits))


def _digest_of(values: tuple[Any, ...]) -> str:
    return sha256(repr(values).encode()).hexdigest()[:8]


def _content(message: Message, button: discord.ui.Button[Any] | None = None) -> Content:
    if button is None:
        return Content([message_embed(message)])
    view = discord.ui.View(timeout=None)
    view.add_item(button)
    view.stop()  # the library need not remember it, as the id says all
    return Content([message_embed(message)], (), view)


def _button(custom_id: str, label: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(label=label, style=discord.ButtonStyle.danger, custom_id=custom_id)
