"""What the log says: whether it is whole, and whether the clock goes with it."""

from __future__ import annotations

from contextlib import closing

from adapters.application.opening import FollowedRoot
from adapters.application.readiness import log_ahead
from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.cli.verifying import verdict
from adapters.engines.choice import image_stores
from adapters.ports.clock import utc_now
from adapters.ports.engines import Engines
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import Fault
from adapters.settings.config import Config
from adapters.wording.figures import minute
from domain.decisions import clock_is_behind
from projections.quota_state import QuotaState

EARLIEST_PLAUSIBLE = "2025-01-01T00:00:00.000000Z"
"""Before this there was no Abby: a clock that shows less has not been set."""
LATEST_PLAUSIBLE = "2100-01-01T00:00:00.000000Z"


def whole(config: Config, engine: EventLogEngine) -> tuple[list[Finding], QuotaState | None]:
    """The finding on the log, and what it says of quotas, where it can be read."""
    root = config.storage.storage_root
    if not engine.exists(root):
        return [ok("log", f"There is no log {engine.location(root).log} yet; the first start makes it.")], None
    try:
        report = engine.verify(root)
        if not report.is_whole:
            return [fail("log", verdict(report), "Run `abby verify` to see more.")], None
        with closing(FollowedRoot(root, engines=Engines(engine, image_stores()), clock=utc_now)) as followed:
            state = followed.projector.state
    except Fault as fault:
        return [fail("log", str(fault), "Run `abby verify` to see more.")], None
    if report.torn_bytes:
        return [warn("log", verdict(report), "If nothing writes at the moment, start the service once.")], state
    return [ok("log", verdict(report))], state


def clock_shows(now: str, state: QuotaState | None) -> Finding:
    """Whether the clock can be right, and whether the log has seen a later time."""
    shown = f"The clock shows {minute(now)}"
    if not EARLIEST_PLAUSIBLE <= now <= LATEST_PLAUSIBLE:
        return fail("clock", f"{shown}, which cannot be right.", "Set the clock, or let the system set it (NTP).")
    if state is None or state.position == 0:
        return ok("clock", f"{shown}.")
    if clock_is_behind(state, now):
        return fail(
            "clock",
            f"{shown}, more than a day before the log's last event ({minute(state.last_at)}): commands are refused.",
            "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock.",
        )
    if ahead := log_ahead(state.last_at, now):
        return warn("clock", *ahead)
    return ok("clock", f"{shown}; the last event of the log is of {minute(state.last_at)}.")
