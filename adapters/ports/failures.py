"""Why there is no picture, as values: an ordinary answer of an image service, and so returned and not raised.

What goes wrong outside the rules is raised, and is in `faults`. The words are those of whoever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    UNKNOWN = "unknown"  # the answer was lost after it may have been paid: never called again by itself


@dataclass(frozen=True, slots=True)
class GenerationFailure:
    """Why there is no image; `message` is fit for users and holds no secret."""

    kind: FailureKind
    message: str
    retry_after_seconds: float | None = None
    upstream_status: int | None = None
