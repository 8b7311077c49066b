"""`abby audit --report`, `--since` and `--verify`: an audit that stands up elsewhere, and later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from rich.console import Console

from adapters.audit.figures import Figures
from adapters.audit.report import Audit
from adapters.audit.signed_report import SignedReport, not_grown, read_report, say, signed
from adapters.audit.signing_keys import SigningKey, known_key, own_key, public_key, signing_key
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.cli.written import new_file, refuse_target
from adapters.disk.files import Files
from adapters.ledger.snapshot_proof import SnapshotFinding, verify_with_snapshots
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import utc_now
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import Fault, LogDamaged
from adapters.ports.log_reports import LogReport
from adapters.wording.figures import counted, minute, size_in_words

MAX_USERS_SHOWN = 50
"""Users that are named to people; `--json` names all."""

NOT_GENUINE = "NOT_GENUINE"
"""The reason why programs are refused a report."""


class NotBelieved(Exception):
    """A former report is not believed, as a sentence; what the log is was not looked at."""


def verify_report(invocation: Invocation, output: Output, path: Path, key: Path | None) -> int:
    """Tells whether a report was signed with the key that is known; 1 where not. The log is not looked at."""
    root = invocation.set_up().storage.storage_root
    report = read_report(path)
    known = public_key(key) if key is not None else known_key(root)
    if (why := _doubt(report, known, path)) is not None:
        return output.refused(not_believed(why))
    answer = {"valid": True, "key": report.key, "report": report.said}
    output.answer(answer, lambda console: _print(console, report))
    return Exit.DONE


def not_believed(why: object) -> Refused:
    """What is told of a report that is not believed."""
    return Refused(NOT_GENUINE, str(why), Exit.REFUSED)


def _doubt(report: SignedReport, known: str | None, path: Path) -> str | None:
    """Why a report is not to be believed, as a sentence; None where it is."""
    if not report.is_signed:
        return f"The signature of {printable(path)} does not fit: it was changed after it was written, or cut off."
    if known is None:
        return (
            f"{printable(path)} is signed with the key {report.key}, and nothing here says whose that is. Name the "
            "public key of the root that wrote it, with --key."
        )
    if report.key != known:
        return f"{printable(path)} is signed with the key {report.key}, and the one that is known is {known}."
    return None


class Vouched:
    """What an audit is asked beside its findings: whether the log has only grown since a report, and a new report."""

    def __init__(self, root: Path, *, report: Path | None, since: Path | None, key: Path | None) -> None:
        """Raises InTheWay where the new report cannot be written, NotBelieved, and what reading the former one does."""
        self._root = root
        self._path = report
        self._since = None if since is None else read_report(since)
        self._key = key
        self._figures: Figures | None = None
        if report is not None:
            refuse_target(report, root, replacing=_is_former(report))
        if since is not None and self._since is not None:
            self._refuse(since, self._since)

    def _refuse(self, path: Path, report: SignedReport) -> None:
        known = public_key(self._key) if self._key is not None else known_key(self._root)
        if (why := _doubt(report, known, path)) is not None:
            raise NotBelieved(f"{why} So nothing can be said of the log since then.")

    def verified(self, engine: EventLogEngine, points: bytes = b"") -> tuple[LogReport, list[SnapshotFinding]]:
        """The log read as a whole. Raises LogDamaged where it has not only grown since the former report."""
        mark = engine.verify(self._root, at_end=True).watermark if self._path is not None else None
        self._figures = None if mark is None else Figures(mark)
        marks = [] if mark is None else [mark]
        if self._since is not None:
            marks.append(self._since.position)
        beside = None if self._figures is None else self._figures.take
        with collecting_no_garbage():
            log, snapshots = verify_with_snapshots(engine, self._root, points=points, marks=marks, beside=beside)
        if log.damage is None and self._since is not None:
            engine.refuse_damage(self._root, not_grown(self._since, log))
        return log, snapshots

    def write(self, done: Audit, snapshots: Sequence[SnapshotFinding], files: Files) -> dict[str, Any] | None:
        """Writes the report that was asked for, and tells what it is. Raises InTheWay."""
        if self._path is None:
            return None
        if self._figures is None or not done.log.marked:
            raise LogDamaged(
                "The log has no watermark beside it, so nothing can be vouched for, and no report is made."
            )
        key = self._signing_key(files)
        said = say(done, done.log.marked[0], self._figures.told(), snapshots, utc_now())
        _put(self._path, signed(said, key), self._root)
        return {
            "file": printable(self._path),
            "position": said["position"],
            "hash": said["hash"],
            "key": key.public,
        }

    def sentences(self, done: Audit, written: dict[str, Any] | None) -> list[str]:
        """A sentence on each, for people."""
        grown = self.grown(done)
        found = [] if grown is None else [grown]
        if written is not None:
            found.append(
                f"Report of position {written['position']} written to {written['file']}, signed with the key "
                f"{written['key']}."
            )
        return found

    def grown(self, done: Audit) -> str | None:
        """A sentence on what came since the former report."""
        if self._since is None:
            return None
        more = counted(done.log.positions - self._since.position, "event")
        return f"The log has only grown since the report of {minute(self._since.said['at'])}: {more} more."

    def described(self, done: Audit, written: dict[str, Any] | None) -> dict[str, Any]:
        """The same for programs: how far the log has grown, and the report that was written."""
        since = None if self._since is None else self._since.said
        return {
            "since": since
            and {
                "grown": True,
                "at": since["at"],
                "position": since["position"],
                "more": done.log.positions - since["position"],
            },
            "report": written,
        }

    def _signing_key(self, files: Files) -> SigningKey:
        return own_key(self._root, files) if self._key is None else signing_key(self._key)


def _is_former(path: Path) -> bool:
    """Whether a former report stands at a path: what a new one may take the place of, and nothing else."""
    if path.is_symlink():
        return False
    try:
        read_report(path)
    except Fault:
        return False
    return True


def _put(path: Path, stored: bytes, root: Path) -> None:
    """Writes a report, whole or not at all; in the place of a former one alone. Raises InTheWay, StorageUnavailable."""
    if not _is_former(path):
        with new_file(path, root) as target:
            target.write(stored)
        return
    in_making = path.with_name(f".{path.name[:40]}.{token_hex(4)}")
    with new_file(in_making, root) as target:
        target.write(stored)
    in_making.replace(path)


def _print(console: Console, report: SignedReport) -> None:
    said: dict[str, Any] = report.said
    print_lines(console, f"The report is genuine: signed with the key {report.key}.", style="green")
    print_lines(
        console,
        f"Written    {minute(said['at'])}",
        f"Log        {said['log']}, begun {minute(said['created'])}",
        f"Position   {said['position']}, {counted(said['size'], 'byte')}",
        f"Last hash  {said['hash']}",
        f"Pool       {size_in_words(said['pool']['used_bytes'])}, {size_in_words(said['pool']['held_bytes'])} held",
        f"Findings   {'none' if said['agrees'] else ', '.join(f'{kind} {n}' for kind, n in said['findings'].items())}",
    )
    sizes = ("images", "size", "temp files", "held", "generations")
    shown = table("Users", ("user", *sizes, "day"), right=sizes)
    for user, has in list(said["users"].items())[:MAX_USERS_SHOWN]:
        figures = (str(has["images"]), size_in_words(has["image_bytes"]), str(has["temp_files"]))
        add_row(shown, user, *figures, size_in_words(has["held_bytes"]), str(has["generations"]), str(has["day"] or ""))
    if said["users"]:
        console.print(shown)
    if (more := len(said["users"]) - MAX_USERS_SHOWN) > 0:
        print_lines(console, f"and {more:,} more; --json names them all")
