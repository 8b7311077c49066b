"""Further limits, prices, guilds and grants for programs that embed the storage.

| what a program does | what it gets |
|---|---|
| `limits=` that are none | ValueError with the place, before anything is made |
| a reservation without a price while credits are limited | refused, with what to say |
| a price, a guild, a provider or a model that can be none | `(False, message, None)`, and nothing is held |
| `quota.check` | the limit that a reservation would be refused by, whichever it is, and nothing recorded |
| a grant | what it bears is beyond the user's own limits, until it ends or is taken away |
| a grant that can be none | ValueError, or `(False, message, None)` by the ledger |
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from adapters.library.quota_manager import QuotaExceeded
from adapters.library.storage_manager import StorageManager
from domain.limit_names import FURTHER
from tests.adapters.application.evidence import events_of
from tests.hostile.builders import png

CREDITS = "user/month/credits"


def window(storage: StorageManager, name: str = CREDITS) -> tuple[float, float]:
    """What user 1 has used and holds of a limit."""
    (told,) = (one for one in storage.get_quota_status("1")["windows"] if one["limit"] == name)
    return told["used"], told["held"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("user/month/credits", "entry 1, .* has no value"),
        ("pool/day/credits=1, user/year/credits=2", "entry 2, .* no such window"),
        ("user/day/generations=5", "MAX_USER_DAILY_GENS"),
        (5, "limits are text"),
    ],
)
def test_limits_that_are_none_are_refused_at_once(tmp_path: Path, limits: Any, words: str) -> None:
    """As a setting is, with the place of what is wrong; nothing is made."""
    with pytest.raises(ValueError, match=words):
        StorageManager(tmp_path / "new", limits=limits)
    assert not (tmp_path / "new").exists()


def test_limits_become_the_policy_and_stay(tmp_path: Path) -> None:
    """None given: those of the log; an empty text: no further ones any more."""
    with StorageManager(tmp_path, limits="pool/month/credits=500, user/month/credits=20.5") as storage:
        assert [one["limit"] for one in storage.get_quota_status("1")["windows"]] == [CREDITS, "pool/month/credits"]
    (policy,) = events_of(tmp_path, "PolicyChanged")
    assert policy["data"]["source"] == "constructor"
    with StorageManager(tmp_path) as storage:
        assert len(storage.get_quota_status("1")["windows"]) == 2
    with StorageManager(tmp_path, limits="") as storage:
        assert storage.get_quota_status("1")["windows"] == []


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({"credits_each": "0.75"}, 0.75),
        ({"credits_each": 0.1}, 0.1),
        ({"credits_each": Decimal("1.001")}, 1.001),
        ({"credits_each": 3}, 3),
        ({"provider": "stability", "model": "ultra"}, 8),
        ({"provider": "stability", "model": "core"}, 3),
        ({"provider": "sketch"}, 0),
        ({"provider": "stability", "model": "ultra", "credits_each": 1}, 1),
    ],
)
async def test_a_price_is_held_and_spent(tmp_path: Path, said: dict[str, Any], held: float) -> None:
    """Exactly, by what was said or the built-in price."""
    with StorageManager(tmp_path, limits=f"{CREDITS}=20") as storage:
        ok, message, reservation = await storage.reserve("1", **said)
        assert ok, message
        assert window(storage) == (0, held)
        assert (await storage.save_image(png(), "1", reservation=reservation))[0]
        assert window(storage) == (held, 0)


async def test_without_a_price_nothing_is_held_while_credits_are_limited(tmp_path: Path) -> None:
    """The message says what to do; without such a limit nobody asks."""
    with StorageManager(tmp_path, limits=f"{CREDITS}=20") as storage:
        for said in (dict[str, Any](), {"model": "unheard-of"}):
            ok, message, held = await storage.reserve("1", **said)
            assert (ok, held) == (False, None)
            assert message.startswith("The price of")
            assert message.endswith("(credits_each).")
        assert window(storage) == (0, 0)
    with StorageManager(tmp_path, limits="") as storage:
        assert (await storage.reserve("1"))[0]


ODD_PRICES: tuple[object, ...] = (-1, 0.0001, "1,5", "", True, float("nan"), float("inf"), 10**5000, [])
ODD_AMOUNTS: tuple[object, ...] = (-1, 1.5, True, "x", [])


@pytest.mark.parametrize(
    "said",
    [
        *({"credits_each": odd} for odd in ODD_PRICES),
        *({"guild": odd} for odd in ("", "a", "1" * 21, 9, "٣")),
        *({name: odd} for name in ("provider", "model") for odd in ("", "a\n", "m" * 101, 5, "\ud800")),
    ],
)
async def test_what_can_be_none_is_told_in_words(tmp_path: Path, said: dict[str, Any]) -> None:
    """As every number of a reservation; nothing is held or recorded."""
    with StorageManager(tmp_path) as storage:
        ok, message, held = await storage.reserve("1", **said)
        assert (ok, held) == (False, None)
        assert message.startswith("Error reserving: ")
        assert storage.get_quota_status("1")["daily"]["used"] == 0


async def test_in_a_guild_its_limits_apply(tmp_path: Path) -> None:
    """It counts there, as what is asked on Discord does; elsewhere the limit is nobody's."""
    with StorageManager(tmp_path, limits="guild/day/generations=1") as storage:
        assert (await storage.reserve("1", guild="9"))[0]
        ok, message, _ = await storage.reserve("2", guild="9")
        assert (ok, message.startswith("Limit reached: ")) == (False, True)
        assert (await storage.reserve("2", guild="8"))[0]
        assert (await storage.reserve("2"))[0]
    first, *_ = events_of(tmp_path, "GenerationReserved")
    assert first["data"]["origin"] == "guild:9"


async def test_a_key_stands_for_price_and_guild_too(tmp_path: Path) -> None:
    """The same again is answered alike; with another price it is another request."""
    with StorageManager(tmp_path) as storage:
        first = await storage.reserve("1", credits_each=1, request="k")
        assert (await storage.reserve("1", credits_each="1.0", request="k"))[2] == first[2]
        ok, message, _ = await storage.reserve("1", credits_each=2, request="k")
        assert (ok, "This request key was used before" in message) == (False, True)
        assert storage.get_quota_status("1")["daily"]["used"] == 1


@pytest.mark.parametrize("name", FURTHER)
async def test_check_judges_by_each_limit_as_a_reservation_does(tmp_path: Path, name: str) -> None:
    """The last that fits, and the first that does not; the exception has the figures of that limit, in its unit."""
    with StorageManager(tmp_path, limits=f"{name}=2", max_user_daily_gens=100) as storage:
        storage.quota.check("1", credits_each=2, guild="9")
        assert (await storage.reserve("1", 2, credits_each=1, guild="9"))[0]
        with pytest.raises(QuotaExceeded, match="Limit reached") as raised:
            storage.quota.check("1", guild="9")
        refusal = raised.value
        assert (refusal.reason, refusal.window, refusal.limit) == ("WINDOW_LIMIT", name, 2)
        assert refusal.resets_at
        ok, message, _ = await storage.reserve("1", credits_each="0.001", guild="9")
        assert (ok, message) == (False, str(refusal))
        (recorded,) = events_of(tmp_path, "RequestRefused")
    assert recorded["data"]["window"] == name


async def test_check_without_a_price_refuses_where_no_credits_are_left(tmp_path: Path) -> None:
    """Of a picture of which nothing is said the least is asked for; what costs nothing always fits."""
    with StorageManager(tmp_path, limits=f"{CREDITS}=1") as storage:
        await storage.reserve("1", credits_each="0.999")
        storage.quota.check("1")
        await storage.reserve("1", credits_each="0.001")
        with pytest.raises(QuotaExceeded) as raised:
            storage.quota.check("1")
        assert (raised.value.used, raised.value.limit) == (0, 1)
        storage.quota.check("1", credits_each=0)
        wrong: tuple[dict[str, Any], ...] = ({"credits_each": -1}, {"guild": "x"})
        for odd in wrong:
            with pytest.raises(ValueError, match=r"credits_each|guild"):
                storage.quota.check("1", **odd)


async def test_check_reads_beside_a_writer_and_counts_grants(tmp_path: Path) -> None:
    """Whoever only reads judges alike, and what a grant bears fits."""
    StorageManager(tmp_path, max_user_daily_gens=0).close()
    with StorageManager(tmp_path, read_only=True) as reader, pytest.raises(QuotaExceeded):
        reader.quota.check("1")
    with StorageManager(tmp_path) as storage:
        assert storage.give_grant("1", "generations", 1)[0]
        storage.quota.check("1")
        assert (await storage.reserve("1"))[0]
        with pytest.raises(QuotaExceeded):
            storage.quota.check("1")


async def test_a_grant_bears_what_the_limits_have_no_room_for(tmp_path: Path) -> None:
    """It is shown while something is left, and draws on nothing once it is taken away."""
    with StorageManager(tmp_path, limits=f"{CREDITS}=1") as storage:
        ok, message, grant = storage.give_grant("1", "credits", "2.5", reason="a prize", priority=3)
        assert (ok, message) == (True, "1 has 2.5 credits beyond the limits, for good.")
        assert grant is not None
        assert (await storage.reserve("1", credits_each=2))[0]
        (left,) = storage.grants("1")
        assert (left["grant"], left["unit"], left["left"], left["amount"], left["priority"]) == (
            grant,
            "credits",
            1.5,
            2.5,
            3,
        )
        assert storage.void_grant("1", grant) == (True, f"Grant {grant} of 1 is taken away.")
        assert storage.void_grant("1", grant) == (
            True, f"Grant {grant} of 1 was taken away before. Nothing was changed.",
        )  # fmt: skip
        assert storage.grants("1") == []
        assert not (await storage.reserve("1", credits_each=1))[0]


def test_a_grant_ends_and_a_part_of_it_stays(tmp_path: Path) -> None:
    """After so many days, or at a time; what rolls over ends later."""
    with freeze_time("2099-01-01T12:00:00Z", real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        assert storage.give_grant("1", "generations", 4, days=2)[1].endswith("until 2099-01-03 12:00 UTC.")
        assert storage.give_grant(
            "1", "bytes", 1000, expires_at="2099-01-02T00:00:00.000000Z",
            rollover=300, rollover_until="2099-01-05T00:00:00.000000Z",
        )[0]  # fmt: skip
        assert [one["left"] for one in storage.grants("1")] == [4, 1000]
        clock.move_to("2099-01-03T11:59:59Z")
        assert [one["left"] for one in storage.grants("1")] == [4, 300]
        clock.move_to("2099-01-03T12:00:00Z")
        assert [one["left"] for one in storage.grants("1")] == [300]


def test_a_grant_is_given_once_under_a_key(tmp_path: Path) -> None:
    """Also where its days are counted from a later moment by then; other days are another request."""
    with freeze_time("2099-01-01T12:00:00Z", real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        first = storage.give_grant("1", "generations", 4, days=2, request="k")
        clock.move_to("2099-01-01T18:00:00Z")
        assert storage.give_grant("1", "generations", 4, days=2, request="k") == first
        assert len(storage.grants("1")) == 1
        others: tuple[dict[str, Any], ...] = ({"days": 3}, {}, {"expires_at": "2099-01-03T12:00:00.000000Z"})
        for other in others:
            ok, message, _ = storage.give_grant("1", "generations", 4, **other, request="k")
            assert (ok, "This request key was used before" in message) == (False, True)


@pytest.mark.parametrize(
    "odd",
    [
        {"unit": "points"},
        *({"amount": amount} for amount in ODD_AMOUNTS),
        *({"unit": "credits", "amount": amount} for amount in (-1, "0.0001", float("nan"))),
        *({"days": days} for days in (0, -1, 1.5, True, 36_501, "7")),
        {"rollover": -1},
    ],
    ids=repr,
)
def test_a_grant_that_can_be_none_is_a_value_error(tmp_path: Path, odd: dict[str, Any]) -> None:
    """It names the argument."""
    with StorageManager(tmp_path) as storage:
        with pytest.raises(ValueError, match="|".join(odd)):
            storage.give_grant("1", **{"unit": "generations", "amount": 1, **odd})
        assert storage.grants("1") == []


@pytest.mark.parametrize(
    "odd",
    [{"amount": 0}, {"priority": 101}, {"rollover": 2}, {"expires_at": "tomorrow"}, {"reason": ""},
     {"days": 1, "expires_at": "2999-12-01T00:00:00.000000Z"}, {"rollover": 1}],
    ids=repr,
)  # fmt: skip
def test_a_grant_that_the_ledger_refuses_is_told_in_words(tmp_path: Path, odd: dict[str, Any]) -> None:
    """With its sentence; nothing is given."""
    with StorageManager(tmp_path) as storage:
        ok, message, grant = storage.give_grant("1", "generations", **{"amount": 1, **odd})
        assert (ok, grant) == (False, None)
        assert message.startswith("Error giving a grant: ")
        assert storage.void_grant("1", "f" * 16)[0] is False
        assert storage.give_grant("../1", "generations", 1)[0] is False
        with StorageManager(tmp_path, read_only=True) as reader:
            assert reader.give_grant("1", "generations", 1)[0] is False


async def test_a_user_has_further_limits_of_their_own(tmp_path: Path) -> None:
    """In the place of those for everybody; one of a guild is nobody's own."""
    with StorageManager(tmp_path, limits=f"{CREDITS}=1") as storage:
        assert storage.override_limits("1", limits=f"{CREDITS}=5")[0]
        assert (await storage.reserve("1", credits_each=5))[0]
        with pytest.raises(ValueError, match="no limit that one user can have"):
            storage.override_limits("1", limits="guild/day/credits=1")
