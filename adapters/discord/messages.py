"""What the bot says: refusals, faults, progress and quotas, in words for the members of a server.

One table for every reason, which tests compare with the enumeration. No message names a setting: what only the operator
can mend is for the server's managers to hear of. Left to others: pictures that could not be made or kept (`failures`),
how a message looks (`embeds`), who sees it, and the operator's own words (the log, `adapters.wording`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from discord import Colour

from adapters.discord.limit_words import window_in_members_words
from adapters.discord.untrusted_text import plain
from adapters.images.invalid_image import InvalidImage
from adapters.ports.faults import DiskFull, Fault, LedgerStopped, OutcomeUnknown, StorageUnavailable
from adapters.studio import Progress
from adapters.wording.asks import closed_in_words
from adapters.wording.figures import size_in_words
from adapters.wording.refusals import fitting, room_in_words, sentence_of, what_makes_room
from domain.limits import Limits, Status
from domain.refusals import IMAGE, Reason, Refusal

BAR_BLOCKS = 10
NEARLY_FULL_PERCENT = 90.0
QUOTED_CHARACTERS = 600
"""So much of a sentence that others wrote is passed on."""

Figures = Mapping[str, Any]
"""The dictionary of `get_quota_status`."""

COLOURS: Mapping[Status, Colour] = MappingProxyType(
    {Status.OK: Colour.green(), Status.WARNING: Colour.yellow(), Status.CRITICAL: Colour.red()}
)

NOT_AVAILABLE = "❌ Image generation services are not available. Please try again later."
DAILY_REACHED = "❌ Daily Generation Limit Reached"
LIMIT_REACHED = "❌ Limit Reached"
FAILED = "❌ Generation Failed"
STORAGE = "❌ Storage Error"
UNEXPECTED = "❌ Generation Error"
_NOT_POSSIBLE = "❌ That Is Not Possible"
_WAIT = "⏳ One Moment, Please"


class Message(NamedTuple):
    """Something to say. `text` is markup that is ready to be sent: what others wrote in it is harmless already."""

    title: str
    text: str
    colour: Colour


def message_for_refusal(refusal: Refusal) -> Message:
    """Why a command was refused, and what to do."""
    title, words = REFUSALS[refusal.reason]
    if refusal.reason is Reason.NOT_FOUND and refusal.what != IMAGE:
        title = f"❌ {refusal.what.capitalize()} Not Found"
    return Message(title, words(refusal), _REFUSAL_COLOURS.get(refusal.reason, Colour.red()))


def message_for_storage_fault(fault: Fault) -> Message:
    """A fault of the storage. Its message may name folders, so members hear it only where it is about their image."""
    if isinstance(fault, InvalidImage):
        return Message(STORAGE, f"The image cannot be kept. {plain(str(fault), QUOTED_CHARACTERS)}", Colour.red())
    return Message(STORAGE, next(words for known, words in FAULTS.items() if isinstance(fault, known)), Colour.red())


def made_and_kept(names: Sequence[str]) -> Message:
    """Pictures that stand, though their message does not: their names, and how to see them."""
    shown = ", ".join(f"**{plain(name, QUOTED_CHARACTERS)}**" for name in names)
    if len(names) == 1:
        text = f"Your picture was made and kept as {shown}. It could not be shown here: {again_with(names[0])}"
    else:
        text = f"Your pictures were made and kept as {shown}. Not all could be shown here: {again_with(names[0])}"
    return Message("🖼️ Made And Kept", text, Colour.yellow())


def again_with(name: str) -> str:
    """How a kept picture is seen again."""
    return f"`/show {name}` posts it again, and `/gallery` has it."


def unexpected(reference: str) -> Message:
    """A bug. Under the reference, the log says more."""
    text = (
        "An unexpected error occurred. Please try again later.\n"
        f"If it happens again, give the server's managers this reference: **{plain(reference, 100)}**"
    )
    return Message(UNEXPECTED, text, Colour.red())


def too_often(seconds: float) -> Message:
    """Somebody used one command or button so often that others would have to wait."""
    whole = max(1, math.ceil(seconds))
    text = (
        f"You used this very often just now. Nothing was done; try again in {whole} second{'' if whole == 1 else 's'}."
    )
    return Message(_WAIT, text, Colour.yellow())


def progress_text(progress: Progress) -> str:
    """How far a request is."""
    if progress.queue_position is not None:
        return f"⏳ Waiting: place {progress.queue_position} in the line..."
    if progress.fraction is None:
        return "🎨 Painting..."
    done = min(1.0, max(0.0, progress.fraction))
    return f"🎨 Painting... {round(done * 100)} %\n{bar(done)}"


def quota_line(status: Figures) -> str:
    """The seeds' line: `Daily: 2/5 | Storage: 45.2/500.0MB`."""
    daily, user = status["daily"], status["user"]
    return f"Daily: {daily['used']}/{daily['limit']} | Storage: {user['used_mb']:.1f}/{user['limit_mb']:.1f}MB"


def bar(fraction: float) -> str:
    """A bar of text. It is empty only where nothing is used, and full only where all is."""
    if fraction <= 0 or fraction >= 1:
        filled = BAR_BLOCKS if fraction >= 1 else 0
    else:
        filled = min(BAR_BLOCKS - 1, max(1, round(fraction * BAR_BLOCKS)))
    return "█" * filled + "░" * (BAR_BLOCKS - filled)


def share(used: float, limit: float) -> float:
    """How much of a limit is used; a limit of 0 is used up."""
    return used / limit if limit > 0 else 1.0


def nearly_full(status: Figures) -> str | None:
    """The hint that little room is left, None up to 90 %."""
    used = status["user"]["percentage"]
    if used <= NEARLY_FULL_PERCENT:
        return None
    return f"💾 Storage quota nearly full: {used:.1f} % is used. Make room with `/delete`."


def colour_of(status: Figures) -> Colour:
    """Green, yellow or red, as the user's storage is."""
    return COLOURS[Status(status["user"]["status"])]


def pool_message(status: Figures) -> Message | None:
    """For the managers' channel, where the storage that all share is filling up; None while it is not."""
    pool = status["global"]
    level = Status(pool["status"])
    if level is Status.OK:
        return None
    figures = f"{pool['used_mb']:.1f}MB of {pool['total_mb']:.1f}MB are used ({pool['percentage']:.1f} %)."
    if level is Status.WARNING:
        title, outlook = "⚠️ Server storage is filling up", "Once it is full, nobody can make or keep pictures."
    else:
        title, outlook = "🛑 Server storage critical!", "Soon nobody can make or keep pictures."
    todo = (
        "`/storage_cleanup` removes old temporary files, `/quota_admin delete-image` single pictures. Else ask whoever "
    )
    return Message(title, f"{figures} {outlook}\n{todo}runs the bot for more room.", COLOURS[level])


def timestamp(at: str, style: str) -> str:
    """A time of the ledger as Discord shows it to each reader: style `R` from now, `t` the time of day."""
    return f"<t:{int(datetime.fromisoformat(at).timestamp())}:{style}>"


def help_text(policy: Limits) -> str:
    """What the commands do, and what counts: failures, filtered pictures, upscales."""
    filtered = (
        "A picture that is made and then filtered does not count."
        if policy.moderated_free
        else "A picture that is made and then filtered **counts**, because it was made and paid for."
    )
    storage = size_in_words(policy.user_bytes)
    further = "There are further limits, and some" if policy.windows else "Some"
    return "\n".join(
        [
            "`/imagine` makes a picture from words, `/imgimg` changes one, `/upscale` makes one larger.",
            "`/gallery`, `/history`: your pictures. `/show` posts one again, `/delete` makes room.",
            "`/style` sets your usual style. `/queue`: what waits of yours, and out with it.",
            "`/price`: what pictures would cost. `/quota`: what is left. `/why`: your last refusal.",
            "`/points`, `/gift`: what you have of points, and give to others. `/market`, `/buy`: more for them.",
            "`/privacy`: what is kept, and how to erase it.",
            "",
            f"**Limits**: {_generations(policy.daily)} a day, anew at 00:00 UTC, and {storage} of storage.",
            f"{further} members have limits of their own; `/quota` shows yours.",
            "**What counts as one generation**",
            "• Each picture that is made. Four at once are four.",
            "• An upscale, like any other picture.",
            "• A picture that was made but found no room: you still see it, once.",
            f"• {filtered}",
            "**What does not count**",
            "• A failure: what counted for it is given back.",
            "• Words that the image service refuses before it makes anything.",
            "• Whatever the bot refuses itself.",
            "Deleting a picture gives back its storage, not its generation.",
        ]
    )


def _generations(count: int) -> str:
    return f"{count} generation{'' if count == 1 else 's'}"


def _daily(refusal: Refusal) -> str:
    happened = _over_daily(refusal)
    if refusal.resets_at is None or fitting(refusal).now == refusal.limit:
        return happened  # waiting gives nothing that is not there already
    return f"{happened}\nNext Reset: {timestamp(refusal.resets_at, 'R')} ({timestamp(refusal.resets_at, 't')})"


def _window(refusal: Refusal) -> str:
    """A limit of a window, with its reset as Discord shows times where it helps to wait for it."""
    happened = window_in_members_words(refusal)
    if refusal.resets_at is None or not fitting(refusal).ever:
        return happened
    return f"{happened}\nNext Reset: {timestamp(refusal.resets_at, 'R')} ({timestamp(refusal.resets_at, 't')})"


def _over_daily(refusal: Refusal) -> str:
    asked, limit, left = refusal.asked.count, refusal.limit, fitting(refusal).now
    wanted, allowed = f"You asked for {asked} pictures", f"your daily limit of {_generations(limit)}"
    if limit == 0:
        return f"You've reached {allowed}: it allows none on any day. The server's managers can raise it."
    if not left and asked <= limit:
        return f"You've reached {allowed}."
    if not left:
        return f"You've reached {allowed}. {wanted}: ask for at most {limit} after the reset."
    if asked <= limit:
        return (
            f"{wanted}, and {left} of {allowed} {'is' if left == 1 else 'are'} left. Ask for at most {left}, or wait."
        )
    if left == limit:
        return f"{wanted}, more than {allowed}. Ask for at most {limit}."
    are = "is" if left == 1 else "are"
    more = f"{wanted}, more than {allowed}, of which {left} {are} left"
    return f"{more}. Ask for at most {left} now, or for {limit} after the reset."


def _room(refusal: Refusal) -> str:
    return room_in_words(refusal, "pictures under way")


def _user_storage(refusal: Refusal) -> str:
    raised = "The server's managers can raise your quota; making room with `/delete` is not enough."
    advice = what_makes_room(refusal, "make room with `/delete`, then try again.", raised)
    return f"Your storage quota is full{_room(refusal)} {advice}"


def _pool_storage(refusal: Refusal) -> str:
    tell = "Please tell the server's managers: they can make room. What you `/delete` helps too."
    raised = "Please tell the server's managers: only a larger storage has room for this."
    fewer = fitting(refusal).now
    advice = f"Ask for at most {fewer}, or wait for room. {tell}" if fewer else tell
    return f"Server storage is full{_room(refusal)} All members share it. {advice if fitting(refusal).ever else raised}"


def _not_found(refusal: Refusal) -> str:
    if refusal.what != IMAGE:
        return f"There is no {refusal.what} {_named(refusal)} to take or give. Please look at which there are."
    return (
        f"You have no image {_named(refusal)}: it was deleted, or its name is spelled in another way. "
        "`/gallery` shows your images."
    )


def _named(refusal: Refusal) -> str:
    return f"**{plain(refusal.detail, QUOTED_CHARACTERS)}**" if refusal.detail else "that name"


MANAGERS = "Please tell the server's managers: only they can have it mended."
_REFUSAL_COLOURS = {Reason.REQUEST_RUNNING: Colour.yellow(), Reason.BUSY: Colour.yellow()}
REFUSALS: Mapping[Reason, tuple[str, Callable[[Refusal], str]]] = MappingProxyType(
    {
        Reason.MALFORMED: (
            _NOT_POSSIBLE,
            lambda refusal: plain(refusal.detail, QUOTED_CHARACTERS) or "Something in this command has a wrong form.",
        ),
        Reason.CLOCK_BEHIND: (
            STORAGE,
            lambda _: f"The bot's clock is wrong, so it cannot count the day's generations. {MANAGERS}",
        ),
        Reason.REQUEST_CONFLICT: (
            _NOT_POSSIBLE,
            lambda _: "This command was already used for something else. Nothing was changed; please send it anew.",
        ),
        Reason.REQUEST_RUNNING: (
            _WAIT,
            lambda _: "This is being worked on already. Its picture appears where it was first asked for.",
        ),
        Reason.NOT_FOUND: ("❌ Image Not Found", _not_found),
        Reason.UNKNOWN_RESERVATION: (
            FAILED,
            lambda _: "This took so long that the place held for it ran out. Please send the command anew.",
        ),
        Reason.NAME_TAKEN: (
            _NOT_POSSIBLE,
            lambda refusal: (
                f"Another {'file' if refusal.what == IMAGE else refusal.what} has the name {_named(refusal)}. "
                "Please choose another name."
            ),
        ),
        Reason.LIMITS_CHANGED: (
            _NOT_POSSIBLE,
            lambda refusal: (
                "Somebody else changed the limits meanwhile, so nothing was changed now"
                f"{f': {plain(refusal.detail, QUOTED_CHARACTERS)}' if refusal.detail else ''}. Please send the command "
                "again to see them as they are."
            ),
        ),
        Reason.OFFER_CHANGED: (
            "🔄 Another Offer By Now",
            lambda refusal: (
                f"The offer {_named(refusal)} is gone, or is another by now, so nothing was changed. `/market` shows "
                "what is offered."
            ),
        ),
        Reason.CLAIMED_TODAY: ("⏳ Taken Already", sentence_of),
        Reason.ASK_OPEN: (
            _WAIT,
            lambda _: (
                "You have asked for more already, and there is one request at a time. Please wait for its answer."
            ),
        ),
        Reason.ASK_LIMIT: (_WAIT, sentence_of),
        Reason.ASK_CLOSED: (
            _NOT_POSSIBLE,
            lambda refusal: closed_in_words(refusal.what, plain(refusal.detail, QUOTED_CHARACTERS)),
        ),
        Reason.POINTS_SHORT: ("❌ Not Enough", sentence_of),
        Reason.NOT_ALLOWED: (
            _NOT_POSSIBLE,
            lambda refusal: (
                f"What you are here does not allow {plain(refusal.detail, QUOTED_CHARACTERS) or 'this'}. "
                "Please choose something that it allows."
            ),
        ),
        Reason.PRICE_UNKNOWN: (
            _NOT_POSSIBLE,
            lambda refusal: (
                f"What a picture of {plain(refusal.detail, QUOTED_CHARACTERS) or 'this model'} costs is not known, so "
                f"it cannot be made while credits are limited. Nothing was counted. {MANAGERS}"
            ),
        ),
        Reason.DAILY_LIMIT: (DAILY_REACHED, _daily),
        Reason.WINDOW_LIMIT: (LIMIT_REACHED, _window),
        Reason.USER_STORAGE: (STORAGE, _user_storage),
        Reason.POOL_STORAGE: (STORAGE, _pool_storage),
        Reason.BUSY: (_WAIT, sentence_of),
        Reason.STOPPED: (
            STORAGE,
            lambda _: "The bot is about to restart. Nothing was changed; please try again in a minute.",
        ),
    }
)
"""Title and words of every refusal."""


FAULTS: Mapping[type[Fault], str] = MappingProxyType(
    {
        DiskFull: (
            "The server's disk is full, so nothing was kept. What you `/delete` makes room; "
            "please tell the server's managers too."
        ),
        StorageUnavailable: (f"The storage cannot be written at the moment, so nothing was kept. {MANAGERS}"),
        OutcomeUnknown: (
            "The server's disk has not answered yet, so it is not known whether this is kept and counted. Look at "
            f"`/gallery` and `/quota` in a minute before you try again. {MANAGERS}"
        ),
        LedgerStopped: (
            "The storage has stopped, and what was under way may or may not be kept: `/gallery` shows it after the "
            f"restart. {MANAGERS}"
        ),
        Fault: f"The storage has a fault. {MANAGERS}",
    }
)
"""The words for each fault of the storage, the general one last."""
