"""Problems as clients of OpenAI's image API read them: its error object, its types and codes.

https://platform.openai.com/docs/guides/error-codes. What the limits refuse is its `insufficient_quota`, with the time
of the reset in the message; such a client asks again by itself, so it is told not to where that is of no use.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

from adapters.http.problems import GENERATION_FAILURES, QUOTA, REFUSALS, UNAUTHORISED, Problem
from adapters.ports.failure_reasons import FailureKind
from domain.refusals import Reason

PREFIX = "/openai/"
RETRY_HEADER = "x-should-retry"
INVALID, SERVER, NO_QUOTA = "invalid_request_error", "server_error", "insufficient_quota"
FIELD = "field"


class OpenAIErrorObject(TypedDict):
    """What happened, for people and for programs; `param` names the field that it is about."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(TypedDict):
    """An answer other than the one asked for."""

    error: OpenAIErrorObject


class Told(NamedTuple):
    """An error as it is answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


_FILTERED = {GENERATION_FAILURES[FailureKind.MODERATED_PROMPT], GENERATION_FAILURES[FailureKind.MODERATED_OUTPUT]}
_PARAMS: Mapping[str, str] = MappingProxyType({"count": "n", "width": "size", "height": "size"})
"""What their clients call a field of ours."""
_WAITS: Mapping[str, str] = MappingProxyType({RETRY_HEADER: "false"})


def told(problem: Problem) -> Told:
    """The error object of a problem, its status and headers."""
    kind, members = problem.kind, problem.members
    status, headers = kind.status, problem.headers
    if kind.type == QUOTA.type:
        status, what, code = int(HTTPStatus.TOO_MANY_REQUESTS), NO_QUOTA, NO_QUOTA
        headers = {**headers, **_WAITS}
    elif kind in _FILTERED:
        status, what, code = int(HTTPStatus.BAD_REQUEST), INVALID, "content_policy_violation"
    elif kind == REFUSALS[Reason.PRICE_UNKNOWN]:
        status, what, code = int(HTTPStatus.BAD_REQUEST), INVALID, "price_unknown"
        members = {**members, FIELD: "model"}
    elif kind == UNAUTHORISED:
        what, code = INVALID, "invalid_api_key"
    else:
        what = SERVER if status >= HTTPStatus.INTERNAL_SERVER_ERROR else INVALID
        code = kind.type.rpartition(":")[2].replace("-", "_")
    field = members.get(FIELD)
    param = _PARAMS.get(field, field) if isinstance(field, str) else None
    error: dict[str, Any] = {"message": problem.detail, "type": what, "param": param, "code": code}
    return Told(status, orjson.dumps({"error": error}), headers)
