"""The closed set of reasons why there is no picture, each with its kind and its figures.

Most are named for the sentence that a user reads; the sentences themselves are in `wording/failures` for operators and
programs, and in the bot's own table for the members of a server. A new reason gets its words there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import ClassVar


class FailureKind(StrEnum):
    """Why there is no image, the same for every provider; each says what a caller may do next."""

    AUTH = "auth"  # the key is not accepted
    NO_CREDIT = "no_credit"  # the account is out of credit: never retried
    MODERATED_PROMPT = "moderated_prompt"  # refused before anything was made, unpaid
    MODERATED_OUTPUT = "moderated_output"  # made, paid and filtered
    BAD_REQUEST = "bad_request"  # the request must change: never retried
    RATE_LIMITED = "rate_limited"  # wait, then try again
    UPSTREAM = "upstream"  # the service failed
    UNAVAILABLE = "unavailable"  # there is no provider, or no way to reach it
    GIVEN_UP = "given_up"  # taken out of the line before its turn
    UNKNOWN = "unknown"  # the answer was lost after it may have been paid: never called again by itself


class PlainReason(Enum):
    """Reasons without figures, each with its kind."""

    OUT_OF_CREDIT = "the account is out of credit", FailureKind.NO_CREDIT
    PROMPT_REFUSED = "refused by the content rules before anything was made", FailureKind.MODERATED_PROMPT
    SERVICE_FAILED = "the service says that it failed", FailureKind.UPSTREAM
    SERVICE_UNUSABLE = "the service says that it cannot be used", FailureKind.UNAVAILABLE

    GENERATOR_CLOSED = "the generator is closed", FailureKind.UNAVAILABLE
    CLOSED_MEANWHILE = "it was closed before the picture was made", FailureKind.UNAVAILABLE

    HEIGHT_OF_UPSCALE = "an upscale with a height", FailureKind.BAD_REQUEST
    INPUT_NOT_TAKEN = "an input image where none is used", FailureKind.BAD_REQUEST
    INPUT_NOT_AN_IMAGE = "an input that is no image", FailureKind.BAD_REQUEST
    INPUT_DAMAGED = "an input image that cannot be decoded", FailureKind.BAD_REQUEST
    INPUT_NOT_SMALL_ENOUGH = "no copy of the input is as small as the service asks", FailureKind.BAD_REQUEST

    ATTACHMENT_FAILED = "Discord did not give the whole attachment", FailureKind.UPSTREAM
    ADDRESS_REFUSED = "an address that is not fetched", FailureKind.BAD_REQUEST
    ADDRESS_EXPIRED = "nothing is there any more", FailureKind.BAD_REQUEST
    ADDRESS_WITHOUT_IMAGE = "something else is there", FailureKind.BAD_REQUEST
    ADDRESS_TOO_SLOW = "the image did not come in time", FailureKind.UPSTREAM
    ADDRESS_NOT_TRUSTED = "no trusted connection to its host", FailureKind.UPSTREAM
    ADDRESS_FAILED = "its host did not give the whole image", FailureKind.UPSTREAM

    @property
    def kind(self) -> FailureKind:
        """What a caller may do next."""
        return self.value[1]

    @property
    def unpaid(self) -> bool:
        """Whether no provider can have worked."""
        return self not in {PlainReason.SERVICE_FAILED, PlainReason.SERVICE_UNUSABLE}


class Obstacle(Enum):
    """What stands between this program and a service."""

    CERTIFICATE = auto()
    CONNECTION = auto()
    ADDRESS = auto()


class Instead(Enum):
    """What came in the place of what a service promises."""

    NO_PICTURE = auto()
    NOT_A_PICTURE = auto()
    NOT_PICTURES = auto()
    AN_ADDRESS = auto()
    NOT_ITS_API = auto()
    NOT_ITS_MODELS = auto()
    NO_BALANCE = auto()
    NO_ENGINES = auto()
    NO_NUMBER = auto()
    PACKED = auto()


@dataclass(frozen=True)
class ServiceName:
    """What a service is called; `setting` is the one that says where it is, of a service that the operator runs."""

    name: str
    setting: str = ""

    def __str__(self) -> str:
        return f"{self.name} at {self.setting}" if self.setting else self.name


class _Reason:
    """Gives each reason with figures its kind, and says whether by it no provider can have worked."""

    kind: ClassVar[FailureKind]
    unpaid: ClassVar[bool]

    def __init_subclass__(cls, kind: FailureKind, *, unpaid: bool = False) -> None:
        cls.kind, cls.unpaid = kind, unpaid


# -- what a service answers ---------------------------------------------------------------------------


@dataclass(frozen=True)
class KeyRefused(_Reason, kind=FailureKind.AUTH, unpaid=True):
    """The service does not accept its key, which `setting` holds."""

    setting: str


@dataclass(frozen=True)
class CannotMake(_Reason, kind=FailureKind.BAD_REQUEST, unpaid=True):
    """The service does not take the request. `details` is what it says of it, on one line and bounded, "" where it
    says nothing; `setting`, where one of the operator's is what must change.
    """

    details: str = ""
    setting: str = ""


@dataclass(frozen=True)
class AskedToWait(_Reason, kind=FailureKind.RATE_LIMITED, unpaid=True):
    """The service has too much to do; `seconds` as it says itself, None where it does not."""

    seconds: float | None = None


@dataclass(frozen=True)
class Filtered(_Reason, kind=FailureKind.MODERATED_OUTPUT):
    """Every picture that was made is withheld; whether it counts as generated, None where that is not known."""

    counts: bool | None = None


AnswerReason = KeyRefused | CannotMake | AskedToWait | Filtered


# -- what becomes of a call ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Unreachable(_Reason, kind=FailureKind.UNAVAILABLE, unpaid=True):
    """Nothing can be sent to the service."""

    service: ServiceName
    obstacle: Obstacle


@dataclass(frozen=True)
class NotConnected(_Reason, kind=FailureKind.UNAVAILABLE, unpaid=True):
    """No connection came about in time."""

    service: ServiceName
    seconds: float


@dataclass(frozen=True)
class Resting(_Reason, kind=FailureKind.UNAVAILABLE, unpaid=True):
    """The service is left alone for a while."""

    service: ServiceName
    seconds: int


@dataclass(frozen=True)
class NoWholeAnswer(_Reason, kind=FailureKind.UPSTREAM):
    """A question that costs nothing was not answered to the end."""

    service: ServiceName


@dataclass(frozen=True)
class NotHttp(_Reason, kind=FailureKind.UPSTREAM):
    """What answers does not follow HTTP."""

    service: ServiceName


@dataclass(frozen=True)
class NotAsPromised(_Reason, kind=FailureKind.UPSTREAM):
    """A success that does not hold what the service promises."""

    service: ServiceName
    instead: Instead


@dataclass(frozen=True)
class AnswerTooLarge(_Reason, kind=FailureKind.UPSTREAM):
    """More came than is taken in."""

    most_bytes: int


@dataclass(frozen=True)
class AnswerLost(_Reason, kind=FailureKind.UNKNOWN):
    """A paid call without an answer; `seconds` where that is how long it was waited for."""

    service: ServiceName
    seconds: float | None = None


@dataclass(frozen=True)
class PictureLost(_Reason, kind=FailureKind.UNKNOWN):
    """A picture that was paid for and asked for again and again, and did not come."""

    service: ServiceName
    minutes: float


OfService = Unreachable | NotConnected | Resting | NoWholeAnswer | NotHttp | NotAsPromised | AnswerLost | PictureLost
"""Those that name the service."""
CallReason = OfService | AnswerTooLarge


# -- what this program itself does --------------------------------------------------------------------


@dataclass(frozen=True)
class NotSetUp(_Reason, kind=FailureKind.UNAVAILABLE, unpaid=True):
    """There is no provider; `missing` is the sentence of the provider's module that says what to set."""

    missing: str


@dataclass(frozen=True)
class WithoutApi(_Reason, kind=FailureKind.UNAVAILABLE, unpaid=True):
    """The operator's own server, at the address in `setting`, was started without its API."""

    setting: str
    path: str


@dataclass(frozen=True)
class WaitedTooLong(_Reason, kind=FailureKind.UNAVAILABLE, unpaid=True):
    """The request's turn did not come in time."""

    minutes: float


@dataclass(frozen=True)
class GivenUp(_Reason, kind=FailureKind.GIVEN_UP, unpaid=True):
    """The request was taken out of the line; `by_another`: not by who had asked."""

    by_another: bool


@dataclass(frozen=True)
class TakenTooLong(_Reason, kind=FailureKind.UNKNOWN):
    """The provider was given up."""

    seconds: float


@dataclass(frozen=True)
class FailedTooOften(_Reason, kind=FailureKind.BAD_REQUEST, unpaid=True):
    """A request under one key has failed in every attempt that it has."""

    times: int


OwnReason = NotSetUp | WithoutApi | WaitedTooLong | GivenUp | TakenTooLong | FailedTooOften
