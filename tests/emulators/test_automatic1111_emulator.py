"""The emulated AUTOMATIC1111 refuses what a wrong client sends, and answers a right one as the real server does."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
import pytest
from PIL import Image

from tests.adapters.generation.making import png
from tests.emulators.automatic1111 import BELOW, UPSCALERS, Automatic1111Emulator, schema_of

PICTURE = base64.b64encode(png()).decode()
TEXT: dict[str, Any] = {"prompt": "a cat", "width": 64, "height": 72, "seed": 7}
CHANGE: dict[str, Any] = {**TEXT, "init_images": [PICTURE]}
UPSCALE: dict[str, Any] = {"image": PICTURE, "upscaler_1": UPSCALERS[-1], "upscaling_resize": 2}


class Heard(NamedTuple):
    """An answer: its status and its JSON."""

    status: int
    said: Any


async def call(
    emulator: Automatic1111Emulator,
    path: str,
    fields: Mapping[str, object] | None = None,
    auth: str | None = None,
    **options: Any,
) -> Heard:
    """A raw request to a server that is running: a POST where there are fields, else a GET."""
    method = "GET" if fields is None and not options.get("data") else "POST"
    headers = {"Authorization": auth} if auth else {}
    where = f"{emulator.address}{BELOW}/{path}"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, where, json=fields, **options) as response,
    ):
        return Heard(response.status, await response.json())


def opened(text: str) -> Image.Image:
    """The picture of an answer."""
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("txt2img", {**TEXT, "sampels": 2}, 422),
        ("txt2img", {**TEXT, "image": PICTURE}, 422),
        ("txt2img", {**TEXT, "prompt": 3}, 422),
        ("txt2img", {**TEXT, "steps": "20"}, 422),
        ("txt2img", {**TEXT, "steps": 0}, 422),
        ("txt2img", {**TEXT, "steps": 151}, 422),
        ("txt2img", {**TEXT, "cfg_scale": 30.5}, 422),
        ("txt2img", {**TEXT, "width": 56}, 422),
        ("txt2img", {**TEXT, "width": 2056}, 422),
        ("txt2img", {**TEXT, "height": 100}, 422),
        ("txt2img", {**TEXT, "seed": -2}, 422),
        ("txt2img", {**TEXT, "batch_size": 9}, 422),
        ("txt2img", {**TEXT, "n_iter": 0}, 422),
        ("txt2img", {**TEXT, "n_iter": 101}, 422),
        ("txt2img", {**TEXT, "send_images": "yes"}, 422),
        ("txt2img", {**TEXT, "sampler_name": "Best"}, 400),
        ("img2img", TEXT, 404),
        ("img2img", {**CHANGE, "init_images": []}, 500),
        ("img2img", {**CHANGE, "init_images": [PICTURE, PICTURE]}, 500),
        ("img2img", {**CHANGE, "init_images": PICTURE}, 422),
        ("img2img", {**CHANGE, "init_images": ["not base64!"]}, 500),
        ("img2img", {**CHANGE, "init_images": [base64.b64encode(b"no picture").decode()]}, 500),
        ("img2img", {**CHANGE, "init_images": [PICTURE[:80]]}, 500),
        ("img2img", {**CHANGE, "denoising_strength": 1.2}, 422),
        ("img2img", {**CHANGE, "strength": 0.3}, 422),
        ("extra-single-image", {**UPSCALE, "upscaler_1": "Best"}, 500),
        ("extra-single-image", {**UPSCALE, "resize_mode": 2}, 422),
        ("extra-single-image", {**UPSCALE, "upscaling_resize": 0.5}, 422),
        ("extra-single-image", {**UPSCALE, "upscaling_resize": 8.5}, 422),
        ("extra-single-image", {**UPSCALE, "width": 2048}, 422),
        ("extra-single-image", {**UPSCALE, "image": ""}, 500),
    ],
)
async def test_a_wrong_request_is_refused_and_complained_of(path: str, fields: dict[str, Any], status: int) -> None:
    """One row for each wrong thing; the answer has the form of the server's errors, and no job has run."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        heard = await call(emulator, path, fields)
    assert heard.status == status, heard.said
    schema_of("validation answer" if status == 422 else "error answer").validate(heard.said)
    assert len(emulator.complaints) == 1
    assert emulator.jobs == 0


async def test_a_form_and_an_unknown_question_are_refused() -> None:
    """The server takes JSON alone, and /progress one question."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        form = await call(emulator, "txt2img", data={"prompt": "a cat"})
        unknown = await call(emulator, "progress", params={"id": "7"})
        unclear = await call(emulator, "progress", params={"skip_current_image": "maybe"})
    assert [form.status, unknown.status, unclear.status] == [422, 422, 422]
    assert len(emulator.complaints) == 3


@pytest.mark.parametrize(
    ("auth", "detail"),
    [
        (None, "Not authenticated"),
        (aiohttp.encode_basic_auth("abby", "wrong"), "Incorrect username or password"),
        (aiohttp.encode_basic_auth("other", "secret"), "Incorrect username or password"),
    ],
)
async def test_a_server_with_a_login_refuses_others(auth: str | None, detail: str) -> None:
    """401 for everything, also for what costs nothing; the right login is taken."""
    emulator = Automatic1111Emulator("abby:secret")
    async with emulator.serving():
        for path, fields in (("txt2img", TEXT), ("sd-models", None)):
            heard = await call(emulator, path, fields, auth)
            assert (heard.status, heard.said["detail"]) == (401, detail)
        assert (await call(emulator, "txt2img", TEXT, aiohttp.encode_basic_auth("abby", "secret"))).status == 200
    assert len(emulator.complaints) == 2


async def test_credentials_that_nobody_asked_for_are_complained_of() -> None:
    """The real server ignores them; a client that sends them gives a secret away."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        heard = await call(emulator, "sd-models", auth=aiohttp.encode_basic_auth("abby", "secret"))
    assert heard.status == 200
    assert len(emulator.complaints) == 1


async def test_a_right_request_gets_pictures_of_its_size_each_with_its_seed_and_its_words() -> None:
    """Count, size, seeds, the text chunk and the info agree with each other and with the description."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        heard = await call(emulator, "txt2img", {**TEXT, "n_iter": 2, "negative_prompt": "dogs"})
    schema_of("pictures answer").validate(heard.said)
    info = json.loads(heard.said["info"])
    schema_of("info").validate(info)
    assert (heard.status, info["all_seeds"], info["index_of_first_image"]) == (200, [7, 8], 0)
    pictures = [opened(text) for text in heard.said["images"]]
    assert [picture.size for picture in pictures] == [(64, 72), (64, 72)]
    assert pictures[0].tobytes() != pictures[1].tobytes()
    for picture, seed in zip(pictures, (7, 8), strict=True):
        text = picture.info["parameters"]
        assert text.startswith("a cat\nNegative prompt: dogs\nSteps: 50, Sampler: Euler, CFG scale: 7.0, Seed: ")
        assert f"Seed: {seed}, Size: 64x72" in text
    assert emulator.complaints == []


async def test_a_minimal_change_and_upscale_succeed() -> None:
    """img2img answers like txt2img; an upscale is cut to multiples of 8 and keeps the text chunk of its input."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        changed = await call(emulator, "img2img", CHANGE)
        upscaled = await call(emulator, "extra-single-image", UPSCALE)
        again = await call(emulator, "extra-single-image", {**UPSCALE, "image": changed.said["images"][0]})
        exact = await call(
            emulator, "extra-single-image",
            {**UPSCALE, "resize_mode": 1, "upscaling_resize_w": 99, "upscaling_resize_h": 90},
        )  # fmt: skip
    assert [heard.status for heard in (changed, upscaled, again, exact)] == [200] * 4
    assert changed.said["parameters"]["init_images"] is None
    assert opened(changed.said["images"][0]).size == (64, 72)
    schema_of("extra-single-image answer").validate(upscaled.said)
    assert opened(upscaled.said["image"]).size == (160, 120)
    assert opened(again.said["image"]).info["parameters"].startswith("a cat")
    assert opened(exact.said["image"]).size == (99, 90)
    assert emulator.complaints == []


async def test_the_seed_is_free_where_none_is_asked() -> None:
    """-1 and nothing mean any seed; the answer tells which."""
    emulator = Automatic1111Emulator()
    fields = {"width": 64, "height": 64}
    async with emulator.serving():
        told = [
            json.loads((await call(emulator, "txt2img", {**fields, **seed})).said["info"])["all_seeds"][0]
            for seed in ({}, {"seed": -1})
        ]
    assert all(seed >= 0 for seed in told)
    assert told[0] != told[1]


async def test_a_grid_may_come_first() -> None:
    """As the page's settings may have it: it is one picture more, and the info says where the others begin."""
    emulator = Automatic1111Emulator()
    emulator.grid_first = True
    async with emulator.serving():
        heard = await call(emulator, "txt2img", {**TEXT, "n_iter": 2})
    assert [opened(text).size for text in heard.said["images"]] == [(128, 72), (64, 72), (64, 72)]
    info = json.loads(heard.said["info"])
    assert (info["index_of_first_image"], len(info["all_seeds"]), len(info["infotexts"])) == (1, 2, 3)


async def test_one_job_runs_at_a_time_and_the_progress_is_that_of_whichever_runs() -> None:
    """0 while nothing runs, a part while a job does; a second job waits for the first."""
    emulator = Automatic1111Emulator()
    emulator.shown = asyncio.Event()
    async with emulator.serving():
        idle = await call(emulator, "progress")
        jobs = [asyncio.create_task(call(emulator, "txt2img", {**TEXT, "n_iter": 2})) for _ in range(2)]
        while len(emulator.asked(f"{BELOW}/txt2img")) < 2:  # noqa: ASYNC110 - what a server has heard sets no event
            await asyncio.sleep(0.001)
        busy = await call(emulator, "progress", params={"skip_current_image": "true"})
        emulator.shown.set()
        assert [(await job).status for job in jobs] == [200, 200]
    schema_of("progress answer").validate(busy.said)
    assert (idle.said["progress"], busy.said["progress"]) == (0, 0.51)
    assert (emulator.jobs, emulator.most_jobs_at_once) == (2, 1)
    assert emulator.complaints == []


@pytest.mark.parametrize(("path", "first"), [("sd-models", "title"), ("upscalers", "name"), ("samplers", "name")])
async def test_the_lists_are_as_described(path: str, first: str) -> None:
    """What is installed, each with the fields that the server tells."""
    emulator = Automatic1111Emulator()
    async with emulator.serving():
        heard = await call(emulator, path)
    schema_of(f"{path} answer").validate(heard.said)
    assert heard.said[0][first]
