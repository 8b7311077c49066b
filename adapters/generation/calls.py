"""Calls to a provider's service: bounded in time and bytes, never redirected, never paid twice by themselves.

A call that was sent and whose answer was lost may have been paid: it ends as UNKNOWN and is not made again. Retried are
faults before anything was sent, 429 and 502 to 504, with full jitter, at most TRIES times and within a budget. What an
answer means is told by the provider; here an answer that is no success becomes a fault of the one taxonomy.
"""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
import orjson
import stamina
import structlog

from adapters.generation.breaker import CircuitBreaker, RetryBudget
from adapters.generation.taxonomy import SaidError, failure_of
from adapters.observability.redaction import Redactor
from adapters.ports.failures import FailureKind, GenerationFailure

TRIES = 3
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 20.0
"""A service that asks for a longer wait is not asked again within the same request."""
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 120.0
SMALL_ANSWER_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
BASE64_PIECE_CHARS = 256 * 1024
"""Divisible by 4, so that each piece stands for itself."""
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
REACHED = frozenset({FailureKind.AUTH, FailureKind.NO_CREDIT, FailureKind.MODERATED_PROMPT, FailureKind.BAD_REQUEST})
"""Faults of the request or the account; the service itself works, and asking again changes nothing."""

Form = Callable[[], aiohttp.FormData]
"""Makes the form anew for each try, as one can be sent once only."""

# Over the standard library, which is silent or writes to standard error until a host says where entries go; structlog
# by itself would print them among what the host's program prints.
_log = structlog.wrap_logger(logging.getLogger(__name__))


@dataclass(frozen=True)
class Service:
    """A provider's service: where it is, what it is sent with every call, and how it tells its errors."""

    name: str
    address: str
    key_setting: str
    read_error: Callable[[object], SaidError]
    error_names: Mapping[str, FailureKind]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer_seconds: float = ANSWER_SECONDS


class ServiceAnswer(NamedTuple):
    """A success of a service. `headers` have names in lower case."""

    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes

    async def json(self) -> Any:
        """The body as JSON, None where it is none; parsed aside, as a large one would hold the event loop up."""
        return await asyncio.to_thread(parsed, self.body)


Outcome = ServiceAnswer | GenerationFailure


class _TryAgain(Exception):
    """One try has failed in a way that allows another."""

    def __init__(self, fault: GenerationFailure) -> None:
        super().__init__(fault.kind.value)
        self.fault = fault


class _Wanted(NamedTuple):
    method: str
    path: str
    accept: str
    at_most_bytes: int
    json: object = None
    form: Form | None = None
    query: Mapping[str, str] | None = None
    tries: int = TRIES

    @property
    def pays(self) -> bool:
        return self.method != "GET"


class ProviderCalls:
    """Makes calls to one service, for one event loop at a time. Holds a connection only while a call runs."""

    def __init__(self, service: Service, breaker: CircuitBreaker | None = None) -> None:
        self.service = service
        self._redactor = Redactor([service.headers.get("Authorization", "").rpartition(" ")[2]])
        self._breaker = breaker or CircuitBreaker()
        self._budget = RetryBudget()
        self._session: aiohttp.ClientSession | None = None
        self._calls = 0

    def outage(self) -> GenerationFailure | None:
        """Why the service is left alone at the moment, None where it may be called."""
        wait = self._breaker.wait_seconds()
        return _resting(self.service.name, wait) if wait else None

    async def get(
        self, path: str, *, query: Mapping[str, str] | None = None, accept: str = "application/json",
        at_most_bytes: int = SMALL_ANSWER_BYTES, tries: int = TRIES,
    ) -> Outcome:  # fmt: skip
        """Asks for something that costs nothing, up to `tries` times, whatever went wrong on the way."""
        return await self._call(_Wanted("GET", path, accept, at_most_bytes, query=query, tries=tries))

    async def post_json(
        self, path: str, body: object, *, at_most_bytes: int, accept: str = "application/json"
    ) -> Outcome:
        """Sends a JSON value with a call that may be paid."""
        return await self._call(_Wanted("POST", path, accept, at_most_bytes, json=body))

    async def post_form(
        self, path: str, form: Form, *, at_most_bytes: int, accept: str = "application/json"
    ) -> Outcome:
        """Sends a multipart form with a call that may be paid."""
        return await self._call(_Wanted("POST", path, accept, at_most_bytes, form=form))

    async def _call(self, wanted: _Wanted) -> Outcome:
        self._budget.call()
        tries = 0

        def wait_before_next(error: Exception) -> bool | float:
            if not isinstance(error, _TryAgain) or tries >= wanted.tries:
                return False
            wait = _backoff(tries, error.fault.retry_after_seconds)
            return wait if wait is not None and self._budget.spend() else False

        try:
            async for attempt in stamina.retry_context(on=wait_before_next, attempts=wanted.tries, timeout=None):
                with attempt:
                    tries += 1
                    return await self._try(wanted)
        except _TryAgain as error:
            return error.fault
        raise AssertionError("a try returns or raises")

    async def _try(self, wanted: _Wanted) -> Outcome:
        """One call. Raises _TryAgain for a fault after which the same call may be made once more."""
        wait = self._breaker.begin()
        if wait:
            return _resting(self.service.name, wait)
        try:
            outcome, again = await self._once(wanted)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            outcome, again = self._broken(error, wanted)
        self._tell_breaker(outcome)
        if isinstance(outcome, GenerationFailure) and again:
            raise _TryAgain(outcome)
        return outcome

    async def _once(self, wanted: _Wanted) -> tuple[Outcome, bool]:
        body: dict[str, Any] = {}
        headers = {"Accept": wanted.accept, "Accept-Encoding": "identity", **self.service.headers}
        if wanted.form is not None:
            body["data"] = wanted.form()
        elif wanted.json is not None:
            # As a file: aiohttp sends large bytes in one piece, which would hold the event loop up.
            body["data"] = io.BytesIO(await asyncio.to_thread(orjson.dumps, wanted.json))
            headers["Content-Type"] = "application/json"
        async with self._opened() as session, session.request(
            wanted.method, self.service.address + wanted.path, params=wanted.query, headers=headers,
            allow_redirects=False, **body,
        ) as response:  # fmt: skip
            try:
                content = await body_within(response, wanted.at_most_bytes)
            except (aiohttp.ClientError, TimeoutError, OSError):
                if 200 <= response.status < 300:
                    raise
                content = b""  # what a failure says of itself is not needed to know that it is one
            if not 200 <= response.status < 300:
                fault = self._refused(response, content or b"")
                return fault, response.status in RETRIED_STATUSES and fault.kind not in REACHED
            if content is None:
                return _too_large(wanted.at_most_bytes, response.status), False
            named = {name.lower(): value for name, value in response.headers.items()}
            return ServiceAnswer(response.status, response.content_type, named, content), False

    def _refused(self, response: aiohttp.ClientResponse, content: bytes) -> GenerationFailure:
        said = self._without_secrets(self.service.read_error(parsed(content[:SMALL_ANSWER_BYTES])))
        fault = failure_of(
            response.status,
            said,
            self.service.error_names,
            key_setting=self.service.key_setting,
            retry_after_seconds=_retry_after(response.headers.get("Retry-After")),
        )
        _log.warning("provider refused", provider=self.service.name, status=response.status, name=said.name)
        return fault

    def _without_secrets(self, said: SaidError) -> SaidError:
        """The same without the key, which a service may quote back: what it says is shown to users, and logged."""
        return SaidError(*(self._redactor.text(" ".join(part.split())) for part in said))

    def _broken(self, error: Exception, wanted: _Wanted) -> tuple[GenerationFailure, bool]:
        """The fault of a call without an answer, and whether it may be made again: not sent, or free."""
        _log.warning("provider not reached", provider=self.service.name, reason=type(error).__name__)
        where = self.service.name
        if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
            return _unavailable(f"the certificate of {where} is not trusted"), False
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            words = f"Connection timeout: {where} did not answer within {CONNECT_SECONDS:.0f} seconds. Try again later."
            return GenerationFailure(FailureKind.UNAVAILABLE, words), True
        if isinstance(error, aiohttp.ClientConnectorError):
            return _unavailable(f"{where} cannot be reached"), True
        if isinstance(error, aiohttp.InvalidURL):
            return _unavailable(f"the address of {where} is not usable"), False
        if not wanted.pays:
            return GenerationFailure(FailureKind.UPSTREAM, f"Connection timeout: {where} gave no whole answer."), True
        if isinstance(error, aiohttp.ClientResponseError):
            return GenerationFailure(
                FailureKind.UPSTREAM, f"{where} does not answer as HTTP asks. Try again later."
            ), False
        within = f" within {self.service.answer_seconds:.0f} seconds" if isinstance(error, TimeoutError) else ""
        return lost(where, within), False

    def _tell_breaker(self, outcome: Outcome) -> None:
        if isinstance(outcome, ServiceAnswer) or outcome.kind in REACHED:
            self._breaker.succeeded()
            return
        if outcome.kind is not FailureKind.RATE_LIMITED:
            self._breaker.failed()
        wait = outcome.retry_after_seconds
        if wait is not None and wait > LONGEST_BACKOFF_SECONDS:
            self._breaker.rest(wait)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The one session of all calls that run now. Connections are not kept: a kept one that the service has closed
        meanwhile would make the fate of a paid call unknown.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                timeout=aiohttp.ClientTimeout(
                    total=self.service.answer_seconds, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        session = self._session
        self._calls += 1
        try:
            yield session
        finally:
            self._calls -= 1
            if self._calls == 0:
                self._session = None
                await session.close()


async def body_within(response: aiohttp.ClientResponse, at_most_bytes: int) -> bytes | None:
    """The body, None where it is larger than that; no more is taken in then."""
    if (response.content_length or 0) > at_most_bytes:
        response.close()
        return None
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        content += chunk
        if len(content) > at_most_bytes:
            response.close()
            return None
    return bytes(content)


def parsed(content: bytes) -> object:
    """JSON as Python values, None for anything else: services answer with pages of text when they fail."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def from_base64(text: str) -> bytes:
    """What a text in base64 stands for. Raises ValueError for any other.

    In pieces: a whole picture at once would keep every other thread waiting meanwhile, the event loop's among them.
    """
    pieces = (text[at : at + BASE64_PIECE_CHARS] for at in range(0, len(text), BASE64_PIECE_CHARS))
    decoded = [base64.b64decode(piece, validate=True) for piece in pieces]
    if any(len(piece) != BASE64_PIECE_CHARS // 4 * 3 for piece in decoded[:-1]):
        raise ValueError("the text goes on after its end")
    return b"".join(decoded)


def lost(service: str, within: str = "") -> GenerationFailure:
    """The fault of a paid call whose answer did not come."""
    words = (
        f"Connection timeout: {service} gave no answer{within}. Whether it made a picture is not known, so it was not "
        "asked again by itself; nothing was charged here."
    )
    return GenerationFailure(FailureKind.UNKNOWN, words)


def not_as_promised(service: str, what: str) -> GenerationFailure:
    """The fault of a success that does not hold what the service promises."""
    return GenerationFailure(
        FailureKind.UPSTREAM, f"{service} answered with {what}. Nothing was charged; try again later."
    )


def _too_large(at_most_bytes: int, status: int) -> GenerationFailure:
    words = f"The image service's answer is larger than {at_most_bytes // 1_048_576} MB and was cut off."
    return GenerationFailure(FailureKind.UPSTREAM, f"{words} Nothing was charged.", upstream_status=status)


def _unavailable(reason: str) -> GenerationFailure:
    words = f"Image generation services are not available: {reason}. Nothing was charged; try again later."
    return GenerationFailure(FailureKind.UNAVAILABLE, words)


def _resting(service: str, wait: float) -> GenerationFailure:
    words = f"Image generation services are not available: {service} failed or asked to wait"
    return GenerationFailure(
        FailureKind.UNAVAILABLE, f"{words}. Nothing was charged; try again in {max(1, round(wait))} seconds.", wait
    )


def _backoff(tries: int, retry_after_seconds: float | None) -> float | None:
    """Seconds until the next try, at least what the service asks for; None where that is too long to wait."""
    jitter = random.uniform(0, FIRST_BACKOFF_SECONDS * 2.0**tries)  # noqa: S311 - spreads callers, hides nothing
    wait = max(jitter, retry_after_seconds or 0.0)
    return wait if wait <= LONGEST_BACKOFF_SECONDS else None


def _retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header: a number or a date (RFC 9110, section 10.2.3); None for anything else."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
