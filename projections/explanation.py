"""Why a decision fell as it did, from one user's lines and those of the policy: the limits in force and who set them,
what was used and held at that moment, and by which lines.

Everything is asked of the quota state, folded over these lines alone: it is that user's as it is in the whole log, and
of the pool it knows this user's part only. How it is told is for others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeGuard

from domain.events import (
    CleanupCompleted,
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationReleased,
    GenerationReserved,
    ImageSaved,
    LimitExceeded,
    RequestRefused,
)
from domain.grants import Grant
from domain.instants import day_of, next_midnight
from domain.limit_names import CREDITS, MONTH, USER
from domain.limits import Limits, Override
from domain.point_events import PointsMoved
from domain.refusals import Reason
from domain.reservations import Reservation
from domain.tiers import Source, sources_of
from domain.usage import CurrentImage, UserUsage, find_day
from domain.windows import begin_of, window_named
from projections.limit_steps import LimitStep, LimitSteps
from projections.points import own_side
from projections.quota_state import QuotaState
from projections.recorded_commands import is_plain
from projections.tier_lines import TierLines

Stored = tuple[int, Event]
"""A position and its event."""

STANDING_SHOWN = 1_000
"""Images that are named as what is used, the newest; the figures are of all."""
DECISIONS = (GenerationReserved, GenerationReleased, ImageSaved, RequestRefused)
"""What a user asked for and what became of it."""


class Line(NamedTuple):
    """A line of the log and what it changed: places of a day, bytes of images and of temp files, bytes held; of the
    user's windows that the charged day `window_day` lies in, the places and thousandths of credits, spent or held.
    """

    position: int
    event: Event
    day: str
    window_day: str
    places: int = 0
    image_bytes: int = 0
    temp_bytes: int = 0
    held_bytes: int = 0
    window_places: int = 0
    window_credits: int = 0


class WindowUse(NamedTuple):
    """Of a window whose limit refused, or would have: its limit, what the record says is used and held, whether these
    lines tell it, and by which of them the user's own window came to it. Places, or thousandths of credits.
    """

    name: str
    begins_on: str
    limit: int
    used: int
    held: int
    is_own: bool
    lines: tuple[Line, ...]


class Held(NamedTuple):
    """A reservation with open places, and where it was made."""

    position: int
    reservation: Reservation


class Unrecorded(NamedTuple):
    """After the 20th refusal of a user, reason and day none is recorded: so it stood until then, or until `position`
    changed what was used or the limit. `of_others`: lines of other users may have changed it meanwhile.
    """

    since: str
    until: str
    position: int | None
    of_others: bool


class Explanation(NamedTuple):
    """A decision and what it stood on; figures are those just before it. Sizes in bytes. `sources` says by the name of
    each limit where it is from, and `tier_lines` are the lines by which the user has the tiers that give some.
    """

    position: int
    events: tuple[Event, ...]
    user: str | None
    limits: Limits
    override: Override | None
    steps: tuple[LimitStep, ...]
    day: str
    places: int
    day_lines: tuple[Line, ...]
    usage: UserUsage
    images: int
    standing: tuple[CurrentImage, ...]
    holds: tuple[Held, ...]
    agrees: bool | None
    unrecorded: Unrecorded | None
    windows: tuple[WindowUse, ...] = ()
    grants: tuple[Grant, ...] = ()
    sources: Mapping[str, Source] = MappingProxyType({})
    tier_lines: tuple[Stored, ...] = ()

    @property
    def event(self) -> Event:
        """The one that tells what was decided: of a save with its own place the image."""
        return self.events[-1]


class UserFold:
    """One user's figures, line by line. `lines` are that user's and the policy's, in order."""

    def __init__(self, user: str | None) -> None:
        self.user = user
        self.state = QuotaState()
        self.limits = LimitSteps()
        self.tiers = TierLines()
        self.lines: list[Line] = []
        self.reserved_at: dict[str, int] = {}

    def take(self, position: int, event: Event) -> Line:
        """Folds one line; gives what it changed. Raises ImpossibleFact."""
        day = self.day_charged(event)
        window_day = self._window_day(event)
        before = (*self._figures(day), *self._in_windows(window_day))
        own = self._narrowed(event)
        self.state.apply(position, own_side(own, self.user or "") if isinstance(own, PointsMoved) else own)
        self.limits.note(position, own)
        self.tiers.note(position, own)
        if isinstance(own, GenerationReserved):
            self.reserved_at[own.reservation] = position
        after = (*self._figures(day), *self._in_windows(window_day))
        changes = (now - then for now, then in zip(after, before, strict=True))
        line = Line(position, own, day, window_day, *changes)
        self.lines.append(line)
        return line

    def day_charged(self, event: Event) -> str:
        """The day whose count an event is about: of a release that on which its place was charged."""
        charged = self.state.reservation(event.reservation) if isinstance(event, GenerationReleased) else None
        return charged.day if charged else day_of(event.at)

    def _window_day(self, event: Event) -> str:
        """The day in whose windows an event counts: that on which its place was charged, wherever it has one."""
        held_by: str | None = getattr(event, "reservation", None)
        charged = None if held_by is None else self.state.reservation(held_by)
        return charged.day if charged else day_of(event.at)

    def _in_windows(self, day: str) -> tuple[int, int]:
        """What the user's windows of a day count; a change of one changes all of them alike."""
        if self.user is None:
            return (0, 0)
        tally = self.state.tally(f"{USER}:{self.user}", window_named(day, MONTH))
        return tally.generations, tally.credits

    def _figures(self, day: str) -> tuple[int, int, int, int]:
        if self.user is None:
            return (0, 0, 0, 0)
        usage = self.state.user(self.user)
        count = find_day(self.state.days(self.user), day)
        return (count.count if count else 0, usage.image_bytes, usage.temp_bytes, usage.held_bytes)

    def _narrowed(self, event: Event) -> Event:
        """The event as far as it concerns this user."""
        if isinstance(event, CleanupCompleted):
            files = tuple(file for file in event.files if file.user == self.user)
            return event._replace(files=files, freed_bytes=sum(file.bytes for file in files))
        if isinstance(event, ClockCorrected):
            self.state.last_at = event.was  # the last line before it may be another user's
        return event


def explain(lines: Sequence[Stored], position: int, user: str | None) -> Explanation | None:
    """The decision at a position, from the lines of its user and of the policy, some after it too; None where there is
    none among them. Raises ImpossibleFact.
    """
    index = next((number for number, (at, _) in enumerate(lines) if at == position), None)
    if index is None:
        return None
    begin = _begin_of(lines, index)
    fold = UserFold(user)
    for number, event in lines[:begin]:
        fold.take(number, event)
    end = _end_of(lines, index)
    events = tuple(event for _, event in lines[begin:end])
    return _explained(fold, lines[begin][0], events, lines[end:])


def last_decision(lines: Sequence[Stored]) -> int | None:
    """The position of the newest line that tells what became of a request; None where there is none."""
    return next((position for position, event in reversed(lines) if isinstance(event, DECISIONS)), None)


def _begin_of(lines: Sequence[Stored], index: int) -> int:
    """Where the decision of a line begins: of a save with its own place, at that place; before it stand the limits
    that were tried out and would have refused it.
    """
    begin = index - 1 if index > 0 and _is_begin(lines, index - 1) else index
    while begin > 0 and isinstance(lines[begin - 1][1], LimitExceeded) and _follows(lines, begin):
        begin -= 1
    return begin


def _follows(lines: Sequence[Stored], index: int) -> bool:
    """Whether a line was recorded right after the one before it here."""
    return lines[index - 1][0] + 1 == lines[index][0] and isinstance(lines[index][1], (*DECISIONS, LimitExceeded))


def _end_of(lines: Sequence[Stored], index: int) -> int:
    """Where the decision of a line ends: behind what went on though a limit would have refused it."""
    while index + 1 < len(lines) and isinstance(lines[index][1], LimitExceeded) and _follows(lines, index + 1):
        index += 1
    return index + 2 if _is_begin(lines, index) else index + 1


def _is_begin(lines: Sequence[Stored], index: int) -> bool:
    """Whether a line and the next are one decision."""
    if index + 1 >= len(lines):
        return False
    (position, event), (after, saved) = lines[index], lines[index + 1]
    return isinstance(event, GenerationReserved) and after == position + 1 and is_plain(event, saved)


def _explained(fold: UserFold, position: int, events: tuple[Event, ...], later: Sequence[Stored]) -> Explanation:
    state, user, at = fold.state, fold.user, events[0].at
    override = None if user is None else state.override(user)
    in_force = override if override and (override.until is None or override.until > at) else None
    day = fold.day_charged(events[0])
    count = None if user is None else find_day(state.days(user), day)
    images = [] if user is None else state.gallery.newest_first(user, 0, STANDING_SHOWN)
    holds = [Held(fold.reserved_at[held.reservation], held) for held in state.open_reservations()]
    usage = UserUsage() if user is None else state.user(user)
    places = count.count if count else 0
    return Explanation(
        position=position,
        events=events,
        user=user,
        limits=state.policy if user is None else state.limits_of(user, at),
        override=in_force,
        steps=tuple(fold.limits.steps),
        day=day,
        places=places,
        day_lines=tuple(line for line in fold.lines if line.day == day and line.places),
        usage=usage,
        images=0 if user is None else state.gallery.count(user),
        standing=tuple(images),
        holds=tuple(holds),
        agrees=_agrees(fold, events[0], places, usage),
        windows=tuple(_window_use(fold, event) for event in events if _is_of_window(event)),
        grants=() if user is None else state.grants(user),
        sources={} if user is None else sources_of(state, user, state.policy, at),
        tier_lines=() if user is None else fold.tiers.of(state, user, at),
        unrecorded=_unrecorded(fold, position, events[0], later),
    )


def _is_of_window(event: Event) -> TypeGuard[RequestRefused | LimitExceeded]:
    return isinstance(event, RequestRefused | LimitExceeded) and event.window is not None


def _window_use(fold: UserFold, event: RequestRefused | LimitExceeded) -> WindowUse:
    """What a window counted; of one that others share the record alone tells it, of the user's own the lines do."""
    name = event.window or ""
    scope, window, unit = name.split("/")
    named = window_named(event.at, window)
    changed = "window_credits" if unit == CREDITS else "window_places"
    lines = [line for line in fold.lines if getattr(line, changed) and window_named(line.window_day, window) == named]
    return WindowUse(
        name=name,
        begins_on=begin_of(event.at, window),
        limit=event.limit,
        used=event.used,
        held=event.held,
        is_own=scope == USER,
        lines=tuple(lines),
    )


def _agrees_in_window(fold: UserFold, event: RequestRefused) -> bool | None:
    scope, window, unit = (event.window or "").split("/")
    if scope != USER:
        return None
    tally = fold.state.tally(f"{USER}:{event.user}", window_named(event.at, window))
    counted = (tally.credits - tally.held, tally.held) if unit == CREDITS else (tally.generations, 0)
    return (event.used, event.held) == counted


def _agrees(fold: UserFold, event: Event, places: int, usage: UserUsage) -> bool | None:
    """Whether the lines give what a recorded refusal says was used; None where these lines cannot tell."""
    if not isinstance(event, RequestRefused) or event.reason == Reason.POOL_STORAGE.value:
        return None
    if event.window is not None:
        return _agrees_in_window(fold, event)
    if event.reason == Reason.DAILY_LIMIT.value:
        return event.used == places
    return (event.used, event.held) in {(usage.image_bytes, usage.held_bytes), (usage.temp_bytes, 0)}


def _unrecorded(fold: UserFold, position: int, event: Event, later: Sequence[Stored]) -> Unrecorded | None:
    """How long it stood as at the last refusal that is recorded. Moves the fold on."""
    if not isinstance(event, RequestRefused):
        return None
    fold.take(position, event)
    if not event.last:
        return None
    of_others = event.reason == Reason.POOL_STORAGE.value or not (event.window or USER).startswith(USER)
    for after, line in later:
        if day_of(line.at) != day_of(event.at):
            break
        steps, tiers = len(fold.limits.steps), fold.tiers.noted
        makes_room = _makes_room(fold.take(after, line), event)
        if makes_room or len(fold.limits.steps) > steps or fold.tiers.noted > tiers:
            return Unrecorded(event.at, line.at, after, of_others)
    return Unrecorded(event.at, next_midnight(event.at), None, of_others)


def _makes_room(line: Line, refused: RequestRefused) -> bool:
    """Whether a line leaves less of what a limit was refused for; of a user's windows, of whichever of them."""
    if refused.window is not None:
        return (line.window_credits if refused.window.endswith(CREDITS) else line.window_places) < 0
    if refused.reason == Reason.DAILY_LIMIT.value:
        return line.places < 0 or isinstance(line.event, DailyCountReset)
    return line.image_bytes + line.temp_bytes + line.held_bytes < 0
