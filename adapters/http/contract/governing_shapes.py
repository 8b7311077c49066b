"""What routes answer to whoever governs a storage: limits for everybody from what to what, what a cleanup takes."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from adapters.http.contract.shapes import Bytes, Count, Credits, Instant, Position, WindowAmounts


class LimitsOfAll(TypedDict):
    """The limits for everybody that managers may change."""

    daily: Count
    user_bytes: Bytes
    pool_bytes: Bytes
    windows: WindowAmounts
    unenforced: list[str]
    """Limits that are only tried out."""


class LimitsSet(TypedDict):
    """Who set or took away a user's own limits, when and why, and where the log says so."""

    position: Position
    at: Instant
    by: str
    reason: str


class LimitsOfUser(TypedDict):
    """A user's own limits, None, or not among `windows`, where everybody's hold; `in_force` is false where they are
    over, or there are none. `set` is None where they never had any.
    """

    user_bytes: Bytes | None
    daily: Count | None
    windows: WindowAmounts
    until: Instant | None
    in_force: bool
    set: LimitsSet | None


class OverLimits(TypedDict):
    """Who uses and holds more than the limits that were given here allow. Nobody loses anything; their next requests
    are refused.
    """

    users: Count
    daily_users: Count
    """By what they made today."""
    storage_users: Count
    """By what they keep and what is held for them."""
    pool_bytes: Bytes
    """What all together use and hold above the limit of all."""
    windows: dict[str, Count]
    """By further limits: users, guilds, or 1 for all together; those with nobody over them are left out."""


class ChangedPolicy(TypedDict):
    """The limits for everybody, before it and with it; a repeat tells those that were recorded. `over` is of now. With
    `dry_run` nothing was changed.
    """

    former: LimitsOfAll
    limits: LimitsOfAll
    over: OverLimits
    changed: bool
    dry_run: bool


class KindToGo(TypedDict):
    """Files of one kind that would go."""

    media_type: str
    files: Count
    bytes: Bytes


class UserToGo(TypedDict):
    """Files of one user that would go."""

    user: str
    files: Count
    bytes: Bytes


class ToGo(TypedDict):
    """What would go, by kind and by user, the most bytes first; of the users those beyond the first are counted."""

    days: Count
    kinds: list[KindToGo]
    users: list[UserToGo]
    other_users: Count


class CleanedUp(TypedDict):
    """Temp files that were removed; with `would`, that is a dry run, and they would be."""

    files: Count
    freed_bytes: Bytes
    would: NotRequired[ToGo]


class GivenGrant(TypedDict):
    """A grant that was given, and where the log has it."""

    grant: str
    position: Position


class GrantOfUser(TypedDict):
    """A grant: generations, credits with at most three decimals, or bytes. `left` can still be drawn, until `ends_at`
    (None: for good); of what is left at `expires_at`, `rollover` at most stays until `rollover_until`.
    """

    grant: str
    unit: Literal["generations", "credits", "bytes"]
    amount: Credits
    left: Credits
    ends_at: Instant | None
    priority: Count
    expires_at: Instant | None
    rollover: Credits
    rollover_until: Instant | None
    source: str
    given_at: Instant
    position: Position
    voided: bool


class GrantsOfUser(TypedDict):
    """A user's grants, in the order in which they were given."""

    grants: list[GrantOfUser]


class VoidedGrant(TypedDict):
    """A grant from which nothing more can be drawn; `changed` is false where that was so before."""

    grant: str
    changed: bool
