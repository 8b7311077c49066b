"""Who waits for an answer is noted in a file of their own, which goes with the answer and harms nothing by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.discord.pending_answers import FOLDER, MOST, TOKEN_SECONDS, PendingAnswer, PendingAnswers

NOW = 1_700_000_000.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A storage root with a log."""
    (tmp_path / "logs").mkdir()
    return tmp_path


def waiting(number: int, *, since: float = NOW) -> PendingAnswer:
    """Somebody who waits."""
    return PendingAnswer(interaction=number, application=7, token=f"secret {number}", user=number, at=since)


def files(root: Path) -> list[str]:
    """The notes that there are."""
    return sorted(file.name for file in (root / FOLDER).glob("*"))


def test_the_next_process_finds_whom_the_former_one_left(root: Path) -> None:
    """The one that noted them works on them itself, and the next one finds them until they are told."""
    first = PendingAnswers(root)
    for number in (1, 2, 3):
        first.note(waiting(number))
    first.forget(2)
    assert first.left(NOW) == []
    second = PendingAnswers(root)
    assert second.left(NOW) == [waiting(1), waiting(3)]
    assert second.left(NOW) == []
    second.forget(1)
    assert PendingAnswers(root).left(NOW) == [waiting(3)]


def test_what_could_not_be_told_is_for_whoever_comes_online_next(root: Path) -> None:
    """In the same process too, as a bot may come back after a trouble."""
    pending = PendingAnswers(root)
    pending.note(waiting(1))
    pending.leave(1)
    assert pending.left(NOW) == [waiting(1)]
    assert pending.left(NOW) == []


@pytest.mark.parametrize(("age", "found"), [(TOKEN_SECONDS, True), (TOKEN_SECONDS + 0.1, False)])
def test_a_note_ends_with_its_token(root: Path, age: float, found: bool) -> None:
    """Nothing of it is left behind."""
    PendingAnswers(root).note(waiting(1))
    assert bool(PendingAnswers(root).left(NOW + age)) is found
    assert bool(files(root)) is found


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"interaction": "x"}', b"\xff\x00"])
def test_a_note_that_is_none_is_removed(root: Path, damage: bytes) -> None:
    """And the others are told all the same."""
    PendingAnswers(root).note(waiting(1))
    (root / FOLDER / "0.json").write_bytes(damage)
    assert PendingAnswers(root).left(NOW) == [waiting(1)]
    assert files(root) == ["1.json"]


def test_what_was_shown_already_stands_in_the_note(root: Path) -> None:
    """One after the other; a former version's note says nothing of it, and a torn one is swept away."""
    pending = PendingAnswers(root)
    assert pending.note(waiting(1))
    assert not pending.note(waiting(1))
    for name in ("a.png", "b.png"):
        pending.shown(1, name)
    pending.shown(2, "of nobody")
    (root / FOLDER / "3.json").write_bytes(
        b'{"interaction": 3, "application": 7, "token": "t", "user": 3, "at": 1.7e9}'
    )
    (root / FOLDER / "4.new").write_bytes(b"{")
    left = PendingAnswers(root).left(NOW)
    assert left[0] == waiting(1)._replace(shown=("a.png", "b.png"))
    assert (left[1].is_message, left[1].shown) == (True, ())
    assert files(root) == ["1.json", "3.json"]


def test_every_promise_goes_through_the_one_that_notes_it() -> None:
    """A command that deferred by itself would be left "thinking" by a kill."""
    modules = (Path(__file__).parents[3] / "adapters" / "discord").rglob("*.py")
    promising = [file.name for file in modules if "response.defer(" in file.read_text(encoding="utf-8")]
    assert promising == ["replies.py"]


def test_there_are_only_so_many(root: Path) -> None:
    """Whoever comes then is answered all the same, and not told after a kill."""
    pending = PendingAnswers(root)
    for number in range(MOST + 5):
        pending.note(waiting(number))
    assert len(files(root)) == MOST
    pending.forget(0)
    pending.note(waiting(MOST + 5))
    assert len(files(root)) == MOST


def test_where_nothing_can_be_noted_nothing_fails(tmp_path: Path) -> None:
    """There is no folder, or it is a file."""
    pending = PendingAnswers(tmp_path)
    pending.note(waiting(1))
    pending.forget(1)
    assert pending.left(NOW) == []
    (tmp_path / "logs").mkdir()
    (tmp_path / FOLDER).write_bytes(b"")
    again = PendingAnswers(tmp_path)
    again.note(waiting(2))
    assert again.left(NOW) == []
