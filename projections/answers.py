"""What was answered to each idempotency key, for 7 days: the digest it came with and the positions of its events."""

from __future__ import annotations

from domain.decisions import ANSWERS_KEPT_SECONDS
from domain.events import ClockCorrected, Event, GenerationReserved, IdempotencyKey, idempotency_tag
from domain.instants import later
from domain.usage import KeyedAnswer
from projections.tables import Table


class Answers:
    """Answers by request tag."""

    def __init__(self, table: Table[str, KeyedAnswer]) -> None:
        self._table = table

    def get(self, tag: str) -> KeyedAnswer | None:
        """The answer under a request's tag."""
        return self._table.get(tag)

    def apply(self, position: int, event: Event) -> None:
        """Notes an event that carries a request; the events of one command follow each other at one time."""
        if isinstance(event, ClockCorrected):
            self._correct(event)
        request: IdempotencyKey | None = getattr(event, "request", None)
        if request is None:
            return
        tag = idempotency_tag(event.by, request.key)
        reserved = event.reservation if isinstance(event, GenerationReserved) else None
        former = self._table.get(tag)
        if former and (former.digest, former.at, former.positions[-1] + 1) == (request.digest, event.at, position):
            answer = former._replace(
                positions=(*former.positions, position), reservation=former.reservation or reserved
            )
        else:
            answer = KeyedAnswer(request.digest, (position,), event.at, reserved)
        self._table.drop(tag)
        self._table.put(tag, answer)

    def _correct(self, event: ClockCorrected) -> None:
        """What was over stays over; answers of the wrong time count from its correction, and so stop no prune."""
        over = later(event.was, seconds=-ANSWERS_KEPT_SECONDS)
        for tag, answer in self._table.items():
            if answer.at <= over:
                self._table.drop(tag)
            elif answer.at > event.now:
                self._table.put(tag, answer._replace(at=event.now))

    def prune(self, last_at: str) -> None:
        """Forgets answers older than 7 days; they lie in the order in which they were given."""
        over = later(last_at, seconds=-ANSWERS_KEPT_SECONDS)
        self._table.drop_first(lambda answer: answer.at <= over)
