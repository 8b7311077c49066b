"""How each ask is put to a store, and what the store answers, in the words of `asks`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, assert_never

from adapters.application import deleting
from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.ends import refuse_past_end
from adapters.application.governing import correct_clock_blocking, override_limits_blocking, reset_daily_blocking
from adapters.application.idempotency import with_key
from adapters.application.reserving import (
    ReturnedPlaces,
    WantedPlaces,
    complete_generation,
    release_places,
    reserve_places,
)
from adapters.application.results import (
    Actor,
    Changed,
    CleanedUp,
    DeletedImage,
    Delivery,
    Reserved,
    SavedImage,
    changed,
)
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.ledger.pending import Accepted
from adapters.ports.faults import DiskFull
from domain import commands
from domain.limits import UserLimits
from domain.refusals import Reason, Refusal
from tests.model.asks import (
    Ask,
    CleanUp,
    CorrectClock,
    Delete,
    Deliver,
    GenerationOutcome,
    Kin,
    Override,
    Release,
    Reserve,
    ResetCount,
    Save,
)
from tests.model.people import text_of

LIMITS = (Reason.DAILY_LIMIT, Reason.USER_STORAGE, Reason.POOL_STORAGE)
WHY = "because"
PROVIDER = ("sketch", "sketch", 0.5)


class Calls:
    """The calls of one open store. `number` and `reservation` turn the id of a reservation into its number and back."""

    def __init__(self, store: Storage, reservation: Callable[[int], str], number: Callable[[str], int]) -> None:
        self._store = store
        self._reservation = reservation
        self._number = number

    async def answer(self, ask: Ask, now: datetime, *, shared: bool) -> GenerationOutcome:
        """The answer to an ask. `shared`: it is handed in with others, and not carried out at once."""
        try:
            if isinstance(ask, Save | Reserve | Deliver | Release):
                return self._in_words(await self._ask(ask))
            return self._in_words(await self._share(ask, now) if shared else self._ask_now(ask, now))
        except DiskFull:
            return ("disk full",)

    async def _ask(self, ask: Save | Reserve | Deliver | Release) -> Any:
        store, actor = self._store, Actor(ask.by)
        match ask:
            case Save():
                assert not isinstance(ask.name, Kin)
                return await save_image(
                    store,
                    NewImage(
                        ask.user,
                        ask.data,
                        name=ask.name,
                        temp=ask.temp,
                        reservation=None if ask.reservation is None else self._reservation(ask.reservation),
                        details={"prompt": f"prompt {ask.content}"} if ask.details else None,
                    ),
                    actor=actor,
                    idempotency_key=ask.key,
                )
            case Reserve():
                return await reserve_places(
                    store,
                    WantedPlaces(ask.user, ask.places, exclusive=ask.exclusive),
                    actor=actor,
                    idempotency_key=ask.key,
                )
            case Deliver():
                delivery = Delivery(*PROVIDER, ask.places)
                reservation = self._reservation(ask.reservation)
                return await complete_generation(
                    store, ask.user, reservation, delivery, actor=actor, idempotency_key=ask.key
                )
            case Release():
                reservation = self._reservation(ask.reservation)
                return await release_places(
                    store,
                    ReturnedPlaces(ask.user, reservation, reason=ask.reason, count=ask.places),
                    actor=actor,
                    idempotency_key=ask.key,
                )
            case _:
                assert_never(ask)

    def _ask_now(self, ask: Delete | CleanUp | ResetCount | Override | CorrectClock, now: datetime) -> Any:
        store = self._store
        match ask:
            case Delete():
                assert isinstance(ask.name, str)
                return delete_image_blocking(store, ask.user, ask.name, actor=Actor(ask.by), idempotency_key=ask.key)
            case CleanUp():
                return clean_up_blocking(store, ask.days)
            case ResetCount():
                return reset_daily_blocking(store, ask.user, WHY)
            case Override():
                own = UserLimits(ask.user_bytes, ask.daily)
                return override_limits_blocking(store, ask.user, WHY, own, until=_until(ask, now))
            case CorrectClock():
                return correct_clock_blocking(store)
            case _:
                assert_never(ask)

    async def _share(self, ask: Delete | CleanUp | ResetCount | Override | CorrectClock, now: datetime) -> Any:
        """The same as a coroutine, because a thread that waits for its batch is one too many here."""
        root = self._store.opened()
        command: commands.Command
        done: Callable[[Accepted], Any] = changed
        match ask:
            case Delete():
                assert isinstance(ask.name, str)
                deletion = commands.DeleteImage(ask.user, ask.by, ask.name)
                command = with_key(deletion, ask.key, root)
                done = partial(deleting.deleted, root)
            case CleanUp():
                command, done = commands.CleanUp("library", ask.days), partial(deleting._cleaned_up, root)
            case ResetCount():
                command = commands.ResetDaily(ask.user, "library", WHY)
            case Override():
                command = commands.OverrideLimits(
                    ask.user, "library", WHY, ask.user_bytes, ask.daily, until=_until(ask, now)
                )
                if refused := refuse_past_end(command, command.until, None, root):
                    return refused
            case CorrectClock():
                command = commands.CorrectClock("library")
            case _:
                assert_never(ask)
        outcome = await root.ledger.submit(command)
        return outcome if isinstance(outcome, Refusal) else done(outcome)

    def _in_words(self, told: Any) -> GenerationOutcome:
        match told:
            case Refusal(reason=reason):
                figures = (told.limit, told.used, told.held) if reason in LIMITS else ()
                return ("refused", reason.value, *figures)
            case SavedImage():
                return ("saved", told.name, told.size_bytes, told.sha256, told.position, told.replayed)
            case Reserved():
                number = self._number(told.reservation)
                return (
                    *("reserved", number, told.count, told.bytes_each, told.expires_at, told.position),
                    told.replayed,
                )
            case DeletedImage():
                return ("deleted", told.name, told.freed_bytes, told.position, told.replayed)
            case CleanedUp():
                return ("cleaned", told.files, told.freed_bytes, told.position)
            case Changed():
                return ("changed", told.position, told.replayed)
            case _:
                raise AssertionError(told)


def _until(ask: Override, now: datetime) -> str | None:
    return None if ask.lasting is None else text_of(now + ask.lasting)
