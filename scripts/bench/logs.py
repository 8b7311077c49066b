"""Makes logs of any length: the history of a service whose users make images and delete some, without the images.

It goes through the real recorder, hundreds of events at a time, so that it takes a minute and not hours. Everything in
it is over and in place: a start finds nothing to bring in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from adapters.application.opening import acquire, give_back
from adapters.disk.files import Files
from adapters.engines.choice import default_engines
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.codec import encode
from adapters.ports.clock import utc_now
from domain.commands import SetPolicy
from domain.events import (
    Event,
    GenerationCompleted,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    PolicyChanged,
    PreferenceSet,
)
from domain.limits import Limits
from scripts.bench.peer import DAILY, GEN_BYTES, IMAGE_BYTES, SHA256, STORAGE_BYTES

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS_APART = 5
EVENTS_AN_APPEND = 200
"""As many as a busy service writes together."""
STEADY = "steady"
"""A user with STEADY_EVENTS events, spread over the whole log."""
STEADY_EVENTS = 200


class Shape(NamedTuple):
    """A log of `events` events of `users` users. `brief`: one image each, two events, and nothing is deleted."""

    users: int
    events: int
    brief: bool = False


def user_name(number: int) -> str:
    """The id of a user of every log."""
    return f"user-{number}"


def make_log(root: Path, shape: Shape) -> Path:
    """Makes a root with a log, a watermark at its end, and a snapshot, where it is not short. Gives the root."""
    recorder = JSONLRecorder(root, clock=utc_now)
    events = islice(_history(shape), shape.events)
    while part := [encode(event) for event in islice(events, EVENTS_AN_APPEND)]:
        recorder.append(part)
    recorder.checkpoint(recorder.head)
    recorder.close()
    give_back(acquire(root, SetPolicy(), engines=default_engines(), clock=utc_now, files=Files()))
    return root


def _history(shape: Shape) -> Iterator[Event]:
    times = _times()
    yield PolicyChanged(next(times), "cli", Limits(STORAGE_BYTES, STORAGE_BYTES, DAILY, GEN_BYTES), "constructor")
    between = max(2, shape.events // STEADY_EVENTS)
    events = _brief(shape, times) if shape.brief else _generations(shape, times)
    for position in count(2):
        if not shape.brief and position % between == 0:
            yield PreferenceSet(next(times), STEADY, "page", "style", f"style-{position}")
        else:
            yield next(events)


def _brief(shape: Shape, times: Iterator[str]) -> Iterator[Event]:
    for number in range(shape.users):
        at, user = next(times), user_name(number)
        yield _reserved(at, user, number)
        yield _saved(at, user, number, "image_1.png")


def _generations(shape: Shape, times: Iterator[str]) -> Iterator[Event]:
    """Round after round, every user makes an image; every third time the one before is deleted."""
    number = 0
    while True:
        turn, index = divmod(number, shape.users)
        at, user = next(times), user_name(index)
        yield _reserved(at, user, number)
        yield GenerationCompleted(
            at=next(times),
            user=user,
            by="library",
            reservation=f"{number:032x}",
            count=1,
            provider="sketch",
            model="sketch",
            seconds=0.5,
        )
        yield _saved(next(times), user, number, f"image_{turn + 1}.png")
        if turn % 3 == 2:
            yield ImageDeleted(
                at=next(times),
                user=user,
                by="library",
                name=f"image_{turn}.png",
                bytes=IMAGE_BYTES,
                temp=False,
                reason="user",
            )
        number += 1


def _reserved(at: str, user: str, number: int) -> GenerationReserved:
    return GenerationReserved(
        at=at,
        user=user,
        by="library",
        reservation=f"{number:032x}",
        operation="text_to_image",
        count=1,
        bytes_each=GEN_BYTES,
        expires_at=f"{at[:10]}T23:59:59.999999Z",
    )


def _saved(at: str, user: str, number: int, name: str) -> ImageSaved:
    return ImageSaved(
        at=at,
        user=user,
        by="library",
        name=name,
        bytes=IMAGE_BYTES,
        replaced_bytes=0,
        sha256=SHA256,
        media_type="image/png",
        width=64,
        height=64,
        operation="text_to_image",
        temp=False,
        staged=f"{number:032x}",
        reservation=f"{number:032x}",
    )


def _times() -> Iterator[str]:
    seconds = 0
    while True:
        yield (BEGIN + timedelta(seconds=seconds)).isoformat(timespec="microseconds")[:26] + "Z"
        seconds += SECONDS_APART
