"""Calls to a service on loopback that fails in every way: what is tried again, what never, and what it becomes."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
import warnings
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from adapters.generation import calls as calls_module
from adapters.generation.breaker import FAILURES_TO_OPEN, CircuitBreaker
from adapters.generation.calls import Outcome, ProviderCalls, Service, ServiceAnswer
from adapters.generation.taxonomy import ErrorDetails
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import png
from tests.emulators.emulator import CutOff, Drop, Emulator, Endless, Hang, Reply, Scripted

SECRET = "sk-0123456789abcdefSECRET"
BUSY = Reply(503, b'{"name": "busy"}')
OK = Reply(200, b'{"fine": true}')


class Plain(Emulator):
    """A service of one path, which answers what its script says."""

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/make", self._make), web.get("/look", self._make)]

    async def _make(self, _: web.Request) -> web.Response:
        return web.json_response({"fine": True})


def read_error(body: object) -> ErrorDetails:
    """As most services tell it."""
    return (
        ErrorDetails(str(body.get("name", "")), str(body.get("message", "")))
        if isinstance(body, dict)
        else ErrorDetails()
    )


@pytest.fixture
async def service() -> AsyncIterator[Plain]:
    """The service, listening."""
    plain = Plain()
    async with plain.serving():
        yield plain


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short; how long they are is tested apart."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.001)


def calling(address: str, **changes: Any) -> ProviderCalls:
    """Calls to a service there."""
    plain = Service(
        "plain", address, "PLAIN_KEY", read_error, {"broke": FailureKind.NO_CREDIT},
        {"Authorization": f"Bearer {SECRET}"}, answer_seconds=2.0,
    )  # fmt: skip
    return ProviderCalls(replace(plain, **changes))


async def post(calls: ProviderCalls) -> Outcome:
    """A call that is paid."""
    return await calls.post_json("/make", {"prompt": "a cat"}, at_most_bytes=1_000_000)


def failure(outcome: Outcome) -> GenerationFailure:
    """The failure, which it must be; and never one that shows the key."""
    assert isinstance(outcome, GenerationFailure), outcome
    assert SECRET not in sentence_of_failure(outcome)
    assert sentence_of_failure(outcome).isprintable()
    return outcome


# Script, times asked by a paid call, by a free one; the kind of both, and how the message begins. A free one that is
# dropped is sent twice a try, as aiohttp itself repeats it once.
FAILURES: list[tuple[str, Scripted, int, int, FailureKind, str]] = [
    ("400", Reply(400, b'{"message": "no\\u001b[31m"}'), 1, 1, FailureKind.BAD_REQUEST, "Non-200 response: 400. The"),
    ("401", Reply(401), 1, 1, FailureKind.AUTH, "Non-200 response: 401. The image service does not accept its key"),
    ("402", Reply(402), 1, 1, FailureKind.NO_CREDIT, "Non-200 response: 402."),
    ("403", Reply(403), 1, 1, FailureKind.AUTH, "Non-200 response: 403."),
    ("404", Reply(404, b"<html>"), 1, 1, FailureKind.BAD_REQUEST, "Non-200 response: 404."),
    ("413", Reply(413), 1, 1, FailureKind.BAD_REQUEST, "Non-200 response: 413."),
    ("422", Reply(422), 1, 1, FailureKind.BAD_REQUEST, "Non-200 response: 422."),
    ("429", Reply(429), 3, 3, FailureKind.RATE_LIMITED, "Non-200 response: 429."),
    ("429, out of credit", Reply(429, b'{"name": "broke"}'), 1, 1, FailureKind.NO_CREDIT, "Non-200 response: 429."),
    ("500", Reply(500), 1, 1, FailureKind.UPSTREAM, "Non-200 response: 500."),
    ("502", Reply(502, b"<html>Bad gateway"), 3, 3, FailureKind.UPSTREAM, "Non-200 response: 502."),
    ("503", BUSY, 3, 3, FailureKind.UPSTREAM, "Non-200 response: 503."),
    ("504", Reply(504), 3, 3, FailureKind.UPSTREAM, "Non-200 response: 504."),
    ("302", Reply(302, headers={"Location": "/look"}), 1, 1, FailureKind.UPSTREAM, "Non-200 response: 302."),
    ("too large, told", Reply(200, b"x" * 2_000_000), 1, 1, FailureKind.UPSTREAM, "The image service's answer is"),
    ("too large, untold", Endless(2**31), 1, 1, FailureKind.UPSTREAM, "The image service's answer is larger"),
    ("dropped", Drop(), 1, 6, FailureKind.UNKNOWN, "Connection timeout: plain gave no answer."),
    ("cut off", CutOff(), 1, 3, FailureKind.UNKNOWN, "Connection timeout: plain gave no answer."),
    ("an error, cut off", CutOff(status=500), 1, 1, FailureKind.UPSTREAM, "Non-200 response: 500."),
]  # fmt: skip


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row[0])
@pytest.mark.parametrize("paid", [True, False], ids=["paid", "free"])
async def test_what_fails_is_tried_again_only_where_nothing_can_be_paid_twice(
    service: Plain, row: tuple[str, Scripted, int, int, FailureKind, str], paid: bool
) -> None:  # fmt: skip
    """The script fails for ever; what counts is how often it was asked and what was said."""
    _, script, paid_times, free_times, kind, words = row
    service.script.extend([script] * 9)
    calls = calling(service.address)
    outcome = failure(await (post(calls) if paid else calls.get("/look")))
    assert len(service.heard) == (paid_times if paid else free_times)
    if paid or kind is not FailureKind.UNKNOWN:
        assert outcome.kind is kind
        assert sentence_of_failure(outcome).startswith(words)
    else:
        assert outcome.kind is FailureKind.UPSTREAM
    assert service.sent_bytes < 20_000_000


@pytest.mark.parametrize(
    ("script", "times"),
    [(Drop(), 3), (CutOff(), 3), (Hang(), 3), (BUSY, 3), (Reply(500), 1), (Reply(400), 1)],
    ids=["dropped", "cut off", "silent", "busy", "500", "400"],
)
async def test_a_call_with_an_idempotency_key_is_made_again_where_its_answer_was_lost(
    service: Plain, script: Scripted, times: int
) -> None:
    """Under the same key, by which the service knows it; that it may have worked is told all the same."""
    service.script.extend([script] * 9)
    calls = calling(service.address, answer_seconds=0.2)
    outcome = failure(await calls.post_json("/make", {"n": 1}, at_most_bytes=1_000, idempotency_key="k-1"))
    assert [heard.headers["Idempotency-Key"] for heard in service.heard] == ["k-1"] * times
    assert outcome.surely_unpaid is (script == Reply(400))


async def test_a_call_without_a_key_sends_none(service: Plain) -> None:
    """So a lost answer of it is not asked for again."""
    await post(calling(service.address))
    assert "Idempotency-Key" not in service.heard[0].headers


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_service_that_recovers_is_not_given_up(service: Plain, failures: int) -> None:
    """Two failures, then the answer, with the same body each time."""
    service.script.extend([BUSY] * failures)
    outcome = await post(calling(service.address))
    assert isinstance(outcome, ServiceAnswer)
    assert await outcome.json() == {"fine": True}
    assert [heard.fields for heard in service.heard] == [{"prompt": "a cat"}] * (failures + 1)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b'{"fine": true}', "application/json"), (png(), "image/png")],
    ids=["JSON", "a picture"],
)
async def test_a_connection_that_ends_wrongly_behind_the_last_byte_has_lost_nothing(
    service: Plain, body: bytes, kind: str
) -> None:
    """The length that was told was another one; a byte less, and the answer is lost."""
    service.script.extend([CutOff(200, body, len(body) + 9, kind), CutOff(200, body[:-1], len(body) + 9, kind)])
    calls = calling(service.address)
    outcome = await post(calls)
    assert isinstance(outcome, ServiceAnswer)
    assert outcome.body == body
    assert failure(await post(calls)).kind is FailureKind.UNKNOWN


async def test_an_answer_that_does_not_come_in_time_is_unknown(service: Plain) -> None:
    """It may have been paid, so it is asked once; the seeds' words say what happened."""
    service.script.append(Hang())
    outcome = failure(await post(calling(service.address, answer_seconds=0.2)))
    assert (outcome.kind, len(service.heard)) == (FailureKind.UNKNOWN, 1)
    assert sentence_of_failure(outcome).startswith("Connection timeout: plain gave no answer within")


QUOTED = "no-shape-of-a-key-0815"


@pytest.mark.parametrize(
    "error",
    [
        {"message": f"header 'Bearer {QUOTED}' is not understood"},
        {"message": "x" * 185 + QUOTED},
        {"message": f"see:\n{QUOTED.upper()}"},
        {"name": QUOTED, "message": "see name"},
    ],
    ids=["quoted", "cut in its middle", "in capitals", "as the name"],
)
async def test_a_key_that_the_service_quotes_back_is_shown_to_nobody(service: Plain, error: dict[str, str]) -> None:
    """Neither in the words for the user nor in the log, not even its beginning; what else was said stays."""
    service.script.append(Reply(400, orjson.dumps(error)))
    calls = calling(service.address, headers={"Authorization": f"Bearer {QUOTED}"})
    with capture_logs() as logged:
        outcome = failure(await post(calls))
    assert QUOTED[:8] not in f"{sentence_of_failure(outcome)} {logged}".lower()
    assert error["message"][:3] in sentence_of_failure(outcome)


def in_an_hour() -> str:
    """A date in an hour, as HTTP writes it. Of the moment: tests are collected long before the last of them runs."""
    return formatdate(time.time() + 3600, usegmt=True)


@pytest.mark.parametrize(
    ("retry_after", "times", "waits"),
    [("3600", 1, True), (in_an_hour, 1, True), ("0", 3, False), ("soon", 3, False), ("-5", 3, False), ("", 3, False)],
    ids=["an hour", "a date in an hour", "no time", "a word", "the past", "nothing"],
)
async def test_a_wait_that_is_too_long_for_a_request_is_told_and_kept(
    service: Plain, retry_after: str | Callable[[], str], times: int, *, waits: bool
) -> None:
    """The caller hears how long, and the service is left alone until then."""
    header = retry_after if isinstance(retry_after, str) else retry_after()
    service.script.extend([Reply(429, headers={"Retry-After": header})] * 5)
    calls = calling(service.address)
    outcome = failure(await post(calls))
    assert len(service.heard) == times
    assert (calls.outage() is not None) is waits
    if waits:
        assert 3500 < (outcome.retry_after_seconds or 0) <= 3600
        again = failure(await post(calls))
        assert (again.kind, len(service.heard)) == (FailureKind.UNAVAILABLE, times)
        assert 3500 < (again.retry_after_seconds or 0) <= 3600


async def test_a_short_wait_is_waited_for(service: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least as long as the service asks."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def short(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("adapters.generation.calls.asyncio.sleep", short)
    service.script.append(Reply(503, headers={"Retry-After": "7"}))
    assert isinstance(await post(calling(service.address)), ServiceAnswer)
    assert slept == [7.0]


async def test_a_failing_service_is_left_alone_after_five_failures(service: Plain) -> None:
    """The sixth request does not reach it, is told when to come back, and that nothing was charged."""
    service.script.extend([Reply(500)] * 10)
    calls = calling(service.address)
    for _ in range(FAILURES_TO_OPEN):
        assert failure(await post(calls)).kind is FailureKind.UPSTREAM
    outcome = failure(await post(calls))
    assert (outcome.kind, len(service.heard)) == (FailureKind.UNAVAILABLE, FAILURES_TO_OPEN)
    assert sentence_of_failure(outcome).startswith("Image generation services are not available")
    assert calls.outage() is not None


async def test_requests_that_are_wrong_do_not_open_the_breaker(service: Plain) -> None:
    """The service works; it is the requests that do not."""
    service.script.extend([Reply(400)] * 10)
    calls = calling(service.address)
    for _ in range(10):
        await post(calls)
    assert calls.outage() is None


async def test_a_recovered_service_is_used_again(service: Plain) -> None:
    """After the rest one call tries, and its success opens the way."""
    now = [100.0]
    calls = ProviderCalls(calling(service.address).service, CircuitBreaker(lambda: now[0]))
    service.script.extend([Reply(500)] * FAILURES_TO_OPEN)
    for _ in range(FAILURES_TO_OPEN):
        await post(calls)
    assert failure(await post(calls)).kind is FailureKind.UNAVAILABLE
    now[0] += 60
    assert isinstance(await post(calls), ServiceAnswer)
    assert isinstance(await post(calls), ServiceAnswer)


async def test_retries_stay_a_small_part_of_all_calls(service: Plain) -> None:
    """A service that fails every call in turn is asked little more than it is called."""
    calls = calling(service.address)
    for _ in range(60):
        service.script.extend([BUSY, BUSY, OK])
        await post(calls)
        service.script.clear()
    assert len(service.heard) < 60 * 1.5


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "free"])
async def test_nobody_there_is_tried_again_as_nothing_was_sent(paid: bool) -> None:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        calls = calling(f"http://127.0.0.1:{taken.getsockname()[1]}")
        outcome = failure(await (post(calls) if paid else calls.get("/look")))
    assert outcome.kind is FailureKind.UNAVAILABLE
    assert "cannot be reached" in sentence_of_failure(outcome)


async def test_a_name_that_is_not_found_opens_the_breaker() -> None:
    """No DNS, no service; two requests of three tries each are enough to know."""
    calls = calling("http://no-such-host.invalid")
    for _ in range(2):
        assert failure(await post(calls)).kind is FailureKind.UNAVAILABLE
    assert calls.outage() is not None


async def test_no_answer_to_a_connection_is_the_seeds_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener whose queue is full takes no connection, as a dead host behind a firewall."""
    monkeypatch.setattr(calls_module, "CONNECT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        outcome = failure(await post(calling(f"http://127.0.0.1:{silent.getsockname()[1]}")))
        for filler in fillers:
            filler.close()
    assert outcome.kind is FailureKind.UNAVAILABLE
    assert sentence_of_failure(outcome).startswith("Connection timeout")


async def test_an_untrusted_certificate_is_not_tried_again(service: Plain) -> None:
    """A plain service where a safe one is expected has no certificate at all."""
    outcome = failure(await post(calling(service.address.replace("http:", "https:"))))
    assert outcome.kind is FailureKind.UNAVAILABLE


async def test_a_form_is_multipart_also_without_a_file_and_made_anew_for_each_try(service: Plain) -> None:
    """Some services take nothing else, and a form can be sent once."""

    def form() -> aiohttp.FormData:
        data = aiohttp.FormData(default_to_multipart=True)
        data.add_field("prompt", "a cat")
        return data

    service.script.extend([BUSY, BUSY])
    assert isinstance(await calling(service.address).post_form("/make", form, at_most_bytes=1000), ServiceAnswer)
    assert [heard.fields for heard in service.heard] == [{"prompt": "a cat"}] * 3
    assert all(heard.headers["Content-Type"].startswith("multipart/form-data") for heard in service.heard)


async def test_the_call_says_what_it_may(service: Plain) -> None:
    """The key, the type wanted, no compression: a small answer may not become a large one."""
    service.script.append(OK)
    await post(calling(service.address))
    (heard,) = service.heard
    assert heard.headers["Authorization"] == f"Bearer {SECRET}"
    assert heard.headers["Accept"] == "application/json"
    assert heard.headers["Accept-Encoding"] == "identity"


async def test_a_cancelled_call_lets_its_connection_go(service: Plain) -> None:
    """And the next call works."""
    service.script.append(Hang())
    calls = calling(service.address)
    asking = asyncio.create_task(post(calls))
    while not service.heard:  # noqa: ASYNC110 - the emulator hears in the same loop
        await asyncio.sleep(0.001)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert isinstance(await post(calls), ServiceAnswer)


def test_calls_of_two_event_loops_one_after_the_other_leave_nothing_open() -> None:
    """A script that runs its coroutines one by one, and never closes anything, ends without a warning."""

    async def once(calls: list[ProviderCalls]) -> None:
        plain = Plain()
        async with plain.serving() as address:
            if not calls:
                calls.append(calling(address))
            await post(ProviderCalls(replace(calls[0].service, address=address)))
            await post(calls[0])

    calls: list[ProviderCalls] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(once(calls))
        asyncio.run(once(calls))
        calls.clear()
        gc.collect()


@pytest.mark.parametrize(("tries", "longest"), [(1, 1.0), (2, 2.0)])
def test_the_wait_before_a_try_is_spread_from_nothing_to_its_bound(
    monkeypatch: pytest.MonkeyPatch, tries: int, longest: float
) -> None:
    """Full jitter: callers that failed together do not come back together."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.5)
    waits = [calls_module._backoff(tries, None) or 0.0 for _ in range(500)]
    assert 0 <= min(waits) < longest * 0.1
    assert longest * 0.9 < max(waits) <= longest
