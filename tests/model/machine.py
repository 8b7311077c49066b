"""The state machine: any commands in any order, with crashes, restarts, clock jumps and a full disk in between.

After each step the program has answered as the model predicts, and agrees with it in everything. A crash is armed and
comes in the next command: at some call of it, or right after its answer. `recovering` says what must be true then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.asks import (
    NARROW,
    RESERVATION_SECONDS,
    WIDE,
    Ask,
    CorrectClock,
    Delete,
    Deliver,
    GenerationOutcome,
    Keyed,
    Kin,
    Limits,
    Release,
    Reserve,
    Save,
    batches,
    cleanups,
    deletes,
    deliveries,
    overrides,
    releases,
    reserves,
    resets,
    saves,
    settlements,
    temp_saves,
    users,
)
from tests.model.comparing import disagreements
from tests.model.meaning import meant
from tests.model.model import Model
from tests.model.recovering import Cut, cuts, recovered
from tests.model.rig import Rig
from tests.model.tally import tally

EVENING = datetime(2026, 3, 1, 22, 0)  # noqa: DTZ001 - all times of the model are naive and in UTC
INSISTENT = 12
"""Equal asks that come together."""
TOO_MANY_PLACES = 60
given_limits = st.sampled_from([WIDE, WIDE, NARROW])
jumps = st.sampled_from(
    [
        *(timedelta(minutes=10), timedelta(minutes=15), timedelta(hours=3), timedelta(hours=12), timedelta(days=1)),
        *(timedelta(minutes=10), timedelta(minutes=15), timedelta(hours=3), timedelta(hours=12), timedelta(days=1)),
        *(timedelta(days=7), timedelta(days=8), timedelta(minutes=-10), timedelta(hours=-1)),
        *(timedelta(days=-1), timedelta(hours=-30), timedelta(days=-9)),
    ]
)


class AnyHistory(RuleBasedStateMachine):
    """The program and the model, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(EVENING)
        self.rig = Rig()
        self.rig.now = EVENING
        self.cut: Cut | None = None
        self.owners: dict[int, str] = {}
        self.keyed: list[Ask] = []
        self.full_steps = 0

    @initialize(given=given_limits, cut=st.none() | cuts)
    def first_start(self, given: Limits, cut: Cut | None) -> None:
        """On an empty disk."""
        self.given, self.cut = given, cut
        self._step(lambda model: model.start(given), lambda: self.rig.open(given))
        self.rig.idle(snapshot=False)

    @rule(ask=saves)
    def save(self, ask: Save) -> None:
        """Keep an image, a new one or over one that stands."""
        self._ask([ask])

    @rule(ask=temp_saves)
    def save_temp(self, ask: Save) -> None:
        """Keep a temp file."""
        self._ask([ask])

    @precondition(lambda self: self.owners)
    @rule(ask=settlements)
    def settle(self, ask: Save) -> None:
        """Keep an image in a place of a reservation."""
        self._ask([ask])

    @rule(ask=reserves)
    def reserve(self, ask: Reserve) -> None:
        """Hold places."""
        self._ask([ask])

    @rule(ask=reserves, hasty=st.booleans())
    def reserve_and_deliver(self, ask: Reserve, hasty: bool) -> None:
        """As the studio does it; whoever cannot wait asks again meanwhile."""
        former = self.model.reserved
        for _ in range(1 + hasty):
            self._ask([ask])
        if self.model.reserved > former:
            self._ask([Deliver(ask.user, 0, ask.places, ask.by)])

    @precondition(lambda self: self.owners)
    @rule(ask=deliveries)
    def deliver(self, ask: Deliver) -> None:
        """The provider delivered."""
        self._ask([ask])

    @precondition(lambda self: self.owners)
    @rule(ask=releases)
    def release(self, ask: Release) -> None:
        """Give places back."""
        self._ask([ask])

    @rule(ask=deletes)
    def delete(self, ask: Ask) -> None:
        """Take an image away."""
        self._ask([ask])

    @rule(ask=cleanups)
    def clean_up(self, ask: Ask) -> None:
        """Remove old temp files."""
        self._ask([ask])

    @rule(ask=resets | overrides)
    def govern(self, ask: Ask) -> None:
        """Reset a count, or give a user own limits."""
        self._ask([ask])

    @rule()
    def correct_clock(self) -> None:
        """The clock is right now."""
        self._ask([CorrectClock()])

    @rule(together=batches)
    def ask_together(self, together: list[Ask]) -> None:
        """Several commands in one batch."""
        self._ask(together)

    @rule(ask=reserves, save=saves)
    def save_late(self, ask: Reserve, save: Save) -> None:
        """A picture comes when its place has just expired."""
        former = self.model.reserved
        self._ask([ask])
        if self.model.reserved > former:
            self._jump(timedelta(seconds=RESERVATION_SECONDS))
            self._ask([save._replace(user=ask.user, reservation=0)])

    @rule(user=users, save=saves)
    def replace_folder(self, user: str, save: Save) -> None:
        """The only name of a folder goes, and in the same batch one is saved where the folder was."""
        self._ask([Save(user, "g/only.png", 0, 1)])
        self._ask([Delete(user, Kin.SAME), save._replace(user=user, name=Kin.FOLDER)])

    @rule(user=users)
    def insist(self, user: str) -> None:
        """Too much, again and again."""
        self._ask([Reserve(user, TOO_MANY_PLACES)] * INSISTENT)

    @precondition(lambda self: self.keyed)
    @rule(back=st.integers(0, 3))
    def repeat(self, back: int) -> None:
        """A request is sent again under its key."""
        self._ask([self.keyed[-1 - back % len(self.keyed)]])

    @rule(by=jumps)
    def jump_to_another_time(self, by: timedelta) -> None:
        """The clock stands elsewhere."""
        self._jump(by)

    @rule()
    def sweep(self) -> None:
        """A minute went by."""
        self._step(lambda model: model.sweep(), self.rig.sweep)

    @rule(snapshot=st.booleans())
    def idle(self, snapshot: bool) -> None:
        """Nobody asked for a while."""
        self._step(lambda _model: None, lambda: self.rig.idle(snapshot=snapshot))

    @rule(given=given_limits, snapshot=st.booleans())
    def restart(self, given: Limits, snapshot: bool) -> None:
        """Stopped in order, and started again, perhaps with other limits."""
        self.given = given

        def act() -> None:
            self.rig.stop(snapshot=snapshot)
            self.rig.open(given)

        self._step(lambda model: model.start(given), act)

    @precondition(lambda self: not self.model.full)
    @rule(steps=st.integers(1, 4))
    def fill_disk(self, steps: int) -> None:
        """Somebody else takes all room, for so many steps."""
        self.full_steps = steps
        self.model.full = True
        self.rig.files.room_bytes = 0

    def make_room(self) -> None:
        """There is room again, and a sweep sees it."""
        self.model.full = False
        self.rig.files.room_bytes = None
        self._step(lambda model: model.sweep_with_room(), self.rig.sweep)

    @precondition(lambda self: self.cut is None)
    @rule(cut=cuts)
    def arm(self, cut: Cut) -> None:
        """The next command is cut off."""
        self.cut = cut

    @invariant()
    def agree(self) -> None:
        """In every figure, name and byte."""
        if self.model.limits is not None:
            told = disagreements(self.rig, self.model)
            assert not told, "\n".join(told)

    def teardown(self) -> None:
        """The next run begins on another disk."""
        self.rig.abandon()

    def _jump(self, by: timedelta) -> None:
        self.model.now += by
        self.rig.now = self.model.now

    def _ask(self, asks: Sequence[Ask]) -> None:
        asks = [meant(ask, self.model, self.owners) for ask in asks]
        self.keyed += [ask for ask in asks if isinstance(ask, Keyed) and ask.key]

        def act() -> list[GenerationOutcome]:
            return self.rig.ask_together(asks) if len(asks) > 1 else [self.rig.ask(asks[0])]

        former = len(self.model.trail)
        for answer in self._step(lambda model: model.answer(asks), act):
            tally.count_answer(answer)
        tally["a batch that wrote several events"] += len(asks) > 1 and len(self.model.trail) > former + 1

    def _step(self, predict: Callable[[Model], Any], act: Callable[[], Any]) -> Any:
        """Does the same in the model and in the program, cut off where a crash is armed."""
        if self.model.full:
            self.full_steps -= 1
            if self.full_steps < 0:
                self.make_room()
        cut, self.cut = self.cut, None
        former = len(self.model.trail)
        after = self.model if cut is None else self.model.copy()
        expected = predict(after)
        if cut is not None:
            self.rig.cut_after(cut.calls)
        found = act()
        assert found == expected, f"answered {found}, and the model says {expected}"
        if cut is not None:
            self.model = recovered(self.rig, cut, before=self.model, after=after, given=self.given)
        self.owners |= {number: held.user for number, held in self.model.held.items()}
        self._count(former)
        return [] if expected is None else expected

    def _count(self, former: int) -> None:
        model, root = self.model, self.rig.root
        tally.count_step(
            model.trail.facts[former:],
            on_a_full_disk=model.full,
            short_of_space=model.short,
            started_from_a_snapshot=root.recorder.resumed > 0,
            with_open_places=any(held.open() for held in model.held.values()),
        )
