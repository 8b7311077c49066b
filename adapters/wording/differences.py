"""A recorded outcome that is not what the rules give, in a sentence: what was recorded, and what follows instead."""

from __future__ import annotations

from adapters.wording.events import words
from adapters.wording.refusals import sentence_of
from domain.decisions import Decision, StoredAnswer
from domain.events import Event
from domain.refusals import Refusal
from projections.self_check import Difference


def difference_in_words(found: Difference) -> str:
    """For whoever answers for the log."""
    decided = found.decided
    if _names(decided) == [type(event).__name__ for event in found.recorded]:
        return f"recorded is {_told(found.recorded)}; by the rules it differs in {', '.join(_members(found))}."
    return f"recorded is {_told(found.recorded)}; by the rules {_follows(decided)}."


def _follows(decided: Decision) -> str:
    if isinstance(decided, StoredAnswer):
        return f"this request was answered before, by positions {', '.join(map(str, decided.positions))}"
    if isinstance(decided, Refusal):
        return f"it is refused ({decided.reason.value}): {sentence_of(decided).rstrip('.')}"
    return f"it is {_told(decided)}"


def _told(events: tuple[Event, ...]) -> str:
    return " and ".join(f"{type(event).__name__} ({words(event)})" for event in events) or "nothing"


def _events(decided: Decision) -> tuple[Event, ...]:
    if isinstance(decided, Refusal):
        return decided.recorded
    return () if isinstance(decided, StoredAnswer) else decided


def _names(decided: Decision) -> list[str]:
    return [type(event).__name__ for event in _events(decided)]


def _members(found: Difference) -> list[str]:
    """Which members differ, with both values, of events of the same types."""
    differing = []
    for recorded, right in zip(found.recorded, _events(found.decided), strict=True):
        for name, value in recorded._asdict().items():
            if value != (other := getattr(right, name)):
                differing.append(f"{name}, {value!r} where {other!r} is right")
    return differing
