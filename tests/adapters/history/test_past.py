"""What a replay tells of a moment is what was live at it, recorded while it ran."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple

import pytest
from eventsourcing.dcb.api import DCBQuery, DCBSequencedEvent

from adapters.application.reading import known_users, pool_usage, quota_status
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.history.past import Moment, Past, opened
from adapters.history.rechecking import recheck
from adapters.ledger.codec import decode
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import decode_user, encode_state
from adapters.ports.clock import utc_now
from domain.events import ClockCorrected
from projections.quota_state import QuotaState
from projections.stored_state import dump
from projections.user_replay import UserReplay, concerns, of_image, of_reservation, settlements_of
from scripts.month.life import Shape
from scripts.simulate_month import simulate
from tests.adapters.ledger.former_state import without_corrections

SHAPE = Shape(users=20, events=2_400, days=30)
ENGINE = default_engine(Files())
OF_ONE_USER = ("user", "daily", "storage", "limits", "position")
SOME = 12
"""Of all recorded positions, so many are also asked for one by one as of everybody."""


class Month(NamedTuple):
    """A simulated month that is open for questions, and what was live at some of its positions."""

    root: Path
    past: Past
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    root = tmp_path_factory.mktemp("past") / "root"
    rows = simulate(root, SHAPE, record=150).rows
    with opened(root, ENGINE) as past:
        yield Month(root, past, rows)


@pytest.fixture(scope="module")
def full_month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    root = tmp_path_factory.mktemp("past") / "root"
    rows = simulate(root, Shape(users=200, events=60_000, days=30), record=1_000).rows
    with opened(root, ENGINE) as past:
        yield Month(root, past, rows)


def differences(month: Month) -> list[tuple[int, str]]:
    """The recorded positions at which a replay tells something else, and what of it."""
    found = []
    everybody = month.past.everybody_at(row["position"] for row in month.rows)
    for row, whole in zip(month.rows, everybody, strict=True):
        moment = Moment(row["at"], row["position"])
        own = quota_status(month.past.user(row["user"], moment), row["user"])
        found += [(row["position"], name) for name in OF_ONE_USER if own[name] != row["status"][name]]  # type: ignore[literal-required]  # its own members
        found += [(row["position"], "global")] * (pool_usage(whole) != row["status"]["global"])
    for row in month.rows[:: max(1, len(month.rows) // SOME)]:
        then = month.past.everybody(Moment(row["at"], row["position"]))
        found += [(row["position"], "everybody")] * (quota_status(then, row["user"]) != row["status"])
    return found


def test_the_replayed_status_is_the_one_that_was_live(month: Month) -> None:
    """At random positions: of a user from that user's lines, of the pool and everybody from all."""
    assert len(month.rows) > 100
    assert differences(month) == []


@pytest.mark.thorough
def test_the_replayed_status_is_the_one_that_was_live_at_a_thousand_positions(full_month: Month) -> None:
    """Of 60,000, over a month."""
    assert len(full_month.rows) > 900
    assert differences(full_month) == []


def test_a_time_means_all_that_the_log_said_by_then(month: Month) -> None:
    """Also where a corrected clock took time back: what was dated too late is known once its date has come, or the
    correction.
    """
    log = month.past._log
    recorded = [(stored.position, decode(stored)) for stored in log.read()]
    corrected = next(position for position, event in recorded if isinstance(event, ClockCorrected))
    times = [event.at for _, event in recorded]
    asked = {
        times[0],
        times[len(times) // 3],
        times[corrected - 2],
        times[corrected - 1],
        times[corrected + 40],
        times[-1],
    }
    for at in asked:
        expected = max(position for position, event in recorded if event.at <= at)
        assert month.past.position_of(Moment(at)) == expected
    assert month.past.position_of(Moment("2026-01-01T00:00:00.000000Z")) == 0
    assert month.past.position_of(Moment("2027-01-01T00:00:00.000000Z")) == len(recorded)


def test_a_part_of_the_log_begins_with_the_first_event_of_its_time(month: Month) -> None:
    """Also where a corrected clock took time back: it may then begin before the correction."""
    recorded = [(stored.position, decode(stored).at) for stored in month.past._log.read()]
    corrected = [begin for begin, _ in month.past._corrections(after=0)]
    asked = {at for position, at in recorded if position % 300 == 1 or min(abs(position - c) for c in corrected) < 3}
    for at in (*asked, "2026-01-01T00:00:00.000000Z"):
        assert month.past.first_from(at) == min(position for position, its in recorded if its >= at)
    assert month.past.first_from("2999-01-01T00:00:00.000000Z") == month.past.head + 1


def looked_after(root: Path, month: Month) -> list[int]:
    """Behind which positions a log is looked through for corrections of its clock."""
    asked: list[int] = []
    with opened(root, ENGINE) as past:
        between = past._log.between

        def noting(query: DCBQuery, after: int, up_to: int) -> Iterator[DCBSequencedEvent]:
            asked.append(after)
            return between(query, after, up_to)

        past._log.between = noting  # type: ignore[method-assign]  # to see what is asked
        found = past._corrections(after=0)
        assert found == month.past._corrections(after=0)
        assert found
    return asked


def test_what_a_snapshot_tells_of_corrections_is_not_looked_for_again(month: Month, tmp_path: Path) -> None:
    """Only what stands behind the newest one is looked through. One of the version that noted none spares nothing, and
    a writer does not go on from it: it reads the whole log, and keeps what it found.
    """
    root = tmp_path / "root"
    copytree(month.root, root)
    assert looked_after(root, month) == [month.past.head]
    for is_kept_by_former in (True, False):
        projector = Projector()
        log = ENGINE.open_for_writing(root, clock=utc_now, on_event=projector.take, restore=projector.restore)
        assert projector.state.position == month.past.head
        assert projector.corrections.places is not None
        stored = b"".join(encode_state(projector.dump()))
        log.write_snapshot(log.snapshot_point(), [without_corrections(stored) if is_kept_by_former else stored])
        log.close()
        assert looked_after(root, month) == [0 if is_kept_by_former else month.past.head]


def test_one_users_part_of_a_snapshot_goes_on_as_if_that_users_lines_alone_had_been_read(month: Month) -> None:
    """From any position on, for every user and for one that nobody knows; the pool in it is that part too."""
    recorded = [(stored.position, decode(stored)) for stored in month.past._log.read()]
    users = [*known_users(month.past.everybody(Moment())), "nobody"]
    whole = Projector()
    for position, event in recorded:
        whole.state.apply(position, event)
        if position not in {700, 1_500, recorded[-1][0]}:
            continue
        stored = b"".join(encode_state(whole.dump()))
        for user in users:
            kept = decode_user(stored, user)
            assert kept is not None
            former, later = (
                [(at, one) for at, one in recorded if concerns(one, user) and (at <= position) == before]
                for before in (True, False)
            )
            read, resumed = UserReplay(user), UserReplay(user, kept)
            for at, one in former:
                read.apply(at, one)
            assert figures(resumed.state) == figures(read.state)
            for at, one in later:
                assert resumed.apply(at, one)[:5] == read.apply(at, one)[:5]
            assert figures(resumed.state) == figures(read.state)


def figures(state: QuotaState) -> tuple[object, ...]:
    """All that a state tells of anybody, but answers to requests, and whose time is over."""
    state.tidy()
    tables = dump(state).tables
    held = {key: one for key, one in tables["reservations"].items() if one.open}
    book = {name: tables["book"][name] for name in ("policy", "policy_is_recorded", "pool")}
    shelves = [{user: index.of(user).dump() for user in index.users()} for index in (state.gallery, state.temps)]
    return {name: tables[name] for name in ("users", "days", "overrides", "refusals")}, held, book, shelves


def test_before_the_first_event_there_is_nothing(month: Month) -> None:
    """And no user is known."""
    then = month.past.everybody(Moment(position=0))
    assert known_users(then) == []
    assert pool_usage(then)["used_mb"] == 0


def test_a_story_ends_where_the_status_is_and_each_line_goes_on_from_the_one_before(month: Month) -> None:
    """For every user: bytes and holds add up line by line, and the last balances are the figures of now."""
    now = month.past.everybody(Moment())
    for user in known_users(now):
        lines = list(month.past.story(user, Moment()))
        for former, line in pairwise(lines):
            assert line.before[2:] == former.after[2:]
        usage = now.state.user(user)
        assert lines[-1].after[2:] == usage
        days = {line.after.day: line.after.counted for line in lines}
        assert {day.day: day.count for day in now.state.days(user)}.items() <= days.items() | set()


def test_the_story_of_an_image_and_of_a_generation_are_parts_of_their_users(month: Month) -> None:
    """With the lines of the generation that the image came from; a reservation is found without its user."""
    user = known_users(month.past.everybody(Moment()))[0]
    lines = list(month.past.story(user, Moment()))
    generation = next(found for found in settlements_of(lines) if found.kept)
    of_it = of_reservation(lines, generation.reservation)
    assert {type(line.event).__name__ for line in of_it} >= {"GenerationReserved", "ImageSaved"}
    assert set(of_it) <= set(of_image(lines, generation.kept[0].name))
    assert month.past.owner_of(generation.reservation) == user
    assert month.past.owner_of("f" * 32) is None


def test_all_projections_built_from_nothing_agree_with_the_live_ones_and_each_snapshot(month: Month) -> None:
    """And where a snapshot tells something else, that is found."""
    found = recheck(month.root, ENGINE)
    assert found.report.is_whole
    assert not found.findings
    assert (found.live, found.snapshots) == (month.past.head, [month.past.head])
