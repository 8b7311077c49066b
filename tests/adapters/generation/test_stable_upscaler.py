"""Upscalers of Stability AI's v2beta: what each takes and sends, how creative is waited for, what failures come to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from adapters.generation import (
    FailureKind,
    GenerationFailure,
    GenerationRequest,
    GenerationResult,
    Generator,
    Operation,
    ProviderSettings,
)
from adapters.generation.calls import ProviderCalls
from adapters.generation.stability.v2beta import StableUpscaler
from adapters.generation.stability.v2beta_upscale import CREATIVE_SECONDS, POLL_SECONDS, UPSCALED_BYTES
from adapters.images.shaping import PictureWorkers, size_of
from adapters.settings.prices import Price
from adapters.studio import Generated
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.effects import effect_of
from tests.adapters.generation.making import png
from tests.adapters.generation.stable_image import PartProvider
from tests.emulators.emulator import CutOff, Drop, Endless, Heard, Reply, Scripted
from tests.emulators.stability_v2beta import Job, Made, StableImageEmulator
from tests.emulators.virtual_time import VirtualTime

UPSCALE = GenerationRequest(Operation.UPSCALE, width=512, image=png((128, 96)))
LATER = "f00d"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)


@pytest.fixture
def time() -> VirtualTime:
    """The time of the upscaler and of the service; no real one passes."""
    return VirtualTime()


@pytest.fixture
async def emulator(time: VirtualTime) -> AsyncIterator[StableImageEmulator]:
    """The service on loopback."""
    made = StableImageEmulator(clock=time.clock)
    async with made.serving():
        yield made


def provider(emulator: StableImageEmulator, time: VirtualTime, name: str = "fast", **settings: Any) -> PartProvider:
    """A provider with this upscaler, in this time."""

    def build(calls: ProviderCalls, settings: ProviderSettings, workers: PictureWorkers) -> StableUpscaler:
        return StableUpscaler(calls, settings, workers, clock=time.clock, pause=time.pause)

    return PartProvider(emulator, ProviderSettings(stability_upscaler=name, **settings), build)


async def made(source: PartProvider, request: GenerationRequest = UPSCALE) -> GenerationResult:
    """What comes of an upscale that must succeed, through the generator that gives it its width."""
    generator = Generator(source)
    result = await generator.generate(request)
    await generator.aclose()
    assert isinstance(result, GenerationResult), result
    return result


def started(emulator: StableImageEmulator) -> Heard:
    """The one paid call that was heard."""
    (heard,) = [heard for heard in emulator.heard if heard.method == "POST"]
    return heard


NEUTRAL = {"prompt": "the same picture, sharp and rich in detail", "seed": "0", "creativity": "0.35"}


@pytest.mark.parametrize(
    ("name", "fields", "accept", "credits_each"),
    [
        ("fast", {}, "image/*", 2.0),
        ("conservative", NEUTRAL, "image/*", 40.0),
        ("creative", NEUTRAL, "application/json", 60.0),
    ],
)
async def test_each_upscaler_has_its_endpoint_its_fields_and_its_price(
    emulator: StableImageEmulator, time: VirtualTime, name: str, fields: dict[str, str], accept: str,
    credits_each: float,
) -> None:  # fmt: skip
    """The input goes along as it is, and the result has the width that was asked for."""
    result = await made(provider(emulator, time, name))
    heard = started(emulator)
    sent = dict(heard.fields)
    image = sent.pop("image")
    assert (heard.path, sent) == (f"/v2beta/stable-image/upscale/{name}", fields | {"output_format": "png"})
    assert heard.headers["Accept"] == accept
    assert isinstance(image, bytes)
    assert size_of(image) == (128, 96)
    assert size_of(result.images[0].data)[0] == 512
    assert (result.provider, result.model, result.credits) == ("stability", name, credits_each)
    assert emulator.complaints == []


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("fast", {}),
        ("conservative", {"prompt": "a quiet place, anime style", "negative_prompt": "noise", "seed": "7"}),
        (
            "creative",
            {"prompt": "a quiet place", "negative_prompt": "noise", "seed": "7", "style_preset": "anime"},
        ),
    ],
)
async def test_words_style_and_seed_go_where_they_are_taken(
    emulator: StableImageEmulator, time: VirtualTime, name: str, sent: dict[str, str]
) -> None:
    """fast takes none of them; conservative knows no style, so the words say it."""
    wish = replace(UPSCALE, prompt="a quiet place", negative_prompt="noise", style="anime", seed=7)
    result = await made(provider(emulator, time, name, credits_each=(Price(name, 2_000),)), wish)
    fields = dict(started(emulator).fields)
    assert {key: fields[key] for key in sent} == sent
    assert set(fields) - set(sent) <= {"image", "output_format", "creativity"}
    assert (result.credits, emulator.complaints) == (2.0, [])


@pytest.mark.parametrize(
    ("name", "size", "sent"),
    [
        ("fast", (32, 32), (32, 32)),
        ("fast", (1_536, 64), (1_536, 64)),
        ("fast", (1_600, 800), (1_448, 724)),
        ("fast", (2_000, 100), (1_536, 76)),
        ("conservative", (64, 64), (64, 64)),
        ("conservative", (160, 64), (160, 64)),
        ("conservative", (3_500, 3_000), (3_318, 2_844)),
        ("creative", (64, 64), (64, 64)),
        ("creative", (1_024, 1_024), (1_024, 1_024)),
        ("creative", (1_500, 1_000), (1_254, 836)),
    ],
)
async def test_an_input_is_sent_as_it_is_or_scaled_down_with_a_note(
    emulator: StableImageEmulator, time: VirtualTime, name: str, size: tuple[int, int], sent: tuple[int, int]
) -> None:
    """Up to the bounds nothing is changed; beyond them the service would refuse it."""
    source = provider(emulator, time, name)
    prepared = await source.prepare(replace(UPSCALE, image=png(size), width=min(4 * size[0], 4_000)))
    assert not isinstance(prepared, GenerationFailure)
    await source.generate(prepared.request)
    await source.close()
    image = started(emulator).fields["image"]
    assert isinstance(image, bytes)
    assert (size_of(image), emulator.complaints) == (sent, [])
    note = f"The input was scaled down to {sent[0]} by {sent[1]} pixels, as the upscaler takes it."
    assert prepared.note == ("" if sent == size else note)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("fast", (31, 64), "takes sides of 32 pixels and more"),
        ("fast", (64, 31), "takes sides of 32 pixels and more"),
        ("fast", (3_200, 64), "none more than 48 times as long as the other"),
        ("conservative", (63, 100), "takes sides of 64 pixels and more"),
        ("conservative", (161, 64), "none more than 2.5 times as long as the other"),
        ("creative", (63, 63), "takes sides of 64 pixels and more"),
    ],
)
async def test_an_input_that_no_scaling_fits_is_refused_before_anything_is_reserved(
    emulator: StableImageEmulator, time: VirtualTime, tmp_path: Path, name: str, size: tuple[int, int], words: str
) -> None:
    """The sentence tells its size and what would be taken."""
    request = replace(UPSCALE, image=png(size), width=4_000)
    effect = await effect_of(tmp_path, provider(emulator, time, name), request)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.BAD_REQUEST
    assert sentence_of_failure(effect.answer).startswith(
        f"The input image has {size[0]} by {size[1]} pixels. The upscaler {name}"
    )
    assert words in sentence_of_failure(effect.answer)
    assert (effect.charged, effect.released, emulator.heard) == (0, [], [])


@pytest.mark.parametrize(
    ("size", "width", "way_out"),
    [
        ((700, 2_800), 1_536, None),
        ((700, 2_800), 1_537, "Ask for at most 1536."),
        ((1_600, 6_400), 1_700, "Send one that is less tall."),
        ((2_000, 2_000), 4_096, None),
    ],
)
async def test_fast_is_not_given_less_than_serves_the_width(
    emulator: StableImageEmulator, time: VirtualTime, size: tuple[int, int], width: int, way_out: str | None
) -> None:
    """Four times the scaled input must reach the width: (700, 2800) goes as (384, 1536), and comes back 1536 wide."""
    source = provider(emulator, time)
    prepared = await source.prepare(replace(UPSCALE, image=png(size), width=width))
    await source.close()
    if way_out is None:
        assert not isinstance(prepared, GenerationFailure)
    else:
        assert isinstance(prepared, GenerationFailure)
        assert prepared.kind is FailureKind.BAD_REQUEST
        assert sentence_of_failure(prepared).endswith(way_out)


@pytest.mark.parametrize(
    ("name", "width", "reached"),
    [("fast", 511, None), ("fast", 512, None), ("fast", 513, 512), ("conservative", 2_500, 2_368)],
)
async def test_a_width_beyond_the_upscaler_is_reached_by_stretching_and_told(
    emulator: StableImageEmulator, time: VirtualTime, name: str, width: int, reached: int | None
) -> None:
    """fast makes four times the width, conservative four megapixels, and none of them more."""
    result = await made(provider(emulator, time, name), replace(UPSCALE, width=width))
    note = f"The upscaler reached a width of {reached} pixels; from there the picture is stretched."
    assert result.note == ("" if reached is None else note)
    assert size_of(result.images[0].data)[0] == width


@pytest.mark.parametrize("polls", [1, 2, 5])
async def test_creative_is_asked_for_every_ten_seconds_until_it_is_done(
    emulator: StableImageEmulator, time: VirtualTime, polls: int
) -> None:
    """The service complains about more; the first question too comes after a wait."""
    emulator.polls_needed = polls
    fractions: list[float] = []
    source = provider(emulator, time, "creative")
    prepared = await source.prepare(UPSCALE)
    assert not isinstance(prepared, GenerationFailure)
    result = await source.generate(prepared.request, fractions.append)
    await source.close()
    assert isinstance(result, GenerationResult)
    assert (time.waits, fractions, emulator.complaints) == ([POLL_SECONDS] * polls, [1.0], [])
    assert POLL_SECONDS == 10


PASSING: dict[str, list[Scripted]] = {
    "dropped": [Drop(), Drop()],  # aiohttp asks a second time by itself where a connection was dropped
    "cut off": [CutOff()],
    "failed": [Reply(500, b"oops")],
    "busy": [Reply(503)],
    "asked too often": [Reply(429, b"{}")],
    "not done": [Reply(202, b"{}")],
}


@pytest.mark.parametrize("passing", PASSING.values(), ids=PASSING)
async def test_a_lost_question_does_not_lose_the_picture(
    emulator: StableImageEmulator, time: VirtualTime, passing: list[Scripted]
) -> None:
    """It is paid: what fails on the way is asked again, after the same wait and never sooner."""
    emulator.polls_needed = 1
    emulator.script.extend([Reply(200, orjson.dumps({"id": LATER})), *passing])
    source = provider(emulator, time, "creative")
    emulator.jobs[LATER] = Job(Made(png(), "png", "SUCCESS", 1), polls_left=1)
    await made(source)
    assert time.waits == [POLL_SECONDS] * 2
    assert [heard.method for heard in emulator.heard] == ["POST", *["GET"] * len(passing), "GET"]


async def test_creative_is_given_up_at_its_deadline(
    emulator: StableImageEmulator, time: VirtualTime, tmp_path: Path
) -> None:
    """What became of the picture is not known then, and it is not begun again."""
    emulator.polls_needed = 1_000
    effect = await effect_of(tmp_path, provider(emulator, time, "creative"), UPSCALE)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.UNKNOWN
    assert sentence_of_failure(effect.answer).startswith(
        "Connection timeout: Stability AI gave no answer within 7 minutes."
    )
    assert (effect.charged, effect.released, effect.held_mb) == (0, ["unknown"], 0)
    assert len(time.waits) == CREATIVE_SECONDS / POLL_SECONDS
    assert started(emulator).path.endswith("creative")


async def test_a_result_may_be_larger_than_what_is_kept(emulator: StableImageEmulator, time: VirtualTime) -> None:
    """image_bytes bounds pictures that are kept; an upscaled one is scaled to the width asked for before that."""
    assert size_of((await made(provider(emulator, time, image_bytes=1))).images[0].data)[0] == 512


def refused(status: int, name: str) -> Reply:
    """An error as v2beta tells it."""
    return Reply(status, orjson.dumps({"id": "a1", "name": name, "errors": ["some-field: is wrong"]}))


class Case(NamedTuple):
    """Answers of the service, and what becomes of an upscale."""

    upscaler: str
    answers: list[Scripted]
    kind: FailureKind
    begins: str
    charged: int = 0
    released: str = "failed"
    calls: int = 1


BEGUN = Reply(200, orjson.dumps({"id": "abc"}))
LOST = "Connection timeout: Stability AI gave no answer"
BLURRED = Reply(200, png(), "image/png", {"finish-reason": "CONTENT_FILTERED"})
FILTERED = "The image service filtered the picture it made"
TOO_LARGE = Endless(UPSCALED_BYTES + 1, "image/png")
FAILURES = {
    "no credit": Case("fast", [refused(402, "payment_required")], FailureKind.NO_CREDIT, "Non-200 response: 402."),
    "moderated": Case(
        "conservative",
        [refused(403, "content_moderation")],
        FailureKind.MODERATED_PROMPT,
        "The image service refused the request by its content rules",
        released="rejected",
    ),
    "too large": Case("fast", [refused(413, "payload_too_large")], FailureKind.BAD_REQUEST, "Non-200 response: 413."),
    "filtered": Case("fast", [BLURRED], FailureKind.MODERATED_OUTPUT, FILTERED, charged=1, released="moderated"),
    "too many bytes": Case(
        "fast", [TOO_LARGE], FailureKind.UPSTREAM, "The image service's answer is larger than 96 MB"
    ),
    "dropped": Case("conservative", [Drop()], FailureKind.UNKNOWN, LOST, released="unknown"),
    "creative not begun": Case(
        "creative", [refused(402, "payment_required")], FailureKind.NO_CREDIT, "Non-200 response"
    ),
    "creative dropped": Case("creative", [Drop()], FailureKind.UNKNOWN, LOST, released="unknown"),
    "begun without an id": Case(
        "creative", [Reply(200, b"{}")], FailureKind.UPSTREAM, "Stability AI answered with no number to ask"
    ),
    "an id that is a path": Case(
        "creative",
        [Reply(200, orjson.dumps({"id": "../../v1/user/account"}))],
        FailureKind.UPSTREAM,
        "Stability AI answered with no number to ask",
    ),
    "an id that is no text": Case(
        "creative", [Reply(200, b"[1]")], FailureKind.UPSTREAM, "Stability AI answered with no number to ask"
    ),
    "a result that is not there": Case(
        "creative", [BEGUN, refused(404, "not_found")], FailureKind.UNKNOWN, LOST, released="unknown", calls=2
    ),
    "a key that is withdrawn": Case(
        "creative", [BEGUN, refused(401, "unauthorized")], FailureKind.UNKNOWN, LOST, released="unknown", calls=2
    ),
    "moderated at the end": Case(
        "creative",
        [BEGUN, refused(403, "content_moderation")],
        FailureKind.MODERATED_PROMPT,
        "The image service refused the request by its content rules",
        released="rejected",
        calls=2,
    ),
    "filtered at the end": Case(
        "creative", [BEGUN, BLURRED], FailureKind.MODERATED_OUTPUT, FILTERED, charged=1, released="moderated", calls=2
    ),
    "junk at the end": Case(
        "creative",
        [BEGUN, Reply(200, b"{")],
        FailureKind.UPSTREAM,
        "Stability AI answered with something that is not a picture",
        calls=2,
    ),
    "too many bytes at the end": Case(
        "creative", [BEGUN, TOO_LARGE], FailureKind.UPSTREAM, "The image service's answer is larger", calls=2
    ),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
async def test_each_failure_has_its_kind_its_words_and_its_effect_on_the_quota(
    emulator: StableImageEmulator, time: VirtualTime, tmp_path: Path, case: Case
) -> None:
    """Where a paid call's result is lost it is UNKNOWN, and the call is not made again."""
    emulator.script.extend(case.answers)
    effect = await effect_of(tmp_path, provider(emulator, time, case.upscaler), UPSCALE)
    assert isinstance(effect.answer, GenerationFailure)
    assert (effect.answer.kind, sentence_of_failure(effect.answer)[: len(case.begins)]) == (case.kind, case.begins)
    assert (effect.charged, effect.kept, effect.held_mb) == (case.charged, 0, 0)
    assert effect.released == [case.released]
    assert len(emulator.heard) == case.calls


async def test_an_upscale_through_the_studio_is_charged_and_kept(
    emulator: StableImageEmulator, time: VirtualTime, tmp_path: Path
) -> None:
    """The happy path to the end: one place settled, nothing held."""
    effect = await effect_of(tmp_path, provider(emulator, time, "creative"), UPSCALE)
    assert isinstance(effect.answer, Generated)
    assert (effect.charged, effect.kept, effect.delivered, effect.released, effect.held_mb) == (1, 1, 1, [], 0)
