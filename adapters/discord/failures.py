"""What could not be made or kept, in words for the members of a server.

One table for every kind of failure, and the few reasons of which members hear less than operators do: no text here
names a setting or a command of `abby`. Left to others: the sentences that all people read alike (`adapters.wording`),
refusals and the storage's own faults (`messages`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from time import time
from types import MappingProxyType

from discord import Colour

from adapters.discord.messages import FAILED, MANAGERS, NOT_AVAILABLE, QUOTED_CHARACTERS, Message
from adapters.discord.untrusted_text import names_a_setting, plain
from adapters.generation.provider import Operation
from adapters.ports.failure_reasons import (
    CannotMake,
    FailureKind,
    Instead,
    KeyRefused,
    NotAsPromised,
    NotHttp,
    NotSetUp,
    OfService,
    PlainReason,
    WithoutApi,
)
from adapters.ports.failures import FailureReason, GenerationFailure, Note, NotKept, NotStored
from adapters.ports.request_reasons import InputMissing, ModelCannotEdit, NotOffered, NotText, OutOfRange
from adapters.wording.failures import STORAGE_FAULT, opening_of, said_in_words, words_of
from adapters.wording.refusals import room_in_words, sentence_of
from adapters.wording.requests import READABLE
from domain.refusals import Reason, Refusal

OUT_OF_LINE = "↩️ Out Of The Line"
LONG_SECONDS = 120
"""From so long a wait on, its end is told as a time."""


def message_for_failure(failure: GenerationFailure, now: Callable[[], float] = time) -> Message:
    """Why there is no picture, whether it counts, and what to do; where it is told, from when on to try again."""
    title, words = GENERATION_FAILURES[failure.kind]
    return Message(title, words(failure, _when(failure.retry_after_seconds, now)), Colour.red())


def note_for_members(notes: Iterable[Note]) -> str:
    """What is told with a picture, with what others wrote in it as it is."""
    return " ".join(note if isinstance(note, str) else _ended_by(note) for note in notes)


def reason_not_kept(reason: NotKept) -> str:
    """Why a picture that was made is shown once and not kept, with what others wrote in it as it is."""
    if isinstance(reason, NotStored):
        return reason.sentence or f"{STORAGE_FAULT}."
    return NOT_KEPT.get(reason.reason, sentence_of)(reason)


NOT_KEPT: Mapping[Reason, Callable[[Refusal], str]] = MappingProxyType(
    {
        Reason.MALFORMED: lambda refusal: refusal.detail or "the storage does not take it.",
        Reason.CLOCK_BEHIND: lambda refusal: (
            f"The clock of this computer is more than a day behind the log, which goes up to {refusal.detail}. "
            "One of the two is wrong."
        ),
        Reason.NAME_TAKEN: lambda refusal: (
            f"The name {refusal.detail} is taken by a folder or file that is not one of the saved images. "
            "Choose another name."
        ),
        Reason.PRICE_UNKNOWN: lambda refusal: f"the price of {refusal.detail or 'this model'} is not known.",
        Reason.POOL_STORAGE: lambda refusal: f"Server storage is full{room_in_words(refusal)}",
    }
)
"""Why a picture is not kept, where the sentence for operators says more than is a member's to hear."""


def words_for_members(failure: GenerationFailure) -> str:
    """The reason, and where it is the operator's to mend, what a member may do."""
    reason = failure.reason
    if _is_of_operators(reason):
        return "The image service failed. Nothing was counted; please try again in a moment."
    if isinstance(reason, OutOfRange):
        failure = replace(failure, reason=replace(reason, what=reason.what.replace("_", " ")))
    elif (words := _IN_OTHER_WORDS.get(reason) or _without_programmers_words(reason)) is not None:
        return words
    shown = said_in_words(failure) if failure.kind in _SAID_TO_MEMBERS and not names_a_setting(failure.said) else ""
    return f"{words_of(failure, COUNTED)}{shown}"


def _without_programmers_words(reason: FailureReason) -> str | None:
    """What is said otherwise to programs and operators; None for all else."""
    match reason:
        case KeyRefused():
            return f"The image service does not accept its key; {COUNTED}."
        case CannotMake(details, setting) if setting or names_a_setting(details):
            return "The image service cannot make this. Nothing was counted; change the request."
        case ModelCannotEdit(model):
            cannot = f"The model {model} makes pictures from words alone and cannot change one."
            return f"{cannot} Leave the picture to start from out."
        case NotHttp() | NotAsPromised(instead=Instead.NOT_ITS_API | Instead.NO_NUMBER | Instead.PACKED):
            return "The image service answered in a way that cannot be used. Nothing was counted; try again later."
        case NotText(what):
            return f"The {what} is not text. Write it in words."
        case NotOffered(operation):
            return f"The image service in use cannot {_DOES.get(operation, 'do this')}."
        case InputMissing():
            return f"There is no picture to start from. Attach one: a {READABLE}."
    return None


COUNTED = "nothing was counted"
"""What members hear of costs: money is the operator's, the count is theirs."""
_DOES: Mapping[str, str] = {
    Operation.TEXT_TO_IMAGE: "make pictures from words",
    Operation.IMAGE_TO_IMAGE: "change a picture",
    Operation.UPSCALE: "make a picture larger",
}
_IN_OTHER_WORDS: Mapping[FailureReason, str] = {
    PlainReason.GENERATOR_CLOSED: "The bot is stopping, so this was not made. Please ask again in a minute.",
    PlainReason.CLOSED_MEANWHILE: "The bot is stopping, so this was not made. Please ask again in a minute.",
    PlainReason.INPUT_NOT_TAKEN: "A picture from words takes no picture to start from. Leave it out.",
}
_SAID_TO_MEMBERS = frozenset({FailureKind.MODERATED_PROMPT, FailureKind.UPSTREAM})
"""What a service says of its key, its account and its load is the operator's to read."""


def _is_of_operators(reason: FailureReason) -> bool:
    """Whether its sentence says where a service is, or how it is set up."""
    return isinstance(reason, NotSetUp | WithoutApi) or (isinstance(reason, OfService) and bool(reason.service.setting))


def _ended_by(failure: GenerationFailure) -> str:
    opening = "" if _is_of_operators(failure.reason) else opening_of(failure)
    return f"The reason: {opening}{words_for_members(failure)}"


def _of_reason(failure: GenerationFailure, _when: str) -> str:
    return plain(words_for_members(failure), QUOTED_CHARACTERS)


def _of_rules(failure: GenerationFailure, _when: str) -> str:
    early = ", before it made anything" if failure.surely_unpaid else ""
    refused = f"The image service refused this by its content rules{early}."
    return f"{refused} Nothing was counted; please use other words.{_said(failure)}"


def _failed(failure: GenerationFailure, when: str) -> str:
    if failure.reason is not PlainReason.SERVICE_FAILED:
        return _of_reason(failure, when)
    return f"The image service failed. Nothing was counted; please try again {when}.{_said(failure)}"


def _said(failure: GenerationFailure) -> str:
    said = "" if names_a_setting(failure.said) else plain(said_in_words(failure), QUOTED_CHARACTERS)
    return f" {said}" if said else ""


def _asked_to_wait(_: GenerationFailure, when: str) -> str:
    return f"The image service has too much to do. Nothing was counted; please try again {when}."


def _not_now(failure: GenerationFailure, when: str) -> str:
    until = (
        "If it stays like this, please tell the server's managers."
        if failure.retry_after_seconds is None
        else f"Please try again {when}."
    )
    return f"The image service cannot take this at the moment. Nothing was counted. {until}"


def _when(seconds: float | None, now: Callable[[], float]) -> str:
    """Soon, after so many seconds, or for a longer wait the time of day as each reader's own clock has it."""
    if seconds is None:
        return "in a moment"
    whole = max(1, math.ceil(seconds))
    if whole < LONG_SECONDS:
        return f"in {whole} second{'' if whole == 1 else 's'}"
    return f"at <t:{int(now()) + whole}:t>, in {-(-whole // 60)} minutes"


GENERATION_FAILURES: Mapping[FailureKind, tuple[str, Callable[[GenerationFailure, str], str]]] = MappingProxyType(
    {
        FailureKind.AUTH: (
            FAILED,
            lambda _, __: f"The image service does not accept the bot's key. Nothing was counted. {MANAGERS}",
        ),
        FailureKind.NO_CREDIT: (
            FAILED,
            lambda _, __: f"The bot's account at the image service is out of credit. Nothing was counted. {MANAGERS}",
        ),
        FailureKind.MODERATED_PROMPT: (FAILED, _of_rules),
        FailureKind.MODERATED_OUTPUT: (FAILED, _of_reason),
        FailureKind.BAD_REQUEST: (FAILED, _of_reason),
        FailureKind.RATE_LIMITED: (FAILED, _asked_to_wait),
        FailureKind.UPSTREAM: (FAILED, _failed),
        FailureKind.UNAVAILABLE: (NOT_AVAILABLE, _not_now),
        FailureKind.GIVEN_UP: (OUT_OF_LINE, _of_reason),
        FailureKind.UNKNOWN: (
            FAILED,
            lambda _, __: (
                "The image service's answer was lost, so nobody knows whether it made a picture. "
                "Nothing was counted; please try again."
            ),
        ),
    }
)
"""Title and words of every kind of failure, given it and when to try again."""
