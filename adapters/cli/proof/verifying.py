"""`abby verify`: whether the log is whole, read from its first byte to its last, beside a running service too: every
hash, and every event as a start would take it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.cli.reach.access import log_of
from adapters.ledger.snapshot_proof import SnapshotFinding, verify_with_snapshots
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.faults import StorageUnavailable
from adapters.ports.log_reports import LogReport
from adapters.wording.figures import counted, minute

WITHOUT_WATERMARK = (
    "There is no watermark beside it, logs/head, so nobody can see whether its end is missing, and a service does not "
    "start with it. Put the head of the same copy beside it; without one, `abby salvage --to DIR` writes a new log of "
    "what is there."
)


def verify_log(invocation: Invocation, output: Output, seals: Path | None) -> int:
    """Tells what the log is; the exit code says whether it is whole."""
    config = invocation.set_up()
    root, engine = log_of(config)
    seals = seals or config.storage.seal_file
    with collecting_no_garbage():
        report, snapshots = verify_with_snapshots(engine, root, points=seals_kept(seals))
    output.answer(described(report, snapshots), lambda console: _print(console, report, snapshots))
    if not report.is_whole:
        return Exit.DATA
    return Exit.REFUSED if snapshots else Exit.DONE


def seals_kept(seals: Path | None) -> bytes:
    """What stands in a file of seals. Raises StorageUnavailable."""
    if seals is None:
        return b""
    try:
        return seals.read_bytes()
    except OSError as error:
        raise StorageUnavailable(
            f"The seals {seals} cannot be read ({error.strerror or error}), so nothing was compared with them. Name "
            "their file with --seals, or set SEAL_FILE."
        ) from error


def seals_if_any(seals: Path | None) -> tuple[bytes, str | None]:
    """What stands in SEAL_FILE, for who looks at more than that; else a sentence on why nothing does."""
    try:
        return seals_kept(seals), None
    except StorageUnavailable as unavailable:
        return b"", str(unavailable)


def described(report: LogReport, snapshots: Sequence[SnapshotFinding]) -> Mapping[str, Any]:
    """The report for programs, with the snapshots that are not what the log says."""
    damage = report.damage
    return {
        "whole": report.is_whole,
        "log": report.location,
        "log_id": report.log_id,
        "created": report.created,
        "positions": report.positions,
        "batches": report.batches,
        "hash": report.digest,
        "size_bytes": report.size_bytes,
        "watermark": report.watermark,
        "reconciled": report.reconciled,
        "torn_bytes": report.torn_bytes,
        "unread": report.unread,
        "sealed": report.is_sealed,
        "after_seal": report.after_seal,
        "snapshots": [
            {"file": found.location, "what": found.what, "believed": found.is_believed} for found in snapshots
        ],
        "damage": None if damage is None else damage._asdict(),
    }


def verdict(report: LogReport) -> str:
    """One sentence on what was found, and where it is not good, what to do."""
    if (damage := report.damage) is not None:
        words = f"{damage.likeness}{damage.in_words('The log')}"
        return f"{words} Before either, stop what writes it and copy the folder `logs` away."
    read = f"{counted(report.positions, 'event')} in {counted(report.batches, 'batch', 'batches')}"
    whole = f"The log is whole: {read}, every hash fits."
    if report.unread:
        after = counted(report.positions - report.unread, "event")
        whole = (
            f"The log was read from position {report.unread:,} on: {after} after it, every hash fits. What is before "
            "was not read as a whole; `abby verify` does that."
        )
    if (more := report.after_seal) and report.is_sealed:
        whole = (
            f"{whole} {counted(more, 'event')} of them stand after the last seal: written in the last second of a "
            "service that runs or was killed, or added by somebody else; their hashes alone do not say which."
        )
    if report.watermark is None and report.positions:
        whole = f"{whole} {WITHOUT_WATERMARK}"
    if report.torn_bytes:
        then = "" if report.watermark is None and report.positions else "; the next start sets them aside"
        return (
            f"{whole} After them stand {counted(report.torn_bytes, 'byte')} of a batch that is not whole: being "
            f"written now, or left by a crash and never acknowledged{then}."
        )
    return whole


SEALS = {True: "made with logs/.key", False: "none yet; the next start makes it", None: "not looked at"}


def told(snapshots: Sequence[SnapshotFinding]) -> list[str]:
    """A sentence for each snapshot that is not what the log says."""
    return [found.in_words() for found in snapshots]


def _print(console: Console, report: LogReport, snapshots: Sequence[SnapshotFinding]) -> None:
    console.print(verdict(report), style="green" if report.is_whole else "bold red", markup=False)
    console.print(
        f"Log        {report.location}",
        f"Id         {report.log_id}, begun {minute(report.created)}",
        f"Size       {counted(report.size_bytes, 'byte')}",
        f"Watermark  {'none' if report.watermark is None else f'position {report.watermark}'}",
        f"Seal       {SEALS[report.is_sealed]}",
        f"Last hash  {report.digest}",
        sep="\n",
        markup=False,
        soft_wrap=True,
    )
    for sentence in told(snapshots):
        console.print(sentence, style="bold red", markup=False, soft_wrap=True)
