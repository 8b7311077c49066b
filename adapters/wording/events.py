"""One event in a few words, for people. Programs read `--json`, which has all of it."""

from __future__ import annotations

from typing import assert_never

from adapters.wording.asks import about_asks
from adapters.wording.figures import counted, minute, size_in_words, wish
from adapters.wording.grants import draws_in_words
from adapters.wording.limits import OF_ONE_USER, amount_in_words, limit_in_general, most_in_words, unit_of
from adapters.wording.points import points_in_words
from adapters.wording.prices import credits_in_words
from adapters.wording.releases import became, still_counted
from adapters.wording.tiers import about_tiers
from domain.ask_events import AskAnswered, MoreAsked
from domain.events import (
    CleanupCompleted,
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    GrantGiven,
    GrantVoided,
    ImageDeleted,
    ImageSaved,
    LimitExceeded,
    LimitsOverridden,
    PolicyChanged,
    PreferenceSet,
    RequestRefused,
)
from domain.grants import Draw
from domain.point_events import FavouriteSet, OfferSet, OfferWithdrawn, PointsMoved
from domain.threshold_events import ThresholdCrossed
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned


def words(event: Event) -> str:  # noqa: C901, PLR0912 - one line for each event is the clearest form
    """What happened, without the time, the user and the type, which have columns of their own."""
    match event:
        case PolicyChanged():
            return _policy(event)
        case GenerationReserved():
            return _reserved(event)
        case GenerationCompleted():
            made = f"{event.count} made by {event.provider}{f' ({event.model})' if event.model else ''}"
            cost = "" if event.cost is None else f", {credits_in_words(event.cost)}"
            return f"{made}{cost}{_returned(event.returned)}"
        case GenerationReleased():
            return _released(event)
        case ImageSaved():
            return _saved(event)
        case ImageDeleted():
            return f"{event.name}, {size_in_words(event.bytes)} freed ({event.reason})"
        case CleanupCompleted():
            return _cleaned(event)
        case RequestRefused() | LimitExceeded():
            return _refusal(event)
        case GrantGiven() | GrantVoided():
            return _grant(event)
        case LimitsOverridden():
            return _override(event)
        case DailyCountReset():
            return f"today's count set to 0: {event.reason}"
        case PreferenceSet(preference=preference, value=value):
            return f"{preference} = {value}"
        case ClockCorrected():
            return f"from {minute(event.was)} back to {minute(event.now)}"
        case PointsMoved() | OfferSet() | OfferWithdrawn() | FavouriteSet():
            return points_in_words(event)
        case ThresholdCrossed():
            return _threshold(event)
        case MoreAsked() | AskAnswered():
            return about_asks(event)
        case TierDefined() | TierAssigned() | TierUnassigned() | GroupsSeen():
            return about_tiers(event)
        case _:
            assert_never(event)


def _cleaned(event: CleanupCompleted) -> str:
    files = counted(len(event.files), "temp file")
    return f"{files}, {size_in_words(event.freed_bytes)} freed, older than {event.older_than_days} days"


def _saved(event: ImageSaved) -> str:
    kind = "temp file " if event.temp else ""
    return f"{kind}{event.name}, {size_in_words(event.bytes)}, {event.width}x{event.height}"


def _reserved(event: GenerationReserved) -> str:
    each = " for each" if event.count > 1 else ""
    wanted = wish(event.count, event.operation, event.style)
    price = f" and {credits_in_words(event.credits_each)}" if event.credits_each else ""
    drawn = f", {draws_in_words(event.drawn)}" if event.drawn else ""
    return f"{wanted}, {size_in_words(event.bytes_each)}{price} held{each}{drawn}"


def _released(event: GenerationReleased) -> str:
    tried = f", asked of {event.provider}" if event.provider else ""
    cost = f", {credits_in_words(event.cost)} may be paid" if event.cost else ""
    outcome = became(event.reason, still_counted(event))
    return f"{counted(event.count, 'place')} released{tried}: {outcome}{cost}{_returned(event.returned)}"


def _returned(draws: tuple[Draw, ...]) -> str:
    return f", {draws_in_words(draws, 'back to')}" if draws else ""


def _policy(event: PolicyChanged) -> str:
    limits = event.limits
    sizes = f"{size_in_words(limits.user_bytes)} a user, {size_in_words(limits.pool_bytes)} together"
    source = event.source if event.reason is None else f"by a manager: {event.reason}"
    further = "".join(f", {most_in_words(name, most)}" for name, most in limits.windows)
    tried = "".join(f", {limit_in_general(name)} only tried out" for name in limits.unenforced)
    return f"{sizes}, {limits.daily} a day{further}{tried} ({source})"


def _refusal(event: RequestRefused | LimitExceeded) -> str:
    style = f", style {event.style}" if event.style else ""
    style += ", went on all the same" if isinstance(event, LimitExceeded) else ""
    if event.reason == "DAILY_LIMIT":
        return f"{event.reason}: {event.used} of {event.limit} used{style}"
    if event.window is not None:
        unit = unit_of(event.window)
        used = f"{amount_in_words(event.used, unit)} of {amount_in_words(event.limit, unit)} used"
        held = f", {amount_in_words(event.held, unit)} held" if event.held else ""
        return f"{event.reason}: {used}{held}, {limit_in_general(event.window)}{style}"
    return f"{event.reason}: {size_in_words(event.used)} of {size_in_words(event.limit)} used{style}"


def _threshold(event: ThresholdCrossed) -> str:
    unit = unit_of(event.limit_name)
    used = f"{amount_in_words(event.used, unit)} of {amount_in_words(event.most, unit)} used or held"
    begun = f", from {event.begins} on" if event.begins else ""
    return f"{event.percent} % of {event.limit_name}{begun}: {used}"


def _grant(event: GrantGiven | GrantVoided) -> str:
    if isinstance(event, GrantVoided):
        return f"grant {event.grant} taken away: {event.reason}"
    until = f" until {minute(event.expires_at)}" if event.expires_at else ""
    return (
        f"grant {event.grant}: {amount_in_words(event.amount, event.unit)} given{until}, {event.source}: {event.reason}"
    )


def _override(event: LimitsOverridden) -> str:
    if event.limits is None:
        return f"own limits taken away: {event.reason}"
    own = [f"{size_in_words(event.limits.user_bytes)} of storage"] if event.limits.user_bytes is not None else []
    own += [f"{event.limits.daily} a day"] if event.limits.daily is not None else []
    own += [most_in_words(name, most).removesuffix(OF_ONE_USER) for name, most in event.limits.windows or ()]
    until = f" until {minute(event.until)}" if event.until else ""
    return f"{', '.join(own)}{until}: {event.reason}"
