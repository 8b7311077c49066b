"""The file that says how far was told: whole or not believed, its owner's alone, and never longer than a page."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.disk.files import Files
from adapters.webhooks.cursor import (
    BEGINNING,
    CURSOR_FILE,
    MOST_CURSOR_BYTES,
    MOST_MARKS,
    RECENT_MARKS,
    CursorUnreadable,
    KeptCursor,
    Mark,
    moved_on,
)

MARK = '[7,"msg_0123456789abcdef0123456789abcdef"]'


@pytest.fixture
def kept(tmp_path: Path) -> KeptCursor:
    """The cursor of a root that has its folder."""
    (tmp_path / "logs").mkdir()
    return KeptCursor(tmp_path, Files())


def test_what_was_written_is_read(kept: KeptCursor) -> None:
    """By the next start too, and by nobody else of the machine."""
    assert kept.read() is None
    for marks in ((BEGINNING,), (BEGINNING, Mark(5, "msg_a"), Mark(9, "msg_b"))):
        kept.write(marks)
        assert kept.read() == marks
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        '{"format":1}',
        '{"format":1,"marks":[]}',
        '{"format":2,"marks":[' + MARK + "]}",
        '{"marks":[' + MARK + "]}",
        '{"format":1,"marks":[[7]]}',
        '{"format":1,"marks":[["7","msg_a"]]}',
        '{"format":1,"marks":[[true,"msg_a"]]}',
        '{"format":1,"marks":[[-1,"msg_a"]]}',
        '{"format":1,"marks":[[7,null]]}',
        '{"format":1,"marks":[[8,"msg_a"],[7,"msg_b"]]}',
        '{"format":1,"marks":[[7,"msg_a"],[7,"msg_b"]]}',
        '{"format":1,"marks":[' + MARK + "]",
        '{"format":1,"marks":[' + ",".join(f'[{n},"m"]' for n in range(MOST_MARKS + 1)) + "]}",
        '{"format":1,"marks":[' + MARK + "]}" + " " * MOST_CURSOR_BYTES + "x",
    ],
)
def test_what_is_none_is_not_believed(kept: KeptCursor, stored: str) -> None:
    """Half a file, another's, an older one's: it says what to do."""
    kept.path.write_text(stored)
    with pytest.raises(CursorUnreadable, match="remove it"):
        kept.read()


def test_a_file_that_cannot_be_read_is_not_taken_for_none(kept: KeptCursor) -> None:
    """Else everything since would be left out."""
    kept.path.mkdir()
    with pytest.raises(CursorUnreadable, match="cannot be read"):
        kept.read()


def test_what_a_crash_left_of_a_writing_is_in_nobodys_way(kept: KeptCursor) -> None:
    """The file in the making is made anew."""
    kept.write((BEGINNING,))
    kept.path.with_name(f".{kept.path.name}.new").write_text("half")
    assert kept.read() == (BEGINNING,)
    kept.write((Mark(3, "msg_a"),))
    assert kept.read() == (Mark(3, "msg_a"),)
    assert [path.name for path in kept.path.parent.iterdir()] == [CURSOR_FILE.name]


@given(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=300, unique=True).map(sorted))
def test_marks_are_few_and_reach_back(positions: list[int]) -> None:
    """The recent ones all; of older ones so many that going back to one is at most four times as far as was asked."""
    marks: tuple[Mark, ...] = (BEGINNING,)
    for position in positions:
        marks = moved_on(marks, Mark(position, f"msg_{position}"))
        assert [mark.position for mark in marks] == sorted({mark.position for mark in marks})
        assert len(marks) <= MOST_MARKS
        assert marks[0] == BEGINNING
    last = positions[-1]
    kept = {mark.position for mark in marks}
    assert set(positions[-RECENT_MARKS:]) <= kept
    for position in positions:
        nearest = max(one for one in kept if one <= position)
        assert last - nearest <= 4 * max(1, last - position), (nearest, position)
