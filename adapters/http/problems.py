"""What an error looks like over HTTP: RFC 9457 problem details, and a table from each reason to status, type and title.

Answers for the tables, which a test compares with the enumerations they translate, and for how an error is written.
The sentence of an occurrence is `wording`'s, or that of a fault which is the sender's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

import orjson

from adapters.images.invalid_image import ImageProblem, InvalidImage
from adapters.ports.currency import Trouble
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import DiskFull, Fault, LedgerStopped, OutcomeUnknown, StorageUnavailable
from adapters.ports.purchases import Unclear, Unpaid
from adapters.ports.request_reasons import (
    NotAChoice,
    NotText,
    OutOfRange,
    PromptEmpty,
    PromptTooLongForModel,
    TextBroken,
    TextTooLong,
)
from adapters.wording.failures import sentence_of_failure
from adapters.wording.refusals import figures_of, sentence_of
from domain.refusals import Reason, Refusal

MEDIA_TYPE = "application/problem+json"
MAX_RETRY_AFTER_SECONDS = 86_400
_OURS = "urn:abby-ledger:problem:"
_REGISTERED = "https://iana.org/assignments/http-problem-types#"

Members = Mapping[str, object]
_NONE: Members = MappingProxyType({})


class ProblemKind(NamedTuple):
    """One kind of problem: the same status, type and title at every occurrence."""

    status: int
    type: str
    title: str


class Problem(Exception):
    """An answer other than the one asked for. `detail` is this occurrence, for people; `members` are for programs."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        members: Members = _NONE,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.members = members
        self.headers = headers


def _ours(status: HTTPStatus, slug: str, title: str) -> ProblemKind:
    return ProblemKind(int(status), _OURS + slug, title)


BAD_REQUEST = _ours(HTTPStatus.BAD_REQUEST, "malformed", "The request is malformed")
NOT_LOCAL = _ours(HTTPStatus.BAD_REQUEST, "not-a-local-host", "The service answers to this machine's own names alone")
UNAUTHORISED = _ours(HTTPStatus.UNAUTHORIZED, "no-token", "This needs a token that holds")
FORBIDDEN = _ours(HTTPStatus.FORBIDDEN, "not-allowed", "The token does not allow this")
OTHER_SITE = _ours(HTTPStatus.FORBIDDEN, "other-site", "Another site's page may not do this")
NEEDS_TLS = _ours(HTTPStatus.FORBIDDEN, "needs-tls", "The service is asked by https alone")
NOT_FOUND = _ours(HTTPStatus.NOT_FOUND, "not-found", "There is nothing here")
FILE_GONE = _ours(HTTPStatus.NOT_FOUND, "file-gone", "The image's file is gone, or damaged")
JOB_ENDED = _ours(HTTPStatus.CONFLICT, "job-ended", "The job has ended")
NO_THUMBNAIL = _ours(HTTPStatus.NOT_FOUND, "no-thumbnail", "There is no small copy of this image")
METHOD = _ours(HTTPStatus.METHOD_NOT_ALLOWED, "method", "The method is not allowed here")
TOO_SLOW = _ours(HTTPStatus.REQUEST_TIMEOUT, "body-too-slow", "The body took too long to arrive")
LENGTH = _ours(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large")
MEDIA = _ours(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", "The body has a type that is not accepted here")
RANGE = _ours(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "range", "The range is beyond the end")
EXPECTATION = _ours(HTTPStatus.EXPECTATION_FAILED, "expectation", "What the request expects cannot be done")
TOO_MANY_SIGN_INS = _ours(HTTPStatus.TOO_MANY_REQUESTS, "too-many-sign-ins", "Too many sign-ins have failed")
INTERNAL = _ours(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The service failed on this request")
NOT_INSTALLED = _ours(HTTPStatus.NOT_IMPLEMENTED, "not-installed", "What this needs is not installed here")
VERSION = _ours(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "http-version", "This version of HTTP is not spoken here")
UNAVAILABLE = _ours(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The service cannot answer at the moment")
OUTCOME_UNKNOWN = _ours(HTTPStatus.GATEWAY_TIMEOUT, "outcome-unknown", "The outcome is not known yet")
DISK_FULL = _ours(HTTPStatus.INSUFFICIENT_STORAGE, "disk-full", "The disk is full")
TOO_BUSY = ProblemKind(
    int(HTTPStatus.SERVICE_UNAVAILABLE), _REGISTERED + "temporary-reduced-capacity", "The service is busy at the moment"
)
QUOTA = ProblemKind(int(HTTPStatus.TOO_MANY_REQUESTS), _REGISTERED + "quota-exceeded", "A limit is reached")
ROOM = ProblemKind(int(HTTPStatus.INSUFFICIENT_STORAGE), _REGISTERED + "quota-exceeded", "A limit is reached")

REFUSALS: Mapping[Reason, ProblemKind] = MappingProxyType(
    {
        Reason.MALFORMED: BAD_REQUEST,
        Reason.CLOCK_BEHIND: _ours(HTTPStatus.SERVICE_UNAVAILABLE, "clock-behind", "The machine's clock is wrong"),
        Reason.REQUEST_CONFLICT: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "key-conflict", "The idempotency key was used for another request"
        ),
        Reason.REQUEST_RUNNING: _ours(
            HTTPStatus.CONFLICT, "still-running", "The first request with this key still runs"
        ),
        Reason.NOT_FOUND: NOT_FOUND,
        Reason.UNKNOWN_RESERVATION: _ours(HTTPStatus.CONFLICT, "unknown-reservation", "The reservation is not open"),
        Reason.NAME_TAKEN: _ours(HTTPStatus.CONFLICT, "name-taken", "The name is taken"),
        Reason.LIMITS_CHANGED: _ours(
            HTTPStatus.PRECONDITION_FAILED, "limits-changed", "The limits are no longer those that were seen"
        ),
        Reason.OFFER_CHANGED: _ours(
            HTTPStatus.PRECONDITION_FAILED, "offer-changed", "The offer is gone, or is no longer the one that was seen"
        ),
        Reason.CLAIMED_TODAY: _ours(HTTPStatus.CONFLICT, "claimed-today", "The points of the day were claimed"),
        Reason.POINTS_SHORT: _ours(HTTPStatus.CONFLICT, "points-short", "There are not enough points"),
        Reason.ASK_OPEN: _ours(HTTPStatus.CONFLICT, "ask-open", "A request for more is not answered yet"),
        Reason.ASK_LIMIT: _ours(HTTPStatus.TOO_MANY_REQUESTS, "ask-limit", "There are too many requests for more"),
        Reason.ASK_CLOSED: _ours(HTTPStatus.CONFLICT, "ask-closed", "The request for more is over"),
        Reason.NOT_ALLOWED: _ours(HTTPStatus.FORBIDDEN, "not-allowed", "The user's tier does not allow this"),
        Reason.PRICE_UNKNOWN: _ours(HTTPStatus.UNPROCESSABLE_ENTITY, "price-unknown", "The price is not known"),
        Reason.DAILY_LIMIT: QUOTA,
        Reason.WINDOW_LIMIT: QUOTA,
        Reason.USER_STORAGE: ROOM,
        Reason.POOL_STORAGE: ROOM,
        Reason.BUSY: TOO_BUSY,
        Reason.STOPPED: UNAVAILABLE,
    }
)

GENERATION_FAILURES: Mapping[FailureKind, ProblemKind] = MappingProxyType(
    {
        FailureKind.AUTH: _ours(HTTPStatus.BAD_GATEWAY, "provider-key", "The image service does not accept its key"),
        FailureKind.NO_CREDIT: _ours(HTTPStatus.BAD_GATEWAY, "provider-credit", "The image service is out of credit"),
        FailureKind.MODERATED_PROMPT: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "prompt-rejected", "The image service refused the prompt"
        ),
        FailureKind.MODERATED_OUTPUT: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "picture-filtered", "The image service filtered the picture"
        ),
        FailureKind.BAD_REQUEST: _ours(HTTPStatus.BAD_REQUEST, "wish-not-possible", "This picture cannot be asked for"),
        FailureKind.RATE_LIMITED: _ours(
            HTTPStatus.SERVICE_UNAVAILABLE, "provider-busy", "The image service asks to wait"
        ),
        FailureKind.UPSTREAM: _ours(HTTPStatus.BAD_GATEWAY, "provider-failed", "The image service failed"),
        FailureKind.UNAVAILABLE: _ours(
            HTTPStatus.SERVICE_UNAVAILABLE, "no-provider", "Image generation services are not available"
        ),
        FailureKind.GIVEN_UP: _ours(HTTPStatus.CONFLICT, "given-up", "The request was taken out of the line"),
        FailureKind.UNKNOWN: _ours(HTTPStatus.GATEWAY_TIMEOUT, "answer-lost", "The image service's answer was lost"),
    }
)

_ENDED = _ours(HTTPStatus.CONFLICT, "purchase-ended", "The purchase was given up, and nothing was paid")
_CURRENCY = _ours(HTTPStatus.BAD_GATEWAY, "currency-failed", "The service that keeps the currency failed")
_CURRENCY_BUSY = _ours(
    HTTPStatus.SERVICE_UNAVAILABLE, "currency-busy", "The service that keeps the currency cannot be asked at the moment"
)
PURCHASES: Mapping[Unpaid | Trouble | Unclear, ProblemKind] = MappingProxyType(
    {
        Unpaid.INSUFFICIENT: REFUSALS[Reason.POINTS_SHORT],
        Unpaid.ENDED: _ENDED,
        Unpaid.LAPSED: _ENDED,
        Unpaid.OTHER_PURCHASE: REFUSALS[Reason.REQUEST_CONFLICT],
        Unpaid.TOO_MANY_OPEN: TOO_BUSY,
        Trouble.KEY_REFUSED: _CURRENCY,
        Trouble.NOT_TAKEN: _CURRENCY,
        Trouble.BUSY: _CURRENCY_BUSY,
        Trouble.NOT_REACHED: _CURRENCY_BUSY,
        Trouble.FAILED: _CURRENCY,
        Trouble.GARBLED: _CURRENCY,
        Trouble.LOST: _CURRENCY,
        Unclear.LEDGER: OUTCOME_UNKNOWN,
        Unclear.DISPUTED: _ours(HTTPStatus.CONFLICT, "payment-disputed", "Both sides of a payment do not agree"),
    }
)
"""What became of a purchase that is paid outside, where nothing was bought, or nobody can say yet."""

IMAGE_FAULTS: Mapping[ImageProblem, ProblemKind] = MappingProxyType(
    {
        ImageProblem.TOO_LARGE: _ours(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "image-too-large", "The image is too large"),
        ImageProblem.UNSUPPORTED: _ours(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "image-unsupported", "This is not an image of a kind that is kept"
        ),
        ImageProblem.DAMAGED: _ours(HTTPStatus.UNPROCESSABLE_ENTITY, "image-damaged", "The image is damaged"),
        ImageProblem.TOO_MANY_PIXELS: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "image-too-many-pixels", "The image has too many pixels"
        ),
        ImageProblem.TOO_MANY_FRAMES: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "image-too-many-frames", "The image has too many frames"
        ),
        ImageProblem.TOO_MANY_SCANS: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "image-too-many-scans", "The image has too many scans"
        ),
        ImageProblem.TRAILING_BYTES: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "image-trailing-bytes", "The image is followed by something else"
        ),
        ImageProblem.FOREIGN_PART: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "image-foreign-part", "The image holds something that is no picture"
        ),
        ImageProblem.WRONG_EXTENSION: _ours(
            HTTPStatus.UNPROCESSABLE_ENTITY, "image-wrong-extension", "The name contradicts the image"
        ),
        ImageProblem.TIMEOUT: _ours(
            HTTPStatus.SERVICE_UNAVAILABLE, "image-check-too-slow", "The image takes too long to check"
        ),
    }
)

_STOPPED = "The storage has stopped, and what was under way may or may not be kept. The service's log says why."
FAULTS: Mapping[type[Fault], tuple[ProblemKind, str]] = MappingProxyType(
    {
        DiskFull: (
            DISK_FULL,
            "The disk is full, so nothing was kept. Delete something, or ask who runs the service to make room.",
        ),
        StorageUnavailable: (
            UNAVAILABLE,
            "The storage cannot be written at the moment, so nothing was kept. The service's log and /readyz say why.",
        ),
        OutcomeUnknown: (
            OUTCOME_UNKNOWN,
            (
                "The service's disk has not answered yet, so it is not known whether this is recorded. Send it again "
                "with the same Idempotency-Key, then it is answered once and counted once; without one, look first "
                "what is there."
            ),
        ),
        LedgerStopped: (UNAVAILABLE, _STOPPED),
        Fault: (INTERNAL, "Something stands in the service's way, and its log says what."),
    }
)

_POLICY_NAMES = {Reason.DAILY_LIMIT: "daily", Reason.USER_STORAGE: "storage", Reason.POOL_STORAGE: "pool"}
_RETRY_SECONDS = {Reason.REQUEST_RUNNING: 1, Reason.BUSY: 1}


def render(kind: ProblemKind, detail: str, *, instance: str | None = None, members: Members = _NONE) -> bytes:
    """The JSON of one occurrence; `instance` names it in the log."""
    named = {} if instance is None else {"instance": instance}
    return orjson.dumps(as_members(kind, detail, members) | named)


def as_members(kind: ProblemKind, detail: str, members: Members = _NONE) -> dict[str, object]:
    """One occurrence as the members of its document."""
    own = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail}
    return own | dict(members)


def refused(refusal: Refusal, *, retry_after_seconds: int | None = None) -> Problem:
    """The problem for a refusal. `retry_after_seconds` is how long the daily limit lasts, where it is that."""
    members: dict[str, object] = {"reason": refusal.reason.value}
    if policy := refusal.window or _POLICY_NAMES.get(refusal.reason):
        members["violated-policies"] = [policy]
        members |= figures_of(refusal)
    if refusal.window is not None:
        members["window"] = refusal.window
    if refusal.resets_at is not None:
        members["resets_at"] = refusal.resets_at
    wait = _RETRY_SECONDS.get(refusal.reason, retry_after_seconds)
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return Problem(REFUSALS[refusal.reason], sentence_of(refusal), members=members, headers=headers)


def failed(failure: GenerationFailure) -> Problem:
    """The problem for a picture that could not be made."""
    wait = failure.retry_after_seconds
    headers = {} if wait is None else {"Retry-After": str(min(MAX_RETRY_AFTER_SECONDS, max(1, round(wait))))}
    kind, detail = GENERATION_FAILURES[failure.kind], sentence_of_failure(failure)
    members: dict[str, object] = {"reason": failure.kind.value}
    if (field := _field_of(failure.reason)) is not None:
        members["field"] = field
    return Problem(kind, detail, members=members, headers=headers)


def _field_of(reason: object) -> str | None:
    """The field of the request that is to be another, where the reason is about one."""
    match reason:
        case PromptEmpty() | PromptTooLongForModel():
            return "prompt"
        case NotAChoice(what=what) | NotText(what=what) | TextTooLong(what=what) | TextBroken(what=what):
            return what.replace(" ", "_")
        case OutOfRange(what=what):
            return what
        case _:
            return None


def broken(fault: Fault) -> Problem:
    """The problem for a disk, a lock or a file in the way. Its message may name paths, so it stays in the log.

    An image that is not kept is the sender's own, so there the message is the answer.
    """
    if isinstance(fault, InvalidImage):
        return Problem(IMAGE_FAULTS[fault.kind], str(fault), members={"reason": fault.kind.value})
    kind, detail = next(answer for known, answer in FAULTS.items() if isinstance(fault, known))
    return Problem(kind, detail)
