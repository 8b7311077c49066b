"""What the database says that keeps the log: whether it answers, what the account may do there, what its commits wait
for, what its clock shows, and how far the copy on this machine is.
"""

from __future__ import annotations

from typing import assert_never

from adapters.bootstrap.storage import limits_of_others
from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.engines.choice import examine_database
from adapters.ports.database_found import CopyFound, DatabaseFound, Replication, Way
from adapters.ports.faults import ConfigError, StorageUnavailable
from adapters.settings.config import Config
from adapters.wording.sharing import others_write
from projections.quota_state import QuotaState

NOTICED_SECONDS = 1.0
"""So far apart clocks are worth a word: the log's times are those of whoever records, and never go back."""
SLOW_SECONDS = 0.02
"""Each batch takes some five round trips."""


def database(config: Config, state: QuotaState | None) -> list[Finding]:
    """All findings; none where the log is in no database. The password is in none of them. `state` is what the log
    says, where it could be read.
    """
    try:
        found = examine_database(config.log_keeper, config.storage.storage_root)
    except ConfigError as wrong:
        return [fail("database", str(wrong), "Nothing starts before that.")]
    except StorageUnavailable as fault:
        return [fail("database", str(fault), "Nothing is recorded before that; what was recorded can be read.")]
    if found is None:
        return []
    return [
        _answers(found),
        _goes(found.way),
        _may(found),
        *_waits(found.replication),
        _clock(found.ahead_seconds),
        _copy(found.copy),
        *_limits(config, state, found.others),
    ]


def _answers(found: DatabaseFound) -> Finding:
    told = (
        f"PostgreSQL {found.version} takes writes in {found.place}; a round trip takes "
        f"{found.round_trip_seconds * 1000:.1f} ms."
    )
    if found.round_trip_seconds > SLOW_SECONDS:
        return warn("database", told, "Move the service nearer to it: each batch takes some five round trips.")
    return ok("database", told)


def _goes(way: Way) -> Finding:
    match way:
        case Way.HERE:
            return ok("encryption", "The database is on this machine.")
        case Way.ENCRYPTED:
            return ok("encryption", "The session is encrypted.")
        case Way.IN_CLEAR:
            told = (
                "The session is not encrypted: whoever is between can read the log, and change what is asked and told."
            )
            advice = "Set PGSSLMODE=verify-full and PGSSLROOTCERT in the environment of each process (docs/scaling.md)."
            return warn("encryption", told, advice)
    assert_never(way)


def _may(found: DatabaseFound) -> Finding:
    if found.lacking:
        what = "write the log" if found.is_begun else "make the log's tables"
        statements = " ".join(f"{statement};" for statement in found.lacking)
        return fail("privileges", f"The account may not do all that it needs to {what}.", f"Let it: {statements}")
    if found.is_begun:
        return ok("privileges", "The account may read the log, append to it, and lock it for that.")
    return ok("privileges", "There is no log yet; the account may make its tables, and the first start does.")


def _waits(found: Replication) -> list[Finding]:
    findings = []
    if not found.is_synced or found.synchronous_commit == "off":
        name = "synchronous_commit" if found.is_synced else "fsync"
        told = f"{name} is off: a commit is told before it is on the disk, and a crash may lose what was acknowledged."
        findings.append(warn("durability", told, f"Set {name} = on in the server's postgresql.conf."))
    if not found.waits_for:
        told = "No commit waits for a standby: what was recorded last is lost with the server's disk."
        return [*findings, ok("replication", f"{told} docs/scaling.md says how one is set up.")]
    told = f"Commits wait for {found.waits_for} (synchronous_commit = {found.synchronous_commit})"
    if found.waited_for is None:
        return [*findings, ok("replication", f"{told}; whether they follow, this account may not see.")]
    if not found.waited_for:
        advice = "Start the standby, or take it out of synchronous_standby_names if it is gone for good."
        return [*findings, fail("replication", f"{told}, and none of them follows: nothing can be recorded.", advice)]
    if found.synchronous_commit == "local":
        advice = "Set synchronous_commit = remote_apply for the account or the server."
        return [*findings, warn("replication", f"{told}, which waits for no standby after all.", advice)]
    return [*findings, ok("replication", f"{told}; {found.waited_for} of them follow.")]


def _clock(ahead_seconds: float) -> Finding:
    if abs(ahead_seconds) < NOTICED_SECONDS:
        return ok("database clock", "The database's clock and this machine's show the same.")
    which = "ahead of" if ahead_seconds > 0 else "behind"
    told = f"The database's clock is {abs(ahead_seconds):.1f} seconds {which} this machine's."
    return warn("database clock", told, "Set both by NTP: a day ends when the first of all machines says so.")


def _limits(config: Config, state: QuotaState | None, others: int) -> list[Finding]:
    """Whether the next start here would change limits under others that run; nothing where there are none."""
    if state is None or not others:
        return []
    write = others_write(others).capitalize()
    if differing := limits_of_others(config, state):
        advice = "Give every process the same limits in its settings: each start takes in its own, for all of them."
        told = f"{write} the same log, and a start here changes the limits of all. {' '.join(differing)}"
        return [warn("shared limits", told, advice)]
    return [ok("shared limits", f"{write} the same log; a start with the settings here changes no limit.")]


def _copy(found: CopyFound) -> Finding:
    if found.is_of_it is None:
        return ok("copy", f"There is no copy below this root yet; a start makes it, up to position {found.behind:,}.")
    if not found.is_of_it:
        told = f"The database does not hold what the copy below this root does at position {found.position:,}."
        advice = "Connect to the one that has it; docs/scaling.md says what to do where that is lost."
        return fail("copy", told, advice)
    if found.behind:
        return ok("copy", f"The copy holds all up to position {found.position:,}, {found.behind:,} behind.")
    return ok("copy", f"The copy holds all that was recorded, up to position {found.position:,}.")
