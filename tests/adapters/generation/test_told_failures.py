"""What a service says of a failure reaches whoever asked, in any shape; of its cost nothing is said that is not known.

Ranged over are the services, the shapes of `tests.emulators.forms`, and the statuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from aiohttp.compression_utils import HAS_BROTLI

from adapters.discord.failures import message_for_failure
from adapters.generation import FailureKind, GenerationFailure, GenerationRequest, Generator, Operation
from adapters.generation.calls import RETRIED_STATUSES
from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.generation.taxonomy import UNPAID_STATUSES
from adapters.wording.failures import UNKNOWN_COST, UNPAID, sentence_of_failure
from tests.adapters.generation.making import png
from tests.emulators.automatic1111 import Automatic1111Emulator
from tests.emulators.emulator import Drop, Emulator, Reply, Scripted
from tests.emulators.forms import SAID, TOLD
from tests.emulators.openai import KEY as OPENAI_KEY
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.stability import KEY, StabilityEmulator
from tests.emulators.stability_v2beta import StableImageEmulator

TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", width=64, height=72)
LARGER = GenerationRequest(Operation.UPSCALE, width=256, image=png((64, 64)))

SERVICES: dict[str, tuple[Callable[[], Emulator], Callable[[str], ProviderSettings], GenerationRequest]] = {
    "v1": (StabilityEmulator, lambda address: ProviderSettings("stability", KEY, address), TEXT),
    "v2beta": (
        StableImageEmulator,
        lambda address: ProviderSettings("stability", KEY, address, stability_model="core"),
        TEXT,
    ),
    "v2beta, upscale": (StableImageEmulator, lambda address: ProviderSettings("stability", KEY, address), LARGER),
    "v2beta, creative": (
        StableImageEmulator,
        lambda address: ProviderSettings("stability", KEY, address, stability_upscaler="creative"),
        LARGER,
    ),
    "openai": (
        OpenAIEmulator,
        lambda address: ProviderSettings("openai", openai_key=OPENAI_KEY, openai_host=address),
        TEXT,
    ),
    "automatic1111": (
        Automatic1111Emulator,
        lambda address: ProviderSettings("automatic1111", api_host=address),
        TEXT,
    ),
}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a moment only."""
    # The real pauses are seconds for each case.
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)


async def failing(service: str, *script: Scripted) -> GenerationFailure:
    """What comes of a request that is answered so."""
    make, settings, request = SERVICES[service]
    emulator = make()
    emulator.script.extend(script)
    async with emulator.serving() as address:
        generator = Generator(choose_provider(settings(address)))
        outcome = await generator.generate(request)
        await generator.aclose()
    assert isinstance(outcome, GenerationFailure), outcome
    return outcome


def said(status: int, shape: str, kind: str = "application/json") -> Reply:
    """The one failure, told in this shape."""
    return Reply(status, json.dumps(TOLD[shape]).encode(), kind)


def shapes() -> Iterator[object]:
    """Each shape at each service; of one of them all, of the others one in three, the rest in the long form."""
    for place, service in enumerate(SERVICES):
        for number, shape in enumerate(TOLD):
            seldom = service != "openai" and (number + place) % 3 != 0
            yield pytest.param(service, shape, marks=[pytest.mark.thorough] if seldom else [])


@pytest.mark.parametrize(("service", "shape"), list(shapes()))
async def test_the_reason_of_a_refusal_and_of_a_failure_in_a_success_is_told(service: str, shape: str) -> None:
    """With 400 as with 200, to operators and to members; what the latter cost is not known."""
    refused, inside = await failing(service, said(400, shape)), await failing(service, said(200, shape))
    for failure in (refused, inside):
        assert SAID in sentence_of_failure(failure)
        assert SAID in message_for_failure(failure).text
    assert refused.kind is FailureKind.BAD_REQUEST
    assert refused.surely_unpaid
    assert not inside.surely_unpaid
    assert UNPAID not in sentence_of_failure(inside).lower()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"the width is odd", "text/plain"),
        (b'\xef\xbb\xbf{"detail": "the width is odd"}', "application/json"),
        ('{"detail": "the width is odd"}'.encode("utf-16"), "text/plain"),
    ],
    ids=["text", "a byte order mark", "UTF-16"],
)
async def test_the_reason_is_told_also_where_it_is_no_json_of_the_usual_kind(
    service: str, body: bytes, kind: str
) -> None:
    """Proxies answer in text."""
    assert SAID in sentence_of_failure(await failing(service, Reply(422, body, kind)))


@pytest.mark.parametrize(
    "status", [*sorted(UNPAID_STATUSES), 408, 410, 418, 451, 499, 500, 501, 502, 503, 504, 524, 302]
)
@pytest.mark.parametrize("service", ["v1", "openai", "automatic1111"])
async def test_nothing_was_charged_is_said_only_where_the_service_refused_before_any_work(
    service: str, status: int
) -> None:
    """Every status; where it is not known, that is said."""
    script = [Reply(status, b'{"message": "no"}')] * (3 if status in RETRIED_STATUSES else 1)
    sentence = sentence_of_failure(await failing(service, *script)).lower()
    assert (UNPAID in sentence) is (status in UNPAID_STATUSES)
    assert (UNKNOWN_COST in sentence) is (status not in UNPAID_STATUSES)


BUSY = Reply(429, b"{}")
MAY_BE_PAID: list[list[Scripted]] = [
    [Reply(502), BUSY, BUSY],
    [BUSY, Reply(504), BUSY],
    [BUSY, BUSY, Drop()],
    [Reply(503)] * 3,
]


@pytest.mark.parametrize("script", MAY_BE_PAID, ids=["502 first", "504 in between", "dropped at last", "503"])
async def test_a_try_that_may_have_been_paid_is_not_forgotten_over_the_next(script: list[Scripted]) -> None:
    """The last try was refused unpaid, but one before was not."""
    sentence = sentence_of_failure(await failing("openai", *script)).lower()
    assert UNPAID not in sentence
    assert UNKNOWN_COST in sentence


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "m", "code": "insufficient_quota"}, FailureKind.NO_CREDIT),
        ({"message": "m", "type": "content_policy_violation"}, FailureKind.MODERATED_PROMPT),
        ({"message": "m", "code": 401}, FailureKind.AUTH),
        ({"message": "m", "status": "429"}, FailureKind.RATE_LIMITED),
        ({"message": "m", "code": 400}, FailureKind.BAD_REQUEST),
        ({"message": "m", "code": 3}, FailureKind.UPSTREAM),
        ("m", FailureKind.UPSTREAM),
    ],
)
async def test_a_failure_in_a_success_has_the_kind_that_it_tells(error: object, kind: FailureKind) -> None:
    """By its name, else by the status that stands inside of it."""
    body = json.dumps({"error": error}).encode()
    failure = await failing("openai", Reply(200, body))
    assert failure.kind is kind
    assert not failure.surely_unpaid


@pytest.mark.skipif(HAS_BROTLI, reason="it is read here")
@pytest.mark.parametrize("service", SERVICES)
async def test_an_answer_in_a_compression_that_is_not_read_is_told_as_one(service: str) -> None:
    """It may have been paid, and whoever runs this reads why it is of no use."""
    failure = await failing(service, Reply(200, b"\x8b\x05packed", headers={"Content-Encoding": "br"}))
    assert failure.kind is FailureKind.UPSTREAM
    assert not failure.surely_unpaid
    assert "compressed in a way that is not read here" in sentence_of_failure(failure)


async def test_pictures_beside_an_error_are_delivered() -> None:
    """A service that made some and failed with the rest was paid for those."""
    emulator = Automatic1111Emulator()
    async with emulator.serving() as address:
        generator = Generator(choose_provider(ProviderSettings("automatic1111", api_host=address)))
        emulator.form = lambda answer: answer._replace(body=answer.body[:-1] + b', "error": "the second one failed"}')
        outcome = await generator.generate(TEXT)
        await generator.aclose()
    assert not isinstance(outcome, GenerationFailure), outcome


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("service", ["v1", "automatic1111"])
async def test_what_a_service_says_of_its_own_breakdown_is_not_passed_on(service: str, status: int) -> None:
    """It may name its folders."""
    body = b'{"error": "RuntimeError", "detail": "", "errors": "/home/me/models is gone"}'
    assert "/home/me" not in sentence_of_failure(await failing(service, *[Reply(status, body)] * 3))
