"""`abby report`: what was made, refused, stored and paid for, as a table, a file for programs, a page or a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.progress import bar
from adapters.cli.reach.access import log_of
from adapters.cli.reports.formats import ReportFormat, ReportKey
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.cli.written import InTheWay, new_file, refuse_target, send_bytes
from adapters.ports.clock import utc_now
from adapters.reports.page import as_page
from adapters.reports.pictures import png, svg
from adapters.reports.querying import NOT_VERIFIED, NotAnswered
from adapters.reports.reporting import OVER_TIME, Report, Terms
from adapters.reports.reporting import report as tell
from adapters.reports.wording import COLUMNS, as_csv, as_markdown, cells, described, in_words, notes
from adapters.wording.figures import counted
from domain.instants import day_of

ROWS_SHOWN = 62
READING = "Reading the log, MB"
GROUPS = (
    ("asked", "made", "kept"),
    ("failed", "moderated", "other"),
    ("refused_daily", "refused_window", "refused_user", "refused_pool", "exceeded"),
    ("growth_bytes", "credits"),
    ("median_seconds", "p95_seconds"),
)
"""Columns that stay beside each other in a narrow terminal."""
NO_TEXT = "A PNG is no text: name a file with --out."
NOTHING_YET = "The log has no generation in that time."


class Wanted(NamedTuple):
    """By what a report is told, of how many days, in which form, and where."""

    by: ReportKey
    days: int | None
    file_format: ReportFormat
    out: Path | None

    @property
    def is_json(self) -> bool:
        """Whether standard output holds JSON alone."""
        return self.file_format is ReportFormat.JSON and self.out is None


FILES: Mapping[ReportFormat, Callable[[Report], bytes]] = MappingProxyType(
    {
        ReportFormat.CSV: lambda told: as_csv(told).encode(),
        ReportFormat.MARKDOWN: lambda told: as_markdown(told).encode(),
        ReportFormat.HTML: lambda told: as_page(told).encode(),
        ReportFormat.SVG: svg,
        ReportFormat.PNG: png,
    }
)


def report(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Tells the figures, or writes them."""
    if wanted.file_format is ReportFormat.PNG and wanted.out is None:
        return output.refused(malformed(NO_TEXT))
    root, engine = log_of(invocation.set_up())
    try:
        if wanted.out is not None:
            refuse_target(wanted.out, root)
        with (
            closing(engine.open_for_reading(root, at_end=True)) as log,
            bar(output, READING) as progress,
        ):
            told = tell(log, Terms(wanted.by.value, wanted.days, day_of(utc_now())), progress)
        output.doubted(log.doubt)
        return _given(output, wanted, told, root)
    except (NotAnswered, InTheWay) as error:
        return output.refused(malformed(str(error)))


def _given(output: Output, wanted: Wanted, told: Report, root: Path) -> int:
    if wanted.out is None and wanted.file_format not in FILES:
        output.answer(described(told), lambda console: _print(console, told))
        return Exit.DONE
    data = FILES.get(wanted.file_format, _as_text(wanted.file_format))(told)
    if wanted.out is None:
        send_bytes(sys.stdout, data)
        return Exit.DONE
    with new_file(wanted.out, root) as target:
        target.write(data)
    output.note(f"Written to {printable(wanted.out)}, as of position {told.position:,}. {NOT_VERIFIED}")
    return Exit.DONE


def _as_text(file_format: ReportFormat) -> Callable[[Report], bytes]:
    """JSON and tables as files."""

    def written(told: Report) -> bytes:
        import json
        from io import StringIO

        if file_format is ReportFormat.JSON:
            return (json.dumps(described(told)) + "\n").encode()
        made = StringIO()
        _print(Console(file=made, width=200, highlight=False), told)
        return made.getvalue().encode()

    return written


def _print(console: Console, told: Report) -> None:
    if not told.rows:
        print_lines(console, NOTHING_YET, in_words(told.forecast), NOT_VERIFIED)
        return
    made = table(
        f"{told.first_day} to {told.last_day}, by {told.by}",
        (told.by, *COLUMNS.values()),
        right=COLUMNS.values(),
        groups=[[COLUMNS[name] for name in group] for group in GROUPS],
    )
    rows = told.rows[-ROWS_SHOWN:] if told.by in OVER_TIME else _busiest(told)
    for row in (*rows, {**told.total, "key": "all"}):
        add_row(made, printable(row["key"]), *cells(row))
    console.print(made)
    if (more := len(told.rows) - len(rows)) > 0:
        print_lines(console, f"and {counted(more, 'row')} more; --format csv or json has all.")
    print_lines(console, *notes(told), in_words(told.forecast), NOT_VERIFIED)


def _busiest(told: Report) -> list[dict[str, object]]:
    return sorted(told.rows, key=lambda row: (-row["asked"], row["key"]))[:ROWS_SHOWN]
