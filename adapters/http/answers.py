"""Answers in JSON, and the shape in which an image is described."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

import orjson
from aiohttp import web

from adapters.application.results import SavedImage
from adapters.http.contract.shapes import KeptImage
from adapters.http.problems import Problem, refused
from adapters.http.rate_limits import seconds_until
from adapters.wording.refusals import fitting
from domain.refusals import Refusal

REPLAYED = "Idempotency-Replayed"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def json_answer(body: object, *, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS) -> web.Response:
    """`body` as JSON; `headers` besides the standard ones."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)


def replayed(stored: bool) -> dict[str, str]:
    """The header of an answer that was given before."""
    return {REPLAYED: "true"} if stored else {}


def image_url(user: str, name: str) -> str:
    """The path under which this service gives the image out."""
    return f"/v1/users/{quote(user, safe='')}/images/{quote(name)}"


def job_url(user: str, job_id: str) -> str:
    """The path under which this service tells of the job."""
    return f"/v1/users/{quote(user, safe='')}/jobs/{job_id}"


def thumbnail_url(user: str, name: str, sha256: str) -> str:
    """The path of its small copy, which changes with the image."""
    return f"/v1/users/{quote(user, safe='')}/thumbnails/{quote(name)}?sha256={sha256}"


def reservation_url(user: str, reservation: str) -> str:
    """The path under which this service takes what became of the reservation."""
    return f"/v1/users/{quote(user, safe='')}/reservations/{reservation}"


def described(user: str, image: SavedImage) -> KeptImage:
    """A kept image for programs: where it is on disk is nobody else's business."""
    told: KeptImage = {
        "name": image.name,
        "url": image_url(user, image.name),
        "size_bytes": image.size_bytes,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "sha256": image.sha256,
        "position": image.position,
    }
    if image.taken_off:
        told["taken_off"] = list(image.taken_off)
    return told


def refusal(reason: Refusal, now: str) -> Problem:
    """The problem for a refusal at `now`; a daily limit says when to come back, and never too early: not to who asked
    for more than a day has.
    """
    if reason.resets_at is None or fitting(reason).ever < reason.asked.count:
        return refused(reason)
    return refused(reason, retry_after_seconds=seconds_until(reason.resets_at, now))
