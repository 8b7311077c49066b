"""`abby audit --repair`: what would be mended, and with `--yes` is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.audit.comparison import audit as compare
from adapters.audit.repair import Action, Mend, Repair, plan
from adapters.audit.repair import repair as carry_out
from adapters.audit.report import Audit
from adapters.bootstrap.storage import files_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.progress import bar
from adapters.cli.proof.verifying import verdict
from adapters.cli.reach.access import log_of, refuse_without_log
from adapters.cli.reach.folders import refuse_bucket
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.engines.choice import POSTGRES_MODULE, choose_engines
from adapters.ledger.snapshot_proof import SnapshotFinding, verify_with_snapshots
from adapters.ports.clock import utc_now
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import LogDamaged, LogLocked
from adapters.settings.config import Config
from adapters.wording.figures import counted
from domain.names import malformed_user

MAX_MENDS_SHOWN = 50
"""Mends that are named to people; `--json` names all."""
BACKUP_FIRST = (
    "What would be recorded as gone may still be in a backup: its `contents-....jsonl` names each file's SHA-256, and "
    "`files` has the bytes under it. Put them back before --yes; the next backup has them no longer."
)
ADOPT_FIRST = "Images among them that are to be kept can be brought in first, with `abby adopt`."


def repair(invocation: Invocation, output: Output, user: str | None, *, yes: bool) -> int:
    """Shows what would be mended, or mends it. 0 where then nothing is left to be mended, else 1."""
    if user is not None and (sentence := malformed_user(user)):
        return output.refused(malformed(sentence))
    config = invocation.set_up()
    refuse_bucket(config, "audit --repair", "A running service finishes by itself what is left to be done there")
    refuse_without_log(config)
    root, engine = log_of(config)
    done = _mended(config, output, root, user) if yes else None
    audit, snapshots = _audited(output, root, engine, user)
    is_alone, is_shared = engine.holder(root) is None, config.log_keeper.module == POSTGRES_MODULE
    planned = plan(root.absolute(), audit, snapshots, is_alone=is_alone, is_shared=is_shared)
    answer = _answer(root, done or planned, planned, done=yes)
    output.answer(answer, lambda console: _print(console, done or planned, planned, answer))
    if not yes and (holder := engine.holder(root)) is not None:
        output.note(f"{_holder_in_words(holder.pid, holder.address)} writes this log: stop it before --yes.")
    return Exit.REFUSED if planned.mends else Exit.DONE


def _mended(config: Config, output: Output, root: Path, user: str | None) -> Repair:
    files = files_of(config)
    engines = choose_engines(config.log_keeper, files)
    try:
        with bar(output, "Mending") as progress:
            return carry_out(root, engines=engines, clock=utc_now, files=files, user=user, progress=progress)
    except LogLocked as locked:
        raise _stop_it_first(locked) from locked


def _audited(
    output: Output, root: Path, engine: EventLogEngine, user: str | None
) -> tuple[Audit, list[SnapshotFinding]]:
    with output.waiting("Verifying the log"):
        log, snapshots = verify_with_snapshots(engine, root)
    if (damage := log.damage) is not None:
        raise LogDamaged(verdict(log), position=damage.position, offset=damage.offset, looks_like=damage.looks_like)
    with bar(output, "Comparing files") as progress:
        return compare(root, log, engine=engine, user=user, progress=progress), snapshots


def _holder_in_words(pid: int | None, address: str | None) -> str:
    who = f"The service at {address}" if address else "Another program"
    return f"{who} (process {pid})" if pid else who


def _stop_it_first(locked: LogLocked) -> LogLocked:
    return LogLocked(
        f"{_holder_in_words(locked.pid, locked.address)} writes this log, and only its one writer may mend a root. "
        "Nothing was changed. Stop it, then run the command again; without --yes it shows what would be done, beside a "
        "running service too.",
        pid=locked.pid,
        address=locked.address,
    )


def _answer(root: Path, told: Repair, left: Repair, *, done: bool) -> dict[str, Any]:
    """What came of it, for programs: `left` are those that are there after it."""
    rows = [_row(mend) for mend in (*told.mends, *(left.mends if done else ())) if mend.action is Action.LEAVE]
    return {
        "done": done,
        "root": printable(root.absolute()),
        "agrees": not left.mends,
        "position": left.audit.position,
        "user": told.audit.user,
        "mends": [_row(mend) for mend in told.mends if mend.action is not Action.LEAVE],
        "left": list({row["file"]: row for row in rows}.values()),
    }


def _row(mend: Mend) -> dict[str, Any]:
    return {
        "kind": mend.kind,
        "file": printable(mend.path),
        "action": mend.action.value,
        "moved": [{"file": printable(one.path), "found": printable(one.found)} for one in mend.moved],
        "event": mend.event,
        "why": mend.why,
    }


def _print(console: Console, told: Repair, left: Repair, answer: Mapping[str, Any]) -> None:
    done = answer["done"]
    if not done:
        console.print("This only shows what would be done. Nothing was changed.", style="bold")
    _print_mends(console, told, done=done)
    _print_left(console, answer)
    mends = len(answer["mends"])
    if done:
        print_lines(console, f"Mended: {counted(mends, 'finding')}; left: {counted(len(answer['left']), 'finding')}.")
        if any(row["moved"] for row in answer["mends"]):
            print_lines(console, f"What was moved is in {answer['root']}/found; found.jsonl there lists it.")
    elif mends:
        print_lines(console, f"To mend {counted(mends, 'finding')}, stop the service and add --yes. {ADOPT_FIRST}")
        if any(mend.action is Action.RECORD for mend in told.mends):
            print_lines(console, BACKUP_FIRST)
    if not left.mends:
        print_lines(console, "Log and files agree; nothing is to be mended.", style="green")


def _print_mends(console: Console, told: Repair, *, done: bool) -> None:
    mends = [mend for mend in told.mends if mend.action is not Action.LEAVE]
    shown = table("Mended" if done else "To be mended", ("kind", "file", "is"), right=())
    for mend in mends[:MAX_MENDS_SHOWN]:
        what = mend.action.value
        if mend.action is Action.MOVE:
            what = f"moved to {mend.moved[0].found}" if mend.moved else "moved to found" if not done else "gone by now"
        elif mend.event is not None:
            what = f"{what}, at position {mend.event}"
        add_row(shown, mend.kind, printable(mend.path), printable(what))
    if mends:
        console.print(shown)
    if (more := len(mends) - MAX_MENDS_SHOWN) > 0:
        print_lines(console, f"and {more:,} more; --json names them all", "")


def _print_left(console: Console, answer: Mapping[str, Any]) -> None:
    by_reason: dict[str, list[str]] = {}
    for row in answer["left"]:
        by_reason.setdefault(row["why"] or "", []).append(f"{row['kind']}: {row['file']}")
    for reason, files in by_reason.items():
        print_lines(console, f"Left, {len(files):,}: {reason}", style="yellow")
        print_lines(console, *(f"    {file}" for file in files[:MAX_MENDS_SHOWN]))
        if (more := len(files) - MAX_MENDS_SHOWN) > 0:
            print_lines(console, f"    and {more:,} more; --json names them all")
