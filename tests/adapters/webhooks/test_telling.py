"""What a receiver is told, whatever it and the machine do: each event once, in order, with one id.

| the receiver | it gets |
|---|---|
| is down for an hour | all of that hour afterwards, in order, once each |
| answers 500, 404, 429, a redirect, nothing | the same again, after the pause that it asks for or one that grows |
| takes it, and its answer is lost | the same id again |
| says 410 | nothing more until the next start |
| **the service** | |
| cannot note how far it is | one message, and the next when it can |
| ends between the answer and the note | that one id twice, no other |
| stops while a message waits | that message after the next start |
| was told of none before, or of another log | what is recorded from then on |
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from adapters.application.notes import NoteKind
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.webhooks import telling as telling_module
from adapters.webhooks.backing_off import LONGEST_ASKED_SECONDS, LONGEST_SECONDS
from adapters.webhooks.cursor import CURSOR_FILE, KeptCursor
from adapters.webhooks.telling import AWAY_SECONDS
from domain.commands import SetPolicy
from tests.adapters.webhooks.inbox import Inbox, Post, Teller, policy_changes, taken, telling

HOUR_SECONDS = 3_600.0


def status(number: int, **headers: str) -> Callable[[Post], web.StreamResponse]:
    """An answer with that status alone."""
    return lambda _: web.Response(status=number, headers={name.replace("_", "-"): headers[name] for name in headers})


def in_turn(*answers: Callable[[Post], web.StreamResponse]) -> Callable[[Post], web.StreamResponse]:
    """One of these answers after the other."""
    left = iter(answers)

    def answer(post: Post) -> web.StreamResponse:
        return next(left)(post)

    return answer


def some(inbox: Inbox, number: int) -> Callable[[], bool]:
    """Whether so many were taken."""
    return lambda: len(inbox.taken) >= number


def position(root: Path) -> int:
    """How far the file says that it is told."""
    marks = KeptCursor(root.resolve(), Files()).read()
    assert marks is not None
    return marks[-1].position


async def test_a_receiver_that_is_down_for_an_hour_is_told_each_once_and_in_order(tmp_path: Path) -> None:
    """Nobody listens; what happens meanwhile waits in the log; then somebody does."""
    async with telling(tmp_path) as (store, inbox, teller):
        await inbox.down()
        began = teller.time.now
        policy_changes(store, 2, 3)
        teller.time.at = {began + 1_800: lambda: policy_changes(store, 4), began + HOUR_SECONDS: inbox.up}
        webhooks = await teller.run(store, some(inbox, 3))
        assert inbox.limits() == [2, 3, 4]
        assert [post.id for post in inbox.posts] == inbox.taken, "each came once"
        assert Counter(inbox.taken) == dict.fromkeys(inbox.taken, 1)
        assert HOUR_SECONDS <= teller.time.now - began <= HOUR_SECONDS + LONGEST_SECONDS + 10
        assert webhooks.notes() == ()
        assert position(tmp_path) == store.opened().state.position
        await teller.run(store, until=lambda: True)
        assert len(inbox.posts) == 3, "and after a restart nothing comes again"


async def test_pauses_grow_and_are_bounded(tmp_path: Path) -> None:
    """Seconds at first, ten minutes at most, from anew once something was taken."""
    async with telling(tmp_path) as (store, inbox, teller):
        inbox.answers = status(500)
        policy_changes(store, 2, 3)
        teller.time.at = {teller.time.now + HOUR_SECONDS: lambda: setattr(inbox, "answers", taken)}
        await teller.run(store, some(inbox, 2))
        assert [pause for pause in teller.time.pauses if pause != telling_module.LOOK_SECONDS] == [
            *(2.0**n for n in range(10)),
            *[LONGEST_SECONDS] * 5,
        ]
        assert len({post.id for post in inbox.posts}) == 2


@pytest.mark.parametrize(
    ("asked", "pauses"),
    [("120", 120.0), ("0", 1.0), ("1", 1.0), ("99999999", LONGEST_ASKED_SECONDS), ("soon", 1.0), ("-5", 1.0)],
)
async def test_a_receiver_is_left_alone_as_long_as_it_asks(tmp_path: Path, asked: str, pauses: float) -> None:
    """Within an hour; what is no time is no wish."""
    async with telling(tmp_path) as (store, inbox, teller):
        inbox.answers = in_turn(status(429, Retry_After=asked), taken)
        policy_changes(store, 2)
        await teller.run(store, some(inbox, 1))
        assert teller.time.pauses[0] == pauses


@pytest.mark.parametrize("number", [200, 201, 202, 204, 299])
async def test_any_success_is_an_acknowledgement(tmp_path: Path, number: int) -> None:
    """As the convention has it."""
    async with telling(tmp_path) as (store, inbox, teller):
        inbox.answers = status(number)
        policy_changes(store, 2)
        await teller.run(store, some(inbox, 1))
        assert len(inbox.posts) == 1


@pytest.mark.parametrize("number", [300, 301, 302, 307, 308, 400, 401, 404, 409, 500, 502, 503, 504])
async def test_whatever_is_no_success_is_tried_again_with_the_same_id(tmp_path: Path, number: int) -> None:
    """Also where it says that the message is wrong: nobody but the receiver knows when that ends."""
    async with telling(tmp_path) as (store, inbox, teller):
        inbox.answers = in_turn(status(number, Location=inbox.address), status(number), taken)
        policy_changes(store, 2)
        await teller.run(store, some(inbox, 1))
        assert [post.id for post in inbox.posts] == [inbox.taken[0]] * 3


async def test_an_answer_that_is_lost_brings_the_same_id_again(tmp_path: Path) -> None:
    """Taken, and the connection breaks: the receiver can tell, by the id, that it has it."""
    async with telling(tmp_path) as (store, inbox, teller):

        def take_and_break(_: Post) -> None:
            inbox.answers = taken

        inbox.answers = take_and_break
        policy_changes(store, 2, 3)
        await teller.run(store, some(inbox, 3))
        assert inbox.taken[0] == inbox.taken[1]
        assert inbox.limits() == [2, 3]


async def test_an_answer_that_comes_too_late_is_none(tmp_path: Path) -> None:
    """It is not waited for, and the same id comes again."""
    async with telling(tmp_path) as (store, inbox, teller):
        late = asyncio.Event()

        async def answer_late(post: Post) -> web.StreamResponse:
            inbox.answers = taken
            await late.wait()
            return taken(post)

        inbox.answers, teller.answer_seconds = answer_late, 0.2
        policy_changes(store, 2)
        webhooks = await teller.run(store, some(inbox, 1))
        late.set()
        assert [post.id for post in inbox.posts] == [inbox.taken[0]] * 2
        assert {one.labels: one.value for one in webhooks.measured()[:2]} == {("taken",): 1, ("failed",): 1}


async def test_a_receiver_that_is_gone_is_left_alone_until_the_next_start(tmp_path: Path) -> None:
    """410: nothing more is posted and an operator is told; what was recorded is told after a start."""
    async with telling(tmp_path) as (store, inbox, teller):
        came = asyncio.Event()

        def answer_gone(_: Post) -> web.StreamResponse:
            came.set()
            return web.Response(status=410)

        inbox.answers = answer_gone
        policy_changes(store, 2, 3)
        webhooks = teller.made(store)
        webhooks.start()
        await came.wait()
        await asyncio.sleep(0.2)  # in which no pause takes any time
        (note,) = webhooks.notes()
        assert note.kind is NoteKind.WEBHOOKS_STOPPED
        assert "wants no messages any more (410)" in note
        assert "/hook" not in note, "a path may be a secret"
        await webhooks.stop()
        assert len(inbox.posts) == 1
        inbox.answers = taken
        await teller.run(store, some(inbox, 2))
        assert inbox.limits() == [2, 3]


async def test_a_receiver_that_is_away_for_long_is_worth_a_note(tmp_path: Path) -> None:
    """One second before the bound there is none; when it takes again, none either."""
    async with telling(tmp_path) as (store, inbox, teller):
        inbox.answers = status(503)
        policy_changes(store, 2)
        told: list[tuple[float, bool]] = []

        def look() -> bool:
            assert teller.webhooks is not None
            away = {one.name: one.value for one in teller.webhooks.measured()}["abby_webhook_away_seconds"]
            assert isinstance(away, float)
            told.append((away, bool(teller.webhooks.notes())))
            return away > 2 * AWAY_SECONDS

        webhooks = await teller.run(store, look)
        assert [is_noted for _, is_noted in told] == [away >= AWAY_SECONDS for away, _ in told]
        assert {is_noted for _, is_noted in told} == {False, True}
        (note,) = webhooks.notes()
        assert note.kind is NoteKind.WEBHOOKS_BEHIND
        assert "as it answers 503" in note
        inbox.answers = taken
        assert (await teller.run(store, some(inbox, 1))).notes() == ()


async def test_while_it_cannot_be_noted_nothing_further_is_told(tmp_path: Path) -> None:
    """A full disk: one message is out, which may come again after a crash; the next waits until there is room."""
    disk = SmallDiskForTheCursor()
    async with telling(tmp_path, disk) as (store, inbox, teller):
        policy_changes(store, 2, 3)
        disk.is_full = True

        def look() -> bool:
            if len(teller.time.pauses) == 5:
                assert teller.webhooks is not None
                (note,) = teller.webhooks.notes()
                assert note.kind is NoteKind.WEBHOOKS_STOPPED
                assert "No space left" in note
                assert inbox.limits() == [2]
                disk.is_full = False
            return len(inbox.taken) >= 2

        webhooks = await teller.run(store, look)
        assert webhooks.notes() == ()
        assert inbox.limits() == [2, 3]
        assert len(inbox.posts) == 2


async def test_a_service_that_ends_before_it_noted_an_answer_tells_that_one_again_and_no_other(tmp_path: Path) -> None:
    """With the same id."""
    disk = SmallDiskForTheCursor()
    async with telling(tmp_path, disk) as (store, inbox, teller):
        policy_changes(store, 2, 3, 4)

        def answer(post: Post) -> web.StreamResponse:
            disk.is_full = len(inbox.taken) == 1
            return taken(post)

        inbox.answers = answer
        await teller.run(store, lambda: disk.is_full)
        disk.is_full, again = False, inbox.taken[1]
        assert len(inbox.taken) == 2
        inbox.answers = taken
        await teller.run(store, lambda: position(tmp_path) == store.opened().state.position)
        assert Counter(inbox.taken) == {one: 2 if one == again else 1 for one in inbox.taken}
        assert inbox.limits() == [2, 3, 4]


class SmallDiskForTheCursor(Files):
    """A disk that has no room for the cursor while it `is_full`."""

    is_full = False

    def write(self, fd: int, data: memoryview) -> int:
        """No room for what begins as a cursor does."""
        if self.is_full and bytes(data[:10]) == b'{"format":':
            raise OSError(28, "No space left on device")
        return super().write(fd, data)


async def test_a_service_that_stops_meanwhile_tells_the_rest_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt under way is given up after a moment, and its message comes again with its id."""
    monkeypatch.setattr(telling_module, "DRAIN_SECONDS", 0.2)
    async with telling(tmp_path) as (store, inbox, teller):
        came = asyncio.Event()

        async def answer_never(_: Post) -> web.StreamResponse:
            came.set()
            await asyncio.Event().wait()
            raise AssertionError

        inbox.answers = answer_never
        policy_changes(store, 2, 3)
        webhooks = teller.made(store)
        webhooks.start()
        await came.wait()
        await webhooks.stop()
        inbox.answers = taken
        await teller.run(store, some(inbox, 2))
        assert inbox.limits() == [2, 3]
        assert [post.id for post in inbox.posts] == [inbox.taken[0], *inbox.taken]


async def test_only_the_types_that_are_named_are_told_and_the_others_are_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cursor follows what nobody is told of, now and then; so a start does not go through it again."""
    monkeypatch.setattr(telling_module, "UNTOLD_POSITIONS", 3)
    async with telling(tmp_path) as (store, inbox, teller):
        teller.types = ("ImageSaved",)
        policy_changes(store, *range(2, 10))
        await teller.run(store, lambda: len(teller.time.pauses) > 2)
        assert inbox.posts == []
        assert store.opened().state.position - position(tmp_path) < 3


async def test_more_than_a_page_is_told_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is the queue: so many at a time are in memory, however many there are."""
    monkeypatch.setattr(telling_module, "PAGE_LINES", 2)
    async with telling(tmp_path) as (store, inbox, teller):
        policy_changes(store, *range(2, 9))
        await teller.run(store, some(inbox, 7))
        assert inbox.limits() == [*range(2, 9)]


@pytest.mark.parametrize("damage", [b"", b'{"format":1,"marks":[[5', b"[]", b'{"format":9,"marks":[[1,"x"]]}'])
async def test_a_damaged_cursor_stops_until_somebody_decides(tmp_path: Path, damage: bytes) -> None:
    """Nothing is left out, and nothing told anew, by itself; without the file it begins with what comes."""
    async with telling(tmp_path) as (store, inbox, teller):
        policy_changes(store, 2)
        (tmp_path / CURSOR_FILE).write_bytes(damage)

        def look() -> bool:
            assert teller.webhooks is not None
            if len(teller.time.pauses) == 3:
                (note,) = teller.webhooks.notes()
                assert note.kind is NoteKind.WEBHOOKS_STOPPED
                assert "remove it" in note
                (tmp_path / CURSOR_FILE).unlink()
            if len(teller.time.pauses) == 5:
                policy_changes(store, 3)
            return len(inbox.taken) >= 1

        webhooks = await teller.run(store, look)
        assert webhooks.notes() == ()
        assert inbox.limits() == [3]


@pytest.mark.parametrize("grows", [1, 12, 50])
@pytest.mark.parametrize(("lost", "again"), [(8, 1), (40, 2)])
async def test_a_log_that_was_restored_is_told_from_where_it_goes_on(
    tmp_path: Path, grows: int, lost: int, again: int
) -> None:
    """Positions that were told stand for other events now: those are told, under ids of their own. What was told before
    comes again only where more was lost than is marked one by one, and then with its id.
    """
    root, older = tmp_path / "root", tmp_path / "older"
    async with telling(root) as (store, inbox, teller):
        policy_changes(store, 2, 3)
        await teller.run(store, some(inbox, 2))
        _copied(store, root, older)
        policy_changes(store, *range(10, 10 + lost))
        await teller.run(store, some(inbox, 2 + lost))
        (older / CURSOR_FILE).write_bytes((root / CURSOR_FILE).read_bytes())  # the operator kept the newer file
        restored = open_store(older)
        policy_changes(restored, *range(100, 100 + grows))
        before = len(inbox.taken)
        await Teller(older, inbox).run(restored, lambda: position(older) == restored.opened().state.position)
        restored.close()
        assert inbox.limits()[before:] == [*range(100, 100 + grows)]
        assert max(Counter(inbox.taken).values()) == again


def _copied(store: Storage, root: Path, to: Path) -> None:
    """As a backup does, by hand: the log to its end, whose writer goes on."""
    store.opened().recorder.checkpoint(store.opened().images.reconciled())
    shutil.copytree(root, to)
    (to / "logs/.lock").unlink()


async def test_another_log_is_told_from_now_on(tmp_path: Path) -> None:
    """Its past was nobody's to be told."""
    one, other = tmp_path / "one", tmp_path / "other"
    async with telling(one) as (store, inbox, teller):
        policy_changes(store, 2, 3)
        await teller.run(store, some(inbox, 2))
        stranger = open_store(other, limits=SetPolicy(daily=50))
        policy_changes(stranger, *range(51, 60))
        shutil.copy(one / CURSOR_FILE, other / CURSOR_FILE)
        there = Teller(other, inbox)
        await there.begin(stranger)
        policy_changes(stranger, 99)
        await there.run(stranger, some(inbox, 3))
        stranger.close()
        assert inbox.limits() == [2, 3, 99]


async def test_what_happens_while_the_service_starts_is_told(tmp_path: Path) -> None:
    """The first start begins where the log ended before anybody was served."""
    async with telling(tmp_path) as (store, inbox, teller):
        (tmp_path / CURSOR_FILE).unlink()
        await teller.run(store, some(inbox, 1), at_start=lambda: policy_changes(store, 2))
        assert inbox.limits() == [2]
