"""Small copies of a user's images, for galleries."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from aiohttp import web

from adapters.application.owners import STRANGERS, owner_of
from adapters.application.thumbnails import thumbnail_of
from adapters.http.connection import connection_of
from adapters.http.contract.query import Words
from adapters.http.contract.route import Answer, Route
from adapters.http.image_files import IMAGE_HEADERS, file_problems, no_image
from adapters.http.parameters import actor_of, name_of, user_of
from adapters.http.problems import NO_THUMBNAIL, Problem
from adapters.http.services import services_of
from adapters.images.invalid_image import InvalidImage
from adapters.images.thumbnail import MEDIA_TYPE
from adapters.tokens.token import Scope

FOR_LONG = "private, max-age=31536000, immutable"
ASKED_AGAIN = "private, no-cache"
SHA256 = Words(
    "sha256",
    "The image's own digest, as a list of images has it: with it the copy may be kept for a year, as it never changes.",
    pattern="^[0-9a-f]{64}$",
    form="64 lower-case hex digits",
)


async def thumbnail(request: web.Request) -> web.Response:
    """A small copy of an image: a WEBP whose longest side has 320 pixels, made when it is first asked for.

    Of an image that cannot be decoded there is none (404, `no-thumbnail`).
    """
    user, name, digest = user_of(request), name_of(request), SHA256.of(request)
    store = services_of(request).store
    owner = owner_of(store, user, actor_of(request))
    making = thumbnail_of(store, user, name, owner=owner)
    with file_problems(user, name):
        try:
            found = await connection_of(request).while_open(making, for_stranger=owner == STRANGERS)
        except InvalidImage as error:
            raise Problem(NO_THUMBNAIL, str(error), members={"reason": error.kind.value}) from None
    if found is None:
        raise no_image(name)
    caching = FOR_LONG if digest == found.of_digest else ASKED_AGAIN
    answer = web.Response(headers={**IMAGE_HEADERS, "Cache-Control": caching})
    answer.etag = tag_value = sha256(found.data).hexdigest()
    if any(tag.value in (tag_value, "*") for tag in request.if_none_match or ()):
        answer.set_status(304)
        return answer
    answer.body, answer.content_type = found.data, MEDIA_TYPE
    return answer


ROUTES = (
    Route(
        "GET",
        "/v1/users/{user}/thumbnails/{name}",
        thumbnail,
        subject="images",
        scope=Scope.READ,
        answers={
            HTTPStatus.OK: Answer("The small copy.", None, (MEDIA_TYPE,), ("ETag",)),
            HTTPStatus.NOT_MODIFIED: Answer("The caller has it already (`If-None-Match`).", None, ()),
        },
        query=(SHA256,),
        may_lack=True,
    ),
)
