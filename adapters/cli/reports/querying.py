"""`abby query`: a question in SQL, its answer as a table, JSON, CSV or Parquet. It reads beside a running service."""

from __future__ import annotations

import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.progress import bar
from adapters.cli.reach.access import log_of
from adapters.cli.reports.formats import QueryFormat
from adapters.cli.reports.memory import bounded_memory
from adapters.cli.tables import add_row, print_lines, printable, table
from adapters.cli.written import InTheWay, Sent, new_file, refuse_target
from adapters.ports.event_log import FollowedLog
from adapters.reports.database import unwatched
from adapters.reports.querying import FILE_FORMATS, MOST_ROWS, NOT_VERIFIED, Answer, NotAnswered, ask, plain, write
from adapters.wording.figures import counted

ROWS_SHOWN = 1_000
COLUMNS_OF_EACH = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
READING = "Reading the log, MB"
NO_PARQUET = "Parquet is no text: name a file with --out."
NUMBERS = ("INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "DECIMAL", "FLOAT")


class Question(NamedTuple):
    """What is asked, in which form the answer is wanted, and where."""

    text: str | None
    file_format: QueryFormat
    out: Path | None

    @property
    def is_json(self) -> bool:
        """Whether standard output holds JSON alone."""
        return self.file_format is QueryFormat.JSON and self.out is None


def query(invocation: Invocation, output: Output, question: Question) -> int:
    """Answers; 2 where the question is none, or may not be asked."""
    if question.file_format is QueryFormat.PARQUET and question.out is None:
        return output.refused(malformed(NO_PARQUET))
    root, engine = log_of(invocation.set_up())
    with closing(engine.open_for_reading(root, at_end=True)) as log:
        output.doubted(log.doubt)
        try:
            if question.out is not None:
                refuse_target(question.out, root)
            if question.text is None:
                return _views(log, output)
            with bounded_memory():
                return _answer(log, output, question, root)
        except (NotAnswered, InTheWay) as error:
            return output.refused(malformed(str(error)))


def _answer(log: FollowedLog, output: Output, question: Question, root: Path) -> int:
    if question.file_format.value in FILE_FORMATS:
        return _file(log, output, question, root)
    with bar(output, READING) as progress:
        answer = ask(log, question.text or "", progress=progress)
    return _answered(log.head, output, question, answer, root)


def _file(log: FollowedLog, output: Output, question: Question, root: Path) -> int:
    """Writes the whole answer to its file, or to standard output."""
    text = question.text or ""
    if question.out is None:
        sent = Sent(sys.stdout)
        watched = nullcontext(unwatched) if sys.stdout.isatty() else bar(output, READING)  # not between the rows
        with watched as progress:
            kind, target = question.file_format.value, cast("BinaryIO", sent)
            write(log, text, kind, target, progress=progress, is_over=lambda: sent.is_over)
        sent.end()
        return Exit.DONE
    with new_file(question.out, root) as target, bar(output, READING) as progress:
        write(log, text, question.file_format.value, target, progress=progress)
    output.note(f"Written to {printable(question.out)}, as of position {log.head:,}. {NOT_VERIFIED}")
    return Exit.DONE


def _answered(position: int, output: Output, question: Question, answer: Answer, root: Path) -> int:
    data = described(position, answer)
    if question.out is not None:
        text = _as_text(answer) if question.file_format is QueryFormat.TABLE else _as_json(data)
        with new_file(question.out, root) as target:
            target.write(text.encode())
        output.note(f"Written to {printable(question.out)}, as of position {position:,}. {NOT_VERIFIED}")
        return Exit.DONE
    output.answer(data, lambda console: _print(console, answer))
    if answer.is_cut:
        output.note(f"The answer has more than {MOST_ROWS:,} rows; --format csv or parquet gives all.")
    return Exit.DONE


def described(position: int, answer: Answer) -> dict[str, Any]:
    """The answer for programs."""
    names = [name for name, _ in answer.columns]
    return {
        "position": position,
        "columns": [{"name": name, "type": kind} for name, kind in answer.columns],
        "rows": [dict(zip(names, map(plain, row), strict=True)) for row in answer.rows],
        "is_cut": answer.is_cut,
        "is_verified": False,
    }


def _as_json(data: dict[str, Any]) -> str:
    import json

    return json.dumps(data) + "\n"


def _as_text(answer: Answer) -> str:
    console = Console(width=100_000, record=True, file=open_nowhere(), highlight=False)
    _print(console, answer)
    return console.export_text()


def open_nowhere() -> Any:
    """What is written there is not kept."""
    from io import StringIO

    return StringIO()


def _print(console: Console, answer: Answer) -> None:
    right = [name for name, kind in answer.columns if kind.split("(")[0] in NUMBERS]
    made = table("", [name for name, _ in answer.columns], right=right)
    for row in answer.rows[:ROWS_SHOWN]:
        add_row(made, *map(_cell, row))
    console.print(made)
    if (more := len(answer.rows) - ROWS_SHOWN) > 0:
        print_lines(console, f"and {counted(more, 'row')} more; --format json, csv or parquet gives them.")
    print_lines(console, NOT_VERIFIED)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    shown = plain(value)
    return printable(shown if isinstance(shown, str) else str(shown))


def _views(log: FollowedLog, output: Output) -> int:
    """The views with their columns."""
    answer = ask(log, COLUMNS_OF_EACH)

    def show(console: Console) -> None:
        made = table("Views; docs/queries.md describes them", ("view", "columns"))
        names: dict[str, list[str]] = {}
        for view, column, _ in answer.rows:
            names.setdefault(view, []).append(column)
        for view, columns in names.items():
            add_row(made, view, ", ".join(columns))
        console.print(made)

    output.answer(described(log.head, answer), show)
    return Exit.DONE
