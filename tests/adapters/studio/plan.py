"""What a crowd asks of the studio, and what its program tells of it afterwards."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

SMALL_ENGINE = "stable-diffusion-v1-6"
"""Makes pictures of 512 by 512 pixels, too."""


class Plan(NamedTuple):
    """`users` ask `each` times, all at the same moment, for a square of `side` pixels; for an upscale, of one.

    `daily` is the limit of each user, `at_once` how many requests the service gets at a time.
    """

    operation: str = "text_to_image"
    side: int = 1_024
    at_once: int = 4
    users: int = 20
    each: int = 10
    daily: int = 7
    width: int | None = None
    delay_seconds: float = 0.2

    @property
    def size(self) -> tuple[int, int]:
        """Of each picture that is made, or given in."""
        return self.side, self.side

    @property
    def allowed(self) -> int:
        """How many requests the quotas admit."""
        return self.users * min(self.each, self.daily)

    @property
    def largest_pixels(self) -> int:
        """Of the largest picture that is decoded: an upscale is four times as wide as its input."""
        return self.side**2 * (16 if self.operation == "upscale" else 1)

    def as_json(self) -> str:
        """For a command line."""
        return json.dumps(self._asdict())


class Figures(NamedTuple):
    """What a crowd saw: answers by kind, the daily counts in use afterwards, and the watch on the event loop.

    Milliseconds of the longest stretch in which the loop did not come back: `gap_ms` by the clock, `own_ms` by the
    processor time of the loop's thread, `process_ms` by that of all threads, but no more than the stretch itself; the
    last is the most that any thread can have kept the interpreter for. `control_ms` is `gap_ms` of an idle process, and
    `piece_ms` the processor time that a known piece of work takes on the machine as it is.
    """

    answers: dict[str, int]
    used: list[int]
    largest_answer_bytes: int
    all_answers_bytes: int
    grown_bytes: int | None
    gap_ms: float
    own_ms: float
    process_ms: float
    piece_ms: float
    seconds: float
    most_at_once: int = 0
    calls: int = 0
    complaints: list[str] = []  # noqa: RUF012 - nobody adds to it
    control_ms: float = 0.0

    @classmethod
    def of(cls, *told: dict[str, Any]) -> Figures:
        """From what the programs of a run told."""
        together: dict[str, Any] = {}
        for one in told:
            together |= one
        return cls(**together)
