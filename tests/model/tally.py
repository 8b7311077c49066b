"""What happened in all runs of the machine together, so that it cannot pass by doing nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.model.asks import GenerationOutcome

REASONS = (
    *("MALFORMED", "CLOCK_BEHIND", "REQUEST_CONFLICT", "REQUEST_RUNNING", "NOT_FOUND", "UNKNOWN_RESERVATION"),
    *("NAME_TAKEN", "DAILY_LIMIT", "USER_STORAGE", "POOL_STORAGE"),
)
"""Every reason that decisions give; BUSY and STOPPED are the queue's."""
EVENTS = (
    *("PolicyChanged", "GenerationReserved", "GenerationCompleted", "GenerationReleased", "ImageSaved"),
    *("ImageDeleted", "CleanupCompleted", "RequestRefused", "LimitsOverridden", "DailyCountReset", "ClockCorrected"),
)
"""Every event but PreferenceSet, which no decision reads."""
ANSWERS = ("saved", "reserved", "changed", "deleted", "cleaned", "a stored answer", "disk full")
CASES = (
    "a batch that wrote several events",
    "a delivered place was released",
    "a delivered place was settled",
    "a place expired",
    "a place of another user was asked for",
    "a place that was delivered was not kept in time",
    "a place was given back to a day before",
    "a refusal was not recorded any more",
    "a release gave nothing back after a reset",
    "a save came after its place expired",
    "a save in a folder's place was refused unseen by the log",
    "a stored answer was over",
    "a temp file was cleaned up",
    "an image was overwritten under another spelling",
    "an image was overwritten",
    "limits of a user's own held",
    "open places were cancelled by a corrected clock",
)
"""Told by the model, when it is so."""
CRASHES = (
    "a crash after the answer",
    "a crash in a command",
    "a crash on a full disk",
    "a process was killed",
    "a recovery was cut off",
    "an unanswered batch was whole",
    "nothing of an unanswered batch was left",
    "the power was cut",
)
STATES = ("on a full disk", "short of space", "started from a snapshot", "with open places")
WANTED = frozenset({*(f"refused {reason}" for reason in REASONS), *EVENTS, *ANSWERS, *CASES, *CRASHES, *STATES})


class Tally(Counter[str]):
    """How often each thing happened."""

    def count_answer(self, answer: GenerationOutcome) -> None:
        """An answer that the program gave."""
        word, *told = answer
        self[f"refused {told[0]}" if word == "refused" else word] += 1
        self["a stored answer"] += bool(told) and told[-1] is True

    def count_step(self, events: Iterable[tuple[str, str | None]], **state: bool) -> None:
        """A step, the events it wrote, and how the program stands after it."""
        self["steps"] += 1
        for kind, _ in events:
            self[kind] += 1
        for name, is_so in state.items():
            self[name.replace("_", " ")] += is_so

    @property
    def missing(self) -> list[str]:
        """What should have happened and never did."""
        return sorted(wanted for wanted in WANTED if not self[wanted])


tally = Tally()
