"""Points and the market for programs that embed the storage.

| what a program does | what it gets |
|---|---|
| more than there is, another offer by now, oneself as who is given | `(False, message)`, and nothing is moved |
| a unit, an amount or an offer that can be none | ValueError; what the ledger judges: its sentence |
| the same `request` again | the first answer, once |
| a call inside a coroutine, or in many threads at once | as elsewhere; no point is spent twice |
| a manager that only reads | figures, and for changes the sentence that it only reads |
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.application.results import StoreSettings
from adapters.engines.opening import open_store
from adapters.library.storage_manager import READING_ONLY, StorageManager
from tests.adapters.application.evidence import events_of
from tests.hostile.builders import png


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageManager]:
    """A manager whose user 1 has 20 points."""
    with StorageManager(tmp_path) as manager:
        assert manager.move_points("1", "mint", 20, reason="a game") == (True, "20 points made for 1: a game.")
        yield manager


def balance(storage: StorageManager, user: str = "1") -> int:
    """What a user has."""
    return storage.points_of(user)["balance"]


def test_points_are_given_and_told(storage: StorageManager) -> None:
    """Newest first, with both sides."""
    assert storage.give_points("1", "2", 6, reason="thanks") == (True, "6 points from 1 to 2: thanks.")
    assert storage.move_points("1", "burn", 4) == (True, "4 points taken from 1: by an operator.")
    told = storage.points_of("1")
    assert [(one["kind"], one["amount"], one["payee"]) for one in told["movements"]] == [
        ("burn", 4, "mint"),
        ("gift", 6, "user:2"),
        ("mint", 20, "user:1"),
    ]
    assert (told["balance"], told["called"], balance(storage, "2")) == (10, "points", 6)
    assert len(storage.points_of("1", 1)["movements"]) == 1


def test_an_offer_is_bought_as_it_was_told(storage: StorageManager, tmp_path: Path) -> None:
    """It gives a grant that bears what the limits have no room for; another offer by now is not bought."""
    assert storage.set_offer("ten", "generations", 10, 5, days=30) == (
        True, "ten is offered: 10 generations for 30 days for 5 points.",
    )  # fmt: skip
    assert storage.set_offer("c", "credits", "2.505", 15)[0]
    ten, other = storage.offers()
    assert (ten["offer"], other["amount"]) == ("ten", 2.505)
    ok, message, grant = storage.buy("1", ten)
    assert (ok, message, balance(storage)) == (True, "Bought for 5 points.", 15)
    assert storage.get_quota_status("1")["grants"][0]["grant"] == grant
    assert storage.buy("1", other)[0]
    assert events_of(tmp_path, "GrantGiven")[-1]["data"]["amount"] == 2_505
    ok, message, _ = storage.buy("1", ten)
    assert (ok, "5 points" in message) == (False, True)
    storage.move_points("1", "mint", 9)
    storage.set_offer("ten", "generations", 9, 5, days=30)
    ok, message, _ = storage.buy("1", ten)
    assert (ok, message.startswith("Error buying: The offer ten is gone, or another by now.")) == (False, True)
    assert storage.withdraw_offer("ten") == (True, "ten is no longer offered.")
    assert not storage.withdraw_offer("ten")[0]
    assert (balance(storage), [one["offer"] for one in storage.offers()]) == (9, ["c"])


def test_the_same_request_is_carried_out_once(storage: StorageManager) -> None:
    """And answered alike; another one under its key is refused."""
    storage.set_offer("ten", "bytes", 1_000, 5)
    (offer,) = storage.offers()
    assert storage.give_points("1", "2", 3, request="g") == storage.give_points("1", "2", 3, request="g")
    first = storage.buy("1", offer, request="b")
    storage.withdraw_offer("ten")
    assert storage.buy("1", offer, request="b") == first
    assert balance(storage) == 12
    assert not storage.give_points("1", "2", 4, request="g")[0]


def test_a_day_and_a_mark_earn_what_the_settings_say(tmp_path: Path) -> None:
    """Over a store that has them; without, it is said which setting would."""
    with StorageManager.over(open_store(tmp_path, settings=StoreSettings(earn_daily=3, earn_favourite=2))) as storage:
        assert storage.claim_daily("1") == (True, "3 points for the day to 1.")
        assert not storage.claim_daily("1")[0]
        assert storage.save_image_sync(png(), "1", "cat.png")[0]
        assert storage.set_favourite("2", "1", "cat.png") == (True, "cat.png of 1 is a favourite of 2.")
        assert storage.set_favourite("2", "1", "cat.png")[1].endswith("already. Nothing was changed.")
        assert storage.set_favourite("2", "1", "cat.png", on=False) == (True, "cat.png of 1 is no favourite of 2.")
        assert not storage.set_favourite("2", "1", "dog.png")[0]
        assert (balance(storage), storage.points_of("1")["claimed"]) == (5, True)
    with StorageManager(tmp_path) as storage:
        assert "EARN_DAILY" in storage.claim_daily("1")[1]


async def test_changes_may_be_made_inside_a_coroutine_and_by_many_at_once(storage: StorageManager) -> None:
    """Of fifty gifts as many are made as there are points for."""
    assert storage.give_points("1", "2", 2)[0]
    with ThreadPoolExecutor(10) as threads:
        loop = asyncio.get_running_loop()
        done = [loop.run_in_executor(threads, storage.give_points, "1", f"u{number}", 3) for number in range(50)]
        made = [ok for ok, _ in await asyncio.gather(*done)]
    assert (sum(made), balance(storage)) == (6, 0)


ODD: list[tuple[str, tuple[Any, ...]]] = [
    ("give_points", ("1", "1", 1)),
    ("give_points", ("1", "A B", 1)),
    ("give_points", ("A B", "1", 1)),
    ("give_points", ("1", "2", 0)),
    ("give_points", ("1", "2", 1.5)),
    ("give_points", ("1", "2", True)),
    ("give_points", ("1", "2", 21)),
    ("move_points", ("1", "gift", 1)),
    ("move_points", ("1", "burn", 21)),
    ("set_offer", ("no id", "bytes", 1, 1)),
    ("set_offer", ("ten", "bytes", 0, 1)),
    ("set_offer", ("ten", "bytes", 1, 0)),
    ("set_offer", ("ten", "bytes", 1, "5")),
    ("buy", ("1", {"offer": "ten", "unit": "bytes", "amount": 1, "price": 1, "days": None})),
    ("buy", ("1", {"offer": "ten", "unit": "bytes", "amount": 1, "price": "1", "days": None})),
]
NONE: list[tuple[str, tuple[Any, ...]]] = [
    ("points_of", ("A B",)),
    ("set_offer", ("ten", "pictures", 1, 1)),
    ("set_offer", ("ten", "bytes", 1.5, 1)),
    ("set_offer", ("ten", "bytes", True, 1)),
    ("set_offer", ("ten", "credits", "0.0001", 1)),
    ("set_offer", ("ten", "credits", float("nan"), 1)),
    ("buy", ("1", {})),
    ("buy", ("1", "ten")),
    ("buy", ("1", {"offer": "ten", "unit": "bytes", "amount": float("nan"), "price": 1, "days": None})),
]


@pytest.mark.parametrize(("call", "arguments"), ODD, ids=str)
def test_what_the_ledger_refuses_is_told_in_words(
    storage: StorageManager, tmp_path: Path, call: str, arguments: tuple[Any, ...]
) -> None:
    """And nothing is recorded."""
    told = getattr(storage, call)(*arguments)
    assert (told[0], told[1].startswith("Error ")) == (False, True), told
    assert (balance(storage), len(events_of(tmp_path, "PointsMoved", "OfferSet"))) == (20, 1)


@pytest.mark.parametrize(("call", "arguments"), NONE, ids=str)
def test_what_can_be_none_is_a_value_error(storage: StorageManager, call: str, arguments: tuple[Any, ...]) -> None:
    """Which names what it would have to be."""
    with pytest.raises(ValueError, match=r"unit|amount|offer|user id"):
        getattr(storage, call)(*arguments)


def test_whoever_only_reads_sees_and_changes_nothing(storage: StorageManager, tmp_path: Path) -> None:
    """Beside a writer, up to what is surely on the disk."""
    storage.close()
    with StorageManager(tmp_path, read_only=True) as reader:
        assert (balance(reader), reader.offers()) == (20, [])
        assert reader.give_points("1", "2", 1) == (False, f"Error moving points: {READING_ONLY}")
