"""What is answered about the past, member by member: histories, explanations and reports."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from adapters.application.quota_figures import SourceFigures
from adapters.application.recorded import Json
from adapters.http.contract.shapes import Bytes, Count, Instant, Position
from adapters.reports.charts import ChartName
from adapters.reports.reporting import Outlook
from adapters.wording.settlements import SettlementData


class KeptOfHistory(TypedDict):
    """An image was kept; `stands`: it is still the one under its name, and `url` gives it. `generation` is None where
    it came from none, or that is not known any more.
    """

    kind: Literal["kept"]
    position: Position
    at: Instant
    operation: str
    name: str
    prompt: str
    stands: bool
    url: str | None
    generation: SettlementData | None


class GivenBackOfHistory(TypedDict):
    """Places were given back; `counted` of them count all the same."""

    kind: Literal["given back"]
    position: Position
    at: Instant
    operation: str
    reason: str
    counted: Count
    sentence: str
    generation: SettlementData | None


class RefusedOfHistory(TypedDict):
    """A limit said no; why, `/v1/users/{user}/why` says by its position."""

    kind: Literal["refused"]
    position: Position
    at: Instant
    reason: str
    sentence: str


class ChangedOfHistory(TypedDict):
    """Limits of the user's own, today's count or an image was changed or taken away: by whom, from what to what."""

    kind: Literal["changed"]
    position: Position
    at: Instant
    what: Literal["limits", "count", "image"]
    by: str
    sentence: str


class HistoryPage(TypedDict):
    """What became of a user's latest requests, newest first, and how many are known; where they are asked for, what was
    changed about the user stands among them.
    """

    entries: list[KeptOfHistory | GivenBackOfHistory | RefusedOfHistory | ChangedOfHistory]
    total: Count
    offset: Count
    limit: Count


class ExplainedEvent(TypedDict):
    """A line of the log: its type, and its members as `docs/log-format.md` has them."""

    type: str
    data: dict[str, Json]


class LimitsThen(TypedDict):
    """The limits that were in force for the user."""

    daily: Count
    user_bytes: Bytes
    pool_bytes: Bytes
    windows: dict[str, int | float]
    unenforced: list[str]
    own_until: Instant | None
    is_own: bool
    sources: list[SourceFigures]


class LimitStep(TypedDict):
    """A limit as it was set: by whom, when and why. One of a window is called by its name; its credits have up to three
    decimals.
    """

    position: Position
    at: Instant | None
    by: str
    limit: str
    value: int | float | None
    is_own: bool
    why: str
    until: Instant | None
    former: int | float | None
    is_managers: bool


class TierLine(ExplainedEvent):
    """A line by which the user has a tier that gave some limit: the newest of each."""

    position: Position


class DayLine(TypedDict):
    """A line that changed how many places of the day are used."""

    position: Position
    at: Instant | None
    type: str
    places: int


class DayThen(TypedDict):
    """What was used of the day, and by which lines."""

    day: str
    used: Count
    lines: list[DayLine]


class WindowLine(TypedDict):
    """A line that changed what a window of the user counts, in its unit."""

    position: Position
    at: Instant | None
    type: str
    amount: int | float


class WindowThen(TypedDict):
    """A window whose limit refused, or would have: what was used and held of it, and of the user's own by which
    lines. Places, or credits with up to three decimals.
    """

    limit_name: str
    begins_on: str
    limit: int | float
    used: int | float
    held: int | float
    is_own: bool
    lines: list[WindowLine]


class GrantThen(TypedDict):
    """What the user was given beyond the limits, and what was left of it: places, credits or bytes."""

    grant: str
    unit: Literal["generations", "credits", "bytes"]
    position: Position
    at: Instant | None
    amount: int | float
    left: int | float


class StandingImage(TypedDict):
    """An image that took room then."""

    position: Position
    name: str
    bytes: Bytes
    at: Instant | None


class Hold(TypedDict):
    """Places and room that were held for a generation under way."""

    position: Position
    reservation: str
    places: Count
    bytes: Bytes
    until: Instant | None


class StorageThen(TypedDict):
    """What was stored and held."""

    image_bytes: Bytes
    temp_bytes: Bytes
    held_bytes: Bytes
    images: Count
    standing: list[StandingImage]
    holds: list[Hold]


class UnrecordedRefusals(TypedDict):
    """Where refusals were no longer recorded: as the log tells, so it stood until then."""

    since: Instant | None
    until: Instant | None
    position: Position | None
    of_others: bool


class ExplanationData(TypedDict):
    """Why a decision fell as it did: the limits in force, what was used and held, and the sentence that was told."""

    position: Position
    at: Instant | None
    user: str | None
    by: str
    events: list[ExplainedEvent]
    sentence: str
    limits: LimitsThen
    limits_set: list[LimitStep]
    tiers_set: list[TierLine]
    day: DayThen
    storage: StorageThen
    windows: list[WindowThen]
    grants: list[GrantThen]
    agrees: bool | None
    unrecorded: UnrecordedRefusals | None
    told: list[str]


class ReportSums(TypedDict):
    """Figures of some generations: how many were asked for, made, kept, given back and refused, and why; what they
    took and freed in bytes, their credits, and the seconds of making.
    """

    asked: Count
    made: Count
    kept: Count
    released: Count
    refunded: Count
    refused: Count
    failed: Count
    rejected: Count
    moderated: Count
    not_kept: Count
    expired: Count
    cancelled: Count
    unknown: Count
    exceeded: Count
    refused_daily: Count
    refused_window: Count
    refused_user: Count
    refused_pool: Count
    added_bytes: Bytes
    removed_bytes: Bytes
    growth_bytes: int
    credits: float | None
    median_seconds: float | None
    p95_seconds: float | None
    users: Count


class ReportRow(ReportSums):
    """Those of one key, as a day, a user or a style."""

    key: str


class ReportDay(ReportSums):
    """Those of one day."""

    key: None
    day: str


class StoredDay(TypedDict):
    """What was stored at the end of a day, and by how much that grew."""

    day: str
    growth_bytes: int
    stored_bytes: int


class ForecastData(TypedDict):
    """How long storage lasts at the pace of the last days; `full_on` is None where `outlook` says why."""

    as_of: str | None
    used_bytes: Bytes
    pool_bytes: Bytes | None
    pace_bytes: int
    pace_days: Count
    outlook: Outlook
    full_on: str | None
    is_full: bool
    sentence: str


class ReportChart(TypedDict):
    """A chart of the report's figures: what it shows in words, and its description in Vega-Lite (6), which any program
    that reads that draws. It has no ground and takes the width of its place. `is_empty`: it has nothing to show.
    """

    name: ChartName
    says: str
    is_empty: bool
    description: dict[str, Json]


class ReportData(TypedDict):
    """What was made, refused, stored and paid for: of each key, of each day, of all. `is_verified`: whether the log's
    lines were verified for it, which they are not. `charts` is there where they were asked for.
    """

    position: Position
    by: str
    first_day: str | None
    last_day: str | None
    rows: list[ReportRow]
    days: list[ReportDay]
    total: ReportSums
    stored: list[StoredDay]
    forecast: ForecastData
    is_verified: bool
    charts: NotRequired[list[ReportChart]]


class SealedOutside(TypedDict):
    """The file of seals outside the storage root: up to which position it is told of, and why not further."""

    position: Position
    trouble: str | None


class LogHealthData(TypedDict):
    """How the log stands. What is after `verified_after` was verified at `verified_at`, by the start of the service;
    what is before is verified beside the work where the start did not, and damage there stops it. `sealed_outside` is
    None where no file is set for it.
    """

    position: Position
    size_bytes: Bytes
    last_event_at: Instant | None
    disk_free_bytes: Bytes | None
    verified_at: Instant
    verified_after: Position
    sealed_outside: SealedOutside | None
