"""Why a decision fell as it did, in sentences: what was decided, what the user was told, the limits from old to new,
what was used and held and by which lines, and what the log cannot tell.

No sentence names another user than the one who is explained, but for who set a limit and whose the pool was, and that
only to operators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from adapters.wording.events import words
from adapters.wording.figures import counted, minute, size_in_words, wish
from adapters.wording.limits import OF_ONE_USER, amount_in_words, limit_in_general, most_in_words, unit_of
from adapters.wording.prices import credits_in_words
from adapters.wording.refusals import sentence_of
from adapters.wording.releases import RELEASED, became, still_counted
from adapters.wording.tier_explanations import lines_of_tiers, whose_in_words
from adapters.wording.window_explanations import of_grants, of_windows, tried_out
from domain.events import (
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    LimitsOverridden,
    PolicyChanged,
    PreferenceSet,
    RequestRefused,
)
from domain.limit_names import DAILY, POOL_STORAGE, USER_STORAGE
from domain.limits import Limits, UserLimits
from domain.refusals import Reason, refusal_of
from domain.reservations import Reservation
from domain.tiers import EVERYBODY, Source
from domain.usage import CurrentImage, charged_places
from projections.deadlines import deadline
from projections.explanation import DECISIONS, Explanation, Held, Line
from projections.limit_steps import LimitStep
from projections.pool_shares import PoolShares

GRANTS = (GenerationReserved, ImageSaved)
"""What the limits were asked for and allowed."""
CHANGES = (PolicyChanged, LimitsOverridden)
"""What sets limits."""
LINES_TOLD = 20
"""Lines of one kind that are told, the newest; programs get all."""

LIMITS = {
    "daily": "generations a day",
    "user_bytes": "storage for one user",
    "pool_bytes": "storage for all together",
}
_OWN = {"daily": "generations a day", "user_bytes": "storage"}
"""The same of what one user has alone."""
LIMIT_OF = {
    Reason.DAILY_LIMIT.value: "daily",
    Reason.USER_STORAGE.value: "user_bytes",
    Reason.POOL_STORAGE.value: "pool_bytes",
}
LIMIT_NAMES = {"daily": DAILY, "user_bytes": USER_STORAGE, "pool_bytes": POOL_STORAGE}
"""What those are called that have settings of their own."""
_REFUSED_BY = {
    Reason.DAILY_LIMIT.value: "by the daily limit",
    Reason.USER_STORAGE.value: "for want of room in the user's storage",
    Reason.POOL_STORAGE.value: "for want of room in the storage of all together",
}
DELETED_BY = {
    "user": "by the user",
    "admin": "by a manager",
    "privacy": "with all of its user",
    "repair": "because its bytes were gone",
}
"""By the reason in the log."""
_SOURCES = {
    "environment": "by a setting of the service",
    "constructor": "by a program that opened the storage",
    "default": "when the log was begun",
    "manager": "by a manager",
}


class Reader(Enum):
    """Who reads an explanation. Operators read all; the user nobody else's name; a server's manager neither that nor
    the names of images, which may have been made elsewhere.
    """

    OPERATOR = "operator"
    USER = "user"
    MANAGER = "manager"


class Told(NamedTuple):
    """What was decided; what the user was told or what became of it; then the parts of the reason."""

    headline: str
    sentence: str
    limits: tuple[str, ...]
    day: tuple[str, ...]
    storage: tuple[str, ...]
    unknown: tuple[str, ...]
    windows: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """All of the reason."""
        return (*self.limits, *self.day, *self.windows, *self.storage, *self.grants, *self.unknown)


def told(explanation: Explanation, reader: Reader = Reader.OPERATOR) -> Told:
    """The explanation in sentences, with what its reader may know."""
    event = explanation.event
    return Told(
        headline=f"{_what(event)}, {minute(event.at)} (position {explanation.position}).",
        sentence=_sentence(explanation, reader),
        limits=tuple(_limits(explanation, reader)),
        day=tuple(_day(explanation)),
        storage=tuple(_storage(explanation, reader)),
        unknown=tuple(_unknown(explanation)),
        windows=tuple(_windows(explanation)),
        grants=tuple(of_grants(explanation)),
    )


def _windows(explanation: Explanation) -> list[str]:
    """What limits of windows, and those that are tried out, had to say."""
    lines = tried_out(explanation)
    for used, by_lines in of_windows(explanation):
        lines += [used, *_cut(by_lines, "earlier line")]
    return lines


def _sentence(explanation: Explanation, reader: Reader) -> str:
    """What the user was told, in the words of that answer; of what is told with a picture, what became of it."""
    event = explanation.event
    match event:
        case RequestRefused():
            return sentence_of(refusal_of(event))
        case GenerationReserved():
            after = explanation.places + charged_places(event)
            price = event.count * (event.credits_each or 0)
            return (
                f"Reserved for {wish(event.count, event.operation, event.style)}: with this {after} "
                f"of {explanation.limits.daily} generations were used that day, and "
                f"{size_in_words(event.count * event.bytes_each)}{f' and {credits_in_words(price)}' if price else ''} "
                "more held."
            )
        case GenerationReleased():
            said = became(event.reason, still_counted(event))
            return f"{said[:1].upper()}{said[1:]}."
        case ImageSaved():
            name = "" if reader is Reader.MANAGER else f" as {event.name}"
            return f"Kept{name}, {size_in_words(event.bytes)}."
        case _:
            return _recorded(event)


def _recorded(event: Event) -> str:
    """A line that decided on no request."""
    match event:
        case PolicyChanged():
            limits = event.limits
            sizes = f"{size_in_words(limits.user_bytes)} a user, {size_in_words(limits.pool_bytes)} together"
            return f"Limits for everybody: {sizes}, {limits.daily} generations a day, {_SOURCES[event.source]}."
        case LimitsOverridden(limits=None):
            return f"The user's own limits were taken away: {event.reason}."
        case LimitsOverridden():
            return f"Limits for this user alone: {words(event)}."
        case ImageDeleted():
            return f"Deleted {DELETED_BY[event.reason]}: {event.name}, {size_in_words(event.bytes)} freed."
        case PreferenceSet():
            return f"The user's {event.preference} is {event.value} from then on."
        case DailyCountReset():
            return f"The day's count was set to 0: {event.reason}."
        case ClockCorrected():
            return f"The clock was set {words(event)}."
        case _:
            return f"{words(event)}."


def _what(event: Event) -> str:
    match event:
        case RequestRefused():
            why = f"by the limit of {limit_in_general(event.window)}" if event.window else _REFUSED_BY[event.reason]
            return f"Refused {why}{f' (style {event.style})' if event.style else ''}"
        case GenerationReserved():
            return "Allowed"
        case GenerationReleased():
            return "Given back" if event.refunded or event.returned else "Ended"
        case ImageSaved():
            return "Allowed and kept"
        case _:
            return f"Recorded ({type(event).__name__})"


def _limits(explanation: Explanation, reader: Reader) -> list[str]:
    """The limits that the decision asked for: those in force, then each from old to new. What changed some is told with
    those before; what asked for none, such as a deletion, with none.
    """
    event = explanation.event
    asked = event.window or LIMIT_OF.get(event.reason) if isinstance(event, RequestRefused) else None
    if not isinstance(event, (*GRANTS, *CHANGES)) and not asked:
        return []
    names = [asked] if asked else [*LIMITS, *dict(explanation.limits.windows)]
    in_force = "In force before" if isinstance(event, CHANGES) else "In force"
    lines = []
    for name in names:
        source = explanation.sources.get(LIMIT_NAMES.get(name, name), Source())
        units = LIMITS if source.whose == EVERYBODY else _OWN
        value = _value(explanation.limits, name)
        assert value is not None, f"{name} was asked, and is no limit in force"
        lines.append(f"{in_force}: {_amount(name, value, units)}, {whose_in_words(source)}.")
    lines += lines_of_tiers(explanation, names, is_operator=reader is Reader.OPERATOR)
    steps = [step for step in explanation.steps if step.limit in names]
    if not steps:
        return [*lines, "None was set before this: these are the defaults."]
    lines += _cut([_step(step, reader) for step in steps], "earlier change of a limit")
    return lines


def _step(step: LimitStep, reader: Reader) -> str:
    actor = f" ({step.by})" if reader is Reader.OPERATOR else ""
    where = f"Position {step.position}, {minute(step.at)}"
    why = f": {step.why}" if reader is Reader.OPERATOR else ""
    if not step.is_own:
        how = f"by a manager{actor}{why}" if step.is_managers else f"{_SOURCES[step.why]}{actor}"
        if step.value is None:
            return f"{where}: the limit of {limit_in_general(step.limit)} was taken away, {how}."
        former = "" if step.former is None else f"from {_bare(step.limit, step.former)} to "
        everybody = " for everybody" if step.limit in LIMITS else ""
        return f"{where}: {former}{_amount(step.limit, step.value)}{everybody}, {how}."
    if step.value is None:
        what = _OWN.get(step.limit) or limit_in_general(step.limit).removesuffix(OF_ONE_USER)
        return f"{where}: the user's own limit of {what} was taken away{actor}{why}."
    until = f" until {minute(step.until)}" if step.until else ""
    return f"{where}: {_amount(step.limit, step.value, _OWN)} for this user alone{until}{actor}{why}."


def _value(limits: Limits | UserLimits, name: str) -> int | None:
    """A limit by its name, None where there is none."""
    if name in LIMITS:
        found: int | None = getattr(limits, name, None)
        return found
    return dict(limits.windows or ()).get(name)


def _amount(name: str, value: int, units: Mapping[str, str] = LIMITS) -> str:
    if name not in LIMITS:
        most = most_in_words(name, value)
        return most.removesuffix(OF_ONE_USER) if units is _OWN else most
    if name == "daily":
        return f"{value:,} {units[name].replace('generations', 'generation') if value == 1 else units[name]}"
    return f"{_bare(name, value)} of {units[name]}"


def _bare(name: str, value: int) -> str:
    if name not in LIMITS:
        return amount_in_words(value, unit_of(name))
    return f"{value:,}" if name == "daily" else size_in_words(value)


def _matters(explanation: Explanation, *reasons: Reason) -> bool:
    """Whether one of some limits was asked: by a refusal its own alone, by what was granted each."""
    event = explanation.event
    if isinstance(event, RequestRefused):
        return event.reason in {reason.value for reason in reasons}
    return isinstance(event, DECISIONS)


def _day(explanation: Explanation) -> list[str]:
    """What the day's count was made of, and where the place was reserved that was used or given back."""
    if not _matters(explanation, Reason.DAILY_LIMIT):
        return []
    used, limit = explanation.places, explanation.limits.daily
    by_which = ":" if explanation.day_lines else "."
    lines = [f"Just before, {used} of {counted(limit, 'generation')} of {explanation.day} were used{by_which}"]
    lines += _cut([_day_line(line) for line in explanation.day_lines], "earlier line")
    meant = getattr(explanation.event, "reservation", None)
    made = [held.position for held in explanation.holds if held.reservation.reservation == meant]
    return lines + [f"Its place was reserved at position {position}." for position in made]


def _day_line(line: Line) -> str:
    event = line.event
    if isinstance(event, DailyCountReset):
        what = f"the count was set to 0, {-line.places} less"
    elif isinstance(event, GenerationReleased):
        what = f"{-line.places} given back, {RELEASED[event.reason]}"
    elif isinstance(event, GenerationReserved):
        what = wish(line.places, event.operation, event.style)
    else:
        what = counted(line.places, "saved picture")
    return f"Position {line.position}, {minute(event.at)}: {what}."


def _storage(explanation: Explanation, reader: Reader) -> list[str]:
    """What stands and what is held; of what all share the figures of a refusal."""
    event = explanation.event
    if isinstance(event, RequestRefused) and event.reason == Reason.POOL_STORAGE.value:
        own, held = explanation.usage.image_bytes + explanation.usage.temp_bytes, explanation.usage.held_bytes
        sums = f"used {size_in_words(event.used)} of {size_in_words(event.limit)} and held {size_in_words(event.held)}"
        others = f"{size_in_words(max(0, event.used - own))}, with {size_in_words(max(0, event.held - held))} held"
        return [
            f"All users together {sums}.",
            f"This user kept {size_in_words(own)} of it, with {size_in_words(held)} held; all others kept {others}.",
        ]
    if isinstance(event, GenerationReleased) or not _matters(explanation, Reason.USER_STORAGE):
        return []
    usage, limit = explanation.usage, explanation.limits.user_bytes
    images = f" in {counted(explanation.images, 'image')}" if explanation.images else ""
    used = f"{size_in_words(usage.image_bytes)} of {size_in_words(limit)} were used{images}"
    temp = f", with {size_in_words(usage.temp_bytes)} in temp files beside them" if usage.temp_bytes else ""
    lines = [f"Just before, {used}{temp}{':' if explanation.standing else '.'}"]
    standing = [_image(image, reader) for image in reversed(explanation.standing)]
    lines += _cut(standing, "older image", explanation.images)
    return lines + [_hold(held) for held in explanation.holds]


def told_of_shares(shares: PoolShares) -> list[str]:
    """Whose the pool was, with names: for operators alone."""
    lines = [
        f"{share.user}: {size_in_words(share.used_bytes)} kept, {size_in_words(share.held_bytes)} held."
        for share in shares.largest
    ]
    if shares.other_users:
        lines.append(f"... and {counted(shares.other_users, 'other user')} with {size_in_words(shares.other_bytes)}.")
    lines += [
        f"Under way: {size_in_words(held.held_bytes)} held for {counted(held.open, 'generation')} of {held.user}, "
        f"{_until(held)}."
        for held in shares.holds
    ]
    if shares.other_holds:
        lines.append(f"... and {counted(shares.other_holds, 'other hold')}.")
    return lines


def _image(image: CurrentImage, reader: Reader) -> str:
    name = "" if reader is Reader.MANAGER else f"{image.name}, "
    return f"Position {image.position}, {minute(image.at)}: {name}{size_in_words(image.bytes)}."


def _hold(held: Held) -> str:
    reservation = held.reservation
    places = counted(reservation.open, "generation")
    size = size_in_words(reservation.held_bytes)
    return f"Position {held.position}: {size} held for {places} under way, {_until(reservation)}."


def _until(reservation: Reservation) -> str:
    """How long a hold holds at most: what the service has delivered has a day more to be kept."""
    until = f"until {minute(deadline(reservation))} at the latest"
    is_delivered = deadline(reservation) != reservation.expires_at
    return f"{until}, as its picture was delivered and may still be kept" if is_delivered else until


def _unknown(explanation: Explanation) -> list[str]:
    """What the log does not say, or says otherwise."""
    lines = []
    if explanation.agrees is False:
        lines.append(
            "The lines before do not give what this refusal says was used. `abby what-if --self-check` finds every "
            "outcome that is not what the rules say."
        )
    if (gap := explanation.unrecorded) is not None:
        until = minute(gap.until)
        ended = f"position {gap.position} changed that" if gap.position else "that day ended"
        lines.append(
            "This was the 20th refusal for this reason that day, the last that is recorded. From "
            f"{minute(gap.since)} to {until}, when {ended}, every further request for as much was refused in the same "
            "way. How many there were, when, and what each asked for, the log does not tell."
        )
        if gap.of_others:
            lines.append("Other users may have made room meanwhile; that is no part of this user's lines.")
    return lines


def _cut(lines: Sequence[str], what: str, count: int | None = None) -> list[str]:
    """The newest of some lines, and how many were before them."""
    left = (len(lines) if count is None else count) - min(len(lines), LINES_TOLD)
    return ([f"... {counted(left, what)} before these."] if left else []) + list(lines[-LINES_TOLD:])
