"""The model: in which order an ask is looked at, what is answered to repeats, and what a start and a full disk do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from tests.model.asks import (
    MALFORMED_NAME,
    MALFORMED_REASON,
    MALFORMED_USER,
    Ask,
    CleanUp,
    CorrectClock,
    Delete,
    Deliver,
    GenerationOutcome,
    Keyed,
    Limits,
    Override,
    Release,
    Reserve,
    Save,
)
from tests.model.rules import Rules, Seen
from tests.model.state import Stored
from tests.model.tally import tally

ANSWERS_KEPT = timedelta(days=7)
WHAT_FREES = (Delete, CleanUp, Release, Deliver, CorrectClock)
"""Admitted while the reserve file is used up."""


class Model(Rules):
    """Predicts every answer."""

    def copy(self) -> Model:
        """The same, sharing nothing that changes."""
        other = Model(self.now)
        self.fill(other)
        return other

    def start(self, given: Limits) -> None:
        """The program starts: what expired is released, the given limits are the policy, and what the program itself
        worked on before is given back: what was delivered was not kept, of the rest nobody knows.
        """
        self.short = self.short and self.full
        self._together(lambda: self._set_limits(given))
        for number in [number for number, held in self.held.items() if held.exclusive and held.open()]:
            held = self.held[number]
            delivered, others = len(held.open(delivered=True)), len(held.open(delivered=False))
            for reason, places in (("not_kept", delivered), ("unknown", others)):
                if places:
                    self.answer([Release(held.user, number, reason, places, by="system")])
            tally["what was worked on was given back by a start"] += 1

    def sweep(self) -> None:
        """What expired is released."""
        self._together(lambda: None)

    def sweep_with_room(self) -> None:
        """The same, and the reserve file is made again."""
        self.sweep()
        self.short = False

    def answer(self, asks: Sequence[Ask]) -> list[GenerationOutcome]:
        """What is answered to asks that come together."""
        answers = {index: answer for index, ask in enumerate(asks) if (answer := self._told_before(ask))}
        waiting = {index: (ask, self.see(ask)) for index, ask in enumerate(asks) if index not in answers}
        if waiting:
            self._together(lambda: answers.update({index: self._decide(*found) for index, found in waiting.items()}))
        return [answers[index] for index in range(len(asks))]

    def correct_answers(self) -> None:
        """What was over stays over; what a wrong clock dated later counts from now."""
        for key, stored in list(self.answers.items()):
            if stored.at + ANSWERS_KEPT <= self.last_at:
                del self.answers[key]
            elif stored.at > self.now:
                self.answers[key] = stored._replace(at=self.now)

    def _told_before(self, ask: Ask) -> GenerationOutcome | None:
        """What is told to limits whose end has passed, and to a save whose bytes never reach the ledger."""
        if isinstance(ask, Override) and ask.lasting is not None and self.now + ask.lasting <= self.present:
            return ("refused", "MALFORMED")
        if not isinstance(ask, Save):
            return None
        if ask.user == MALFORMED_USER or ask.name == MALFORMED_NAME:
            return ("refused", "MALFORMED")
        has_bytes = ask.size_bytes > 0 or (ask.details and not ask.temp)
        return ("disk full",) if self.full and not self.short and has_bytes else None

    def _together(self, decide: Callable[[], None]) -> None:
        """One batch: first what expired. Where the disk does not take it, all is decided anew with the reserve file."""
        before = self.copy() if self.full and not self.short else None
        self._batch(decide)
        if before is not None and len(self.trail) > len(before.trail):
            self.become(before)
            self.short = True
            self._batch(decide)

    def _batch(self, decide: Callable[[], None]) -> None:
        if not self.is_behind:
            self.release_expired()
        decide()

    def _set_limits(self, given: Limits) -> None:
        if not self.short and not self.is_behind and given != self.limits:
            self.limits = given
            self.record("PolicyChanged")

    def _decide(self, ask: Ask, seen: Seen) -> GenerationOutcome:
        if self.short and not isinstance(ask, WHAT_FREES):
            return ("disk full",)
        if _is_malformed(ask):
            return ("refused", "MALFORMED")
        if self.is_behind and not isinstance(ask, CorrectClock):
            return ("refused", "CLOCK_BEHIND")
        if not isinstance(ask, Keyed) or ask.key is None:
            return self.carry_out(ask, seen)
        if (former := self._answered(ask)) is not None:
            return former
        answer = self.carry_out(ask, seen)
        if answer[0] != "refused":
            reservation = self.reserved if isinstance(ask, Reserve) else None
            self.answers[ask.by, ask.key] = Stored(what_is_asked(ask), self.last_at, answer, reservation)
        return answer

    def _answered(self, ask: Save | Reserve | Deliver | Release | Delete) -> GenerationOutcome | None:
        assert ask.key is not None
        stored = self.answers.get((ask.by, ask.key))
        if stored is None or stored.at + ANSWERS_KEPT <= self.present:
            tally["a stored answer was over"] += stored is not None
            return None
        if stored.asked != what_is_asked(ask):
            return ("refused", "REQUEST_CONFLICT")
        held = self.held.get(stored.reservation) if stored.reservation is not None else None
        if isinstance(ask, Reserve) and ask.exclusive and held is not None and held.open():
            return ("refused", "REQUEST_RUNNING")
        return (*stored.answer[:-1], True)


def what_is_asked(ask: Save | Reserve | Deliver | Release | Delete) -> tuple[object, ...]:
    """What makes two asks under one key the same: all of it, but how to treat a repeat, and details, which are no part
    of a command; an image is its bytes.
    """
    word = type(ask).__name__
    match ask:
        case Reserve():
            return (word, *ask._replace(key=None, exclusive=False))
        case Save():
            return (word, *ask._replace(key=None, details=False, content=0), ask.data)
        case _:
            return (word, *ask._replace(key=None))


def _is_malformed(ask: Ask) -> bool:
    places = getattr(ask, "places", None)
    return (
        getattr(ask, "user", None) == MALFORMED_USER
        or getattr(ask, "name", None) == MALFORMED_NAME
        or getattr(ask, "reason", None) == MALFORMED_REASON
        or places == 0
        or (isinstance(ask, Save) and ask.temp and ask.reservation is not None)
    )
