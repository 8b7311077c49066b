"""One question in SQL, asked of the views of a log; its answer as rows, or written as CSV or Parquet.

A question is one SELECT. That it reads the log alone is the database's business; that it is one, is looked at here, so
that whoever writes something else is told so in a sentence.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from adapters.ports.event_log import FollowedLog
from adapters.ports.faults import no_room_for
from adapters.reports.database import TARGET, OnProgress, damaged, database, unwatched
from adapters.reports.patience import never, patiently
from adapters.wording.figures import printable_lines
from domain.limits import MEGABYTE

if TYPE_CHECKING:
    import duckdb

NOT_VERIFIED = "The log's lines were not verified for this; `abby verify` does that."
"""Said once beside all figures, which come of the lines as they stand."""
MOST_ROWS = 100_000
"""Rows of an answer that is held in memory; CSV and Parquet have no bound."""
BATCH_ROWS = 1_000
MOST_BYTES = 128 * MEGABYTE
"""What the values of such an answer take in memory."""
FILE_FORMATS = {
    "csv": "(FORMAT csv, HEADER, USE_TMP_FILE false)",
    "parquet": "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)",
}
WHOLE_IN_PARQUET = "DECIMAL(38, 0)"
_WIDE = re.compile(r"\bHUGEINT\b")
MOST_SAID = 600
NO_SELECT = (
    "A query is one SELECT over the views; this is {}. It reads the log and nothing else, and changes nothing. "
    "`abby query` without a question shows the views."
)
TOO_LARGE = (
    "The question needs more memory than a query may have. Ask for fewer columns, fewer groups, or a part: "
    "`WHERE day >= '2026-11-01'`."
)
TOO_MUCH = (
    f"The answer is larger than the {MOST_BYTES // MEGABYTE} MB that are shown at once. Ask for fewer rows or columns, "
    "or write it to a file: `--format csv --out FILE`."
)


NOTHING_ELSE = "A query reads the log and nothing else: no other file, no address, no extension."
ASIDE = "Make room there, set TMPDIR to a folder on another disk, or ask for less."
_SENTENCE = re.compile(r"(?<=[.!?]) ")
_HINT = re.compile(r"\b(?:SET|RESET|INSTALL|LOAD|PRAGMA|ATTACH) \w|installing and loading|\bduckdb\.org\b", re.ASCII)


class NotAnswered(Exception):
    """The question cannot be answered; the message says why, in words for whoever asked."""


class Answer(NamedTuple):
    """The columns with their types, the rows, and whether there were more."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def ask(log: FollowedLog, question: str, *, most: int = MOST_ROWS, progress: OnProgress = unwatched) -> Answer:
    """The answer's first rows. Raises NotAnswered, ConfigError without the extra, LogDamaged."""
    with database(log, progress=progress) as made, told():
        return patiently(made, lambda: _asked(made, question, most))


def write(
    log: FollowedLog,
    question: str,
    file_format: str,
    target: BinaryIO,
    *,
    progress: OnProgress = unwatched,
    is_over: Callable[[], bool] = never,
) -> None:
    """Writes the whole answer, in one of FILE_FORMATS, or as much as came before it `is_over`. Raises as `ask` does."""
    with database(log, target=target, progress=progress) as made, told():
        import duckdb

        select = _one_select(made, question)
        exact = _exact(made, select) if file_format == "parquet" else select
        copied = f"COPY (\n{exact}\n) TO '{TARGET}' {FILE_FORMATS[file_format]}"
        with suppress(duckdb.InterruptException):  # nobody waits for the rest
            patiently(made, lambda: made.execute(copied), is_over)


def _asked(made: duckdb.DuckDBPyConnection, question: str, most: int) -> Answer:
    found = made.execute(_one_select(made, question))
    names = _distinct([column[0] for column in found.description])
    columns = tuple(zip(names, (str(column[1]) for column in found.description), strict=True))
    rows: list[tuple[Any, ...]] = []
    size_bytes = 0
    while len(rows) <= most and (more := found.fetchmany(min(BATCH_ROWS, most + 1 - len(rows)))):
        size_bytes += sum(_size_bytes(value) for row in more for value in row)
        if size_bytes > MOST_BYTES:
            raise NotAnswered(TOO_MUCH)
        rows += more
    return Answer(columns, rows[:most], len(rows) > most)


def _size_bytes(value: Any) -> int:
    """What a value takes in memory, about."""
    if isinstance(value, list | tuple):
        return sys.getsizeof(value) + sum(map(_size_bytes, value))
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(_size_bytes(one) for pair in value.items() for one in pair)
    return sys.getsizeof(value)


def plain(value: Any) -> Any:
    """A value as JSON has it: times as the log writes them, what JSON cannot say as null or text."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(float(value))
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value.hex() if isinstance(value, bytes) else str(value)


def _one_select(made: duckdb.DuckDBPyConnection, question: str) -> str:
    """The text of the one SELECT that a question is."""
    import duckdb

    found = made.extract_statements(question)
    if len(found) != 1:
        raise NotAnswered(NO_SELECT.format("none" if not found else f"{len(found)} statements"))
    (one,) = found
    if one.type != duckdb.StatementType.SELECT:
        raise NotAnswered(NO_SELECT.format(f"a statement of the kind {one.type.name}"))
    return str(one.query).strip().rstrip(";")


def _exact(made: duckdb.DuckDBPyConnection, select: str) -> str:
    """The same for a Parquet file, which knows no whole numbers of 128 bits, as sums are: without this they would be
    written as floating ones, and a seed would be another.
    """
    columns = made.execute(f"SELECT * FROM (\n{select}\n) LIMIT 0").description  # noqa: S608 - it is one SELECT
    wide = [(name.replace('"', '""'), str(kind)) for name, kind, *_ in columns if _WIDE.search(str(kind))]
    casts = [f'CAST("{name}" AS {_WIDE.sub(WHOLE_IN_PARQUET, kind)}) AS "{name}"' for name, kind in wide]
    return f"SELECT * REPLACE ({', '.join(casts)}) FROM (\n{select}\n)" if casts else select  # noqa: S608 - as above


def _distinct(names: list[str]) -> list[str]:
    """Names as they are, with a number behind one that was there already."""
    made: list[str] = []
    for name in names:
        free, number = name, 1
        while free in made:
            number += 1
            free = f"{name}_{number}"
        made.append(free)
    return made


@contextmanager
def told() -> Iterator[None]:
    """What the database cannot do, as what it means."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise NotAnswered(TOO_LARGE) from error
    except duckdb.PermissionException as error:
        raise NotAnswered(NOTHING_ELSE) from error
    except duckdb.Error as error:
        if (damage := damaged(error)) is not None:
            raise damage from error
        if os.strerror(errno.ENOSPC) in str(error):
            raise no_room_for("what the question puts aside", gettempdir(), ASIDE) from error
        raise NotAnswered(f"The database says: {printable_lines(without_hints(str(error)), MOST_SAID)}") from error


def without_hints(said: str) -> str:
    """What the database says without its advice to change what is closed here: settings and extensions."""
    told, mark, line = said.partition("\n\nLINE ")  # the words of whoever asked stay as they are
    kept = [" ".join(one for one in _SENTENCE.split(part) if not _HINT.search(one)) for part in told.splitlines()]
    return re.sub(r"\n{2,}", "\n", "\n".join(kept)).strip() + mark + line
