"""Whether a command has a possible form at all, before anything is looked up. Each answer is a sentence for people.

The grammar of user ids and image names is `names.py`'s.
"""

from __future__ import annotations

from typing import assert_never

from domain.ask_commands import AnswerAsk, AskCommand, AskForMore
from domain.ask_events import ANSWERS, APPROVED, LIMITS_ASKED_ABOUT, WITHDRAWN
from domain.commands import (
    DELETE_REASONS,
    MAX_COUNT,
    MAX_LIMIT,
    OPERATIONS,
    RELEASE_REASONS,
    START_SOURCES,
    AdoptImage,
    ChangePolicy,
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    FreshName,
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
from domain.grants import GIVEN_SOURCES, GRANT_UNITS, MAX_PRIORITY, NEVER
from domain.limit_names import ALL_LIMITS, FURTHER, OF_A_USER, in_order
from domain.limits import NO_OVERRIDE, SharedLimits, UserLimits, Windows
from domain.names import fresh_name, malformed_name, malformed_style, malformed_tier, malformed_user
from domain.plain_values import bad_amount, bad_end, bad_id, bad_text, is_whole, not_of
from domain.point_commands import (
    MAX_OFFER_DAYS,
    OFFER_UNITS,
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    PointCommand,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.point_events import BURNED, MINTED
from domain.threshold_events import MOST_TELL_AT
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, TierCommand, UnassignTier
from domain.tiers import EVERYBODY, MAX_ALLOWED, MAX_GROUPS, MAX_WAITING, MAX_WEIGHT, is_group, is_place

MAX_KEY_CHARS = 320
"""Characters of an idempotency key: 255 of a caller and what the studio derives from them."""
MAX_GROUPS_TOLD = 1_000
"""Groups that one command may tell of; those that no tier names are not kept."""
MAX_DAYS = 36_500
"""The largest age a cleanup may ask for."""
MAX_TTL_SECONDS = 7 * 86_400
"""The longest reservation."""


def malformed(command: Command) -> str | None:  # noqa: C901, PLR0912 - one case for each command is the clearest form
    """Why this command cannot be carried out by anybody, None where it can be looked at."""
    match command:
        case ReserveGeneration():
            return _bad_reservation(command)
        case SaveImage():
            return _bad_save(command)
        case CompleteGeneration(user, count=count):
            return malformed_user(user) or _bad_key(command) or _bad_count(count)
        case ReleasePlaces(user, count=count, reason=reason):
            bad_count = None if count is None else _bad_count(count)
            return malformed_user(user) or _bad_key(command) or bad_count or not_of(reason, RELEASE_REASONS)
        case AdoptImage(user, name=name):
            return malformed_user(user) or malformed_name(name) or _bad_key(command) or _bad_size(command.bytes)
        case DeleteImage(user, name=name, reason=reason):
            return malformed_user(user) or malformed_name(name) or _bad_key(command) or not_of(reason, DELETE_REASONS)
        case CleanUp(older_than_days=days):
            return _bad_key(command) or _bad_days(days)
        case OverrideLimits(user, reason=reason):
            return malformed_user(user) or _bad_key(command) or _bad_override(command) or bad_text(reason, "reason")
        case ResetDaily(user, reason=reason):
            return malformed_user(user) or _bad_key(command) or bad_text(reason, "reason")
        case SetPreference(user, preference=name, value=value):
            return malformed_user(user) or _bad_key(command) or bad_text(name, "preference") or bad_text(value, "value")
        case SetPolicy(source=source):
            bad_limits = _bad_shared(command) or _bad_limits(command.gen_bytes) or _bad_percentages(command.tell_at)
            return _bad_key(command) or not_of(source, START_SOURCES) or bad_limits
        case ChangePolicy():
            return _bad_key(command) or _bad_change(command)
        case GiveGrant() | VoidGrant():
            return _bad_grant(command)
        case DefineTier() | AssignTier() | UnassignTier() | SeeGroups():
            return _bad_key(command) or _bad_of_tiers(command)
        case CorrectClock() | ReleaseExpired():
            return _bad_key(command)
        case MovePoints() | GivePoints() | ClaimDaily() | SetFavourite() | SetOffer() | WithdrawOffer() | BuyOffer():
            return _bad_key(command) or _bad_points(command)
        case AskForMore() | AnswerAsk():
            return malformed_user(command.user) or _bad_key(command) or _bad_ask(command)
        case _:
            assert_never(command)


def _bad_reservation(command: ReserveGeneration) -> str | None:
    return (
        malformed_user(command.user)
        or _bad_key(command)
        or _bad_count(command.count)
        or _bad_operation(command.operation)
        or (None if command.style is None else malformed_style(command.style))
        or (None if _is_limit(command.bytes_each) else "The bytes of a place must be a whole number.")
        or (None if _is_limit(command.credits_each) else "What a place costs must be whole thousandths of credits.")
        or _bad_ttl(command.ttl_seconds)
        or _bad_seen(command.place, command.groups)
    )


def _bad_save(command: SaveImage) -> str | None:
    if command.temp and command.reservation is not None:
        settles = "A temp file settles no reservation. Save it as an image, or leave the reservation out."
    else:
        settles = None
    return (
        malformed_user(command.user)
        or malformed_name(_spelled(command.name))
        or _bad_key(command)
        or _bad_size(command.bytes)
        or (None if command.operation is None else _bad_operation(command.operation))
        or settles
    )


def _bad_key(command: Command) -> str | None:
    if command.idempotency_key is None or _is_key(command.idempotency_key.key):
        return None
    return f"A request key has 1 to {MAX_KEY_CHARS} printable characters."


def _bad_count(count: object) -> str | None:
    return None if is_whole(count, 1, MAX_COUNT) else f"The count must be a whole number from 1 to {MAX_COUNT}."


def _bad_size(size: object) -> str | None:
    return None if is_whole(size, 0, MAX_LIMIT) else "The size must be a whole number of bytes."


def _bad_operation(operation: str) -> str | None:
    return None if operation in OPERATIONS else f"The operation must be one of {', '.join(OPERATIONS)}."


def _bad_ttl(seconds: object) -> str | None:
    whole = is_whole(seconds, 0, MAX_TTL_SECONDS)
    return None if whole else f"A reservation lasts 0 to {MAX_TTL_SECONDS} seconds."


def _bad_days(days: object) -> str | None:
    whole = is_whole(days, 0, MAX_DAYS)
    return None if whole else f"The age in days must be a whole number from 0 to {MAX_DAYS}."


def _spelled(name: str | FreshName) -> str:
    return fresh_name(name.folder, name.number_from, name.extension) if isinstance(name, FreshName) else name


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 1 <= len(key) <= MAX_KEY_CHARS and key.isprintable()


def _is_limit(value: int | None) -> bool:
    return value is None or is_whole(value, 0, MAX_LIMIT)


def _bad_override(command: OverrideLimits) -> str | None:
    seen = command.seen or NO_OVERRIDE
    own = UserLimits(command.user_bytes, command.daily, command.windows)
    return bad_end(command.until) or bad_end(seen.until) or _bad_own(own) or _bad_own(seen.limits)


def _bad_change(command: ChangePolicy) -> str | None:
    given = command.wanted.given
    none = None if given else f"No limit is given: {', '.join(SharedLimits._fields)}, or several of them."
    return _bad_shared(command.wanted) or _bad_shared(command.seen) or none or bad_text(command.reason, "reason")


def _bad_grant(command: GiveGrant | VoidGrant) -> str | None:
    bad_target = malformed_user(command.user) or _bad_key(command) or bad_id(command.grant)
    bad_gift = _bad_gift(command) if isinstance(command, GiveGrant) else None
    return bad_target or bad_gift or bad_text(command.reason, "reason")


def _bad_gift(command: GiveGrant) -> str | None:
    if bad := bad_end(command.expires_at) or bad_end(command.rollover_until):
        return bad
    window = command.rollover_until or NEVER
    ends = (
        None if command.expires_at is None or command.expires_at < window else "What rolls over ends after the grant."
    )
    rolls = command.expires_at is not None and command.rollover_until is not None
    return (
        not_of(command.unit, GRANT_UNITS)
        or (None if is_whole(command.amount, 1, MAX_LIMIT) else f"A grant is of 1 to {MAX_LIMIT}.")
        or not_of(command.source, GIVEN_SOURCES)
        or (None if is_whole(command.priority, 0, MAX_PRIORITY) else f"A priority is 0 to {MAX_PRIORITY}.")
        or (None if is_whole(command.rollover, 0, command.amount) else "What rolls over is at most what is granted.")
        or (None if rolls or not (command.rollover or command.rollover_until) else "Only what expires can roll over.")
        or ends
    )


def _bad_of_tiers(command: TierCommand) -> str | None:
    match command:
        case DefineTier(seen=seen):
            was = None if seen is None else seen.tier
            return _bad_tier(command) or (None if was is None else _bad_tier(command._replace(**was._asdict())))
        case AssignTier(user, tier=tier, until=until):
            return malformed_user(user) or _bad_assignment(tier, command.reason, until)
        case UnassignTier(user, tier=tier):
            return malformed_user(user) or _bad_assignment(tier, command.reason)
        case SeeGroups(user, place=place, groups=groups):
            return malformed_user(user) or _bad_seen(place, groups)
        case _:
            assert_never(command)


def _bad_tier(command: DefineTier) -> str | None:
    is_gone = command.limits is None
    if is_gone and command[4:10] != ((), None, None, None, None, None):
        return "A tier that is taken away has nothing else."
    return (
        malformed_tier(command.tier)
        or (None if command.limits is None else _bad_own(command.limits))
        or _bad_groups(command)
        or _bad_allowed(command.providers)
        or _bad_allowed(command.models)
        or _bad_allowed(command.operations)
        or next((bad for operation in command.operations or () if (bad := _bad_operation(operation))), None)
        or (None if _is_part(command.weight, MAX_WEIGHT) else f"A weight is 1 to {MAX_WEIGHT}.")
        or (None if _is_part(command.waiting, MAX_WAITING) else f"Requests that may wait are 1 to {MAX_WAITING}.")
        or bad_text(command.reason, "reason")
    )


def _bad_groups(command: DefineTier) -> str | None:
    groups = command.groups
    if groups and command.tier == EVERYBODY:
        return f"The tier {EVERYBODY} is that of whoever has no other, and no group gives it."
    for group in groups:
        if not is_group(group):
            return f"{group!r:.60} is no group. A group is guild:ID/role:ID, or group:NAME."
    if len(groups) > MAX_GROUPS or tuple(sorted(set(groups))) != groups:
        return f"A tier has at most {MAX_GROUPS} groups, named once each, in the order of the alphabet."
    return None


def _bad_allowed(names: tuple[str, ...] | None) -> str | None:
    if names is None:
        return None
    if not 1 <= len(names) <= MAX_ALLOWED or tuple(sorted(set(names))) != names:
        return f"A list of what is allowed has 1 to {MAX_ALLOWED} names, once each, in the order of the alphabet."
    return next((bad for name in names if (bad := bad_text(name, "name of what is allowed"))), None)


def _bad_assignment(tier: str, reason: str, until: str | None = None) -> str | None:
    given = None if tier != EVERYBODY else f"The tier {EVERYBODY} is that of whoever has no other; nobody is given it."
    return malformed_tier(tier) or given or bad_end(until) or bad_text(reason, "reason")


def _bad_seen(place: str | None, groups: tuple[str, ...] | None) -> str | None:
    if (place is None) != (groups is None):
        return "Groups are told with the place where they are seen, and a place with them."
    if place is not None and not is_place(place):
        return "A place where groups are seen is guild:ID or api:NAME."
    if len(groups or ()) > MAX_GROUPS_TOLD:
        return f"At most {MAX_GROUPS_TOLD} groups can be told."
    return None


def _is_part(value: int | None, most: int) -> bool:
    return value is None or is_whole(value, 1, most)


def _bad_shared(limits: SharedLimits | SetPolicy) -> str | None:
    return (
        _bad_limits(limits.user_bytes, limits.pool_bytes, limits.daily)
        or _bad_windows(limits.windows, FURTHER)
        or _bad_names(limits.unenforced)
    )


def _bad_own(own: UserLimits) -> str | None:
    return _bad_limits(own.user_bytes, own.daily) or _bad_windows(own.windows, OF_A_USER)


def _bad_windows(windows: Windows | None, allowed: tuple[str, ...]) -> str | None:
    for name, most in windows or ():
        if name not in allowed:
            return f"{name!r:.60} is no limit that can be set so. It is one of {', '.join(allowed)}."
        if not _is_limit(most):
            return f"A limit must be a whole number from 0 to {MAX_LIMIT}."
    return None if in_order(dict(windows or ())) == (windows or ()) else "Each limit is named once, in the one order."


def _bad_names(names: tuple[str, ...] | None) -> str | None:
    if tuple(name for name in ALL_LIMITS if name in (names or ())) == (names or ()):
        return None
    return f"Limits to try out are named once each, in this order: {', '.join(ALL_LIMITS)}."


def _bad_limits(*limits: int | None) -> str | None:
    return None if all(map(_is_limit, limits)) else f"A limit must be a whole number from 0 to {MAX_LIMIT}."


def _bad_percentages(tell_at: tuple[int, ...] | None) -> str | None:
    told = tell_at or ()
    if len(told) <= MOST_TELL_AT and all(is_whole(one, 1, 100) for one in told) and list(told) == sorted(set(told)):
        return None
    return f"Limits are told at no more than {MOST_TELL_AT} whole percentages from 1 to 100, which rise."


def _bad_points(command: PointCommand) -> str | None:
    match command:
        case MovePoints(user, kind=kind, amount=amount, reason=reason):
            bad_kind = not_of(kind, (MINTED, BURNED))
            return malformed_user(user) or bad_kind or bad_amount(amount) or bad_text(reason, "reason")
        case GivePoints(user, to=to, amount=amount, reason=reason):
            bad_reason = None if reason is None else bad_text(reason, "reason")
            to_oneself = "Nobody gives points to themselves." if user == to else None
            return malformed_user(user) or malformed_user(to) or bad_amount(amount) or to_oneself or bad_reason
        case ClaimDaily(user, amount=amount):
            return malformed_user(user) or bad_amount(amount)
        case SetFavourite(user, owner=owner, name=name, image=image, reward=reward):
            bad_name = malformed_user(user) or malformed_user(owner) or malformed_name(name)
            whole = (image is None or is_whole(image, 1, MAX_LIMIT)) and is_whole(reward, 0, MAX_LIMIT)
            return bad_name or (None if whole else f"A position and a reward are whole numbers up to {MAX_LIMIT}.")
        case SetOffer(wanted=wanted, reason=reason):
            return _bad_offer(wanted) or bad_text(reason, "reason")
        case WithdrawOffer(offer=offer, reason=reason):
            return bad_id(offer) or bad_text(reason, "reason")
        case BuyOffer(user, offer=offer, grant=grant, seen=seen, outside=outside):
            bad_ids = malformed_user(user) or bad_id(offer) or bad_id(grant)
            bad_price = None if outside is None else bad_amount(outside)
            return bad_ids or bad_price or (None if seen is None else _bad_offer(seen))
        case _:
            assert_never(command)


def _bad_offer(offer: Offer) -> str | None:
    return (
        bad_id(offer.offer)
        or not_of(offer.unit, OFFER_UNITS)
        or bad_amount(offer.amount)
        or bad_amount(offer.price)
        or _bad_lasting(offer.days)
    )


def _bad_lasting(days: int | None) -> str | None:
    if days is None or is_whole(days, 1, MAX_OFFER_DAYS):
        return None
    return f"What is bought or asked for lasts for ever, or 1 to {MAX_OFFER_DAYS} days."


def _bad_ask(command: AskCommand) -> str | None:
    bad_words = bad_id(command.ask) or (None if command.reason is None else bad_text(command.reason, "reason"))
    if isinstance(command, AskForMore):
        return bad_words or bad_amount(command.amount) or not_of(command.limit, LIMITS_ASKED_ABOUT)
    if command.answer != WITHDRAWN and command.by in {f"discord:{command.user}", f"api:{command.user}"}:
        return "Nobody answers their own request. Another manager can, or the owner with `abby asks`."
    if command.answer != APPROVED:
        return bad_words or not_of(command.answer, ANSWERS)
    bad_gift = None if command.amount is None else bad_amount(command.amount)
    return bad_words or bad_id(command.grant or "") or bad_gift or _bad_lasting(command.days)
