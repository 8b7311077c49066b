"""decide(command, view, policy, now): what follows from a command, as events, as a stored answer or as a refusal.

Pure: the view tells what stands, `now` is the present, and nothing here changes anything. The rules are asked in the
order of `Reason`, which is a promise; the first that says no is the answer. This module holds what is asked of every
command and hands on: `validation` knows the form of commands, `reserving` places, `images` images and files,
`policies` limits, `points` points, `asks` asks for more, `tiers_given` tiers, `quota_checks` what fits, and
`thresholds` what people hear of before it does not.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from domain import asks, grants_given, images, points, policies, reserving, thresholds, tiers_given
from domain.ask_commands import AnswerAsk, AskForMore
from domain.commands import (
    AdoptImage,
    ChangePolicy,
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    GiveGrant,
    OverrideLimits,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
    SetPreference,
    VoidGrant,
)
from domain.events import Event, idempotency_tag
from domain.instants import later, seconds_between
from domain.limits import Limits
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.refusals import Reason, Refusal
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, UnassignTier
from domain.usage import KeyedAnswer
from domain.validation import malformed
from domain.view import View

CLOCK_TOLERANCE_SECONDS = 86_400
"""How far the clock may lie behind the last event before every command is refused."""
ANSWERS_KEPT_SECONDS = 7 * 86_400
"""How long an idempotency key keeps its answer."""


class StoredAnswer(NamedTuple):
    """The command was answered before, by the events at these positions."""

    positions: tuple[int, ...]


Decision = tuple[Event, ...] | StoredAnswer | Refusal


def decide(command: Command, view: View, policy: Limits, now: str) -> Decision:
    """What follows from `command` at `now`.

    Events carry a time never earlier than the last event's, but for a corrected clock. An empty tuple: nothing changes.
    """
    if sentence := malformed(command):
        return _refuse(command, Reason.MALFORMED, sentence)
    return decide_wellformed(command, view, policy, now)


def decide_wellformed(command: Command, view: View, policy: Limits, now: str) -> Decision:
    """The same for a command that is surely not malformed."""
    corrects = isinstance(command, CorrectClock)
    if not corrects and clock_is_behind(view, now):
        return _refuse(command, Reason.CLOCK_BEHIND, view.last_at)
    at = now if corrects else max(now, view.last_at)
    answered = _answered(command, view, at)
    if answered is not None:
        return answered
    decided = _carry_out(command, view, policy, at)
    if not policy.tell_at or isinstance(decided, Refusal):
        return decided
    return (*decided, *thresholds.crossed(decided, view, policy, at))


def clock_is_behind(view: View, now: str) -> bool:
    """Whether the clock lies so far behind the last event that it, or an earlier one, must have stood wrong."""
    return now < view.last_at and seconds_between(now, view.last_at) > CLOCK_TOLERANCE_SECONDS


def _answered(command: Command, view: View, at: str) -> StoredAnswer | Refusal | None:
    if command.idempotency_key is None:
        return None
    answer = view.answer(idempotency_tag(command.by, command.idempotency_key.key))
    if answer is None or later(answer.at, seconds=ANSWERS_KEPT_SECONDS) <= at:
        return None
    if answer.digest != command.idempotency_key.digest:
        return _refuse(command, Reason.REQUEST_CONFLICT, command.idempotency_key.key)
    if isinstance(command, ReserveGeneration) and command.exclusive and _is_open(answer, view):
        return _refuse(command, Reason.REQUEST_RUNNING, command.idempotency_key.key)
    return StoredAnswer(answer.positions)


def _is_open(answer: KeyedAnswer, view: View) -> bool:
    reservation = view.reservation(answer.reservation) if answer.reservation else None
    return reservation is not None and reservation.open > 0


def _refuse(command: Command, reason: Reason, detail: str) -> Refusal:
    return Refusal(reason, getattr(command, "user", None), detail)


def _carry_out(command: Command, view: View, policy: Limits, at: str) -> tuple[Event, ...] | Refusal:  # noqa: C901, PLR0912 - one line for each command is the clearest form
    match command:
        case ReserveGeneration():
            return reserving.reserve(command, view, policy, at)
        case CompleteGeneration():
            return reserving.complete(command, view, at)
        case ReleasePlaces():
            return reserving.release_places(command, view, policy, at)
        case ReleaseExpired():
            return reserving.release_expired(view, at)
        case CorrectClock():
            return reserving.correct_clock(command, view, at)
        case SaveImage():
            return images.save(command, view, policy, at)
        case AdoptImage():
            return images.adopt(command, view, at)
        case DeleteImage():
            return images.delete(command, view, at)
        case CleanUp():
            return images.clean_up(command, view, at)
        case SetPolicy():
            return policies.set_policy(command, view, policy, at)
        case ChangePolicy():
            return policies.change_policy(command, view, policy, at)
        case OverrideLimits():
            return policies.override_limits(command, view, at)
        case GiveGrant() | VoidGrant():
            return grants_given.decide_grants(command, view, at)
        case DefineTier() | AssignTier() | UnassignTier() | SeeGroups():
            return tiers_given.decide_of_tiers(command, view, at)
        case ResetDaily():
            return policies.reset_daily(command, view, at)
        case SetPreference():
            return policies.set_preference(command, at)
        case MovePoints() | GivePoints() | ClaimDaily() | SetFavourite() | SetOffer() | WithdrawOffer() | BuyOffer():
            return points.decide_points(command, view, at)
        case AskForMore() | AnswerAsk():
            return asks.decide_asks(command, view, at)
        case _:
            assert_never(command)
