"""AUTOMATIC1111 as a provider, against its emulator on loopback: what is sent, what is read, and each failure."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from adapters.generation import (
    STYLES,
    FailureKind,
    GenerationFailure,
    GenerationRequest,
    GenerationResult,
    Generator,
    Operation,
    ProviderSettings,
    UnavailableProvider,
    choose_provider,
)
from adapters.generation import automatic1111 as module
from adapters.generation.automatic1111 import SERVER, WITHOUT_API, Automatic1111Provider
from adapters.generation.breaker import FAILURES_TO_OPEN
from adapters.ports.failure_reasons import Instead, NotAsPromised, Obstacle, Unreachable
from adapters.studio import Generated
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.effects import effect_of
from tests.adapters.generation.making import opened, png
from tests.emulators.automatic1111 import BELOW, MODEL, Automatic1111Emulator, painted
from tests.emulators.automatic1111 import png as sent_png
from tests.emulators.emulator import CutOff, Drop, Endless, Hang, Heard, Reply, Scripted

CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", width=64, height=72, seed=7, steps=20)
CHANGED = GenerationRequest(Operation.IMAGE_TO_IMAGE, "a dog", seed=7, steps=20, strength=0.35, image=png((80, 64)))
LARGER = GenerationRequest(Operation.UPSCALE, width=200, image=png((100, 75)))
KEY = "sk-not-a-real-key"
LOGIN = "abby:se:cret"


@pytest.fixture(autouse=True)
def _quick_and_unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries do not wait, and no question for the progress takes an answer that a test has scripted."""
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(module, "POLL_SECONDS", 60.0)


@pytest.fixture
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress is asked for all the time."""
    monkeypatch.setattr(module, "POLL_SECONDS", 0.001)


def settings_of(emulator: Automatic1111Emulator, **changes: Any) -> ProviderSettings:
    """Settings that lead to this server."""
    return replace(ProviderSettings(api_key=KEY, api_host=emulator.address), **changes)


async def asked(
    emulator: Automatic1111Emulator,
    request: GenerationRequest,
    on_fraction: Callable[[float], None] = lambda _: None,
    **changes: Any,
) -> GenerationResult | GenerationFailure:
    """What a generator over this provider answers to one request; the server runs meanwhile."""
    async with emulator.serving():
        generator = Generator(choose_provider(settings_of(emulator, **changes)))
        try:
            return await generator.generate(request, on_fraction)
        finally:
            await generator.aclose()


async def made(emulator: Automatic1111Emulator, request: GenerationRequest, **changes: Any) -> GenerationResult:
    """The same, for a request that must succeed and break nothing of the description."""
    outcome = await asked(emulator, request, **changes)
    assert isinstance(outcome, GenerationResult), outcome
    assert emulator.complaints == []
    return outcome


def only(emulator: Automatic1111Emulator, path: str) -> Heard:
    """The one request that came to a path; nothing but it and questions for the progress came."""
    assert {heard.path for heard in emulator.heard} <= {f"{BELOW}/{path}", f"{BELOW}/progress"}
    (heard,) = emulator.asked(f"{BELOW}/{path}")
    return heard


async def test_a_picture_from_text_is_asked_for_with_each_field_in_its_place() -> None:
    """Count, seed, words and size are the server's fields; nothing is stored there; nothing is paid."""
    emulator = Automatic1111Emulator()
    result = await made(emulator, replace(CAT, count=2, style="pixel-art", negative_prompt="dogs", cfg_scale=5.5))
    assert only(emulator, "txt2img").fields == {
        "prompt": "a cat, pixel art style", "negative_prompt": "dogs", "seed": 7, "steps": 20, "cfg_scale": 5.5,
        "width": 64, "height": 72, "n_iter": 2, "batch_size": 1, "send_images": True, "save_images": False,
    }  # fmt: skip
    assert [opened(image).size for image in result.images] == [(64, 72), (64, 72)]
    assert [image.seed for image in result.images] == [7, 8]
    assert [image.media_type for image in result.images] == ["image/png"] * 2
    assert (result.provider, result.model, result.credits, result.note) == ("automatic1111", MODEL, 0.0, "")


@pytest.mark.parametrize("style", [None, *STYLES])
async def test_each_style_goes_into_the_words_but_enhance(style: str | None) -> None:
    """The server knows no style presets; `enhance` stands for none."""
    emulator = Automatic1111Emulator()
    await made(emulator, replace(CAT, style=style))
    added = "" if style is None or style == "enhance" else f", {style.replace('-', ' ')} style"
    assert only(emulator, "txt2img").fields["prompt"] == f"a cat{added}"


async def test_a_free_seed_is_told_by_the_server() -> None:
    """Our 0 is its -1; the seed that it took comes back."""
    emulator = Automatic1111Emulator()
    result = await made(emulator, replace(CAT, seed=0))
    assert only(emulator, "txt2img").fields["seed"] == -1
    assert f"Seed: {result.images[0].seed}, " in opened(result.images[0]).info["parameters"]


@pytest.mark.parametrize(
    ("asked_for", "sides", "note"),
    [
        ((64, 2048), (64, 2048), ""),
        ((None, None), (1024, 1024), ""),
        ((100, 70), (96, 72), "It is 96 by 72 pixels: each side is a multiple of 8."),
        ((2047, 64), (2048, 64), "It is 2048 by 64 pixels: each side is a multiple of 8."),
    ],
)
async def test_sides_are_rounded_to_what_the_server_keeps(
    asked_for: tuple[int | None, int | None], sides: tuple[int, int], note: str
) -> None:
    """It would cut the rest off; the user is told."""
    emulator = Automatic1111Emulator()
    result = await made(emulator, replace(CAT, width=asked_for[0], height=asked_for[1]))
    assert opened(result.images[0]).size == sides
    assert result.note == note


@pytest.mark.parametrize(
    ("own", "asked_for", "sides", "noted"),
    [
        ((80, 64), (None, None), (80, 64), False),
        ((80, 64), (160, 128), (160, 128), True),
        ((83, 61), (None, None), (80, 64), True),
        ((4096, 1024), (None, None), (2048, 512), True),
        ((80, 20), (None, None), (80, 64), True),
    ],
)
async def test_an_input_is_brought_to_the_size_of_the_result(
    own: tuple[int, int], asked_for: tuple[int | None, int | None], sides: tuple[int, int], noted: bool
) -> None:
    """The input's own size where none is asked, within 64 to 2048; the server need not stretch it."""
    emulator = Automatic1111Emulator()
    request = replace(CHANGED, image=png(own, mode="RGBA"), width=asked_for[0], height=asked_for[1])
    result = await made(emulator, request)
    fields = dict(only(emulator, "img2img").fields)
    images = fields.pop("init_images")
    assert isinstance(images, list)
    assert len(images) == 1
    sent = Image.open(io.BytesIO(base64.b64decode(images[0])))
    assert (sent.size, sent.mode) == (sides, "RGB")
    assert fields == {
        "prompt": "a dog", "negative_prompt": "", "seed": 7, "steps": 20, "cfg_scale": 7.0, "width": sides[0],
        "height": sides[1], "n_iter": 1, "batch_size": 1, "send_images": True, "save_images": False,
        "denoising_strength": 0.65,
    }  # fmt: skip
    assert opened(result.images[0]).size == sides
    assert result.note == (f"The input was fitted to {sides[0]} by {sides[1]} pixels." if noted else "")


@pytest.mark.parametrize(("strength", "denoising"), [(0.0, 1.0), (0.35, 0.65), (1.0, 0.0)])
async def test_our_strength_is_the_opposite_of_theirs(strength: float, denoising: float) -> None:
    """Ours says how much of the input is kept."""
    emulator = Automatic1111Emulator()
    await made(emulator, replace(CHANGED, strength=strength))
    assert only(emulator, "img2img").fields["denoising_strength"] == denoising


async def test_an_upscale_has_the_width_asked_and_the_shape_of_its_input() -> None:
    """By a factor, with the upscaler of the settings; the server's cut to multiples of 8 does not squeeze it."""
    emulator = Automatic1111Emulator()
    result = await made(emulator, LARGER, automatic1111_upscaler="ESRGAN_4x")
    fields = dict(only(emulator, "extra-single-image").fields)
    sent = Image.open(io.BytesIO(base64.b64decode(str(fields.pop("image")))))
    assert sent.size == (100, 75)
    assert fields == {"resize_mode": 0, "upscaling_resize": 2.0, "upscaler_1": "ESRGAN_4x"}
    assert [opened(image).size for image in result.images] == [(200, 150)]
    assert (result.images[0].seed, result.model, result.note) == (None, "ESRGAN_4x", "")


async def test_an_upscale_too_large_to_be_kept_is_still_shown() -> None:
    """Then it is as the server made it, and the storage says why it is not kept."""
    result = await made(Automatic1111Emulator(), LARGER, image_bytes=1)
    assert opened(result.images[0]).size == (200, 144)


@pytest.mark.parametrize(
    ("own", "width", "words"),
    [
        ((64, 64), 512, None),
        ((64, 64), 513, "a width from 64 to 512 pixels, 8 times its own."),
        ((2048, 2048), 2050, None),
        ((2048, 2049), 2050, "has 4,196,352 pixels; at most 4,194,304"),
    ],
)
async def test_an_upscale_is_bounded_in_factor_and_input(own: tuple[int, int], width: int, words: str | None) -> None:
    """One under and one over; what is refused costs no call."""
    provider = Automatic1111Provider(ProviderSettings(api_host="http://127.0.0.1:9"))
    generator = Generator(provider)
    outcome = await generator.prepare(replace(LARGER, width=width, image=png(own)))
    await generator.aclose()
    if words is None:
        assert not isinstance(outcome, GenerationFailure)
        return
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.BAD_REQUEST
    assert words in sentence_of_failure(outcome)


@pytest.mark.usefixtures("_watched")
async def test_the_progress_of_our_job_is_told_while_it_runs() -> None:
    """The emulated job goes on only once its progress was told; a question that fails is passed over."""
    emulator = Automatic1111Emulator()
    emulator.shown = shown = asyncio.Event()
    fractions: list[float] = []

    def hear(done: float) -> None:
        fractions.append(done)
        if len(fractions) == 2:
            emulator.script.append(Reply(500, b"{}"))
        elif len(fractions) == 4:
            shown.set()

    outcome = await asked(emulator, CAT, hear)
    assert isinstance(outcome, GenerationResult)
    assert set(fractions) == {0.51}
    asked_for = emulator.asked(f"{BELOW}/progress")
    assert len(asked_for) > 4
    assert asked_for[0].query == {"skip_current_image": "true"}
    assert (list(emulator.script), emulator.complaints) == ([], [])


@pytest.mark.usefixtures("_watched")
async def test_a_progress_that_always_fails_stands_in_nobodys_way() -> None:
    """As many failures as open a circuit breaker: the pictures come, and more may be asked for."""
    emulator = Automatic1111Emulator()
    emulator.shown = asyncio.Event()
    async with emulator.serving():
        provider = choose_provider(settings_of(emulator))
        job = asyncio.create_task(provider.generate(CAT))
        while not emulator.heard:  # noqa: ASYNC110 - what a server has heard sets no event
            await asyncio.sleep(0.001)
        emulator.script.extend([Reply(500)] * FAILURES_TO_OPEN)
        while emulator.script:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.001)
        assert provider.outage() is None
        emulator.shown.set()
        assert isinstance(await job, GenerationResult)
        await provider.close()


@pytest.mark.usefixtures("_watched")
async def test_no_progress_is_asked_for_while_two_jobs_of_ours_run() -> None:
    """It would be the other's as likely as one's own."""
    emulator = Automatic1111Emulator()
    emulator.shown = asyncio.Event()
    async with emulator.serving():
        provider = choose_provider(settings_of(emulator))
        jobs = [asyncio.create_task(provider.generate(CAT)) for _ in range(2)]
        while len(emulator.asked(f"{BELOW}/txt2img")) < 2:  # noqa: ASYNC110 - what a server has heard sets no event
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        assert emulator.asked(f"{BELOW}/progress") == []
        emulator.shown.set()
        assert all([isinstance(await job, GenerationResult) for job in jobs])
        await provider.close()


@pytest.mark.usefixtures("_watched")
async def test_a_cancelled_request_stops_asking_and_interrupts_nobody() -> None:
    """The server's interrupt would stop whichever job runs, so it is left alone."""
    emulator = Automatic1111Emulator()
    emulator.shown = asyncio.Event()
    async with emulator.serving():
        provider = choose_provider(settings_of(emulator))
        reached = asyncio.Event()
        job = asyncio.create_task(provider.generate(CAT, lambda _: reached.set()))
        await reached.wait()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        before = len(emulator.heard)
        await asyncio.sleep(0.02)
        assert len(emulator.heard) == before
        assert {heard.path for heard in emulator.heard} == {f"{BELOW}/txt2img", f"{BELOW}/progress"}
        await provider.close()


@pytest.mark.parametrize("indexed", [True, False], ids=["index told", "no index"])
async def test_a_grid_that_comes_first_is_no_picture_of_ours(indexed: bool) -> None:
    """Neither where the info says so nor where the first picture is as large as both together."""
    emulator = Automatic1111Emulator()
    emulator.grid_first = indexed
    if not indexed:
        pictures = [sent_png(painted(size, seed), {}) for size, seed in (((128, 72), 1), ((64, 72), 7), ((64, 72), 8))]
        body = {"images": pictures, "parameters": {}, "info": json.dumps({"all_seeds": [7, 8]})}
        emulator.script.append(Reply(200, json.dumps(body).encode()))
    result = await made(emulator, replace(CAT, count=2))
    assert [image.seed for image in result.images] == [7, 8]
    expected = [painted((64, 72), seed).tobytes() for seed in (7, 8)]
    assert [opened(image).tobytes() for image in result.images] == expected
    assert result.model == (MODEL if indexed else "unknown")


@pytest.mark.parametrize("junk", ["bm8gcGljdHVyZQ==", "*", None], ids=["no picture", "no base64", "nothing"])
async def test_a_picture_beside_junk_is_delivered_with_its_own_seed(junk: str | None) -> None:
    """One bad entry does not take the others with it, and the user is told how many did not come."""
    emulator = Automatic1111Emulator()
    body = {"images": [junk, sent_png(painted((64, 72), 8), {})], "info": json.dumps({"all_seeds": [7, 8]})}
    emulator.script.append(Reply(200, json.dumps(body).encode()))
    result = await made(emulator, replace(CAT, count=2))
    assert [image.seed for image in result.images] == [8]


@pytest.mark.parametrize(
    "info",
    [b"null", b"7", b'""', b'"no JSON"', b'"[]"', b'"{\\"all_seeds\\": 3, \\"index_of_first_image\\": \\"x\\"}"'],
)
async def test_a_picture_without_a_usable_info_is_still_a_picture(info: bytes) -> None:
    """Seed and model are then not known; the server has interrupted and made one of two."""
    emulator = Automatic1111Emulator()
    picture = sent_png(painted((64, 72), 7), {}).encode()
    emulator.script.append(Reply(200, b'{"images": ["' + picture + b'"], "parameters": {}, "info": ' + info + b"}"))
    result = await made(emulator, replace(CAT, count=2))
    assert [(image.seed, image.media_type) for image in result.images] == [(None, "image/png")]
    assert result.model == "unknown"


async def test_a_login_is_sent_and_the_key_of_another_service_never() -> None:
    """Basic auth with what AUTOMATIC1111_LOGIN holds; without it no Authorization at all, whatever keys there are."""
    guarded = Automatic1111Emulator(LOGIN)
    await made(guarded, CAT, automatic1111_login=LOGIN)
    sent = {heard.headers["Authorization"] for heard in guarded.heard}
    assert sent == {aiohttp.encode_basic_auth("abby", "se:cret")}
    open_to_all = Automatic1111Emulator()
    await made(open_to_all, CAT, openai_key=KEY)
    assert all("Authorization" not in heard.headers for heard in open_to_all.heard)
    assert KEY not in repr(open_to_all.heard)


@pytest.mark.parametrize("login", [None, "abby:wrong"])
async def test_a_wrong_login_is_told_to_whoever_runs_this(login: str | None) -> None:
    """The setting is named, the login not shown."""
    outcome = await asked(Automatic1111Emulator(LOGIN), CAT, automatic1111_login=login)
    assert isinstance(outcome, GenerationFailure)
    assert (outcome.kind, outcome.upstream_status) == (FailureKind.AUTH, 401)
    assert "AUTOMATIC1111_LOGIN" in sentence_of_failure(outcome)
    assert "wrong" not in sentence_of_failure(outcome)


async def test_an_upscaler_that_the_server_lacks_is_told_with_its_setting() -> None:
    """The real server fails an assertion over it."""
    outcome = await asked(Automatic1111Emulator(), LARGER, automatic1111_upscaler="Best")
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.BAD_REQUEST
    assert "AUTOMATIC1111_UPSCALER" in sentence_of_failure(outcome)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"api_host": "https://api.stability.ai"}, "API_HOST is Stability's"),
        ({"api_host": "http://localhost:7860", "automatic1111_login": "abby"}, "AUTOMATIC1111_LOGIN is not a name and"),
        ({"api_host": "http://localhost:7860", "automatic1111_login": ":x"}, "AUTOMATIC1111_LOGIN is not a name and"),
    ],
)
def test_a_setting_that_is_missing_is_named(changes: dict[str, str], words: str) -> None:
    """GENERATOR=automatic1111 needs a server's address, and a login that is one."""
    provider = choose_provider(ProviderSettings(generator="automatic1111", **changes))  # type: ignore[arg-type]  # texts
    assert isinstance(provider, UnavailableProvider)
    assert words in sentence_of_failure(provider.failure)


async def test_the_report_names_the_models_or_the_trouble() -> None:
    """Titles as the server shows them; the words for what stands in the way."""
    emulator = Automatic1111Emulator(LOGIN)
    async with emulator.serving():
        provider = choose_provider(settings_of(emulator, automatic1111_login=LOGIN))
        good = await provider.report()
        emulator.script.extend([Reply(404, b'{"detail":"Not Found"}'), Reply(200, b"<html>", "text/html")])
        without_api, no_json = await provider.report(), await provider.report()
    down = await provider.report()
    await provider.close()
    assert (good.trouble, good.credits, len(good.models)) == (None, None, 2)
    assert good.models[0].startswith(MODEL)
    assert without_api.trouble == WITHOUT_API
    assert no_json.trouble == GenerationFailure(NotAsPromised(SERVER, Instead.NOT_ITS_API))
    assert down.trouble == GenerationFailure(Unreachable(SERVER, Obstacle.CONNECTION))


NOT_FOUND = Reply(404, b'{"detail":"Not Found"}')
MEMORY = Reply(500, b'{"error":"OutOfMemoryError","detail":"","body":"","errors":"CUDA out of memory."}')
BROKEN_FIELD = Reply(422, b'{"detail":[{"loc":["body","steps"],"msg":"value is too large","type":"x"}]}')
SAID = Reply(422, b'{"error":"HTTPException","detail":"Script \'x\' not found","body":"","errors":""}')
UNSAID = Reply(500, b'{"error":"RuntimeError","detail":"","body":"","errors":"/home/me/models is gone"}')
NO_IMAGES = Reply(200, b'{"images":[],"parameters":{},"info":"{}"}')
JUNK = Reply(200, b'{"images":["not base64!"],"parameters":{},"info":"{}"}')
TEXT_FILE = Reply(200, b'{"images":["aGVsbG8="],"parameters":{},"info":"{}"}')
MIDDLE = b'{"images":["'
FAILURES: list[tuple[str, list[Scripted], FailureKind, str]] = [
    ("a field", [BROKEN_FIELD], FailureKind.BAD_REQUEST,
     "Non-200 response: 422. The image service cannot make this: steps: value is too large."),
    ("a sentence", [SAID], FailureKind.BAD_REQUEST,
     "Non-200 response: 422. The image service cannot make this: Script 'x' not found."),
    ("login", [Reply(401, b'{"detail":"Not authenticated"}')], FailureKind.AUTH,
     "Non-200 response: 401. The image service does not accept its key"),
    ("forbidden", [Reply(403)], FailureKind.AUTH, "Non-200 response: 403. The image service does not accept its key"),
    ("no api", [NOT_FOUND], FailureKind.UNAVAILABLE,
     "Image generation services are not available: the server at API_HOST has no /sdapi/v1. Whoever runs this starts"),
    ("memory", [MEMORY], FailureKind.BAD_REQUEST,
     "Non-200 response: 500. The image service cannot make this: its graphics card has too little memory for it"),
    ("failure", [UNSAID], FailureKind.UPSTREAM,
     "Non-200 response: 500. The image service failed; whether it charged anything is not known"),
    ("starting", [Reply(503)] * 3, FailureKind.UPSTREAM, "Non-200 response: 503. The image service failed"),
    ("a page", [Reply(200, b"<html>hello</html>", "text/html")], FailureKind.UPSTREAM,
     "AUTOMATIC1111 at API_HOST answered with something else than its API promises."),
    ("no images", [NO_IMAGES], FailureKind.UPSTREAM, "AUTOMATIC1111 at API_HOST answered with no picture."),
    ("junk", [JUNK], FailureKind.UPSTREAM, "AUTOMATIC1111 at API_HOST answered with something that is not a picture."),
    ("text", [TEXT_FILE], FailureKind.UPSTREAM, "AUTOMATIC1111 at API_HOST answered with something that is not a pic"),
    ("endless", [Endless(64 * 1024 * 1024)], FailureKind.UPSTREAM, "The image service's answer is larger than"),
    ("dropped", [Drop()], FailureKind.UNKNOWN, "Connection timeout: AUTOMATIC1111 at API_HOST gave no answer. Whether"),
    ("cut off", [CutOff(200, MIDDLE)], FailureKind.UNKNOWN, "Connection timeout: AUTOMATIC1111 at API_HOST gave no"),
    ("hangs", [Hang()], FailureKind.UNKNOWN, "Connection timeout: AUTOMATIC1111 at API_HOST gave no answer within"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "kind", "words"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_each_failure_has_its_kind_its_words_and_costs_no_quota(
    script: list[Scripted], kind: FailureKind, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way through the studio: one job was asked for at most, the place is given back, nothing is recorded."""
    if Hang() in script:
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.4)
    emulator = Automatic1111Emulator()
    emulator.script.extend(script)
    async with emulator.serving():
        effect = await effect_of(tmp_path, choose_provider(settings_of(emulator, image_bytes=1024 * 1024)), CAT)
    failure = effect.answer
    assert isinstance(failure, GenerationFailure), failure
    assert (failure.kind, sentence_of_failure(failure)[: len(words)]) == (kind, words)
    assert "/home/me" not in sentence_of_failure(failure)
    assert len(emulator.heard) == len(script)
    assert emulator.sent_bytes < 8 * 1024 * 1024
    reason = "unknown" if kind is FailureKind.UNKNOWN else "failed"
    assert (effect.charged, effect.held_mb, effect.released) == (0, 0.0, [reason])
    assert (effect.delivered, effect.kept) == (0, 0)


async def test_a_server_that_is_down_is_told_as_that(tmp_path: Path) -> None:
    """Nothing listens at API_HOST: tried again, then told; nothing is charged."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        effect = await effect_of(tmp_path, choose_provider(ProviderSettings(api_host=address)), CAT)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.UNAVAILABLE
    words = "Image generation services are not available: AUTOMATIC1111 at API_HOST cannot be reached."
    assert sentence_of_failure(effect.answer).startswith(words)
    assert (effect.charged, effect.held_mb, effect.released) == (0, 0.0, ["failed"])


async def test_a_success_is_charged_kept_and_recorded(tmp_path: Path) -> None:
    """The other side of the table: two pictures, two places; of an interrupted job only what came."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        whole = await effect_of(tmp_path / "whole", choose_provider(settings_of(emulator)), replace(CAT, count=2))
        emulator.script.append(Reply(200, json.dumps({"images": [sent_png(painted((64, 64), 7), {})]}).encode()))
        part = await effect_of(tmp_path / "part", choose_provider(settings_of(emulator)), replace(CAT, count=2))
    assert isinstance(whole.answer, Generated)
    assert (whole.charged, whole.held_mb, whole.released, whole.delivered, whole.kept) == (2, 0.0, [], 2, 2)
    assert isinstance(part.answer, Generated)
    assert (part.charged, part.held_mb, part.released, part.delivered, part.kept) == (1, 0.0, ["failed"], 1, 1)
    assert emulator.complaints == []
