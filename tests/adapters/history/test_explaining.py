"""The one function behind `abby explain`, `/why` and the HTTP route, on real logs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application.deleting import clean_up_blocking, delete_image
from adapters.application.governing import override_limits_blocking, reset_daily_blocking
from adapters.application.reserving import (
    ReturnedPlaces,
    WantedPlaces,
    complete_generation,
    release_places,
    reserve_places,
)
from adapters.application.results import Actor, Delivery, Reserved
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.choice import default_engines
from adapters.engines.opening import open_store
from adapters.history.explaining import (
    described,
    described_shares,
    explain_last,
    explain_position,
    positions_of_request,
    shares_at,
)
from adapters.history.past import opened
from adapters.wording.explanations import Reader, told, told_of_shares
from adapters.wording.figures import size_in_words
from adapters.wording.refusals import sentence_of
from domain.commands import SetPolicy
from domain.events import MAX_RECORDED_REFUSALS, GenerationReleased, RequestRefused
from domain.instants import later
from domain.limits import MEGABYTE, UserLimits
from domain.refusals import Refusal
from domain.reservations import DELIVERED_KEPT_SECONDS
from projections.explanation import Explanation
from tests.hostile.builders import png


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A log whose days have two places."""
    opened = open_store(tmp_path / "root", limits=SetPolicy(daily=2))
    yield opened
    opened.close()


def last(store: Storage, user: str = "ada") -> Explanation:
    """The explanation of a user's latest request."""
    found = explain_last(store.running().recorder, user)
    assert found is not None
    return found


def refuse(store: Storage, times: int = 1) -> Refusal:
    """Asks for more than the day has; gives what was answered last."""
    for _ in range(times):
        refused = asyncio.run(reserve_places(store, WantedPlaces("ada", 3)))
    assert isinstance(refused, Refusal)
    return refused


def test_a_refusal_is_told_in_the_sentence_that_the_user_saw(store: Storage) -> None:
    """With the limit, who set it, and the lines of the day."""
    asyncio.run(save_image(store, NewImage("ada", png())))
    asyncio.run(save_image(store, NewImage("bob", png())))
    refused = refuse(store)
    said = told(last(store))
    assert said.sentence == sentence_of(refused)
    assert said.limits[0] == "In force: 2 generations a day, the limit for everybody."
    assert "Position 1, " in said.limits[1]
    assert said.day[0].startswith("Just before, 1 of 2 generations of ")
    assert said.day[1].startswith("Position 2, ")
    assert (len(said.day), said.storage) == (2, ())


def test_what_a_reader_may_not_know_is_left_out(store: Storage) -> None:
    """Operators see who set a limit and why; the user sees no other person, a manager no name of an image either."""
    override_limits_blocking(store, "ada", "a secret prize", UserLimits(None, 5), actor=Actor("discord:77"))
    asyncio.run(save_image(store, NewImage("ada", png(), name="private.png")))
    asyncio.run(save_image(store, NewImage("ada", png(), name="other.png")))
    words = {
        reader: "\n".join((told(last(store), reader).sentence, *told(last(store), reader).lines)) for reader in Reader
    }
    assert ("discord:77" in words[Reader.OPERATOR], "a secret prize" in words[Reader.OPERATOR]) == (True, True)
    for reader in (Reader.USER, Reader.MANAGER):
        assert "discord:77" not in words[reader]
        assert "secret" not in words[reader]
        assert "5 generations a day for this user alone" in words[reader]
    assert ("private.png" in words[Reader.USER], "other.png" in words[Reader.USER]) == (True, True)
    assert ".png" not in words[Reader.MANAGER]


def test_after_the_20th_refusal_it_is_said_what_the_log_cannot_tell(store: Storage) -> None:
    """The latest request was refused and is not recorded: the 20th is explained, and until when it stood so."""
    refuse(store, MAX_RECORDED_REFUSALS - 1)
    assert told(last(store)).unknown == ()
    refuse(store, 3)
    found = last(store)
    assert isinstance(found.event, RequestRefused)
    (unknown,) = told(found).unknown
    assert "the 20th refusal for this reason that day" in unknown
    assert "the log does not tell" in unknown
    reset_daily_blocking(store, "ada", "kindness")
    assert f"position {found.position + 1} changed that" in told(last(store)).unknown[0]


def test_a_request_is_found_by_its_key_and_its_steps(store: Storage) -> None:
    """Another key that begins alike is not it; who else used the key may be left out."""
    reserved = asyncio.run(reserve_places(store, WantedPlaces("ada"), idempotency_key="k-1"))
    assert isinstance(reserved, Reserved)
    asyncio.run(save_image(store, NewImage("ada", png(), reservation=reserved.reservation), idempotency_key="k-1/save"))
    asyncio.run(save_image(store, NewImage("bob", png()), idempotency_key="k-11"))
    log = store.running().recorder
    assert positions_of_request(log, "k-1") == [2, 3]
    assert positions_of_request(log, "k-1", user="bob") == []
    assert positions_of_request(log, "k-11") == [4, 5]
    assert positions_of_request(log, "") == []
    assert positions_of_request(log, 'k"\\') == []


def test_a_reader_beside_the_service_finds_the_same(store: Storage, tmp_path: Path) -> None:
    """It searches the bytes of the log, where the service asks an index."""
    asyncio.run(save_image(store, NewImage("ada", png()), idempotency_key="k"))
    refuse(store)
    store.running().recorder.checkpoint(0)
    reader = default_engines().log.open_for_reading(tmp_path / "root", at_end=True)
    try:
        found = explain_last(reader, "ada")
        assert found is not None
        assert described(found) == described(last(store))
        assert positions_of_request(reader, "k") == [2, 3]
        assert [explain_position(reader, position) for position in (0, -1, 5, 10**12)] == [None] * 4
    finally:
        reader.close()


def test_a_release_tells_whether_it_counted(store: Storage) -> None:
    """And where its place was reserved."""
    reserved = asyncio.run(reserve_places(store, WantedPlaces("ada")))
    assert isinstance(reserved, Reserved)
    asyncio.run(release_places(store, ReturnedPlaces("ada", reserved.reservation, reason="failed")))
    said = told(last(store))
    assert said.sentence == "It failed; nothing was counted."
    assert said.day[-1] == "Its place was reserved at position 2."
    assert isinstance(last(store).event, GenerationReleased)


def test_every_line_of_a_log_has_an_explanation(store: Storage) -> None:
    """Also those that concern no user, or several."""
    asyncio.run(save_image(store, NewImage("ada", png(), temp=True)))
    clean_up_blocking(store, 0)
    refuse(store)
    log = store.running().recorder
    for position in range(1, log.head + 1):
        found = explain_position(log, position)
        assert found is not None
        assert told(found).sentence
        assert described(found)["position"] <= position
    assert explain_last(log, "nobody") is None


def test_a_delivered_place_is_held_a_day_longer(store: Storage) -> None:
    """That is until when it is said to be held."""
    reserved = asyncio.run(reserve_places(store, WantedPlaces("ada")))
    assert isinstance(reserved, Reserved)
    refuse(store)
    (held,) = described(last(store))["storage"]["holds"]
    assert held["until"] == reserved.expires_at
    asyncio.run(complete_generation(store, "ada", reserved.reservation, Delivery("sketch", "v1", 1.0)))
    refuse(store)
    (held,) = described(last(store))["storage"]["holds"]
    assert held["until"] == later(reserved.expires_at, seconds=DELIVERED_KEPT_SECONDS)


def test_a_full_pool_is_told_with_names_to_operators_alone(tmp_path: Path) -> None:
    """Whose it was, how many others, and what was under way; the user only sees sums."""
    size = len(png())
    store = open_store(tmp_path / "root", limits=SetPolicy(pool_bytes=3 * size + size // 2))
    for user in ("bob", "bob", "cleo"):
        asyncio.run(save_image(store, NewImage(user, png())))
    asyncio.run(save_image(store, NewImage("ada", png())))
    found = last(store)
    assert isinstance(found.event, RequestRefused)
    assert found.event.reason == "POOL_STORAGE"
    words = "\n".join(told(found, Reader.USER).lines)
    assert f"all others kept {size_in_words(3 * size)}" in words
    assert ("bob" in words, "cleo" in words, "bob" in str(described(found))) == (False, False, False)
    store.close()
    with opened(tmp_path / "root", default_engines().log) as past:
        shares = shares_at(past, found)
        assert shares is not None
    assert [(share.user, share.used_bytes) for share in shares.largest] == [("bob", 2 * size), ("cleo", size)]
    assert (shares.used_bytes, shares.held_bytes) == (found.event.used, found.event.held)
    assert told_of_shares(shares)[0].startswith("bob: ")
    assert described_shares(shares)["other_users"] == 0


def test_a_pool_that_is_full_of_what_is_under_way_is_told_by_its_holds(tmp_path: Path) -> None:
    """Nothing is kept yet, so only they say who has it: each with its user, its generations and its end."""
    limits = SetPolicy(pool_bytes=4 * MEGABYTE, gen_bytes=MEGABYTE)
    store = open_store(tmp_path / "root", limits=limits)
    for user, count in (("bob", 1), ("cleo", 2), ("bob", 1)):
        assert isinstance(asyncio.run(reserve_places(store, WantedPlaces(user, count))), Reserved)
    assert isinstance(asyncio.run(reserve_places(store, WantedPlaces("ada"))), Refusal)
    found = last(store)
    store.close()
    with opened(tmp_path / "root", default_engines().log) as past:
        shares = shares_at(past, found)
    assert shares is not None
    words = told_of_shares(shares)
    assert words[:2] == ["bob: 0 bytes kept, 2.0 MB held.", "cleo: 0 bytes kept, 2.0 MB held."]
    assert [line.partition(", until ")[0] for line in words[2:]] == [
        "Under way: 2.0 MB held for 2 generations of cleo",
        "Under way: 1.0 MB held for 1 generation of bob",
        "Under way: 1.0 MB held for 1 generation of bob",
    ]
    assert all(line.endswith(" UTC at the latest.") for line in words[2:])


def test_what_is_held_for_a_delivered_picture_is_told_with_its_day_more(tmp_path: Path) -> None:
    """It is released a day after its time; and what gives nothing back to the day is not headed so."""
    store = open_store(tmp_path / "root", limits=SetPolicy(daily=9, user_bytes=2 * MEGABYTE, gen_bytes=MEGABYTE))
    for delivered in (True, False):
        held = asyncio.run(reserve_places(store, WantedPlaces("ada")))
        assert isinstance(held, Reserved)
        if delivered:
            delivery = Delivery(provider="sketch", model="sketch", seconds=1.0, count=1)
            asyncio.run(complete_generation(store, "ada", held.reservation, delivery))
    assert isinstance(asyncio.run(save_image(store, NewImage("ada", png()))), Refusal)
    holds = [line for line in told(last(store)).storage if " held for " in line]
    assert [line.endswith("as its picture was delivered and may still be kept.") for line in holds] == [True, False]
    headlines = []
    for reason in ("not_kept", "cancelled"):
        open_one = next(iter(store.opened().state.open_reservations()))
        asyncio.run(release_places(store, ReturnedPlaces("ada", open_one.reservation, reason)))
        headlines.append(told(last(store)).headline.partition(",")[0])
    store.close()
    assert headlines == ["Ended", "Given back"]


def test_the_names_of_files_and_the_words_of_the_log_are_told_as_they_are(store: Storage) -> None:
    """A sentence neither writes a name with a capital nor lets a stored word stand for one."""
    asyncio.run(save_image(store, NewImage("ada", png(), name="trips/a.png")))
    override_limits_blocking(store, "ada", "a prize", UserLimits(5 * MEGABYTE, 1))
    asyncio.run(delete_image(store, "ada", "trips/a.png"))
    reset_daily_blocking(store, "ada", "kindness")
    log = store.running().recorder
    said = []
    for position in range(1, log.head + 1):
        found = explain_position(log, position)
        assert found is not None
        said.append(told(found))
    sizes = "500.0 MB a user, 5000.0 MB together, 2 generations a day"
    assert said[0].sentence == f"Limits for everybody: {sizes}, when the log was begun."
    assert said[0].limits[-1] == "None was set before this: these are the defaults."
    assert said[3].sentence == "Limits for this user alone: 5.0 MB of storage, 1 a day: a prize."
    assert said[3].limits[0] == "In force before: 2 generations a day, the limit for everybody."
    assert said[4].sentence == f"Deleted by the user: trips/a.png, {size_in_words(len(png()))} freed."
    assert (said[4].lines, said[5].sentence) == ((), "The day's count was set to 0: kindness.")
    refuse(store)
    assert told(last(store)).headline.startswith("Refused by the daily limit, ")
    assert told(last(store)).limits[0] == "In force: 1 generation a day, the user's own limit."
