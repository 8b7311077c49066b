"""One taxonomy for the errors of every provider: from an answer's name and status to a kind, and to the reason.

A provider's own names come first, then the status, as one status may mean several things: 429 is "wait" and, at some
services, "out of credit". What a service says is passed on where it refuses, or answers with a failure in the place of
what was asked for; what it says of a breakdown of its own, with a status of 5xx, is not: it may name its folders.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, assert_never

from adapters.images.shaping import DamagedPicture, NotSmallEnough
from adapters.ports.failure_reasons import (
    AnswerLost,
    AskedToWait,
    CannotMake,
    FailureKind,
    Filtered,
    Instead,
    KeyRefused,
    NotAsPromised,
    PlainReason,
    ServiceName,
)
from adapters.ports.failures import FailureReason, GenerationFailure

DETAILS_CHARACTERS = 200
"""So much of what a service says of a request is passed on."""

OF_STATUS: Mapping[int, FailureKind] = MappingProxyType(
    {
        400: FailureKind.BAD_REQUEST,
        401: FailureKind.AUTH,
        402: FailureKind.NO_CREDIT,
        403: FailureKind.AUTH,
        404: FailureKind.BAD_REQUEST,
        405: FailureKind.BAD_REQUEST,
        408: FailureKind.UPSTREAM,
        409: FailureKind.BAD_REQUEST,
        413: FailureKind.BAD_REQUEST,
        415: FailureKind.BAD_REQUEST,
        422: FailureKind.BAD_REQUEST,
        429: FailureKind.RATE_LIMITED,
    }
)
"""What a status means where no name says more; every other status is the service's own failure."""


UNPAID_STATUSES = frozenset(OF_STATUS) - {408}
"""With these a service refuses before it works; of every other it is not known whether it did."""

THE_SERVICE = ServiceName("The image service")
"""For what is true of every service."""
FILTERED = GenerationFailure(Filtered())
"""Where every picture that was made is withheld."""


class ErrorDetails(NamedTuple):
    """An error as a service tells it: its name ("" where it has none), its sentence, the setting of the operator's that
    is wrong, where it is one, and the status that stands inside of it, 0 where none does.
    """

    name: str = ""
    sentence: str = ""
    setting: str = ""
    status: int = 0


def failure_of(
    status: int,
    error: ErrorDetails,
    names: Mapping[str, FailureKind],
    *,
    key_setting: str,
    retry_after_seconds: float | None = None,
) -> GenerationFailure:
    """What an answer that is not a success means. `key_setting` names the setting that holds the service's key."""
    kind = names.get(error.name) or OF_STATUS.get(status, FailureKind.UPSTREAM)
    reason = _reason(kind, error, key_setting, retry_after_seconds)
    passed_on = status < 500 and not isinstance(reason, CannotMake)
    return GenerationFailure(
        reason,
        retry_after_seconds,
        status,
        said=_clean(error.sentence) if passed_on else "",
        maybe_paid=status not in UNPAID_STATUSES,
    )


def failure_inside(error: ErrorDetails, names: Mapping[str, FailureKind], *, key_setting: str) -> GenerationFailure:
    """What a failure means that came as a success. What it costs is not known."""
    status = error.status if error.status in OF_STATUS else 0
    kind = names.get(error.name) or OF_STATUS.get(status, FailureKind.UPSTREAM)
    reason = _reason(kind, error, key_setting, None)
    said = "" if isinstance(reason, CannotMake) else _clean(error.sentence or error.name)
    return GenerationFailure(reason, said=said, maybe_paid=True)


def not_as_promised(service: ServiceName, instead: Instead) -> GenerationFailure:
    """A success that does not hold what the service promises."""
    return GenerationFailure(NotAsPromised(service, instead))


def unusable_input(error: DamagedPicture) -> GenerationFailure:
    """What a picture means that could not be decoded or shaped for the service."""
    small = isinstance(error, NotSmallEnough)
    return GenerationFailure(PlainReason.INPUT_NOT_SMALL_ENOUGH if small else PlainReason.INPUT_DAMAGED)


def _reason(kind: FailureKind, error: ErrorDetails, key_setting: str, seconds: float | None) -> FailureReason:
    match kind:
        case FailureKind.AUTH:
            return KeyRefused(key_setting)
        case FailureKind.NO_CREDIT:
            return PlainReason.OUT_OF_CREDIT
        case FailureKind.MODERATED_PROMPT:
            return PlainReason.PROMPT_REFUSED
        case FailureKind.MODERATED_OUTPUT:
            return Filtered()
        case FailureKind.BAD_REQUEST:
            return CannotMake(_clean(error.sentence), error.setting)
        case FailureKind.RATE_LIMITED:
            return AskedToWait(seconds)
        case FailureKind.UPSTREAM:
            return PlainReason.SERVICE_FAILED
        case FailureKind.UNAVAILABLE:
            return PlainReason.SERVICE_UNUSABLE
        case FailureKind.UNKNOWN | FailureKind.GIVEN_UP:  # no service gives a request up
            return AnswerLost(THE_SERVICE)
        case _:
            assert_never(kind)


def _clean(sentence: str) -> str:
    """A service's sentence on one line, short, with nothing that a terminal or a page would act on."""
    text = " ".join("".join(character if character.isprintable() else " " for character in sentence).split())
    return (text if len(text) <= DETAILS_CHARACTERS else f"{text[: DETAILS_CHARACTERS - 3]}...").rstrip(". ")
