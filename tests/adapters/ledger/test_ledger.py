"""The ledger's contract, run on every recorder that a ledger may stand on: batches, callers of every kind, several
ledgers on one log, and what ends it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.ledger import ledger as ledger_module
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import Accepted, Outcome
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import Recorder
from adapters.ports.faults import LedgerStopped
from domain.commands import (
    CompleteGeneration,
    DeleteImage,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
)
from domain.events import GenerationReserved, IdempotencyKey, ImageSaved
from domain.refusals import Reason, Refusal
from tests.adapters.ledger.recorders import RECORDERS, WAIT_SECONDS, GappyRecorder, GatedRecorder

Open = Callable[..., QuotaLedger]


@pytest.fixture(params=RECORDERS)
def recorder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recorder]:
    """Each of them in turn."""
    with RECORDERS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def gated(recorder: Recorder) -> GatedRecorder:
    """The same behind a gate."""
    return GatedRecorder(recorder)


@pytest.fixture
def open_ledger(recorder: Recorder) -> Iterator[Open]:
    """Opens ledgers over what is recorded there, and closes them after the test, before the recorder."""
    del recorder  # named so that it outlives them
    opened: list[QuotaLedger] = []

    def start(over: Recorder, clock: Clock = utc_now) -> QuotaLedger:
        opened.append(QuotaLedger(over, clock=clock))
        return opened[-1]

    yield start
    for ledger in opened:
        ledger.close()


def reserve(reservation: str, user: str = "1", *, key: str | None = None) -> ReserveGeneration:
    """One place of no bytes."""
    request = IdempotencyKey(key, "0" * 64) if key else None
    return ReserveGeneration(user, "library", reservation, 60, bytes_each=0, idempotency_key=request)


def save(name: str, user: str = "1", *, size: int = 10, key: str | None = None) -> SaveImage:
    """A plain save of one image."""
    request = IdempotencyKey(key, "0" * 64) if key else None
    return SaveImage(
        user, "library", name, size, "0" * 64, "image/png", 1, 1, "5a" * 16, f"r-{name}", idempotency_key=request
    )


def daily(ledger: QuotaLedger, user: str = "1") -> int:
    """Places charged to the user today."""
    return ledger.state.daily.status(user, 5, ledger.now()).used


def accepted(outcome: Outcome) -> Accepted:
    """The outcome, which must be no refusal."""
    assert isinstance(outcome, Accepted), outcome
    return outcome


def refused(outcome: Outcome) -> Reason:
    """Why it was refused."""
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


async def queued(ledger: QuotaLedger, commands: list[ReserveGeneration]) -> list[asyncio.Task[Outcome]]:
    """The commands, each by a caller of its own, all of them in the queue."""
    tasks = [asyncio.create_task(ledger.submit(command)) for command in commands]
    await asyncio.sleep(0)
    return tasks


async def hold_up(ledger: QuotaLedger, recorder: GatedRecorder) -> asyncio.Task[Outcome]:
    """Shuts the gate and has the writer stand before it, with a command of another user."""
    recorder.hold()
    task = asyncio.create_task(ledger.submit(reserve("first", "other")))
    assert await asyncio.to_thread(recorder.waiting.wait, WAIT_SECONDS)
    return task


async def test_blocking_and_asynchronous_calls_take_the_same_path(recorder: Recorder, open_ledger: Open) -> None:
    """Each sees what the other did, and positions follow each other."""
    ledger = open_ledger(recorder)
    one = accepted(ledger.execute(save("a.png")))
    two = accepted(await ledger.submit(save("b.png")))
    assert [position for position, _ in (*one.recorded, *two.recorded)] == [1, 2, 3, 4]
    assert [type(event) for event in one.events] == [GenerationReserved, ImageSaved]
    assert [image.name for image in ledger.state.gallery.newest_first("1")] == ["b.png", "a.png"]


def test_a_restart_knows_what_was_answered(recorder: Recorder, open_ledger: Open) -> None:
    """Figures and answers to request keys come from the recorder alone."""
    first = open_ledger(recorder)
    answer = accepted(first.execute(save("a.png", key="k")))
    first.execute(reserve("r"))
    first.close()
    second = open_ledger(recorder)
    assert daily(second) == 2
    repeated = accepted(second.execute(save("a.png", key="k")))
    assert (repeated.recorded, repeated.replayed) == (answer.recorded, True)
    assert second.state.position == 3


async def test_commands_that_wait_share_one_append_and_see_each_other(gated: GatedRecorder, open_ledger: Open) -> None:
    """Six of one user, in one batch: the sixth is over the limit of five."""
    ledger = open_ledger(gated)
    first = await hold_up(ledger, gated)
    tasks = await queued(ledger, [reserve(f"r{number}") for number in range(6)])
    gated.gate.set()
    outcomes = [await task for task in tasks]
    await first
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [True] * 5 + [False]
    assert gated.batches == [1, 6]  # five places and the record of the refusal


async def test_readers_see_only_what_is_durable(gated: GatedRecorder, open_ledger: Open) -> None:
    """While an append is under way its events are not in any figure."""
    ledger = open_ledger(gated)
    task = await hold_up(ledger, gated)
    assert (ledger.state.position, daily(ledger, "other")) == (0, 0)
    gated.gate.set()
    await task
    assert (ledger.state.position, daily(ledger, "other")) == (1, 1)


async def test_repeats_in_one_batch_get_the_first_ones_answer(gated: GatedRecorder, open_ledger: Open) -> None:
    """The answer of a batch that is not in the log yet is known to the batch."""
    ledger = open_ledger(gated)
    first = await hold_up(ledger, gated)
    tasks = await queued(ledger, [reserve(f"r{number}", key="same") for number in range(3)])
    gated.gate.set()
    one, *others = [accepted(await task) for task in tasks]
    await first
    assert [other.recorded for other in others] == [one.recorded] * 2
    assert [other.replayed for other in others] == [True, True]
    assert len(list(gated.read())) == 2


async def test_a_full_queue_is_busy(gated: GatedRecorder, open_ledger: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """`submit` says so at once, and so does `execute` after its bound."""
    monkeypatch.setattr(ledger_module, "MAX_QUEUED", 3)
    monkeypatch.setattr(ledger_module, "EXECUTE_WAITS", 2)
    ledger = open_ledger(gated)
    first = await hold_up(ledger, gated)
    tasks = await queued(ledger, [reserve(f"r{number}") for number in range(3)])
    assert refused(await ledger.submit(reserve("one more"))) is Reason.BUSY
    assert refused(await asyncio.to_thread(ledger.execute, reserve("and one"))) is Reason.BUSY
    gated.gate.set()
    assert [type(await task) for task in (first, *tasks)] == [Accepted] * 4
    assert daily(ledger) == 3


async def test_execute_waits_for_a_place_in_the_queue(
    gated: GatedRecorder, open_ledger: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blocking caller gets in once the queue is emptied."""
    monkeypatch.setattr(ledger_module, "MAX_QUEUED", 1)
    ledger = open_ledger(gated)
    first = await hold_up(ledger, gated)
    (task,) = await queued(ledger, [reserve("r0")])
    blocked = asyncio.create_task(asyncio.to_thread(ledger.execute, reserve("r1")))
    await asyncio.sleep(0.15)
    assert not blocked.done()
    gated.gate.set()
    assert [type(await one) for one in (first, task, blocked)] == [Accepted] * 3


async def test_close_finishes_what_is_queued_then_refuses(gated: GatedRecorder, open_ledger: Open) -> None:
    """Nobody who was in the queue is left without an answer; who comes later is told."""
    ledger = open_ledger(gated)
    first = await hold_up(ledger, gated)
    tasks = await queued(ledger, [reserve(f"r{number}") for number in range(3)])
    closing = asyncio.create_task(asyncio.to_thread(ledger.close))
    await asyncio.sleep(0.05)
    gated.gate.set()
    assert [type(await task) for task in (first, *tasks)] == [Accepted] * 4
    await closing
    assert refused(ledger.execute(reserve("late"))) is Reason.STOPPED
    assert refused(await ledger.submit(reserve("later"))) is Reason.STOPPED
    ledger.close()


async def test_a_cancelled_caller_does_not_take_the_command_back(gated: GatedRecorder, open_ledger: Open) -> None:
    """Once it is queued it counts."""
    ledger = open_ledger(gated)
    first = await hold_up(ledger, gated)
    (task,) = await queued(ledger, [reserve("r")])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gated.gate.set()
    await first
    accepted(await ledger.submit(reserve("another")))
    assert daily(ledger) == 2


def test_a_closed_event_loop_is_skipped(gated: GatedRecorder, open_ledger: Open) -> None:
    """Its callers are gone; the others of the batch are answered, and the command counts."""
    ledger = open_ledger(gated)
    gated.hold()

    async def leave() -> None:
        task = asyncio.create_task(ledger.submit(reserve("left")))
        await asyncio.to_thread(gated.waiting.wait, WAIT_SECONDS)
        task.cancel()

    asyncio.run(leave())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ledger.execute, reserve("staying"))
        gated.gate.set()
        accepted(waiting.result(WAIT_SECONDS))
    assert daily(ledger) == 2


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [
        (reserve("r")._replace(idempotency_key="k"), AttributeError),  # type: ignore[arg-type]  # what a careless caller hands in
        (reserve("twice"), Exception),
        (CompleteGeneration("1", "library", "twice", "p", "a model \ud800", 1.0), TypeError),
    ],
    ids=["the decision fails", "its events do not fold", "its events cannot be written"],
)
async def test_what_is_wrong_with_one_command_is_its_callers_alone(
    spoilt: ReserveGeneration | CompleteGeneration, error: type[Exception], gated: GatedRecorder, open_ledger: Open
) -> None:
    """The others of the same batch are answered as if it had not been there, and the ledger goes on."""
    ledger = open_ledger(gated)
    accepted(await ledger.submit(reserve("twice")))
    first = await hold_up(ledger, gated)
    tasks = [asyncio.create_task(ledger.submit(command)) for command in (reserve("a"), spoilt, reserve("b"))]
    await asyncio.sleep(0)
    gated.gate.set()
    before, spoiler, after = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    assert isinstance(spoiler, error)
    assert not isinstance(spoiler, LedgerStopped)
    assert isinstance(before, Accepted)
    assert isinstance(after, Accepted)
    assert daily(ledger) == 3
    accepted(await ledger.submit(reserve("c")))


def test_two_ledgers_on_one_log_admit_five_together(recorder: Recorder, open_ledger: Open) -> None:
    """Whoever was second decides again; both know the same at the end."""
    ledgers = [open_ledger(recorder), open_ledger(recorder)]
    barrier = threading.Barrier(8)

    def reserve_some(worker: int) -> list[Outcome]:
        barrier.wait()
        return [ledgers[worker % 2].execute(reserve(f"{worker}-{number}")) for number in range(4)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome for some in pool.map(reserve_some, range(8)) for outcome in some]
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 5
    assert {refused(outcome) for outcome in outcomes if isinstance(outcome, Refusal)} == {Reason.DAILY_LIMIT}
    for ledger in ledgers:
        ledger.execute(reserve("to catch up"))
        assert daily(ledger) == 5
    assert daily(open_ledger(recorder)) == 5


def test_a_ledger_does_not_refuse_by_what_another_has_changed_since(recorder: Recorder, open_ledger: Open) -> None:
    """A refusal that writes nothing is no less true than one that is recorded."""
    one, other = open_ledger(recorder), open_ledger(recorder)
    accepted(one.execute(save("a.png")))
    accepted(other.execute(DeleteImage("1", "library", "a.png")))
    assert refused(one.execute(DeleteImage("1", "library", "a.png"))) is Reason.NOT_FOUND
    accepted(one.execute(SetPolicy("library", "constructor", daily=0)))
    for _ in range(25):  # more than are recorded
        assert refused(other.execute(reserve("r"))) is Reason.DAILY_LIMIT
    accepted(one.execute(SetPolicy("library", "constructor", daily=5)))
    accepted(other.execute(reserve("r")))


def test_two_ledgers_keep_one_order_of_time(recorder: Recorder, open_ledger: Open) -> None:
    """Also where the one whose clock is behind knows nothing of the other's user: else no replay could follow."""
    ahead = open_ledger(recorder, lambda: "2026-01-01T12:00:01.000000Z")
    behind = open_ledger(recorder, lambda: "2026-01-01T12:00:00.000000Z")
    accepted(ahead.execute(ResetDaily("1", "library", "a test")))
    accepted(behind.execute(reserve("r", "2")))
    ahead.close()
    behind.close()
    assert open_ledger(recorder).state.position == 2


def test_a_shared_log_may_leave_positions_out(recorder: Recorder, open_ledger: Open) -> None:
    """A database leaves gaps; answers and figures go by the real positions."""
    gappy = GappyRecorder(recorder)
    ledger = open_ledger(gappy)
    accepted(ledger.execute(reserve("r1")))
    gappy.leave_out(2)
    (recorded,) = accepted(ledger.execute(reserve("r2", key="k"))).recorded
    assert (recorded[0], ledger.state.position, daily(ledger)) == (3, 3, 2)
    assert accepted(ledger.execute(reserve("r2", key="k"))).recorded == (recorded,)
    accepted(ledger.execute(ReleasePlaces("1", "library", "r2", "failed")))
    assert daily(ledger) == 1
    assert open_ledger(gappy).state.position == 4
