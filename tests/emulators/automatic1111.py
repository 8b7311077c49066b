"""AUTOMATIC1111 (and Forge) on loopback, as far as this project talks to it: pictures, an upscale, progress, its lists.

What it takes and answers is written in automatic1111_schema.json, with its sources. One job runs at a time, and the
progress is that of whichever job runs. Its pictures are of one colour that follows from the seed, with the text chunk
that the real server writes.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import encode_basic_auth, web
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.emulators.emulator import Emulator

SCHEMA = json.loads(Path(__file__).with_name("automatic1111_schema.json").read_text(encoding="utf-8"))
BELOW = "/sdapi/v1"
UPSCALERS = ("None", "Lanczos", "Nearest", "ESRGAN_4x", "R-ESRGAN 4x+")
SAMPLERS = ("DPM++ 2M", "Euler", "Euler a")
MODEL = "sd_xl_base_1.0"
MODEL_HASH = "31e35c80fc"
SEED_END = 4_294_967_294
SHOWN_SECONDS = 60.0


class Refused(Exception):
    """What the server answers instead of a picture: its status, and the body of its error."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@cache
def schema_of(name: str) -> Draft202012Validator:
    """The check of one kind of request or answer."""
    return Draft202012Validator(SCHEMA["$defs"][name])


class Automatic1111Emulator(Emulator):
    """The server, started with --api, and with --api-auth where it is given a login `name:password`.

    With `grid_first` a grid of all pictures comes before them, and `maps_behind` are the sizes of pictures that an
    extension adds after them; `index_told` and `texts_written` may be taken away, as by other servers of this kind.
    While `shown` is set, each job waits for it halfway. `jobs` counts the jobs that were finished.
    """

    name = "automatic1111"

    def __init__(self, login: str | None = None) -> None:
        super().__init__()
        self.login = login
        self.grid_first = False
        self.maps_behind: list[tuple[int, int]] = []
        self.index_told = True
        self.texts_written = True
        self.shown: asyncio.Event | None = None
        self.jobs = 0
        self.most_jobs_at_once = 0
        self._jobs_now = 0
        self._one_job = asyncio.Lock()
        self._job_no = self._job_count = self._step = self._steps = 0

    def routes(self) -> list[web.RouteDef]:
        """The endpoints that are emulated, all below /sdapi/v1."""
        posts = {"txt2img": self._txt2img, "img2img": self._img2img, "extra-single-image": self._upscale}
        gets = {
            "progress": self._progress, "sd-models": self._models,
            "upscalers": self._upscalers, "samplers": self._samplers,
        }  # fmt: skip
        return [
            *(web.post(f"{BELOW}/{path}", self._guarded(handler)) for path, handler in posts.items()),
            *(web.get(f"{BELOW}/{path}", self._guarded(handler)) for path, handler in gets.items()),
        ]

    def _guarded(self, handler: Any) -> Any:
        async def answer(request: web.Request) -> web.Response:
            try:
                self._check_login(request)
                return web.json_response(await handler(request))
            except Refused as refused:
                self.complain(f"{request.path}: {refused}")
                headers = {"WWW-Authenticate": "Basic"} if refused.status == 401 else {}
                return web.json_response(refused.body, status=refused.status, headers=headers)

        return answer

    def _check_login(self, request: web.Request) -> None:
        sent = request.headers.get("Authorization")
        if self.login is None:
            if sent is not None:
                self.complain(f"{request.path}: credentials were sent, and none are asked for")
            return
        if sent is None:
            raise _error(401, "HTTPException", "Not authenticated")
        name, _, password = self.login.partition(":")
        if sent != encode_basic_auth(name, password):
            raise _error(401, "HTTPException", "Incorrect username or password")

    async def _txt2img(self, request: web.Request) -> object:
        fields = await self._fields(request, "txt2img")
        return await self._pictures(fields, {})

    async def _img2img(self, request: web.Request) -> object:
        fields = await self._fields(request, "img2img")
        if fields["init_images"] is None:
            raise _error(404, "HTTPException", "Init image not found")
        for image in fields["init_images"]:
            decoded(image)
        if not 1 <= len(fields["init_images"]) <= fields["batch_size"]:
            raise _error(500, "RuntimeError", errors=f"bad number of images passed: {len(fields['init_images'])}")
        return await self._pictures(fields, {"init_images": None, "mask": None})

    async def _fields(self, request: web.Request, kind: str) -> dict[str, Any]:
        """The request with the defaults of what it leaves out; refused where it breaks the description."""
        if request.content_type != "application/json":
            raise _invalid([(["body"], "value is not a valid dict")])
        body = await request.json()
        broken = [(["body", *error.path], error.message[:200]) for error in schema_of(kind).iter_errors(body)]
        if broken:
            raise _invalid(broken)
        fields = {name: value["default"] for name, value in SCHEMA["$defs"][kind]["properties"].items()}
        fields.update(body)
        if kind != "extra-single-image" and (fields["sampler_name"] or fields["sampler_index"]) not in SAMPLERS:
            raise _error(400, "HTTPException", "Sampler not found")
        return fields

    async def _pictures(self, fields: dict[str, Any], emptied: Mapping[str, None]) -> object:
        count = fields["n_iter"] * fields["batch_size"]
        first = random.randrange(SEED_END) if fields["seed"] in {-1, None} else fields["seed"]
        seeds = [first + index for index in range(count)]
        await self._work(fields["n_iter"], fields["steps"])
        texts = [infotext(fields, seed) for seed in seeds]
        size = (fields["width"], fields["height"])
        written = [{"parameters": text} if self.texts_written else {} for text in texts]
        made = [png(painted(size, seed), texts) for seed, texts in zip(seeds, written, strict=True)]
        if self.grid_first:
            made.insert(0, png(painted((size[0] * count, size[1]), first), written[0]))
            texts.insert(0, texts[0])
        made += [png(Image.new("RGB", map_size, "white"), {}) for map_size in self.maps_behind]
        told = info(fields, seeds, texts, 1 if self.grid_first else 0)
        if not self.index_told:
            del told["index_of_first_image"]
        return {
            "images": made if fields["send_images"] else [],
            "parameters": {**fields, **emptied},
            "info": json.dumps(told),
        }

    async def _upscale(self, request: web.Request) -> object:
        fields = await self._fields(request, "extra-single-image")
        image = decoded(fields["image"])
        for name in (fields["upscaler_1"], fields["upscaler_2"]):
            if name not in UPSCALERS:
                raise _error(500, "AssertionError", errors=f"could not find upscaler named {name}")
        await self._work(1, 1)
        size = (fields["upscaling_resize_w"], fields["upscaling_resize_h"])
        if fields["resize_mode"] == 0:
            factor = fields["upscaling_resize"]
            size = (int(image.width * factor // 8 * 8), int(image.height * factor // 8 * 8))
        kept = {str(name): text for name, text in image.info.items() if isinstance(text, str)}
        told = f"Postprocess upscale by: {fields['upscaling_resize']}, Postprocess upscaler: {fields['upscaler_1']}"
        larger = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        return {"html_info": f"<p>{told}</p>", "image": png(larger, {**kept, "postprocessing": told})}

    async def _work(self, jobs: int, steps: int) -> None:
        """One job after the other; its progress is the server's."""
        async with self._one_job:
            self._jobs_now += 1
            self.most_jobs_at_once = max(self.most_jobs_at_once, self._jobs_now)
            self._job_count, self._steps = jobs, steps
            try:
                self._job_no, self._step = jobs // 2, 0 if jobs > 1 else steps // 2
                if self.shown is not None:
                    await asyncio.wait_for(self.shown.wait(), SHOWN_SECONDS)
                self.jobs += 1
            finally:
                self._jobs_now -= 1
                self._job_no = self._job_count = self._step = self._steps = 0

    async def _progress(self, request: web.Request) -> object:
        for name, value in request.query.items():
            if name != "skip_current_image":
                raise _invalid([(["query", name], "extra fields not permitted")])
            if value.lower() not in {"true", "false", "1", "0"}:
                raise _invalid([(["query", name], "value could not be parsed to a boolean")])
        done = 0.0
        if self._job_count:
            done = 0.01 + (self._job_no + (self._step / self._steps if self._steps else 0)) / self._job_count
        state = {
            "skipped": False, "interrupted": False, "stopping_generation": False, "job": "", "job_timestamp": "0",
            "job_count": self._job_count, "job_no": self._job_no,
            "sampling_step": self._step, "sampling_steps": self._steps,
        }  # fmt: skip
        return {
            "progress": min(done, 1.0), "eta_relative": 0.0, "state": state, "current_image": None, "textinfo": None,
        }  # fmt: skip

    async def _models(self, _: web.Request) -> object:
        return [
            {"title": f"{name}.safetensors [{MODEL_HASH}]", "model_name": name, "hash": MODEL_HASH, "sha256": None,
             "filename": f"/models/{name}.safetensors", "config": None}
            for name in (MODEL, "v1-5-pruned-emaonly")
        ]  # fmt: skip

    async def _upscalers(self, _: web.Request) -> object:
        nothing = {"model_name": None, "model_path": None, "model_url": None}
        return [{"name": name, **nothing, "scale": 4.0} for name in UPSCALERS]

    async def _samplers(self, _: web.Request) -> object:
        return [{"name": name, "aliases": [], "options": {}} for name in SAMPLERS]


def decoded(text: str) -> Image.Image:
    """The picture of a field. Raises Refused, as the server, for one that is none."""
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text.rpartition(",")[2], validate=True)))
        picture.load()
    except (OSError, ValueError, binascii.Error, SyntaxError) as error:
        raise _error(500, "HTTPException", "Invalid encoded image") from error
    return picture


def painted(size: tuple[int, int], seed: int) -> Image.Image:
    """A picture whose colour is another one for the next seed."""
    colour = seed * 2_654_435_761 % 2**24
    return Image.new("RGB", size, (colour >> 16, colour >> 8 & 255, colour & 255))


def png(picture: Image.Image, texts: Mapping[str, str]) -> str:
    """The picture as the server sends one: a PNG with text chunks, in base64."""
    chunks = PngInfo()
    for name, text in texts.items():
        chunks.add_text(name, text)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=chunks)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def infotext(fields: Mapping[str, Any], seed: int) -> str:
    """The text chunk `parameters` of one picture: prompt, negative prompt, and a line of settings."""
    settings = {
        "Steps": fields["steps"], "Sampler": fields["sampler_name"] or fields["sampler_index"],
        "CFG scale": fields["cfg_scale"], "Seed": seed, "Size": f"{fields['width']}x{fields['height']}",
        "Model hash": MODEL_HASH, "Model": MODEL, "Denoising strength": fields["denoising_strength"],
        "Version": "v1.10.1",
    }  # fmt: skip
    negative = f"\nNegative prompt: {fields['negative_prompt']}" if fields["negative_prompt"] else ""
    return f"{fields['prompt']}{negative}\n" + ", ".join(f"{name}: {value}" for name, value in settings.items())


def info(fields: Mapping[str, Any], seeds: list[int], texts: list[str], first: int) -> dict[str, object]:
    """What the server tells of its pictures, in the text `info` of its answer."""
    told = {name: fields[name] for name in ("prompt", "negative_prompt", "width", "height", "cfg_scale", "steps")}
    return {
        **told, "all_prompts": [fields["prompt"]] * len(seeds),
        "all_negative_prompts": [fields["negative_prompt"]] * len(seeds),
        "seed": seeds[0], "all_seeds": seeds, "subseed": 1, "all_subseeds": [1 + index for index in range(len(seeds))],
        "subseed_strength": 0, "sampler_name": fields["sampler_name"] or fields["sampler_index"],
        "batch_size": fields["batch_size"], "restore_faces": False, "face_restoration_model": None,
        "sd_model_name": MODEL, "sd_model_hash": MODEL_HASH, "sd_vae_name": None, "sd_vae_hash": None,
        "seed_resize_from_w": -1, "seed_resize_from_h": -1, "denoising_strength": fields["denoising_strength"],
        "extra_generation_params": {}, "index_of_first_image": first, "infotexts": texts, "styles": [],
        "job_timestamp": "20260101000000", "clip_skip": 1, "is_using_inpainting_conditioning": False,
    }  # fmt: skip


def _error(status: int, error: str, detail: str = "", errors: str = "") -> Refused:
    return Refused(status, {"error": error, "detail": detail, "body": "", "errors": errors})


def _invalid(broken: list[tuple[list[Any], str]]) -> Refused:
    return Refused(422, {"detail": [{"loc": where, "msg": what, "type": "value_error"} for where, what in broken]})
