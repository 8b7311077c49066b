"""What the studio is asked and answers, and what it knows of a request while it works on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import fields
from typing import Any, NamedTuple, TypeVar

import orjson

from adapters.application.idempotency import StepKey
from adapters.application.reserving import WantedPlaces
from adapters.application.results import Actor, SavedImage
from adapters.generation.provider import GenerationRequest
from adapters.ports.failure_reasons import GivenUp
from adapters.ports.failures import GenerationFailure, Note, NotKept
from adapters.ports.random_hex import random_hex
from adapters.studio.standing import StandingOf, all_equal
from domain.credits import of_reported
from domain.refusals import Refusal

T = TypeVar("T")

ID_BYTES = 16
"""Of a request's id, random: who does not know it cannot guess it."""


class Picture(NamedTuple):
    """One picture that was made, and what was kept of it, or why nothing was."""

    data: bytes
    media_type: str
    seed: int | None
    kept: SavedImage | NotKept

    @property
    def image(self) -> SavedImage | None:
        """What was kept, None where nothing was."""
        return self.kept if isinstance(self.kept, SavedImage) else None

    @property
    def not_kept(self) -> NotKept | None:
        """Why nothing was kept, None where something was."""
        return None if isinstance(self.kept, SavedImage) else self.kept


class Generated(NamedTuple):
    """What a request made, and what is told with it. `replayed`: it was made when this request was first sent; its
    bytes are those of the kept files. `cost` is in thousandths of credits; None: not known.
    """

    pictures: tuple[Picture, ...]
    provider: str
    model: str
    seconds: float
    notes: tuple[Note, ...] = ()
    replayed: bool = False
    cost: int | None = None


GenerationOutcome = Generated | Refusal | GenerationFailure


class Progress(NamedTuple):
    """How far a request is: `queue_position` counts from 1 while it waits for its turn; then it is made, and `fraction`
    says how much of it where the provider tells.
    """

    queue_position: int | None = None
    fraction: float | None = None


OnProgress = Callable[[Progress], None]
"""Is called from the event loop at each change; it must be quick."""


class StudioSettings(NamedTuple):
    """How many requests the provider gets at once (None: what suits it), how many may wait with them, of all users and
    of one, and whether PNG files carry how they were made. `standing_of` tells the weight and the bound of each user.
    """

    at_once: int | None = None
    queue_length: int = 500
    queue_per_user: int = 10
    prompt_in_image: bool = False
    standing_of: StandingOf = all_equal


class Asker(NamedTuple):
    """Who asked and when, in whose name and with which weight the request waits in line, and who acts for them."""

    user: str
    owner: str
    weight: int
    actor: Actor
    asked_at: str


class Price(NamedTuple):
    """Who would make a request's pictures, and what one of them costs in thousandths of credits; None: not known."""

    provider: str | None = None
    model: str | None = None
    credits_each: int | None = None

    def settled(self, count: int, reported: float | None) -> int | None:
        """What so many delivered pictures cost: what was reported, else the price."""
        if reported is not None:
            return of_reported(reported)
        return None if self.credits_each is None else self.credits_each * count


class Job:
    """One request under way: who asked, and what it waits for outside, which a cancellation ends.

    `is_asked`: the provider has been, so it may have to be paid. `given_up_by`: who took it out of the line.
    """

    def __init__(self, asker: Asker, request: GenerationRequest, key: str | None, on_progress: OnProgress) -> None:
        self.id = random_hex(ID_BYTES)
        self.user = asker.user
        self.owner = asker.owner
        self.weight = asker.weight
        self.asked_at = asker.asked_at
        self.request = request
        self.actor = asker.actor
        self.key = key
        self.on_progress = on_progress
        self.of_source: Mapping[str, Any] = {}
        """How the input was made, where it is one of the user's own images."""
        self.price = Price()
        """Known once it is prepared."""
        self.has_waited = False
        self.is_asked = False
        self.given_up_by: Actor | None = None
        self._cancelled = False
        self._outside: asyncio.Task[Any] | None = None

    def wanted(self) -> WantedPlaces:
        """The places that are to be held for it."""
        asked = self.request
        return WantedPlaces(
            user=self.user,
            count=asked.count,
            operation=str(asked.operation),
            exclusive=True,
            style=asked.style,
            provider=self.price.provider,
            model=self.price.model,
            credits_each=self.price.credits_each,
        )

    def key_of(self, step: str) -> StepKey | None:
        """The request key of one step."""
        return StepKey(self.key, step) if self.key else None

    def refuse_cancelled(self) -> None:
        """Raises CancelledError once the job is cancelled."""
        if self._cancelled:
            raise asyncio.CancelledError

    async def outside(self, wait: Coroutine[Any, Any, T], seconds: float | None) -> T:
        """Waits for a turn or a provider; raises CancelledError once the job is cancelled, TimeoutError after that
        time, where one is given. What comes at the same moment counts as come: a turn that nobody takes would be lost
        to all.
        """
        if self._cancelled:
            wait.close()
            raise asyncio.CancelledError
        waited: asyncio.Task[T] = asyncio.get_running_loop().create_task(wait)
        self._outside = waited
        await asyncio.wait({waited}, timeout=seconds)
        if not waited.done():
            waited.cancel()
            await asyncio.wait({waited})
            if waited.cancelled() and not self._cancelled:
                raise TimeoutError
        return await waited

    def cancel(self) -> None:
        """Ends the waiting; what was delivered already is kept all the same."""
        self._cancelled = True
        if self._outside is not None:
            self._outside.cancel()

    def give_up(self, by: Actor) -> None:
        """It waits no longer, as somebody wanted."""
        self.given_up_by = by
        self.cancel()


class Begun:
    """Work that the studio has begun, for whoever looks at it now and then; `id` is what it is called in the line."""

    def __init__(self, work: asyncio.Task[GenerationOutcome], job: Job) -> None:
        self.id = job.id
        self._work = work
        self._job = job

    async def outcome(self) -> GenerationOutcome:
        """What came of it. Raises Faults, and CancelledError where it was cancelled; who waits may go without harm."""
        return await asyncio.shield(self._work)

    async def waited(self, *, kept_once_asked: bool) -> GenerationOutcome:
        """The same for who gives the work up by no longer waiting; `kept_once_asked`: only until the provider is
        asked. What was taken out of the line is told as a failure.
        """
        try:
            return await self.outcome()
        except asyncio.CancelledError:
            if (by := self._job.given_up_by) is not None and not _is_cancelled_itself():
                return GenerationFailure(GivenUp(by_another=by.by != self._job.actor.by))
            if not (kept_once_asked and self._job.is_asked):
                self.cancel()
            raise

    def cancel(self) -> None:
        """Gives it up and its places back; what was delivered already is kept all the same."""
        self._job.cancel()


def _is_cancelled_itself() -> bool:
    """Whether the running task is to end, and not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def ignore_progress(_: Progress) -> None:
    """For callers who do not ask how far it is."""


def content_of(request: GenerationRequest) -> tuple[bytes, bytes]:
    """What tells a request from others under its key: all that is asked, and the input image, whatever its name."""
    named = [field.name for field in fields(request) if field.name not in {"image", "source"}]
    asked = {name: getattr(request, name) for name in named}
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS), request.image or b""
