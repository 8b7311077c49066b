"""A user's kept images: save, fetch, describe, delete."""

from __future__ import annotations

from http import HTTPStatus
from io import BufferedIOBase

from aiohttp import web

from adapters.application.deleting import delete_image
from adapters.application.history import settlement_of
from adapters.application.owners import STRANGERS, owner_of
from adapters.application.reading import image_details, kept_image, presigned
from adapters.application.results import Actor
from adapters.application.saving import NewImage, Unseen, refusal_unseen, save_image
from adapters.application.storage import Storage
from adapters.application.whole_images import WholeImage, open_whole
from adapters.application.workers import Workers
from adapters.http.answers import REPLAYED, described, image_url, json_answer, refusal, replayed
from adapters.http.connection import Need, connection_of
from adapters.http.contract.query import Words
from adapters.http.contract.route import Answer, Route, Upload
from adapters.http.contract.shapes import Deleted, ImageDetails, Kept
from adapters.http.digests import REPR_DIGEST, repr_digest
from adapters.http.disposition import disposition
from adapters.http.image_files import IMAGE_HEADERS, file_problems, no_image
from adapters.http.parameters import actor_of, checked_name, idempotency_key_of, name_of, user_of
from adapters.http.problems import Problem
from adapters.http.ranges import Part, part_of
from adapters.http.services import services_of
from adapters.http.surveys import survey
from adapters.http.uploads import FORM, UPLOADED, Form, read_upload
from adapters.tokens.token import Scope
from adapters.wording.settlements import settlement_as_data
from domain.names import NAME_PATTERN
from domain.refusals import Refusal

CHUNK_BYTES = 262_144
FROM_A_PAGE = "Sec-Fetch-Site"
"""The header of a browser."""
NAME = Words("name", "The name it is to get; without one, the next free number.", NAME_PATTERN, "an image name")


async def save(request: web.Request) -> web.Response:
    """201 with the image as it is kept."""
    user, actor, key = user_of(request), actor_of(request), idempotency_key_of(request)
    services = services_of(request)
    owner = owner_of(services.store, user, actor)
    await _refuse_unread(request, owner, actor, key)
    with services.bodies.budget(owner) as budget:
        upload = await read_upload(request, services.bodies, budget, at_most=services.store.settings.max_image_bytes)
        image = NewImage(user, upload.data, name=upload.name)
        saving = save_image(services.store, image, actor=actor, idempotency_key=key)
        saved = await connection_of(request).while_open(saving, for_stranger=owner == STRANGERS)
    if isinstance(saved, Refusal):
        raise await _in_turn(request, owner, saved)
    headers = {"Location": image_url(user, saved.name)} | replayed(saved.replayed)
    answer: Kept = {"image": described(user, saved)}
    return json_answer(answer, status=201, headers=headers)


async def _in_turn(request: web.Request, owner: str, refused: Refusal) -> Problem:
    """The problem for a refusal, once its owner may be told the next."""
    services = services_of(request)
    with connection_of(request).keeping_place(Need.WAITS_IN_LINE):
        await services.pace.keep(owner)
    return refusal(refused, services.clock())


async def _refuse_unread(request: web.Request, owner: str, actor: Actor, key: str | None) -> None:
    """Raises the Problem of a body that the limits refuse by its announced length, before anything of it is read. A
    form announces more than its image, and what is stripped is kept with less, so these are read first.
    """
    services, user, name = services_of(request), user_of(request), request.query.get("name")
    size_bytes, settings = request.content_length, services.store.settings
    if request.content_type == FORM or settings.strips or size_bytes is None or size_bytes > settings.max_image_bytes:
        return
    unseen = Unseen(user, size_bytes, None if name is None else checked_name(name))
    if refused := await refusal_unseen(services.store, unseen, actor=actor, idempotency_key=key):
        raise await _in_turn(request, owner, refused)


async def details(request: web.Request) -> web.Response:
    """How an image was made: prompt, style, seed, where they are known; and what became of its generation: what it
    counted and cost.
    """
    user, name = user_of(request), name_of(request)
    store = services_of(request).store
    if kept_image(store, user, name) is None:
        raise no_image(name)
    found = await store.workers.reading.run(image_details, store, user, name)
    settlement = await survey(request, user, settlement_of, store, user, name)
    generation = None if settlement is None else settlement_as_data(settlement)
    answer: ImageDetails = {"name": name, "url": image_url(user, name), "details": found, "generation": generation}
    return json_answer(answer)


async def fetch(request: web.Request) -> web.StreamResponse:
    """The bytes as they were saved, with the media type that decoding found; a single `Range` of them where one is
    asked for. What has other bytes by now is not given out. Where it is set so, a program is sent to the bucket that
    has them.
    """
    user, name = user_of(request), name_of(request)
    store = services_of(request).store
    if (address := await _elsewhere(request, store, user, name)) is not None:
        return web.Response(
            status=HTTPStatus.SEE_OTHER, headers={"Location": address, "Cache-Control": "private, no-store"}
        )
    with file_problems(user, name):
        opened = await store.workers.reading.run(open_whole, store, user, name)
    if opened is None:
        raise no_image(name)
    try:
        return await _send(request, opened, store.workers.reading)
    finally:
        await store.workers.reading.run(opened.file.close)


async def _elsewhere(request: web.Request, store: Storage, user: str, name: str) -> str | None:
    """The address in a bucket that answers for the bytes; None where this service does. A browser's page may load from
    nowhere else, so it says of its requests what no program says.
    """
    seconds = store.settings.presigned_seconds
    if seconds == 0 or request.method != "GET" or FROM_A_PAGE in request.headers:
        return None
    with file_problems(user, name):
        return await store.workers.reading.run(presigned, store, user, name, seconds)


async def delete(request: web.Request) -> web.Response:
    """200 with what was freed."""
    user, name, actor, key = user_of(request), name_of(request), actor_of(request), idempotency_key_of(request)
    services = services_of(request)
    deleted = await delete_image(services.store, user, name, actor=actor, idempotency_key=key)
    if isinstance(deleted, Refusal):
        raise refusal(deleted, services.clock())
    answer: Deleted = {
        "deleted": {
            "user": deleted.user,
            "name": deleted.name,
            "freed_bytes": deleted.freed_bytes,
            "position": deleted.position,
            "replayed": deleted.replayed,
        }
    }
    return json_answer(answer, headers=replayed(deleted.replayed))


async def _send(request: web.Request, opened: WholeImage, reading: Workers) -> web.StreamResponse:
    image, sha256, file = opened
    answer = web.StreamResponse(
        headers={
            "Cache-Control": "private, no-cache",
            **IMAGE_HEADERS,
            **repr_digest(request, sha256),
            "Content-Disposition": disposition(image.name, image.media_type),
            "Accept-Ranges": "bytes",
        }
    )
    answer.etag = sha256
    if any(tag.value in (sha256, "*") for tag in request.if_none_match or ()):
        answer.set_status(304)
        await answer.prepare(request)
        return answer
    part = part_of(request, sha256, image.bytes)
    answer.content_type, answer.content_length = image.media_type, image.bytes
    if part is not None:
        answer.set_status(206)
        answer.content_length = part.end - part.begin
        answer.headers["Content-Range"] = part.content_range
    await answer.prepare(request)
    if request.method == "GET":
        await _write(answer, file, part or Part(0, image.bytes, image.bytes), reading)
    await answer.write_eof()
    return answer


async def _write(answer: web.StreamResponse, file: BufferedIOBase, part: Part, reading: Workers) -> None:
    await reading.run(file.seek, part.begin)
    left = part.end - part.begin
    while left and (chunk := await reading.run(file.read, min(left, CHUNK_BYTES))):
        await answer.write(chunk)
        left -= len(chunk)


_ALL, _ONE = "/v1/users/{user}/images", "/v1/users/{user}/images/{name}"
_BYTES = Answer(
    "The bytes, of the media type that decoding found.",
    None,
    ("image/*",),
    ("ETag", "Content-Disposition", "Accept-Ranges", REPR_DIGEST),
)
_PART = _BYTES._replace(says="The part that was asked for.", headers=(*_BYTES.headers, "Content-Range"))
_ELSEWHERE = Answer("The bytes are at another address for a while (`S3_PRESIGNED_SECONDS`).", None, (), ("Location",))
_UNCHANGED = Answer("The caller has them already (`If-None-Match`).", None, ())
ROUTES = (
    Route(
        "POST",
        _ALL,
        save,
        subject="images",
        scope=Scope.WRITE,
        answers={HTTPStatus.CREATED: Answer("The image as it is kept.", Kept, headers=("Location", REPLAYED))},
        query=(NAME,),
        body=Upload(UPLOADED, Form),
        is_repeatable=True,
        problems=(HTTPStatus.TOO_MANY_REQUESTS,),
    ),
    Route(
        "GET",
        _ONE,
        fetch,
        subject="images",
        scope=Scope.READ,
        answers={
            HTTPStatus.OK: _BYTES,
            HTTPStatus.PARTIAL_CONTENT: _PART,
            HTTPStatus.NOT_MODIFIED: _UNCHANGED,
            HTTPStatus.SEE_OTHER: _ELSEWHERE,
        },
        problems=(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,),
        may_lack=True,
    ),
    Route(
        "DELETE",
        _ONE,
        delete,
        subject="images",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: Answer("What was freed.", Deleted, headers=(REPLAYED,))},
        is_repeatable=True,
        may_lack=True,
    ),
    Route(
        "GET",
        "/v1/users/{user}/details/{name}",
        details,
        subject="images",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("What is known.", ImageDetails)},
        may_lack=True,
    ),
)
