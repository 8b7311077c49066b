"""A user's kept images, page by page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import partial
from http import HTTPStatus

import orjson
from aiohttp import web

from adapters.application.finding_images import (
    FoundImage,
    Key,
    Order,
    Wanted,
    find_images,
    is_key_of,
    needs_all_details,
    words_of,
)
from adapters.application.market import is_favourite
from adapters.application.owners import owner_of
from adapters.application.storage import Storage
from adapters.http.answers import image_url, json_answer, thumbnail_url
from adapters.http.contract.query import LIMIT, OFFSET, Words, wrong_parameter
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import ImagesPage, ListedImage
from adapters.http.parameters import actor_of, user_of
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.commands import OPERATIONS
from domain.names import STORED_STYLE

MAX_SEARCH_CHARS = 200
KINDS = (*OPERATIONS, "adopted")
_DAY = "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"

CURSOR = Words(
    "cursor",
    "Where the page begins: the `next_cursor` of the one before, asked for in the same order.",
    pattern=r"^[A-Za-z0-9_-]{1,400}$",
    form="the next_cursor of a page",
)
SEARCH = Words(
    "q",
    "Words that are all in the prompt, the name or the style; case and accents are the same.",
    pattern=rf"^[^\x00-\x1f\x7f-\x9f]{{0,{MAX_SEARCH_CHARS}}}$",
    form=f"text of at most {MAX_SEARCH_CHARS} characters",
)
STYLE = Words("style", "The style they were asked for in.", f"^{STORED_STYLE}$", "the key of a style")
OPERATION = Words("operation", "How they came to be.", f"^(?:{'|'.join(KINDS)})$", f"one of {', '.join(KINDS)}")
FIRST_DAY = Words("from", "The first day, in UTC, that they are of.", _DAY, "a day such as 2026-01-31")
LAST_DAY = Words("until", "The last day, in UTC, that they are of.", _DAY, "a day such as 2026-01-31")
ORDER = Words(
    "order",
    "Which come first: the newest (without it), the oldest, by name, or the largest (`size`).",
    f"^(?:{'|'.join(Order)})$",
    f"one of {', '.join(Order)}",
)


async def listing(request: web.Request) -> web.Response:
    """A page of the images that are asked for, and how many of them there are. Go on with `cursor`: what comes and goes
    meanwhile neither repeats an image nor leaves one out.
    """
    user, offset, limit = user_of(request), OFFSET.of(request), LIMIT.of(request)
    wanted = _wanted(request)
    after = _key_of(CURSOR.of(request), wanted.order)
    store = services_of(request).store
    find = partial(find_images, store, user, wanted, after=after, offset=offset, limit=limit)
    if needs_all_details(wanted):  # many files at first, so an owner has one such search at a time
        owner = owner_of(store, user, actor_of(request))
        page = await store.workers.reading.run_in_turn(owner, find)
    else:
        page = await store.workers.reading.run(find)
    answer: ImagesPage = {
        "images": [_listed(store, user, found) for found in page.images],
        "total": page.total,
        "offset": offset,
        "limit": limit,
        "next_cursor": None if page.next_after is None else _cursor_of(wanted.order, page.next_after),
    }
    return json_answer(answer)


def _wanted(request: web.Request) -> Wanted:
    order = ORDER.of(request)
    return Wanted(
        words=words_of(SEARCH.of(request) or ""),
        style=STYLE.of(request),
        operation=OPERATION.of(request),
        first_day=FIRST_DAY.of(request),
        last_day=LAST_DAY.of(request),
        order=Order.NEWEST if order is None else Order(order),
    )


def _listed(store: Storage, user: str, found: FoundImage) -> ListedImage:
    image, made = found.image, found.made
    return {
        "name": image.name,
        "size_bytes": image.bytes,
        "at": image.at,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "operation": image.operation,
        "prompt": made.prompt,
        "style": made.style,
        "seed": made.seed,
        "sha256": found.sha256,
        "url": image_url(user, image.name),
        "thumbnail_url": thumbnail_url(user, image.name, found.sha256),
        "favourite": is_favourite(store, user, image.position),
    }


def _cursor_of(order: Order, key: Key) -> str:
    return urlsafe_b64encode(orjson.dumps([order.value, *key])).decode().rstrip("=")


def _key_of(cursor: str | None, order: Order) -> Key | None:
    """Behind which image a page begins; 400 for what no page of that order gave."""
    if cursor is None:
        return None
    try:
        told = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        told = None
    key = tuple(told[1:]) if isinstance(told, list) and told[:1] == [order.value] else None
    if not is_key_of(order, key):
        raise wrong_parameter("cursor", "must be the next_cursor of a page in the same order")
    return key


ROUTES = (
    Route(
        "GET",
        "/v1/users/{user}/images",
        listing,
        subject="images",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("A page of them.", ImagesPage)},
        query=(CURSOR, OFFSET, LIMIT, SEARCH, STYLE, OPERATION, FIRST_DAY, LAST_DAY, ORDER),
    ),
)
