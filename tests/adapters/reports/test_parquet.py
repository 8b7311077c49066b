"""What a Parquet file says is what JSON says: every column of every view, read back, and numbers of any size."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.reports.querying import ask, plain, write
from adapters.reports.views import VIEWS
from tests.adapters.reports.conftest import opened

KINDS = {"BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "BOOLEAN", "VARCHAR", "JSON", "TIMESTAMP", "DATE", "VARCHAR[]"}
"""What columns of the views are, beside structs and lists of them."""
OF_OTHER_LOGS = {"exceeded", "grants", "points"}
"""Views of which the month has no row: nobody gives grants or points in it, and no limit is tried out."""
LARGE = """
SELECT CAST(18446744073709551615 AS HUGEINT) AS seed, CAST(-9007199254740993 AS HUGEINT) AS "a ""quoted"" one",
       {'bytes': CAST(9007199254740993 AS HUGEINT)} AS asked, [CAST(9007199254740993 AS HUGEINT), NULL] AS many,
       sum(9007199254740993) AS sum, CAST(NULL AS HUGEINT) AS nothing, 7 AS one, 8 AS one -- more"""


def whole(value: Any) -> Any:
    """A number without places behind the point as the integer that it is."""
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else value
    if isinstance(value, list | tuple):
        return [whole(item) for item in value]
    return {name: whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def read_back(root: Path, question: str, path: Path) -> tuple[list[str], list[list[Any]]]:
    """The names and rows of the file of an answer."""
    import duckdb

    with opened(root) as log, path.open("wb") as target:
        write(log, question, "parquet", target)
    found = duckdb.connect().execute(f"FROM '{path}'")
    assert found.description is not None
    return [column[0] for column in found.description], [
        [plain(whole(value)) for value in row] for row in found.fetchall()
    ]


def test_every_column_of_every_view_is_read_back_as_json_has_it(month: Path, tmp_path: Path) -> None:
    """Times to the microsecond, nulls, lists, structs and sums."""
    kinds: set[str] = set()
    for view in VIEWS:
        with opened(month) as log:
            answer = ask(log, f"FROM {view}")
        names, rows = read_back(month, f"FROM {view}", tmp_path / f"{view}.parquet")
        assert names == [name for name, _ in answer.columns], view
        assert sorted(map(repr, rows)) == sorted(repr([plain(value) for value in row]) for row in answer.rows), view
        kinds |= {kind for _, kind in answer.columns}
        assert rows or view in OF_OTHER_LOGS, view
    assert kinds >= KINDS
    assert any(kind.startswith("STRUCT") and kind.endswith("[]") for kind in kinds)


def test_no_whole_number_is_rounded(month: Path, tmp_path: Path) -> None:
    """Above 2^53, where a floating one would be another; inside of structs and lists too, and under any name."""
    names, rows = read_back(month, LARGE, tmp_path / "large.parquet")
    odd = 9_007_199_254_740_993
    assert rows == [[2**64 - 1, -odd, {"bytes": odd}, [odd, None], odd, None, 7, 8]]
    assert names[:2] == ["seed", 'a "quoted" one']


@pytest.mark.parametrize("question", ["SELECT 10 ** 3 AS x", "FROM limits LIMIT 0", "WITH x AS (SELECT 1 AS a) FROM x"])
def test_other_questions_are_written_as_they_are(month: Path, tmp_path: Path, question: str) -> None:
    """Whatever form a SELECT has."""
    with opened(month) as log:
        answer = ask(log, question)
    _, rows = read_back(month, question, tmp_path / "x.parquet")
    assert rows == [[plain(value) for value in row] for row in answer.rows]
