"""Rules of the stored state: what is restored of it answers as before and goes on alike, whatever the history."""

from __future__ import annotations

from hashlib import sha256
from itertools import count

import orjson
import pytest
from hypothesis import given

from adapters.ledger import snapshot_state
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import FORMER, SCHEMA, decode_corrections, decode_state, encode_state
from domain.commands import Command
from domain.decisions import StoredAnswer, decide
from domain.events import ClockCorrected, Event, PolicyChanged, PreferenceSet
from domain.instants import EARLIEST, later
from domain.limits import Limits, TakenIn
from domain.names import name_key
from domain.refusals import Refusal
from projections.limit_changes import LimitChange
from tests.adapters.ledger.former_state import without_corrections, without_taken_in, without_windows
from tests.domain.examples import NOON, key, reserve, save
from tests.domain.history import stored, typed
from tests.projections.state import state_of
from tests.projections.test_any_history import World, batches, within_the_time_of_the_suite

History = list[tuple[int, list[Command]]]


def projector_of(world: World) -> Projector:
    """All projections after a world's events; the state is the world's own."""
    projector = Projector()
    projector.state = world.state
    for position, fact in enumerate(world.events, 1):
        projector.feed(position, stored(fact))
    return projector


def restored(stored_state: bytes) -> Projector:
    """Projections made of a stored state."""
    projector = Projector()
    assert projector.restore(stored_state)
    return projector


def of_former(stored_state: bytes) -> Projector:
    """Projections made of what a former version kept: figures alone, and no decision goes on from them."""
    assert not Projector().restore(stored_state)
    projector = Projector()
    assert projector.restore(stored_state, for_figures=True)
    assert not projector.state.counts_windows
    return projector


def known(projector: Projector) -> object:
    """All that projections know, with its types."""
    state = {
        name: typed(tuple(part) if isinstance(part, list) else part) for name, part in state_of(projector.state).items()
    }
    return state, typed(projector.activity.dump()), projector.preferences.dump(), typed(projector.limit_changes.dump())


@within_the_time_of_the_suite
@given(batches, batches)
def test_what_is_restored_answers_as_before_and_goes_on_alike(history: History, afterwards: History) -> None:
    """Any history, and any commands after it: decided alike, folded alike. What was kept is not changed by them."""
    world = World()
    for wait, batch in history:
        world.batch(wait, batch)
    frozen = projector_of(world).dump()
    kept = b"".join(encode_state(frozen))
    before = known(projector_of(world))
    assert known(restored(kept)) == before
    again = World()
    again.state, again.events, again.now, again.made = (
        restored(kept).state,
        list(world.events),
        world.now,
        list(world.made),
    )
    for goes_on in (world, again):
        goes_on.own = count(1_000)
        for wait, batch in afterwards:
            goes_on.batch(wait, batch)
    assert again.events == world.events
    assert state_of(again.state) == state_of(world.state)
    assert known(restored(b"".join(encode_state(frozen)))) == before


def played(*history: tuple[int, Command]) -> Projector:
    """All projections after commands, each so many seconds after noon."""
    projector = Projector()
    for wait, command in history:
        draft = projector.state.draft()
        decision = decide(command, draft, draft.policy, later(NOON, seconds=wait))
        assert isinstance(decision, tuple)
        assert not isinstance(decision, Refusal | StoredAnswer)
        for fact in decision:
            draft.apply(draft.position + 1, fact)
            projector.feed(draft.position, fact)
        draft.commit()
    return projector


SOME = (
    (0, reserve(user="42", count=2, idempotency_key=key("k"))),
    (1, save("a/b.png", 10, user="77", own="own1")),
    (2, save("t", 5, user="42", temp=True)),
    (3, save("image_3.png", 7, user="42", own="own2")),
    (4, save("a/b.png", 12, user="77", own="own3")),
)
"""Two users with names, holds and an answer."""
CHOICE: Event = PreferenceSet(at=NOON, user="42", by="cli", preference="style", value="anime")
CORRECTION: Event = ClockCorrected(NOON, "cli", later(NOON, seconds=9), NOON)
POLICY = PolicyChanged(NOON, "system", Limits(daily=9), "environment")
BEGUN: Event = PolicyChanged(NOON, "system", Limits(), "default")


def test_preferences_and_activity_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over several lines, and with days that went into the totals."""
    monkeypatch.setattr(snapshot_state, "ROWS_A_LINE", 1)
    monkeypatch.setattr("projections.activity.FINE_DAYS", 1)
    projector = played(*SOME, (86_400, save("z.png", 1, user="42", own="own4")))
    projector.feed(0, CHOICE)
    projector.feed(0, POLICY)
    again = restored(b"".join(encode_state(projector.dump())))
    assert known(again) == known(projector)
    assert again.preferences.get("42", "style") == "anime"
    assert again.limit_changes.last("daily") == LimitChange(9, NOON, "system", "environment")
    assert again.activity.total("42") == projector.activity.total("42")
    assert len(again.activity.days()) == 1


def test_a_gallery_is_decoded_when_it_is_first_touched_and_kept_as_it_was_until_then() -> None:
    """A dump of what nobody touched is what was restored, byte for byte."""
    kept = b"".join(encode_state(played(*SOME).dump()))
    again = restored(kept)
    assert set(again.state.gallery._packed) == {"42", "77"}
    assert b"".join(encode_state(again.dump())) == kept
    assert again.state.gallery.count("77") == 1
    assert set(again.state.gallery._packed) == {"42"}
    assert again.state.gallery.users() == ["42", "77"]
    assert sorted(key for _, key, _ in again.state.gallery.all()) == [name_key("a/b.png"), "image_3.png"]
    assert again.state.gallery.next_number("42") == 4


def test_a_state_of_another_schema_or_misshapen_is_not_taken_in() -> None:
    """Nothing changes then; the log is replayed instead."""
    kept = b"".join(encode_state(played(*SOME).dump()))
    schema, rest = kept.split(b"\n", 1)
    older = orjson.dumps({"schema": min(FORMER) - 1}) + b"\n" + rest
    for broken in (
        older,
        b"",
        schema + b"\n",
        schema + b"\n[]\n",
        schema + b"\nno JSON\n",
        kept.replace(b'"pool"', b'"pond"'),
    ):
        projector = Projector()
        assert not projector.restore(broken)
        assert projector.state.position == 0
    assert decode_state(kept) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"a/b.png', b'"../../b.png'),
        (b'"a/b.png', b'"a/../../b.png'),
        (b'"a/b.png', b'"/etc/b.png'),
        (b'"a/b.png', b'"a//b.png'),
        (b'"a/b.png', b'"..\\\\b.png'),
        (b'"a/b.png', b'"a\\u002f..\\u002fb.png'),
        (b'"users":["42"]', b'"users":["../42"]'),
        (b'"users":["42"]', b'"users":["con"]'),
        (b'"users":["42"]', b'"users":[42]'),
    ],
)
def test_a_state_with_a_name_that_leads_away_is_not_taken_in(old: bytes, new: bytes) -> None:
    """Paths are made of users and names, so the log is read instead, which has none such."""
    kept = b"".join(encode_state(played(*SOME).dump()))
    assert old in kept
    assert decode_state(kept.replace(old, new)) is None


def test_a_state_of_the_former_schema_is_taken_in_and_tells_nothing_of_corrections() -> None:
    """None would be a wrong answer. What windows count is not in it either."""
    kept = b"".join(encode_state(played(*SOME).dump()))
    former = of_former(without_corrections(kept))
    assert known(former) == known(of_former(without_windows(kept)))
    assert former.corrections.places is decode_corrections(without_corrections(kept)) is None


@pytest.mark.parametrize("source", ["environment", "default"])
def test_a_state_of_before_managers_changed_limits_knows_what_settings_gave(source: str) -> None:
    """All limits, where they gave any: so a replay of the log says too, and so does what is kept after it."""
    projector = Projector()
    for position, event in enumerate((BEGUN, PolicyChanged(NOON, "system", Limits(daily=9), source)), 1):
        projector.state.apply(position, event)
        projector.feed(position, event)
    former = of_former(without_taken_in(b"".join(encode_state(projector.dump()))))
    expected = TakenIn() if source == "default" else TakenIn(*Limits(daily=9))
    assert former.state.taken_in == projector.state.taken_in == expected


def test_corrections_of_the_clock_are_kept_and_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over several lines; where there was none, that is known."""
    monkeypatch.setattr(snapshot_state, "ROWS_A_LINE", 1)
    projector = played(*SOME)
    assert decode_corrections(b"".join(encode_state(projector.dump()))) == {0: EARLIEST}
    projector.feed(9, CORRECTION)
    kept = b"".join(encode_state(projector.dump()))
    assert decode_corrections(kept) == restored(kept).corrections.places == {0: EARLIEST, 9: NOON}
    after = kept.index(b'{"table":"users"')  # 22 bytes further on it is sure that it is no further line of them
    told = {size: decode_corrections(kept[:size]) for size in range(len(kept))}
    assert [size for size, places in told.items() if places is not None] == list(range(after + 22, len(kept)))
    assert told[after + 22] == {0: EARLIEST, 9: NOON}


STATES_BY_SCHEMA = {
    1: "3181534f97cb5fbd01826c7b744c811551c5275d5b521f8f5c34e388e112e492",
    2: "c1fd7f7653b542652bc3372249f03e7c327e1e6ef3416a95cb7c122c55a98d9a",
    3: "657f4a987ad2f74b05a32cc8864daa6ba7f77c4f3ee881cfccf5bc36c708c5b7",
    4: "2c80a2a0dfaeff3c7ca5125544493619451cb87c65dd3899a25dbc68e96e4b7f",
    5: "d09e172de05e3857e320ae5b030c01c14606af05ea0dca744e69c87a422b046a",
    6: "2ff4dc3a48c40f8199f142832320cfbcaeecd973d0518275d51c5a1018149912",
}
"""The SHA-256 of the stored form of one history."""


def test_whoever_changes_the_stored_form_raises_its_schema() -> None:
    """Else an older snapshot would be taken for one of this version. A new schema gets a new row here."""
    projector = played(*SOME)
    projector.feed(0, CHOICE)
    projector.feed(0, POLICY)
    kept = b"".join(encode_state(projector.dump()))
    assert sha256(kept).hexdigest() == STATES_BY_SCHEMA[SCHEMA]
