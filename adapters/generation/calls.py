"""Calls to a provider's service: bounded in time and bytes, never redirected, never paid twice by themselves.

A call that was sent and whose answer was lost may have been paid: it ends as UNKNOWN and is not made again, unless it
has an idempotency key, by which the service knows a repeat. Retried are failures before anything was sent, 429 and 502
to 504, with full jitter, at most TRIES times and within a budget. An answer that is no success becomes a failure of the
one taxonomy here; what a success holds is read by `answers`.
"""

from __future__ import annotations

import asyncio
import io
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, NamedTuple

import aiohttp
import orjson
import structlog
from yarl import URL

from adapters.generation.answers import Contents, parsed, text_of
from adapters.generation.bodies import plain_within
from adapters.generation.breaker import CircuitBreaker, RetryBudget
from adapters.generation.taxonomy import ErrorDetails, failure_inside, failure_of, not_as_promised
from adapters.generation.told_errors import told_in, told_in_text
from adapters.generation.unpacking import CannotUnpack
from adapters.network.retry_after import retry_after_seconds
from adapters.observability.redaction import Redactor
from adapters.ports.failure_reasons import (
    AnswerLost,
    AnswerTooLarge,
    FailureKind,
    Instead,
    NotConnected,
    NotHttp,
    NoWholeAnswer,
    Obstacle,
    Resting,
    ServiceName,
    Unreachable,
)
from adapters.ports.failures import GenerationFailure

TRIES = 3
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 20.0
"""A service that asks for a longer wait is not asked again within the same request."""
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 120.0
SMALL_ANSWER_BYTES = 1024 * 1024
LONGEST_TEXT_BYTES = 4 * 1024
"""So much is read of a failure that is no JSON."""
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
REACHED = frozenset({FailureKind.AUTH, FailureKind.NO_CREDIT, FailureKind.MODERATED_PROMPT, FailureKind.BAD_REQUEST})
"""Failures of the request or the account; the service itself works, and asking again changes nothing."""

Form = Callable[[], aiohttp.FormData]
"""Makes the form anew for each try, as one can be sent once only."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


@dataclass(frozen=True)
class Service:
    """A provider's service: where it is, what it is sent with every call, and how it tells its errors.

    `error_names` says what the names of its errors mean where the status alone would say less; `read_error` reads what
    only this service tells, and what it leaves empty is read as everybody's. Of a service that the operator runs,
    `at_setting` is the setting that says where.
    """

    name: str
    address: str
    key_setting: str
    read_error: Callable[[object], ErrorDetails] = told_in
    error_names: Mapping[str, FailureKind] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer_seconds: float = ANSWER_SECONDS
    at_setting: str = ""

    @property
    def called(self) -> ServiceName:
        """The service's name in what is said of it."""
        return ServiceName(self.name, self.at_setting)


class ServiceAnswer(NamedTuple):
    """A success of a service. `headers` have names in lower case."""

    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes

    charset: str = ""

    async def json(self) -> Any:
        """The body as JSON, None where it is none; parsed aside, as a large one would hold the event loop up."""
        return await asyncio.to_thread(parsed, self.body, self.charset)


Outcome = ServiceAnswer | GenerationFailure


class _TryAgain(Exception):
    """One try has failed in a way that allows another."""

    def __init__(self, failure: GenerationFailure) -> None:
        super().__init__(failure.kind.value)
        self.failure = failure


class _Wanted(NamedTuple):
    method: str
    address: str
    accept: str
    at_most_bytes: int
    json: object = None
    form: Form | None = None
    query: Mapping[str, str] | None = None
    tries: int = TRIES
    idempotency_key: str = ""

    @property
    def pays(self) -> bool:
        return self.method != "GET"

    @property
    def repeatable(self) -> bool:
        """Whether the service knows a second call for the first, or neither costs anything."""
        return not self.pays or bool(self.idempotency_key)


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
        return _resting(self.service.called, wait) if wait else None

    async def get(
        self, path: str, *, query: Mapping[str, str] | None = None, accept: str = "application/json",
        at_most_bytes: int = SMALL_ANSWER_BYTES, tries: int = TRIES,
    ) -> Outcome:  # fmt: skip
        """Asks for something that costs nothing, up to `tries` times, whatever went wrong on the way."""
        address = self.service.address + path
        return await self._call(_Wanted("GET", address, accept, at_most_bytes, query=query, tries=tries))

    async def post_json(
        self, path: str, body: object, *, at_most_bytes: int, accept: str = "application/json",
        idempotency_key: str = "",
    ) -> Outcome:  # fmt: skip
        """Sends a JSON value with a call that may be paid; with an idempotency key, as often as a free one."""
        address = self.service.address + path
        return await self._call(
            _Wanted("POST", address, accept, at_most_bytes, json=body, idempotency_key=idempotency_key)
        )

    async def post_form(
        self, path: str, form: Form, *, at_most_bytes: int, accept: str = "application/json"
    ) -> Outcome:
        """Sends a multipart form with a call that may be paid."""
        return await self._call(_Wanted("POST", self.service.address + path, accept, at_most_bytes, form=form))

    async def get_own(self, address: str, *, at_most_bytes: int) -> Outcome | None:
        """Asks for a picture at an address that the service told, None where that is not at the service itself: the key
        goes there anyway, and to any other place a service does not send this program.
        """
        own = URL(self.service.address)
        try:
            told = own.join(URL(address))
            is_own = told.origin() == own.origin()
        except ValueError:
            is_own = False
        if not is_own:
            _log.warning("picture not fetched", provider=str(self.service.called), reason="it is at another place")
            return None
        return await self._call(_Wanted("GET", str(told), "image/*", at_most_bytes))

    def without_pictures(self, contents: Contents, instead: Instead) -> GenerationFailure:
        """Why a success holds none: what the service says of it, or else what stands in their place."""
        return self.failure_in(contents.body) or not_as_promised(self.service.called, instead)

    def failure_in(self, body: object) -> GenerationFailure | None:
        """The failure that a success tells of, None where it tells of none."""
        error = self._error_in(body)
        if not error.sentence and error.name not in self.service.error_names:
            return None
        _log.warning("provider failed in a success", provider=str(self.service.called), name=error.name)
        return failure_inside(error, self.service.error_names, key_setting=self.service.key_setting)

    async def _call(self, wanted: _Wanted) -> Outcome:
        self._budget.call()
        before: list[GenerationFailure] = []
        for tries in count(1):
            try:
                outcome = await self._try(wanted, before)
            except _TryAgain as error:
                failure = error.failure
            else:
                return outcome if isinstance(outcome, ServiceAnswer) else _after(before, outcome)
            wait = _backoff(tries, failure.retry_after_seconds)
            if tries >= wanted.tries or wait is None or not self._budget.spend():
                return _after(before[:-1], failure)
            _log.warning("a call is made again", provider=self.service.name, after_seconds=round(wait, 1), tries=tries)
            await asyncio.sleep(wait)
        raise AssertionError("the last try returns")

    async def _try(self, wanted: _Wanted, failures: list[GenerationFailure]) -> Outcome:
        """One call. Raises _TryAgain for a failure, one more of `failures`, after which it may be made once more."""
        wait = self._breaker.begin()
        if wait:
            return _resting(self.service.called, wait)
        try:
            outcome, again = await self._once(wanted)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            outcome, again = self._broken(error, wanted)
        self._tell_breaker(outcome)
        if isinstance(outcome, GenerationFailure) and again:
            failures.append(outcome)
            raise _TryAgain(outcome)
        return outcome

    async def _once(self, wanted: _Wanted) -> tuple[Outcome, bool]:
        body: dict[str, Any] = {}
        headers = {"Accept": wanted.accept, "Accept-Encoding": "identity", **self.service.headers}
        if wanted.idempotency_key:
            headers["Idempotency-Key"] = wanted.idempotency_key
        if wanted.form is not None:
            body["data"] = wanted.form()
        elif wanted.json is not None:
            # As a file: aiohttp sends large bytes in one piece, which would hold the event loop up.
            body["data"] = io.BytesIO(await asyncio.to_thread(orjson.dumps, wanted.json))
            headers["Content-Type"] = "application/json"
        async with self._opened() as session, session.request(
            wanted.method, wanted.address, params=wanted.query, headers=headers,
            allow_redirects=False, **body,
        ) as response:  # fmt: skip
            return await self._read(response, wanted)

    async def _read(self, response: aiohttp.ClientResponse, wanted: _Wanted) -> tuple[Outcome, bool]:
        """What came, and whether the same call may be made again."""
        success = 200 <= response.status < 300
        try:
            content = await plain_within(response, wanted.at_most_bytes)
        except (aiohttp.ClientError, TimeoutError, OSError):
            if success:
                raise
            content = b""  # what a failure says of itself is not needed to know that it is one
        except CannotUnpack:
            if success:
                return not_as_promised(self.service.called, Instead.PACKED), False
            content = b""
        if not success:
            failure = self._refused(response, content or b"")
            return failure, response.status in RETRIED_STATUSES and failure.kind not in REACHED
        if content is None:
            return GenerationFailure(AnswerTooLarge(wanted.at_most_bytes), upstream_status=response.status), False
        named = {name.lower(): value for name, value in response.headers.items()}
        return ServiceAnswer(response.status, response.content_type, named, content, response.charset or ""), False

    def _refused(self, response: aiohttp.ClientResponse, content: bytes) -> GenerationFailure:
        charset = response.charset or ""
        body = parsed(content[:SMALL_ANSWER_BYTES], charset)
        error = self._error_in(body, "" if body is not None else text_of(content[:LONGEST_TEXT_BYTES], charset))
        failure = failure_of(
            response.status,
            error,
            self.service.error_names,
            key_setting=self.service.key_setting,
            retry_after_seconds=retry_after_seconds(response.headers),
        )
        _log.warning(
            "provider refused",
            provider=str(self.service.called),
            status=response.status,
            name=error.name,
            said=error.sentence,
        )
        return failure

    def _error_in(self, body: object, text: str = "") -> ErrorDetails:
        """What the service tells of a failure: as only it does, else as all do."""
        own = self.service.read_error(body)
        usual = told_in(body, self.service.error_names) if body is not None else told_in_text(text)
        known = usual.name if usual.name in self.service.error_names else own.name or usual.name
        return self._without_secrets(ErrorDetails(known, own.sentence or usual.sentence, own.setting, usual.status))

    def _without_secrets(self, error: ErrorDetails) -> ErrorDetails:
        """The same without the key, which a service may quote back: what it says is shown to users, and logged."""
        name, sentence, setting = (self._redactor.text(" ".join(part.split())) for part in error[:3])
        return ErrorDetails(name, sentence, setting, error.status)

    def _broken(self, error: Exception, wanted: _Wanted) -> tuple[GenerationFailure, bool]:
        """What a call without an answer means, and whether it may be made again: not sent, or free."""
        service = self.service.called
        _log.warning("provider not reached", provider=str(service), reason=type(error).__name__)
        if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
            return GenerationFailure(Unreachable(service, Obstacle.CERTIFICATE)), False
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return GenerationFailure(NotConnected(service, CONNECT_SECONDS)), True
        if isinstance(error, aiohttp.ClientConnectorError):
            return GenerationFailure(Unreachable(service, Obstacle.CONNECTION)), True
        if isinstance(error, aiohttp.InvalidURL):
            return GenerationFailure(Unreachable(service, Obstacle.ADDRESS)), False
        if not wanted.pays:
            return GenerationFailure(NoWholeAnswer(service)), True
        if isinstance(error, aiohttp.ClientResponseError):
            return GenerationFailure(NotHttp(service)), wanted.repeatable
        seconds = self.service.answer_seconds if isinstance(error, TimeoutError) else None
        return GenerationFailure(AnswerLost(service, seconds)), wanted.repeatable

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


def _resting(service: ServiceName, wait: float) -> GenerationFailure:
    return GenerationFailure(Resting(service, max(1, round(wait))), wait)


def _after(before: Sequence[GenerationFailure], last: GenerationFailure) -> GenerationFailure:
    """The failure of a call that failed before: whether it was paid is known only if it is of every try."""
    if before and isinstance(last.reason, Resting):
        last = replace(before[-1], retry_after_seconds=last.retry_after_seconds)
    return replace(last, maybe_paid=True) if any(not failure.surely_unpaid for failure in before) else last


def _backoff(tries: int, retry_after_seconds: float | None) -> float | None:
    """Seconds until the next try, at least what the service asks for; None where that is too long to wait."""
    jitter = random.uniform(0, FIRST_BACKOFF_SECONDS * 2.0**tries)  # noqa: S311 - spreads callers, hides nothing
    wait = max(jitter, retry_after_seconds or 0.0)
    return wait if wait <= LONGEST_BACKOFF_SECONDS else None
