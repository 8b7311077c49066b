"""What would have happened under other limits: the real history decided anew, with `decide` itself, on a state of its
own that goes another way where a decision falls otherwise.

What was asked is known from what was recorded; what depends on a request that is refused here, its picture, its costs,
the bytes of it and its deletion, did not happen here either. A request that is allowed here and was refused then is
taken to have made what it asked for, at the size it asked for. Limits that users have of their own stay theirs. What
nobody recorded is in no sum: see `docs/commands.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from domain.ask_events import AskEvent
from domain.commands import (
    Command,
    CompleteGeneration,
    OverrideLimits,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    SaveImage,
)
from domain.credits import PER_CREDIT
from domain.decisions import StoredAnswer, clock_is_behind, decide, decide_wellformed
from domain.events import Event, GrantGiven, LimitExceeded, PolicyChanged, RequestRefused
from domain.instants import day_of
from domain.limits import Limits, SharedLimits, UserLimits, Windows, replaced
from domain.names import name_key
from domain.point_events import PointEvent
from domain.refusals import Reason, Refusal, limit_of
from domain.reservations import Reservation
from domain.tier_commands import DefineTier
from domain.usage import PoolUsage
from domain.validation import malformed
from projections.quota_state import QuotaState
from projections.recorded_commands import commands_of, is_request, refused_commands
from projections.self_check import BATCHES_BETWEEN_TIDYING, Stored
from projections.what_if_sums import LIMIT_REASONS, PoolStory, Sums
from projections.what_if_tiers import OtherTier

Kept = RequestRefused | PolicyChanged | PointEvent | AskEvent
"""Events that tell more than a command of theirs; what became of points is the same under other limits."""
Told = Kept | GrantGiven | LimitExceeded
"""Those, what was bought with its payment, and what limits that were tried out would have refused."""
FOLDER = "what-if"
"""Where the pictures stand that were never made."""


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
    asked: list[tuple[Command | Told, str, int]]
    are_wellformed: bool


def requests_of(batch: Sequence[Stored]) -> Requests:
    """What was asked together, from what was recorded together."""
    events = [event for _, event in batch]
    asked: list[tuple[Command | Told, str, int]] = []
    are_wellformed = True
    for command, recorded in commands_of(events):
        event = recorded[0]
        asked += [(tried, tried.at, 0) for tried in recorded if isinstance(tried, LimitExceeded)]
        if isinstance(event, Kept):
            asked += [(kept, kept.at, 1) for kept in recorded if isinstance(kept, Kept | GrantGiven)]
            are_wellformed = are_wellformed and not isinstance(event, RequestRefused)
        else:
            alone = command if command.idempotency_key is None else command._replace(idempotency_key=None)
            asked.append((alone, event.at, len(recorded)))
            are_wellformed = are_wellformed and malformed(alone) is None
    return Requests(batch[0][0], events[0].at, events[-1].at, asked, are_wellformed)


_FOLDED_AGAIN = (*PointEvent.__args__, *AskEvent.__args__, GrantGiven)
"""What stands as it did under any limits."""


class Further(NamedTuple):
    """Limits of windows that are others here; `alone`: those that were in force then are none here."""

    limits: Windows = ()
    alone: bool = False


AS_THEY_WERE = Further()


class WhatIf:
    """The same history under other limits, one batch after the other. `state` is where it parts from what was; `given`
    are the limits that are others, by their names in `Limits`, and `further` those of windows; with a `tier` they are
    that tier's, and everybody's stay as they were.
    """

    def __init__(
        self, state: QuotaState, given: Mapping[str, int], further: Further = AS_THEY_WERE, tier: str | None = None
    ) -> None:
        self.state = state
        self._batches = 0
        self._named = {*given, *dict(further.limits)}
        self.tier = None if tier is None else OtherTier(tier, given, further.limits, alone=further.alone, state=state)
        self._given: dict[str, Any] = {} if self.tier else dict(given)
        self._further = AS_THEY_WERE if self.tier else further
        self._never: set[str] = set()
        self._number = 0
        self._position = 0
        self._policy = state.policy
        self._limits = self.under(state.policy)
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
            DefineTier: self._tier_defined,
            LimitExceeded: self._exceeded_then,
            **dict.fromkeys(_FOLDED_AGAIN, lambda event, _at: self._fold_again(event)),
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

    def under(self, policy: Limits) -> Limits:
        """The limits that hold here where these held then. One that is given here is not only tried out."""
        own, alone = self._further
        return policy._replace(
            **self._given,
            windows=own if alone else replaced(policy.windows, own),
            unenforced=tuple(name for name in policy.unenforced if name not in dict(own)),
        )

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
        own = {name for name in self._named if getattr(limits, name, None) is not None}
        if own or self._named & set(dict(limits.windows or ())):
            self.own_limits.add(user)

    def _tier_defined(self, command: DefineTier, at: str) -> None:
        """A tier was defined; the one that is another here is it here too."""
        self._decide(command if self.tier is None else self.tier.defined(command), at)

    def _allowed_then(self, command: ReserveGeneration | SaveImage, at: str) -> None:
        """A request that was granted. Pictures of a reservation that was refused here were never made."""
        held_by = command.reservation
        if isinstance(command, SaveImage) and held_by in self._never:
            return
        for sums in self._sums(command.user, at):
            sums.asked += _is_request(command)
        refusal = self._decide(_priced(command), at)
        if refusal is None or refusal.reason.value not in LIMIT_REASONS:
            return
        for sums in self._sums(command.user, at):
            sums.note_refused(refusal)
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
            sums.windows_then.update([record.window] if record.window else [])
            sums.cut += record.last
            sums.asked += is_request(record)
            if command is not None and refusal is None:
                sums.note_allowed(command)
            if refusal is not None and refusal.reason.value in LIMIT_REASONS:
                sums.note_refused(refusal)
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
            self._limits = self.under(self._policy)
        decided = self._rule(command, self.state, self._limits, at)
        if isinstance(decided, Refusal):
            self._fold(decided.recorded)
            return decided
        if not isinstance(decided, StoredAnswer):
            self._note_tried(decided)
            self._fold(decided)
        return None

    def _note_tried(self, decided: tuple[Event, ...]) -> None:
        """What limits that are tried out here would have refused."""
        for event in decided:
            if isinstance(event, LimitExceeded):
                for sums in self._sums(event.user, event.at):
                    sums.tried[limit_of(event)] += 1

    def _exceeded_then(self, event: LimitExceeded, _at: str) -> None:
        """What a limit would have refused that was tried out then."""
        for sums in self._sums(event.user, event.at):
            sums.tried_then[limit_of(event)] += 1

    def _fold_again(self, event: PointEvent | AskEvent | GrantGiven) -> None:
        """What stands here as it did then, without a key under which it would be an answer."""
        self._fold((event._replace(request=None),))

    def _fold(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self.state.apply(self.state.position + 1, event)

    def _delivered(self, command: CompleteGeneration, at: str) -> None:
        """What a provider was paid for, or would not have been asked for here."""
        is_made = command.reservation not in self._never
        is_priced = command.cost is not None or command.credits is not None
        count, paid = command.count, (command.credits or 0.0) if command.cost is None else command.cost / PER_CREDIT
        for sums in self._sums(command.user, at):
            unpriced = 0 if is_priced else count
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


def _priced(command: ReserveGeneration | SaveImage) -> ReserveGeneration | SaveImage:
    """A request as a limit of credits asks for it: one of which the log has no price counts what it then cost."""
    if isinstance(command, ReserveGeneration) and command.credits_each is None:
        return command._replace(credits_each=0)
    return command


def _is_request(command: ReserveGeneration | SaveImage) -> bool:
    """Whether it asks for something, and is not the picture of a place that was granted."""
    return isinstance(command, ReserveGeneration) or command.reservation is None


def _is_of_sweep(command: ReleasePlaces, reservation: Reservation, at: str) -> bool:
    """Whether a release came by itself: what is due here is decided here."""
    over = {"expired": reservation.expires_at, "not_kept": reservation.forgotten_at}.get(command.reason)
    return command.by == "system" and over is not None and over <= at
