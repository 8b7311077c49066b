"""What would have happened under other limits: the real history decided anew, with `decide` itself, on a state of its
own that goes another way where a decision falls otherwise.

What was asked is known from what was recorded; what depends on a request that is refused here, its picture, its costs,
the bytes of it and its deletion, did not happen here either. A request that is allowed here and was refused then is
taken to have made what it asked for, at the size it asked for. Limits that users have of their own stay theirs. What
nobody recorded is in no sum: see `docs/commands.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from domain.commands import (
    Command,
    CompleteGeneration,
    OverrideLimits,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    SaveImage,
)
from domain.decisions import StoredAnswer, clock_is_behind, decide, decide_wellformed
from domain.events import Event, PolicyChanged, RequestRefused
from domain.instants import day_of
from domain.limits import SharedLimits, UserLimits
from domain.names import name_key
from domain.point_events import PointEvent
from domain.refusals import Reason, Refusal
from domain.reservations import Reservation
from domain.usage import PoolUsage
from domain.validation import malformed
from projections.quota_state import QuotaState
from projections.recorded_commands import commands_of, is_request, refused_commands
from projections.self_check import BATCHES_BETWEEN_TIDYING, Stored

LIMIT_REASONS = (Reason.DAILY_LIMIT.value, Reason.USER_STORAGE.value, Reason.POOL_STORAGE.value)
Kept = RequestRefused | PolicyChanged | PointEvent
"""Events that tell more than a command of theirs; what became of points is the same under other limits."""
FOLDER = "what-if"
"""Where the pictures stand that were never made."""


@dataclass(slots=True)
class Sums:
    """Requests of a user, of a day or of all: how many were asked, which is the same under whatever limits, refused
    then and here by reason. A picture that outgrows its place is refused too, and no request of its own.

    `newly_refused` were allowed then, `newly_allowed` refused, and would have had `more_made` pictures. Of the pictures
    that the provider delivered then `made` are made here too, for `spent` credits; `not_made` are not asked for here,
    which saves `saved` credits. Of `made` the log has no price for `unpriced`, of `not_made` for `unpriced_saved`.
    `not_kept` found no room here and did then. `cut` counts the 20th refusals of a user, reason and day: what was
    refused after each is not recorded.
    """

    asked: int = 0
    then: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIMIT_REASONS, 0))
    refused: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIMIT_REASONS, 0))
    newly_refused: int = 0
    newly_allowed: int = 0
    more_made: int = 0
    made: int = 0
    spent: float = 0.0
    not_made: int = 0
    saved: float = 0.0
    unpriced: int = 0
    unpriced_saved: int = 0
    not_kept: int = 0
    cut: int = 0

    def add(self, other: Sums) -> None:
        """Adds what another holds."""
        for name in (one.name for one in fields(self) if one.name not in {"then", "refused"}):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason in LIMIT_REASONS:
            self.then[reason] += other.then[reason]
            self.refused[reason] += other.refused[reason]

    @property
    def made_then(self) -> int:
        """Pictures that the provider delivered then."""
        return self.made + self.not_made

    @property
    def made_here(self) -> int:
        """Pictures that are made here: of those then, and more."""
        return self.made + self.more_made

    @property
    def refused_then(self) -> int:
        """Requests that were refused then, for whatever limit."""
        return sum(self.then.values())

    @property
    def refused_here(self) -> int:
        """Requests that are refused here, for whatever limit."""
        return sum(self.refused.values())


@dataclass(slots=True)
class PoolStory:
    """What all users together use and hold here: the most there was, when, and at which event a request was first
    refused because the pool was full; by day the most of each.
    """

    peak_bytes: int = 0
    peak_at: str | None = None
    full_at: str | None = None
    full_position: int | None = None
    days: dict[str, int] = field(default_factory=dict)


class LimitsStep(NamedTuple):
    """Limits for everybody that were set while the history went on: from what to what, by their names in `Limits`; of
    these those that `SharedLimits` has. `reason` is a manager's.
    """

    position: int
    at: str
    by: str
    former: Mapping[str, int]
    limits: Mapping[str, int]
    source: str
    reason: str | None


class Requests(NamedTuple):
    """What was asked together: at which position and when, the time of the last event, and one row for each request:
    what was asked, when, and how many events were recorded for it. That is its command; of a refusal its record, and
    of a policy its event. Whether all are surely well formed, and so is what is decided for them, is known already.

    They have no keys: what was answered before left no event, so that each that left some is decided for itself.
    """

    position: int
    at: str
    to_at: str
    asked: list[tuple[Command | Kept, str, int]]
    are_wellformed: bool


def requests_of(batch: Sequence[Stored]) -> Requests:
    """What was asked together, from what was recorded together."""
    events = [event for _, event in batch]
    asked: list[tuple[Command | Kept, str, int]] = []
    are_wellformed = True
    for command, recorded in commands_of(events):
        event = recorded[0]
        if isinstance(event, Kept):
            asked += [(kept, kept.at, 1) for kept in recorded if isinstance(kept, Kept)]
            are_wellformed = are_wellformed and not isinstance(event, RequestRefused)
        else:
            alone = command if command.idempotency_key is None else command._replace(idempotency_key=None)
            asked.append((alone, event.at, len(recorded)))
            are_wellformed = are_wellformed and malformed(alone) is None
    return Requests(batch[0][0], events[0].at, events[-1].at, asked, are_wellformed)


class WhatIf:
    """The same history under other limits, one batch after the other. `state` is where it parts from what was; `given`
    are the limits that are others, by their names in `Limits`.
    """

    def __init__(self, state: QuotaState, given: Mapping[str, int]) -> None:
        self.state = state
        self._batches = 0
        self._given: dict[str, Any] = dict(given)
        self._never: set[str] = set()
        self._number = 0
        self._position = 0
        self._policy = state.policy
        self._limits = state.policy._replace(**self._given)
        self.users: dict[str, Sums] = {}
        self.days: dict[str, Sums] = {}
        self.pool = PoolStory()
        self.steps: list[LimitsStep] = []
        """What was set meanwhile, in its order."""
        self.own_limits: set[str] = set()
        """Users who had such limits of their own at any time, which they keep."""
        for user, own in state.tables.overrides.items():
            if own.until is None or own.until > state.last_at:
                self._note_own(user, own.limits)
        self._again: dict[type, Callable[[Any, str], object]] = {
            PolicyChanged: self._limits_set,
            RequestRefused: self._refused_then,
            ReserveGeneration: self._allowed_then,
            SaveImage: self._allowed_then,
            CompleteGeneration: self._delivered,
            ReleasePlaces: self._release,
            OverrideLimits: self._overridden,
            **dict.fromkeys(PointEvent.__args__, lambda event, _at: self._fold((event._replace(request=None),))),
        }
        self._rule = decide
        self._looked_at: PoolUsage | None = None
        self._day = ""

    @property
    def whole(self) -> Sums:
        """All requests together."""
        whole = Sums()
        for sums in self.days.values():
            whole.add(sums)
        return whole

    def take(self, requests: Requests) -> None:
        """Decides what was asked together anew, and folds what follows."""
        position, at, to_at, asked, are_wellformed = requests
        self._position = position
        self._rule = decide_wellformed if are_wellformed else decide
        self.state.tidy_deadlines(max(at, self.state.last_at))  # so that what is over is not asked for
        if self.state.due(at, 1) and not clock_is_behind(self.state, at):
            self._decide(ReleaseExpired(), at)
        for request, asked_at, recorded in asked:
            self._again.get(type(request), self._decide)(request, asked_at)
            self._position += recorded
        self._batches += 1
        if self._batches % BATCHES_BETWEEN_TIDYING == 0:
            self.state.tidy()
        self._look_at_pool(to_at)

    def _limits_set(self, event: PolicyChanged, _at: str) -> None:
        """What holds for everybody was set; it holds here as far as no other limit is given."""
        was, now = (policy._asdict() for policy in (self.state.policy, event.limits))
        others = [name for name in SharedLimits._fields if was[name] != now[name]]
        if others and self.state.policy_is_recorded:
            step = LimitsStep(
                position=self._position,
                at=event.at,
                by=event.by,
                former={name: was[name] for name in others},
                limits={name: now[name] for name in others},
                source=event.source,
                reason=event.reason,
            )
            self.steps.append(step)
        self._fold((event,))

    def _overridden(self, command: OverrideLimits, at: str) -> None:
        """Limits were set for one user, or taken back; they hold here too."""
        self._note_own(command.user, command)
        self._decide(command, at)

    def _note_own(self, user: str, limits: UserLimits | OverrideLimits) -> None:
        if any(getattr(limits, name, None) is not None for name in self._given):
            self.own_limits.add(user)

    def _allowed_then(self, command: ReserveGeneration | SaveImage, at: str) -> None:
        """A request that was granted. Pictures of a reservation that was refused here were never made."""
        held_by = command.reservation
        if isinstance(command, SaveImage) and held_by in self._never:
            return
        for sums in self._sums(command.user, at):
            sums.asked += _is_request(command)
        refusal = self._decide(command, at)
        if refusal is None or refusal.reason.value not in LIMIT_REASONS:
            return
        for sums in self._sums(command.user, at):
            sums.refused[refusal.reason.value] += 1
            sums.newly_refused += 1
            sums.not_kept += isinstance(command, SaveImage)
        self._note_full(refusal, at)
        if isinstance(command, ReserveGeneration):
            self._never.add(command.reservation)
        elif held_by is not None:
            self._release(ReleasePlaces(command.user, command.by, held_by, "not_kept", 1), at)

    def _refused_then(self, record: RequestRefused, _at: str) -> None:
        """A request that a limit refused. For a place that is not there here nothing could be saved either."""
        command = self._meant(record)
        refusal = None if command is None else self._decide(command := self._made_up(command), record.at)
        for sums in self._sums(record.user, record.at):
            sums.then[record.reason] += 1
            sums.cut += record.last
            sums.asked += is_request(record)
            if command is not None:
                sums.newly_allowed += refusal is None
                sums.more_made += command.count if isinstance(command, ReserveGeneration) and refusal is None else 0
            if refusal is not None and refusal.reason.value in LIMIT_REASONS:
                sums.refused[refusal.reason.value] += 1
        if refusal is not None:
            self._note_full(refusal, record.at)
        elif isinstance(command, ReserveGeneration):
            self._make(command, record.at)

    def _meant(self, record: RequestRefused) -> ReserveGeneration | SaveImage | None:
        """The command that was refused: of several that may have been, one that the limits of its time refuse so."""
        candidates = list(refused_commands(record, self.state))
        for command in candidates[:-1]:
            decided = decide(command, self.state, self.state.policy, record.at)
            if isinstance(decided, Refusal) and decided.reason.value == record.reason:
                return command
        return candidates[-1] if candidates else None

    def _made_up(self, command: ReserveGeneration | SaveImage) -> ReserveGeneration | SaveImage:
        """The refused command with ids and a name that no other has; what it would have replaced is off its bytes."""
        self._number += 1
        own = f"{FOLDER}-{self._number}"
        if isinstance(command, ReserveGeneration):
            return command._replace(reservation=own)
        standing = self.state.current_image(command.user, name_key(str(command.name)), temp=command.temp)
        more = max(0, command.bytes - (standing.bytes if standing else 0))
        return command._replace(name=f"{FOLDER}/{own}.png", bytes=more, new_reservation=own)

    def _make(self, command: ReserveGeneration, at: str) -> None:
        """Settles each place of a request that was refused then, with a picture as large as was expected."""
        for number in range(command.count):
            save = SaveImage(
                user=command.user,
                by=command.by,
                name=f"{FOLDER}/{command.reservation}-{number}.png",
                bytes=command.bytes_each or 0,
                sha256="",
                media_type="",
                width=0,
                height=0,
                staged="",
                new_reservation="",
                reservation=command.reservation,
            )
            self._decide(save, at)

    def _release(self, command: ReleasePlaces, at: str) -> None:
        """Releases as many of the places as are open here. Those whose time is over the sweep has released."""
        reservation = self.state.reservation(command.reservation)
        if reservation is not None and reservation.open and not _is_of_sweep(command, reservation, at):
            self._decide(command._replace(count=min(command.count or reservation.open, reservation.open)), at)

    def _decide(self, command: Command, at: str) -> Refusal | None:
        """Decides under the other limits and folds what follows; gives the refusal, where it is one."""
        if self.state.policy is not self._policy:
            self._policy = self.state.policy
            self._limits = self._policy._replace(**self._given)
        decided = self._rule(command, self.state, self._limits, at)
        if isinstance(decided, Refusal):
            self._fold(decided.recorded)
            return decided
        if not isinstance(decided, StoredAnswer):
            self._fold(decided)
        return None

    def _fold(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self.state.apply(self.state.position + 1, event)

    def _delivered(self, command: CompleteGeneration, at: str) -> None:
        """What a provider was paid for, or would not have been asked for here."""
        is_made = command.reservation not in self._never
        count, paid = command.count, command.credits or 0.0
        for sums in self._sums(command.user, at):
            unpriced = count if command.credits is None else 0
            if is_made:
                sums.made += count
                sums.spent += paid
                sums.unpriced += unpriced
            else:
                sums.not_made += count
                sums.saved += paid
                sums.unpriced_saved += unpriced
        if is_made:
            self._decide(command, at)

    def _note_full(self, refusal: Refusal, at: str) -> None:
        if refusal.reason is Reason.POOL_STORAGE and self.pool.full_at is None:
            self.pool.full_at, self.pool.full_position = at, self._position

    def _look_at_pool(self, at: str) -> None:
        pool, day = self.state.pool, day_of(at)
        if pool is self._looked_at and day == self._day:
            return
        self._looked_at, self._day = pool, day
        now = pool.used_bytes + pool.held_bytes
        self.pool.days[day] = max(now, self.pool.days.get(day, 0))
        if now > self.pool.peak_bytes:
            self.pool.peak_bytes, self.pool.peak_at = now, at

    def _sums(self, user: str, at: str) -> tuple[Sums, Sums]:
        """The sums that a request of a user at a time belongs to."""
        day = day_of(at)
        of_user, of_day = self.users.get(user), self.days.get(day)
        if of_user is None:
            of_user = self.users[user] = Sums()
        if of_day is None:
            of_day = self.days[day] = Sums()
        return of_user, of_day


def _is_request(command: ReserveGeneration | SaveImage) -> bool:
    """Whether it asks for something, and is not the picture of a place that was granted."""
    return isinstance(command, ReserveGeneration) or command.reservation is None


def _is_of_sweep(command: ReleasePlaces, reservation: Reservation, at: str) -> bool:
    """Whether a release came by itself: what is due here is decided here."""
    over = {"expired": reservation.expires_at, "not_kept": reservation.forgotten_at}.get(command.reason)
    return command.by == "system" and over is not None and over <= at
