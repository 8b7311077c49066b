"""Tables and their drafts: what is read through, what is hidden, and what committing makes of the base."""

from __future__ import annotations

from _collections_abc import dict_items

import pytest

from projections.tables import DraftTable, Table


def table(**rows: int) -> Table[str, int]:
    made: Table[str, int] = Table()
    for key, value in rows.items():
        made.put(key, value)
    return made


def drafted(base: Table[str, int]) -> DraftTable[str, int]:
    return base.draft()


def test_a_missing_key_reads_as_none() -> None:
    """And dropping it is nothing."""
    empty = table()
    empty.drop("a")
    assert empty.get("a") is None
    empty.drop_first(bool)
    assert len(empty) == 0


def test_the_first_key_is_the_one_put_first_of_those_that_stand() -> None:
    """Putting a key that stands keeps its place, dropping and putting it moves it to the end."""
    rows = table(a=1, b=2)
    rows.put("a", 3)
    assert list(rows.items()) == [("a", 3), ("b", 2)]
    rows.drop("a")
    rows.put("a", 4)
    assert list(rows.items()) == [("b", 2), ("a", 4)]


@pytest.mark.parametrize(("most", "left"), [(0, "abc"), (1, "bc"), (4, "bc"), (5, "c"), (8, "c"), (9, "")])
def test_the_first_keys_go_up_to_one_whose_value_does_not_fit(most: int, left: str) -> None:
    """What stands behind that stays, whatever its value."""
    rows = table(a=1, b=5, c=9)
    rows.drop_first(lambda value: value <= most)
    assert [key for key, _ in rows.items()] == list(left)


class Begun(dict[str, int]):
    """Rows that count how often they were gone through."""

    times = 0

    def items(self) -> dict_items[str, int]:
        """Counts, and goes through them."""
        self.times += 1
        return super().items()


@pytest.mark.parametrize("number", [3, 300])
def test_many_first_keys_go_at_once(number: int) -> None:
    """The rows are begun once for all: each beginning passes over all that are gone."""
    rows = Begun((f"{key}", key) for key in range(number))
    Table(rows).drop_first(lambda value: value < number - 1)
    assert (list(rows), rows.times) == ([f"{number - 1}"], 1)


def test_items_are_those_of_the_moment() -> None:
    """A table may change while somebody goes through it."""
    rows = table(a=1, b=2)
    seen = []
    for key, value in rows.items():
        rows.drop("b")
        rows.put("c", 3)
        seen.append((key, value))
    assert seen == [("a", 1), ("b", 2)]


def test_the_items_of_a_draft_are_those_of_the_moment_too() -> None:
    """A row that is changed on the way does not come a second time."""
    draft = drafted(table(a=1, b=2))
    draft.put("c", 3)
    seen = []
    for key, value in draft.items():
        draft.put(key, value + 10)
        draft.drop("b")
        seen.append((key, value))
    assert seen == [("a", 1), ("b", 2), ("c", 3)]


def test_a_draft_reads_through_to_its_base() -> None:
    """Until it has a value of its own."""
    base = table(a=1)
    draft = drafted(base)
    assert draft.get("a") == 1
    assert draft.get("b") is None
    base.put("a", 2)
    assert draft.get("a") == 2
    draft.put("a", 3)
    assert (draft.get("a"), base.get("a")) == (3, 2)


def test_a_draft_hides_what_it_dropped_and_shows_what_it_put_again() -> None:
    """Without touching the base."""
    base = table(a=1, b=2)
    draft = drafted(base)
    draft.drop("a")
    draft.drop("x")
    assert draft.get("a") is None
    assert list(draft.items()) == [("b", 2)]
    assert len(draft) == 1
    draft.put("a", 5)
    assert draft.get("a") == 5
    assert list(draft.items()) == [("b", 2), ("a", 5)]
    draft.drop("a")
    assert draft.get("a") is None
    assert list(base.items()) == [("a", 1), ("b", 2)]


def test_pouring_makes_the_base_what_the_draft_showed() -> None:
    """Changed, dropped, new and untouched keys."""
    base = table(a=1, b=2, c=3)
    draft = drafted(base)
    draft.put("a", 10)
    draft.drop("b")
    draft.put("d", 4)
    shown = sorted(draft.items())
    draft.commit()
    assert sorted(base.items()) == shown == [("a", 10), ("c", 3), ("d", 4)]


def test_pouring_keeps_the_order_that_the_changes_would_have_made() -> None:
    """A key that was only changed keeps its place; one that was dropped and put again goes last."""
    base = table(a=1, b=2)
    draft = drafted(base)
    draft.drop("a")
    draft.put("a", 10)
    draft.put("b", 20)
    draft.put("c", 30)
    shown = list(draft.items())
    draft.commit()
    assert list(base.items()) == shown == [("b", 20), ("a", 10), ("c", 30)]


def test_a_draft_shows_a_key_that_was_changed_in_its_place() -> None:
    """So that who goes through a draft meets all in the order of who goes through what it makes."""
    draft = drafted(table(a=1, b=2))
    draft.put("a", 10)
    assert list(draft.items()) == [("a", 10), ("b", 2)]


def test_a_draft_thrown_away_changes_nothing() -> None:
    """Its base never hears of it."""
    base = table(a=1)
    draft = drafted(base)
    draft.put("a", 2)
    draft.put("b", 3)
    draft.drop("a")
    del draft
    assert list(base.items()) == [("a", 1)]
