"""`abby audit`: whether every file of the log is there with the bytes that were recorded, and no other file is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.application.adoption_mark import adopt_command
from adapters.audit.comparison import OnProgress
from adapters.audit.comparison import audit as compare
from adapters.audit.object_comparison import audit_objects
from adapters.audit.report import Audit, Finding, FindingKind
from adapters.bootstrap.storage import files_of
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.progress import bar
from adapters.cli.proof.repairing import repair
from adapters.cli.proof.verifying import described, seals_if_any, told, verdict
from adapters.cli.proof.vouching import NotBelieved, Vouched, not_believed, verify_report
from adapters.cli.reach.access import log_of
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.cli.written import InTheWay
from adapters.engines.choice import objects_of
from adapters.ledger.snapshot_proof import SnapshotFinding, refused_snapshots, verify_with_snapshots
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import LogDamaged, StorageUnavailable
from adapters.ports.log_reports import LogReport
from adapters.ports.object_place import ObjectStoreError
from adapters.settings.config import Config
from adapters.wording.figures import counted, size_in_words
from domain.names import malformed_user

MAX_FINDINGS_SHOWN = 50
"""Findings that are named to people; `--json` names all."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for: of one user alone, only to be looked at or to be mended."""

    user: str | None = None
    repair: bool = False
    yes: bool = False
    report: Path | None = None
    since: Path | None = None
    verify: Path | None = None
    key: Path | None = None

    def refuse(self) -> str | None:
        """Why these options do not go together, as a sentence; None where they do."""
        if self.yes and not self.repair:
            return "--yes is for --repair: without that nothing is changed."
        if self.repair and (self.report or self.since):
            return "--repair goes with neither --report nor --since. Mend first, then write the report."
        if self.user is not None and (self.report or self.since):
            return "--report and --since are of the whole log. Leave --user out."
        if self.verify is not None and (self.repair or self.report or self.since or self.user is not None):
            return "--verify looks at a report alone; it goes with --key and nothing else."
        if self.key is not None and not (self.verify or self.report or self.since):
            return "--key is for --report, --since and --verify."
        return None


def asked(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Does what the options ask for; gives the exit code."""
    if (sentence := wanted.refuse()) is not None:
        return output.refused(malformed(sentence))
    if wanted.repair:
        return repair(invocation, output, wanted.user, yes=wanted.yes)
    if wanted.verify is not None:
        return verify_report(invocation, output, wanted.verify, wanted.key)
    try:
        return audit(invocation, output, wanted)
    except InTheWay as error:
        return output.refused(malformed(str(error)))


def audit(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Verifies the log, compares it with the files, and tells what came of it; 1 where something was found. For one
    user only the lines of that user are read.
    """
    user = wanted.user
    if user is not None and (sentence := malformed_user(user)):
        return output.refused(malformed(sentence))
    config = invocation.set_up()
    root, engine = log_of(config)
    vouched = None
    if wanted.report or wanted.since:
        try:
            vouched = Vouched(root, report=wanted.report, since=wanted.since, key=wanted.key)
        except NotBelieved as why:
            return output.refused(not_believed(why))
    with output.waiting("Verifying the log"):
        points, unread = seals_if_any(config.storage.seal_file)
        log, snapshots = vouched.verified(engine, points) if vouched else _verified(engine, root, user, points)
    if (damage := log.damage) is not None:
        raise LogDamaged(verdict(log), position=damage.position, offset=damage.offset, looks_like=damage.looks_like)
    with bar(output, "Comparing files") as progress:
        done = _compared(config, log, user, progress)
    written = None if vouched is None else vouched.write(done, snapshots, files_of(config))
    beside = {"since": None, "report": None} if vouched is None else vouched.described(done, written)
    answer = {**_answer(done, snapshots, _command(invocation, root, done)), **beside}
    output.answer(answer, lambda console: _print(console, done, snapshots, answer))
    for said in () if vouched is None else vouched.sentences(done, written):
        output.note(said)
    if unread is not None:
        output.note(unread)
    if user is not None and not done.images + done.temp_files:
        output.note(f"No file of {user} stands by the log.")
    return Exit.DONE if done.agrees and not snapshots else Exit.REFUSED


def _compared(config: Config, log: LogReport, user: str | None, progress: OnProgress) -> Audit:
    """What comes of comparing the log with the files of images, or with their objects."""
    root, engine = log_of(config)
    if config.objects is None:
        return compare(root, log, engine=engine, user=user, progress=progress)
    try:
        return audit_objects(
            root,
            log,
            engine=engine,
            objects=objects_of(config.objects),
            now=datetime.now(UTC),
            user=user,
            progress=progress,
        )
    except ObjectStoreError as error:
        raise StorageUnavailable(f"{error.sentence} {error.advice}") from error


def _verified(
    engine: EventLogEngine, root: Path, user: str | None, points: bytes
) -> tuple[LogReport, list[SnapshotFinding]]:
    """What the log is, and its snapshots; for one user the log is read at its end, and no state compared."""
    if user is not None:
        return engine.verify(root, at_end=True, points=points), refused_snapshots(engine, root)
    with collecting_no_garbage():
        return verify_with_snapshots(engine, root, points=points)


def _command(invocation: Invocation, root: Path, done: Audit) -> str | None:
    """The command that brings untracked images in, None where there are none."""
    if not any(finding.can_be_adopted for finding in done.findings):
        return None
    env_file = invocation.env_file
    options = () if env_file is None else ("--env-file", str(env_file.absolute()))
    root = root.absolute()
    return printable(adopt_command(root, root, *options))


def _answer(done: Audit, snapshots: Sequence[SnapshotFinding], command: str | None) -> dict[str, Any]:
    """The report for programs."""
    return {
        "agrees": done.agrees,
        "log": described(done.log, snapshots),
        "position": done.position,
        "user": done.user,
        "images": done.images,
        "temp_files": done.temp_files,
        "size_bytes": done.size_bytes,
        "findings": _rows(done.findings),
        "passing": _rows(done.passing),
        "command": command,
    }


def _rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "kind": finding.kind.value,
            "file": printable(finding.path),
            "user": finding.user,
            "position": finding.position,
            "meaning": finding.meaning,
        }
        for finding in findings
    ]


def _print(console: Console, done: Audit, snapshots: Sequence[SnapshotFinding], answer: Mapping[str, Any]) -> None:
    log = done.log
    print_lines(
        console,
        verdict(log),
        f"Watermark  {'none' if log.watermark is None else f'position {log.watermark}'}",
        f"Last hash  {log.digest}",
        f"Compared   as of position {done.position}",
    )
    for sentence in told(snapshots):
        print_lines(console, sentence, style="bold red")
    _print_findings(console, done.findings)
    if done.passing:
        print_lines(console, "Beside that, and no disagreement:")
        _print_meanings(console, done.passing)
    if answer["command"] is not None:
        print_lines(console, "To bring foreign images in, stop the service and run (without --yes it only shows):")
        print_lines(console, "", f"  {answer['command']}", "")
    of = "" if done.user is None else f" of {done.user}"
    whole = f"{counted(done.images, 'image')} and {counted(done.temp_files, 'temp file')}{of}"
    if done.agrees:
        print_lines(
            console,
            f"Log and files agree: {whole} ({size_in_words(done.size_bytes)}) have the bytes that were recorded.",
            style="green",
        )
    else:
        found = counted(len(done.findings), "finding")
        sentence = f"Log and files do not agree: {found}; by the log stand {whole}. Nothing was changed."
        print_lines(console, sentence, style="bold red")


def _print_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    if not findings:
        return
    shown = table("Found", ("kind", "file", "recorded at"), right=("recorded at",))
    for finding in findings[:MAX_FINDINGS_SHOWN]:
        position = "" if finding.position is None else str(finding.position)
        add_row(shown, finding.kind.value, printable(finding.path), position)
    console.print(shown)
    if (more := len(findings) - MAX_FINDINGS_SHOWN) > 0:
        print_lines(console, f"and {more:,} more; --json names them all", "")
    _print_meanings(console, findings)


def _print_meanings(console: Console, findings: tuple[Finding, ...]) -> None:
    """Each kind and meaning once, with how often it was found."""
    counts = Counter((finding.kind, finding.meaning) for finding in findings)
    for kind, meaning in sorted(counts, key=lambda found: list(FindingKind).index(found[0])):
        print_lines(console, f"{kind.value}, {counts[kind, meaning]:,}: {meaning}", style="yellow")
