"""`abby verify`: whether the log is whole, read from its first byte to its last, beside a running service too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from adapters.cli.access import log_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.ports.event_log import LogReport
from adapters.wording.figures import counted

WITHOUT_WATERMARK = (
    "There is no watermark beside it, logs/head, so nobody can see whether its end is missing, and a service does not "
    "start with it. Put the head of the same copy beside it; without one, `abby salvage --to DIR` writes a new log of "
    "what is there."
)


def verify_log(invocation: Invocation, output: Output) -> int:
    """Tells what the log is; the exit code says whether it is whole."""
    root, engine = log_of(invocation.set_up())
    report = engine.verify(root)
    output.answer(described(report), lambda console: _print(console, report))
    return Exit.DONE if report.is_whole else Exit.DATA


def described(report: LogReport) -> Mapping[str, Any]:
    """The report for programs."""
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
        "damage": None if damage is None else damage._asdict(),
    }


def verdict(report: LogReport) -> str:
    """One sentence on what was found, and where it is not good, what to do."""
    if (damage := report.damage) is not None:
        return f"{damage.in_words('The log')} Before either, stop what writes it and copy the folder `logs` away."
    read = f"{counted(report.positions, 'event')} in {counted(report.batches, 'batch', 'batches')}"
    whole = f"The log is whole: {read}, every hash fits."
    if report.unread:
        after = counted(report.positions - report.unread, "event")
        whole = (
            f"The log was read from position {report.unread:,} on: {after} after it, every hash fits. What is before "
            "was not read as a whole; `abby verify` does that."
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


def _print(console: Console, report: LogReport) -> None:
    console.print(verdict(report), style="green" if report.is_whole else "bold red", markup=False)
    console.print(
        f"Log        {report.location}",
        f"Id         {report.log_id}, begun {report.created}",
        f"Size       {counted(report.size_bytes, 'byte')}",
        f"Watermark  {'none' if report.watermark is None else f'position {report.watermark}'}",
        f"Last hash  {report.digest}",
        sep="\n",
        markup=False,
        soft_wrap=True,
    )
