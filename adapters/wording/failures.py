"""The sentences of what could not be made or kept, for operators and programs.

Answers for one text from each value, which the command line, HTTP and the seeds' tuples show alike. What members of a
server read instead is the bot's own table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import assert_never

from adapters.ports.failure_reasons import (
    AnswerLost,
    AnswerReason,
    AnswerTooLarge,
    AskedToWait,
    CallReason,
    CannotMake,
    FailedTooOften,
    Filtered,
    GivenUp,
    Instead,
    KeyRefused,
    NotAsPromised,
    NotConnected,
    NotHttp,
    NotSetUp,
    NoWholeAnswer,
    Obstacle,
    OwnReason,
    PictureLost,
    PlainReason,
    Resting,
    TakenTooLong,
    Unreachable,
    WaitedTooLong,
    WithoutApi,
)
from adapters.ports.failures import FailureReason, GenerationFailure, Note, NotKept, NotStored
from adapters.ports.request_reasons import RequestReason
from adapters.wording.refusals import sentence_of
from adapters.wording.requests import READABLE, words_of_request, words_of_shape
from domain.limits import MEGABYTE

NOT_AVAILABLE = "Image generation services are not available"
UNPAID = "nothing was charged"
UNKNOWN_COST = "whether it charged anything is not known, and nothing was counted"
"""What is said of costs. Only of a call that was not made, or was refused before any work, it is known."""
STORAGE_FAULT = "the storage has a fault; its operator finds more in the service's log"
NO_ROOM = "the disk is full, and whoever runs the service has to make room on it. It was made, so it counts"
PERHAPS_KEPT = (
    "as far as is known: the storage's disk has not answered yet. Look in a minute, it may be kept all the same"
)

PLAIN: Mapping[PlainReason, str] = MappingProxyType(
    {
        PlainReason.OUT_OF_CREDIT: (
            "The image service's account is out of credit; {charged}. Whoever runs this tops it up."
        ),
        PlainReason.PROMPT_REFUSED: (
            "The image service refused the request by its content rules; {charged}. Use other words."
        ),
        PlainReason.SERVICE_FAILED: "The image service failed; {charged}. Try again {when}.",
        PlainReason.SERVICE_UNUSABLE: "The image service cannot be used at the moment; {charged}. Try again {when}.",
        PlainReason.GENERATOR_CLOSED: "The image generator is closed. Make a new ImageGenerator.",
        PlainReason.CLOSED_MEANWHILE: (
            "The picture was not made: the image generator is closed. Try again once it runs."
        ),
        PlainReason.HEIGHT_OF_UPSCALE: (
            "An upscale takes a width alone; the height follows from the image. Leave the height out."
        ),
        PlainReason.INPUT_NOT_TAKEN: (
            "A picture from text takes no input image. Leave it out, or ask for image_to_image."
        ),
        PlainReason.INPUT_NOT_AN_IMAGE: (f"The input is not an image that can be read. Use a whole {READABLE}."),
        PlainReason.INPUT_DAMAGED: (
            "The input image is damaged or cut short, so it cannot be used. Save or download it anew, and use that."
        ),
        PlainReason.INPUT_NOT_SMALL_ENOUGH: (
            "The input image cannot be made small enough for the image service. Use another one."
        ),
        PlainReason.ATTACHMENT_FAILED: (
            "Discord did not give the whole picture. Try again in a moment, or attach it anew."
        ),
        PlainReason.ADDRESS_REFUSED: (
            "This address cannot be used. Attach the image, or give the https address of one on Discord."
        ),
        PlainReason.ADDRESS_EXPIRED: (
            "The link has expired or the image is gone. Attach it anew, or give a fresh link."
        ),
        PlainReason.ADDRESS_WITHOUT_IMAGE: (
            f"There is no {READABLE} at this address. Give the address of the image itself, or attach it."
        ),
        PlainReason.ADDRESS_TOO_SLOW: (
            "The image did not come in time from its address. Try again later, or attach the image."
        ),
        PlainReason.ADDRESS_NOT_TRUSTED: (
            "There is no trusted connection to the host of this address. Try again later, or attach the image."
        ),
        PlainReason.ADDRESS_FAILED: (
            "The host of this address did not give the whole image. Try again later, or attach the image."
        ),
    }
)

INSTEAD: Mapping[Instead, str] = MappingProxyType(
    {
        Instead.NO_PICTURE: "no picture",
        Instead.NOT_A_PICTURE: "something that is not a picture",
        Instead.NOT_PICTURES: "something other than pictures",
        Instead.AN_ADDRESS: "an address instead of a picture",
        Instead.NOT_ITS_API: "something else than its API promises",
        Instead.NOT_ITS_MODELS: "something other than its models",
        Instead.NO_BALANCE: "no balance",
        Instead.NO_ENGINES: "no list of engines",
        Instead.NO_NUMBER: "no number to ask for the picture by",
        Instead.PACKED: "something compressed in a way that is not read here, though it was asked not to compress",
    }
)

OBSTACLES: Mapping[Obstacle, str] = MappingProxyType(
    {
        Obstacle.CERTIFICATE: "the certificate of {} is not trusted",
        Obstacle.CONNECTION: "{} cannot be reached",
        Obstacle.ADDRESS: "the address of {} is not usable",
    }
)

_OF_FREE_QUESTIONS = frozenset({Instead.NOT_ITS_MODELS, Instead.NO_BALANCE, Instead.NO_ENGINES})
_OF_AN_ANSWER = frozenset({PlainReason.OUT_OF_CREDIT, PlainReason.SERVICE_FAILED, PlainReason.SERVICE_UNUSABLE})


def sentence_of_failure(failure: GenerationFailure) -> str:
    """What happened, why, what to do."""
    return f"{opening_of(failure)}{_told(failure)}"


def sentence_beside_name(failure: GenerationFailure) -> str:
    """The same for a list of services, where it is plain already whose it is."""
    opening = "" if _is_of_all_services(failure.reason) else opening_of(failure)
    sentence = f"{opening}{_told(failure)}"
    return sentence[:1].upper() + sentence[1:]


def sentence_of_notes(notes: Iterable[Note]) -> str:
    """What is told with a picture."""
    return " ".join(note if isinstance(note, str) else f"The reason: {sentence_of_failure(note)}" for note in notes)


def sentence_of_not_kept(reason: NotKept) -> str:
    """Why a picture that was made is shown once and not kept."""
    return f"not kept: {reason.sentence or STORAGE_FAULT if isinstance(reason, NotStored) else sentence_of(reason)}"


def whether_it_counts(counts: bool | None) -> str:
    """What is said of a picture that was made and filtered; "" where it is not known."""
    if counts is None:
        return ""
    return "It was made, so it counts as generated today." if counts else "What is filtered does not count."


def opening_of(failure: GenerationFailure) -> str:
    """How a sentence begins: with the status of a service's refusal, or with what all of these have in common."""
    if _is_of_all_services(failure.reason):
        return f"{NOT_AVAILABLE}: "
    status = failure.upstream_status
    refused = isinstance(failure.reason, KeyRefused | CannotMake | AskedToWait) or failure.reason in _OF_AN_ANSWER
    return f"Non-200 response: {status}. " if refused and status is not None else ""


def words_of(failure: GenerationFailure, charged: str) -> str:
    """The reason itself. `charged` is half a sentence that says what it costs, where that matters."""
    reason = failure.reason
    if isinstance(reason, PlainReason):
        return PLAIN[reason].format(charged=charged, when=when_in_words(failure.retry_after_seconds))
    if isinstance(reason, AnswerReason):
        return _of_answer(reason, charged)
    if isinstance(reason, CallReason):
        return _of_call(reason, charged)
    if isinstance(reason, OwnReason):
        return _of_own(reason, charged)
    return words_of_request(reason) if isinstance(reason, RequestReason) else words_of_shape(reason)


def when_in_words(seconds: float | None) -> str:
    """When to try again: as a service says, or soon."""
    return "in a moment" if seconds is None else f"in {max(1, round(seconds))} seconds"


def said_in_words(failure: GenerationFailure) -> str:
    """What the service says of it, to stand behind all else; "" where it says nothing more."""
    return f" It said: {failure.said}." if failure.said else ""


def _told(failure: GenerationFailure) -> str:
    charged = UNPAID if failure.surely_unpaid else UNKNOWN_COST
    return f"{words_of(failure, charged)}{said_in_words(failure)}"


def _is_of_all_services(reason: FailureReason) -> bool:
    return isinstance(reason, Unreachable | Resting | NotSetUp | WithoutApi)


def _of_answer(reason: AnswerReason, charged: str) -> str:
    match reason:
        case KeyRefused(setting):
            return f"The image service does not accept its key; {charged}. Whoever runs this checks {setting}."
        case CannotMake(details):
            about = f": {details}" if details else ""
            return f"The image service cannot make this{about}. {_begun(charged)}; change the request."
        case AskedToWait(seconds):
            return f"The image service has too much to do; {charged}. Try again {when_in_words(seconds)}."
        case Filtered(counts):
            filtered = "The image service filtered the picture it made, so there is nothing to show. Use other words."
            return f"{filtered} {whether_it_counts(counts)}".rstrip()
        case _:
            assert_never(reason)


def _of_call(reason: CallReason, charged: str) -> str:
    match reason:
        case Unreachable(service, obstacle):
            return f"{OBSTACLES[obstacle].format(service)}. {_begun(charged)}; try again later."
        case NotConnected(service, seconds):
            late = f"Connection timeout: {service} did not answer within {seconds:.0f} seconds."
            return f"{late} {_begun(charged)}; try again later."
        case Resting(service, seconds):
            return f"{service} failed or asked to wait. {_begun(charged)}; try again in {seconds} seconds."
        case NoWholeAnswer(service):
            return f"Connection timeout: {service} gave no whole answer."
        case NotHttp(service):
            return f"{service} does not answer as HTTP asks. {_begun(charged)}; try again later."
        case NotAsPromised(service, instead):
            try_again = "Try" if instead in _OF_FREE_QUESTIONS else f"{_begun(charged)}; try"
            return f"{service} answered with {INSTEAD[instead]}. {try_again} again later."
        case AnswerTooLarge(most_bytes):
            most = f"{most_bytes // MEGABYTE} MB"
            return f"The image service's answer is larger than {most} and was cut off. {_begun(charged)}."
        case AnswerLost(service, seconds):
            within = "" if seconds is None else f" within {seconds:.0f} seconds"
            return _lost(f"{service} gave no answer{within}", charged)
        case PictureLost(service, minutes):
            return _lost(f"{service} gave no answer within {minutes:.0f} minutes", charged)
        case _:
            assert_never(reason)


def _lost(what: str, charged: str) -> str:
    return (
        f"Connection timeout: {what}. Whether it made a picture is not known, so it was not asked again by itself; "
        f"{charged}."
    )


def _begun(charged: str) -> str:
    return charged[:1].upper() + charged[1:]


def _of_own(reason: OwnReason, charged: str) -> str:
    match reason:
        case NotSetUp(missing):
            return missing
        case WithoutApi(setting, path):
            return f"the server at {setting} has no {path}. Whoever runs this starts it with --api; {charged}."
        case WaitedTooLong(minutes):
            waited = f"The request waited {minutes:.0f} minutes for its turn, and others are still before it."
            return f"{waited} {_begun(charged)}; try again later."
        case GivenUp(by_another):
            who = "Somebody who manages the line" if by_another else "You"
            return f"{who} took the request out of the line before its turn came. {_begun(charged)}."
        case TakenTooLong(seconds):
            lost = f"Connection timeout: the provider gave no answer within {seconds:.0f} seconds."
            return f"{lost} {_begun(charged)}; try again later."
        case FailedTooOften(times):
            return f"This request has failed {times} times. Send it again as a new one."
        case _:
            assert_never(reason)
