"""What could not be made or kept, in words for the members of a server.

One table for every kind of failure, and the few reasons of which members hear less than operators do: no text here
names a setting or a command of `abby`. Left to others: the sentences that all people read alike (`adapters.wording`),
refusals and the storage's own faults (`messages`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from discord import Colour

from adapters.discord.messages import FAILED, MANAGERS, NOT_AVAILABLE, QUOTED_CHARACTERS, Message
from adapters.discord.untrusted_text import names_a_setting, plain
from adapters.ports.failure_reasons import CannotMake, FailureKind, KeyRefused, NotSetUp, OfService, WithoutApi
from adapters.ports.failures import FailureReason, GenerationFailure, Note, NotKept, NotStored
from adapters.ports.request_reasons import ModelCannotEdit
from adapters.wording.failures import STORAGE_FAULT, opening_of, words_of
from adapters.wording.refusals import room_in_words, sentence_of
from domain.refusals import Reason, Refusal


def message_for_failure(failure: GenerationFailure) -> Message:
    """Why there is no picture, whether it counts, and what to do."""
    title, words = GENERATION_FAILURES[failure.kind]
    return Message(title, words(failure), Colour.red())


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
        Reason.POOL_STORAGE: lambda refusal: f"Server storage is full: {room_in_words(refusal)}",
    }
)
"""Why a picture is not kept, where the sentence for operators says more than is a member's to hear."""


def words_for_members(reason: FailureReason) -> str:
    """The reason, and where it is the operator's to mend, what a member may do."""
    if _is_of_operators(reason):
        return "The image service failed. Nothing was counted; please try again in a moment."
    match reason:
        case KeyRefused():
            return "The image service does not accept its key; nothing was charged."
        case CannotMake(details, setting) if setting or names_a_setting(details):
            return "The image service cannot make this. Nothing was counted; change the request."
        case ModelCannotEdit(model):
            cannot = f"The model {model} makes pictures from words alone and cannot change one."
            return f"{cannot} Leave the input image out."
    return words_of(reason)


def _is_of_operators(reason: FailureReason) -> bool:
    """Whether its sentence says where a service is, or how it is set up."""
    return isinstance(reason, NotSetUp | WithoutApi) or (isinstance(reason, OfService) and bool(reason.service.setting))


def _ended_by(failure: GenerationFailure) -> str:
    opening = "" if _is_of_operators(failure.reason) else opening_of(failure)
    return f"The reason: {opening}{words_for_members(failure.reason)}"


def _of_reason(failure: GenerationFailure) -> str:
    return plain(words_for_members(failure.reason), QUOTED_CHARACTERS)


def _asked_to_wait(failure: GenerationFailure) -> str:
    seconds = failure.retry_after_seconds
    when = "in a moment" if seconds is None else f"in {_counted_seconds(seconds)}"
    return f"The image service has too much to do. Nothing was counted; please try again {when}."


def _counted_seconds(seconds: float) -> str:
    whole = max(1, round(seconds))
    if whole < 120:
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{-(-whole // 60)} minutes"


GENERATION_FAILURES: Mapping[FailureKind, tuple[str, Callable[[GenerationFailure], str]]] = MappingProxyType(
    {
        FailureKind.AUTH: (
            FAILED,
            lambda _: f"The image service does not accept the bot's key. Nothing was counted. {MANAGERS}",
        ),
        FailureKind.NO_CREDIT: (
            FAILED,
            lambda _: f"The bot's account at the image service is out of credit. Nothing was counted. {MANAGERS}",
        ),
        FailureKind.MODERATED_PROMPT: (
            FAILED,
            lambda _: (
                "The image service refused this by its content rules, before it made anything. "
                "Nothing was counted; please use other words."
            ),
        ),
        FailureKind.MODERATED_OUTPUT: (FAILED, _of_reason),
        FailureKind.BAD_REQUEST: (FAILED, _of_reason),
        FailureKind.RATE_LIMITED: (FAILED, _asked_to_wait),
        FailureKind.UPSTREAM: (FAILED, _of_reason),
        FailureKind.UNAVAILABLE: (
            NOT_AVAILABLE,
            lambda _: (
                "The image service cannot take this at the moment. Nothing was counted. "
                "If it stays like this, please tell the server's managers."
            ),
        ),
        FailureKind.UNKNOWN: (
            FAILED,
            lambda _: (
                "The image service's answer was lost, so nobody knows whether it made a picture. "
                "Nothing was counted; please try again."
            ),
        ),
    }
)
"""Title and words of every kind of failure."""
